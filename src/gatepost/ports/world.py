"""Clock, dice, keys, passkeys and calls: what services ask of the world besides the stores."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, Literal, Protocol

from gatepost.model.events import Head
from gatepost.model.keys import Algorithm, SigningKey
from gatepost.model.sign_ins import NewPasskey

Kind = Literal[
    "attempts",
    "browser",
    "code",
    "device-code",
    "password-link",
    "portal",
    "pushed-request",
    "recovery-code",
    "refresh-token",
    "session",
    "silent",
    "user-code",
]


class Clock(Protocol):
    """The time, in UTC."""

    def now(self) -> datetime:
        """This moment."""


class Dice(Protocol):
    """Random values from the operating system's generator."""

    def guid(self) -> str:
        """A random GUID in lower case."""

    def token(self, size: int) -> str:
        """`size` random bytes as URL-safe text without padding."""


class KeyHolder(Protocol):
    """Who holds the master key: a file, the environment, or a command."""

    @property
    def place(self) -> str:
        """How it is called in a sentence, without anything secret."""

    def read(self) -> bytes:
        """The text of a key file: one key a line, each with its number."""


class Secrets(Protocol):
    """Keyed digests of generated secrets, under a key that the store does not hold.

    While one master key follows another, things are kept under each of them. What is made is made
    under the one in use; what is looked for is looked for under all (docs/decisions/0027).
    """

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the master keys at hand, newest first."""

    @property
    def key_in_use(self) -> int:
        """The number of the master key that writes."""

    def write_under(self, number: int) -> bool:
        """Write under this master key from now on; False when it is not at hand."""

    def check_of(self, number: int) -> bytes:
        """The check value of a master key, which tells a wrong one and begins with its number."""

    def is_old(self, stored: bytes) -> bool:
        """Whether this was made under a master key that another one follows."""

    def digest(self, secret: str) -> bytes:
        """What is kept of a client secret."""

    def digests(self, secret: str) -> tuple[bytes, ...]:
        """What may be kept of it: under each master key, the one in use first."""

    def digest_of(self, kind: Kind, value: str) -> bytes:
        """What is kept of a code, token or cookie; one kind is never taken for another."""

    def digests_of(self, kind: Kind, value: str) -> tuple[bytes, ...]:
        """What may be kept of it: under each master key, the one in use first."""

    def proof(self, *parts: str) -> str:
        """A code over these parts that nobody else can make, as URL-safe text."""

    def proofs(self, *parts: str) -> tuple[str, ...]:
        """The codes that may have been made: under each master key, the one in use first."""

    def seal(self, place: str, plain: str) -> bytes:
        """Text that only we can read again, and only at the same place."""

    def unseal(self, place: str, sealed: bytes) -> str | None:
        """The sealed text, or None when it is not of this place."""

    def seal_head(self, tenant_id: str, head: Head) -> bytes:
        """The code that shows a chain's newest link to be ours."""

    def seals_of_head(self, tenant_id: str, head: Head) -> tuple[bytes, ...]:
        """The codes that it may bear: under each master key, the one in use first."""


class PasswordHasher(Protocol):
    """Slow hashing for what people choose."""

    def hash(self, password: str) -> str:
        """A salted hash in PHC form."""

    def verify(self, phc: str, password: str) -> bool:
        """Whether the password is the one that was hashed."""

    def is_common(self, folded: str) -> bool:
        """Whether a password, folded, is one of those that are used most."""

    @property
    def decoy(self) -> str:
        """A hash to verify against where there is no user, so that both take as long (R-48)."""

    def needs_rehash(self, phc: str) -> bool:
        """Whether the hash was made with weaker parameters than are used now."""


class Signer(Protocol):
    """Makes and opens signed tokens; the only one who holds private keys."""

    def generate(self, algorithm: Algorithm, created_at: datetime) -> SigningKey:
        """A new key, private part sealed, active from its creation."""

    def sign(self, key: SigningKey, token_type: str, payload: bytes) -> str:
        """The payload as a compact JWS with the key's one algorithm."""

    def verify(self, keys: Sequence[SigningKey], token_type: str, token: str) -> bytes | None:
        """The payload of a token that one of these keys signed, or None."""

    def resealed(self, kid: str, algorithm: Algorithm, sealed_private: bytes) -> bytes | None:
        """A private key sealed anew under the master key in use; None where the seal is broken."""


class PasskeyVerifier(Protocol):
    """Checks what browsers answer for passkeys. A challenge is base64url of at least 16 bytes."""

    def registered(self, attestation: str, challenge: str) -> NewPasskey | None:
        """The credential that a browser made for this challenge, or None."""

    def asserted(
        self, assertion: str, challenge: str, public_key: bytes, sign_count: int
    ) -> int | None:
        """The new counter, or None when the answer is not of this key for this challenge."""

    def credential_id(self, assertion: str) -> str | None:
        """Which passkey an answer claims to be of; None for anything malformed."""


class Messenger(Protocol):
    """Calls other servers, at addresses that an administrator registered and at no others."""

    def post_form(self, address: str, form: Mapping[str, str]) -> int | None:
        """Post a form; the status of the answer, or None when it could not be delivered."""


class Mailer(Protocol):
    """Sends mail to the people of a tenant, where the operator set a mail server."""

    @property
    def is_set(self) -> bool:
        """Whether mail can be sent at all."""

    def send(self, to: str, subject: str, text: str) -> bool:
        """Send a mail in plain text; False when the mail server did not take it."""


class KeyVerifier(Protocol):
    """Opens what a client signed with a key of its own."""

    def verify(
        self, key_set: Mapping[str, Any], token: str, token_types: AbstractSet[str] = ...
    ) -> bytes | None:
        """The payload of a token of one of these types that one of the keys signed, or None.

        Without types it is one by which a client shows who it is.
        """
