"""The master key, and what is kept under it: digests, seals and encrypted private keys.

It is one key of 32 bytes outside the store (security.md D-02), or several while one follows
another (docs/decisions/0027). Each purpose gets a key of its own by HKDF-SHA256. What is stored
begins with the number of its master key.
"""

import base64
import hashlib
from collections.abc import Mapping
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gatepost.model.events import Head
from gatepost.ports import Dice, Kind

Purpose = Literal[
    "secret-hmac", "key-wrap", "journal", "key-check", "one-time", "proof", "checkpoint"
]

KEY_SIZE = 32
FIRST, LAST = 1, 254
NONCE_SIZE = 12

_BLOCK = 64  # of SHA-256, which the derived keys of 32 octets fill up with zeros


class SealBroken(Exception):
    """What was sealed cannot be opened: altered, moved to another place, or of another key."""


class MasterKey:
    """The keys from which all others come, by number. One of them is in use, and writes.

    Which one is for the store to say; until it does it is the newest.
    """

    __slots__ = ("_keys", "in_use")

    def __init__(self, keys: bytes | Mapping[int, bytes]) -> None:
        """The keys by number; one alone is number 1."""
        named = {FIRST: keys} if isinstance(keys, bytes) else keys
        if not named or any(len(octets) != KEY_SIZE for octets in named.values()):
            raise ValueError(f"a master key has {KEY_SIZE} bytes")
        self._keys = dict(sorted(named.items(), reverse=True))
        self.in_use = max(named)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the keys, newest first."""
        return tuple(self._keys)

    def derive(self, purpose: Purpose, number: int | None = None) -> bytes:
        """The key for one purpose; no derived key tells anything of another."""
        info = b"gatepost 1 " + purpose.encode()
        octets = self._keys[self.in_use if number is None else number]
        return HKDF(SHA256(), KEY_SIZE, salt=None, info=info).derive(octets)

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> str:
        raise TypeError("a master key is not copied into other formats")


def check_value(master: MasterKey, number: int | None = None) -> bytes:
    """What the store keeps to tell a wrong master key at the start."""
    of = master.in_use if number is None else number
    return bytes([of]) + master.derive("key-check", of)


class KeyedSecrets:
    """`ports.Secrets` under keys from the master key: the store alone cannot test a guess."""

    def __init__(self, master: MasterKey, dice: Dice) -> None:
        self._master = master
        self._under = {number: _Under(master, number) for number in master.numbers}
        self._orders = {number: self._order(number) for number in master.numbers}
        self._sealer = Sealer(master, dice)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the master keys at hand, newest first."""
        return self._master.numbers

    @property
    def key_in_use(self) -> int:
        """The number of the master key that writes."""
        return self._master.in_use

    def write_under(self, number: int) -> bool:
        """Write under this master key from now on; False when it is not at hand."""
        if number in self._under:
            self._master.in_use = number
        return number in self._under

    def check_of(self, number: int) -> bytes:
        """The check value of a master key."""
        return check_value(self._master, number)

    def is_old(self, stored: bytes) -> bool:
        """Whether this was made under a master key that another one follows."""
        return stored[:1] < bytes([self._master.in_use])

    def digest(self, secret: str) -> bytes:
        """Secrets have 256 random bits, so a fast keyed hash is enough (D-01)."""
        return self._under[self._master.in_use].digest(secret)

    def digests(self, secret: str) -> tuple[bytes, ...]:
        """The same under each master key, the one in use first."""
        return tuple([under.digest(secret) for under in self._each()])

    def digest_of(self, kind: Kind, value: str) -> bytes:
        """The kind stands before the value, so that no code passes for one of another kind."""
        return self._under[self._master.in_use].digest_of(kind, value)

    def digests_of(self, kind: Kind, value: str) -> tuple[bytes, ...]:
        """The same under each master key, the one in use first."""
        return tuple([under.digest_of(kind, value) for under in self._each()])

    def proof(self, *parts: str) -> str:
        """Base64url of a keyed code over the parts."""
        return self._under[self._master.in_use].proof(parts)

    def proofs(self, *parts: str) -> tuple[str, ...]:
        """The same under each master key, the one in use first."""
        return tuple([under.proof(parts) for under in self._each()])

    def seal(self, place: str, plain: str) -> bytes:
        """Text sealed for one place."""
        return self._sealer.seal(_utf8(plain), b"text " + _utf8(place))

    def unseal(self, place: str, sealed: bytes) -> str | None:
        """The text, or None when the seal is broken or of another place."""
        try:
            return self._sealer.open(sealed, b"text " + _utf8(place)).decode()
        except SealBroken:
            return None

    def seal_head(self, tenant_id: str, head: Head) -> bytes:
        """Each part stands behind its length, so that no two heads read alike."""
        return self._under[self._master.in_use].seal_head(tenant_id, head)

    def seals_of_head(self, tenant_id: str, head: Head) -> tuple[bytes, ...]:
        """The same under each master key, the one in use first."""
        return tuple([under.seal_head(tenant_id, head) for under in self._each()])

    def _each(self) -> tuple["_Under", ...]:
        return self._orders[self._master.in_use]

    def _order(self, first: int) -> tuple["_Under", ...]:
        others = (under for number, under in self._under.items() if number != first)
        return (self._under[first], *others)


