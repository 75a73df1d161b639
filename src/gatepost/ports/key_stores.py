"""The store of keys: those that sign, and which master keys there are. They are of no tenant."""

from typing import Protocol

from gatepost.model.keys import SigningKey


class KeyStore(Protocol):
    """The part of `ports.Deployment` that concerns keys."""

    def signing_keys(self) -> tuple[SigningKey, ...]:
        """All signing keys that were not yet deleted."""

    def add_signing_key(self, key: SigningKey) -> None:
        """Keep a new key."""

    def save_key_phases(self, key: SigningKey) -> None:
        """Keep the changed times of a key."""

    def remove_signing_key(self, kid: str) -> bool:
        """Remove a key with its private part; False when there is none."""

    def key_check(self) -> bytes | None:
        """The check value of the master key that is in use, which begins with its number."""

    def set_key_check(self, value: bytes) -> None:
        """Keep that value, once."""

    def key_checks(self) -> tuple[bytes, ...]:
        """The check values of all master keys that were ever known, by number."""

    def note_key_check(self, value: bytes) -> None:
        """Keep the check value of a key that is not in use yet, once. Bookkeeping."""

    def use_key(self, value: bytes) -> None:
        """Put the master key of this check value into use. A change."""
