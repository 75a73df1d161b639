"""Signatures under checkpoints: Ed25519 (RFC 8032) with a key from the master key.

It is a key of its own, so that evidence outlives the keys that sign tokens. The same master key
gives the same key, so nothing of it is kept in the store.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gatepost.crypto.sealing import MasterKey
from gatepost.model import base64url

KEY_SIZE = 32


class CheckpointKeys:
    """`ports.Attester` with a key for each master key at hand."""

    def __init__(self, master: MasterKey) -> None:
        self._master = master

    @property
    def key(self) -> str:
        """The public key that is signed with, as base64url."""
        return self._public(self._master.in_use)

    @property
    def keys(self) -> tuple[str, ...]:
        """The public keys of all master keys at hand, the one in use first."""
        others = (self._public(number) for number in self._master.numbers)
        return tuple(dict.fromkeys((self.key, *others)))

    def sign(self, body: bytes) -> str:
        """The signature of these bytes, as base64url."""
        return base64url.encoded(self._private(self._master.in_use).sign(body))

    def _public(self, number: int) -> str:
        return base64url.encoded(self._private(number).public_key().public_bytes_raw())

    def _private(self, number: int) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._master.derive("checkpoint", number))


def is_signed(key: str, body: bytes, signature: str) -> bool:
    """Whether this public key made the signature of these bytes."""
    public, made = base64url.decoded(key), base64url.decoded(signature)
    if public is None or made is None or len(public) != KEY_SIZE:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(made, body)
    except (InvalidSignature, ValueError):
        return False
    return True


def as_pem(key: str) -> str:
    """A public key in the form that OpenSSL reads."""
    public = Ed25519PublicKey.from_public_bytes(base64url.decoded(key) or b"")
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return public.public_bytes(serialization.Encoding.PEM, form).decode("ascii")