class Sealer:
    """AES-256-GCM under the key-wrap key. What is sealed opens only at the place it was made for.

    A seal is the number of the master key, a random nonce, and the ciphertext with its tag.
    """

    def __init__(self, master: MasterKey, dice: Dice) -> None:
        self._master = master
        self._ciphers = {
            number: AESGCM(master.derive("key-wrap", number)) for number in master.numbers
        }
        self._dice = dice

    def seal(self, plain: bytes, associated: bytes) -> bytes:
        """Encrypt; `associated` names the place and is needed again to open."""
        nonce = base64.urlsafe_b64decode(self._dice.token(NONCE_SIZE))
        number = self._master.in_use
        key_id = bytes([number])
        return key_id + nonce + self._ciphers[number].encrypt(nonce, plain, key_id + associated)

    def open(self, sealed: bytes, associated: bytes) -> bytes:
        """Decrypt, or raise SealBroken."""
        key_id, nonce, ciphertext = sealed[:1], sealed[1 : 1 + NONCE_SIZE], sealed[1 + NONCE_SIZE :]
        cipher = self._ciphers.get(key_id[0]) if key_id else None
        if cipher is None or len(nonce) != NONCE_SIZE:
            raise SealBroken("This was not sealed by Gatepost, or under a master key not at hand.")
        try:
            return cipher.decrypt(nonce, ciphertext, key_id + associated)
        except InvalidTag:
            raise SealBroken("The seal does not match the master key and the place.") from None


class _Under:
    """What is made under one of the master keys."""

    def __init__(self, master: MasterKey, number: int) -> None:
        self._key_id = bytes([number])
        self._pepper = _Mac(master.derive("secret-hmac", number))
        self._journal = _Mac(master.derive("journal", number))
        self._one_time = _Mac(master.derive("one-time", number))
        self._proof = _Mac(master.derive("proof", number))

    def digest(self, secret: str) -> bytes:
        return self._key_id + self._pepper(b"client-secret\0" + _utf8(secret))

    def digest_of(self, kind: Kind, value: str) -> bytes:
        return self._key_id + self._one_time(kind.encode() + b"\0" + _utf8(value))

    def proof(self, parts: tuple[str, ...]) -> str:
        code = self._proof(_framed(*(_utf8(part) for part in parts)))
        return base64.urlsafe_b64encode(code).rstrip(b"=").decode()

    def seal_head(self, tenant_id: str, head: Head) -> bytes:
        parts = (_utf8(tenant_id), head.seq.to_bytes(8, "big"), head.hash)
        return self._key_id + self._journal(b"journal-head\0" + _framed(*parts))


def _utf8(text: str) -> bytes:
    # surrogatepass: whatever text a caller presents has a digest, and only one
    return text.encode("utf-8", "surrogatepass")


def _framed(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


class _Mac:
    """HMAC-SHA-256 (RFC 2104) under one key, whose two halves are prepared once.

    The library's own call sets both up each time, which costs more than the hashing itself.
    """

    def __init__(self, key: bytes) -> None:
        padded = key.ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(bytes(octet ^ 0x36 for octet in padded))
        self._outer = hashlib.sha256(bytes(octet ^ 0x5C for octet in padded))

    def __call__(self, message: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()
