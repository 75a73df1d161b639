"""Checkpoints of the journal: who signs them, and where they are kept out of our reach."""

from typing import Protocol


class Attester(Protocol):
    """Signs checkpoints with a key from the master key, whose public part anybody may know."""

    @property
    def key(self) -> str:
        """The public key that is signed with, as base64url."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The public keys of all master keys at hand, the one in use first."""

    def sign(self, body: bytes) -> str:
        """The signature of these bytes, as base64url."""


class Witness(Protocol):
    """The file or the server that keeps checkpoints."""

    @property
    def place(self) -> str:
        """How it is called in a sentence, without anything secret."""

    def keep(self, line: bytes) -> str | None:
        """Keep a line for good; why it could not be, or None."""
