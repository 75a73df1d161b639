"""Clock, dice, keys and hashing: what the services ask of the world besides the stores."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

from gatepost.model.events import Head
from gatepost.model.keys import Algorithm, SigningKey


Kind = Literal[
    "access-code",
    "browser",
    "device-code",
    "pushed-request",
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


class Secrets(Protocol):
    """Keyed digests of generated secrets, under a key that the store does not hold."""

    def digest(self, secret: str) -> bytes:
        """What is kept of a client secret."""

    def digest_of(self, kind: Kind, value: str) -> bytes:
        """What is kept of a code, token or cookie; one kind is never taken for another."""

    def proof(self, *parts: str) -> str:
        """A code over these parts that nobody else can make, as URL-safe text."""

    def seal(self, place: str, plain: str) -> bytes:
        """Text that only we can read again, and only at the same place."""

    def unseal(self, place: str, sealed: bytes) -> str | None:
        """The sealed text, or None when it is not of this place."""

    def seal_head(self, tenant_id: str, head: Head) -> bytes:
        """The code that shows a chain's newest link to be ours."""


class PasswordHasher(Protocol):
    """Slow hashing for what people choose."""

    def hash(self, password: str) -> str:
        """A salted hash in PHC form."""

    def verify(self, phc: str, password: str) -> bool:
        """Whether the password is the one that was hashed."""

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
