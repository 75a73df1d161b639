"""What is kept under older master keys: what can be sealed anew, and what still rests on which key.

It crosses tenants and is asked by the command line only (docs/decisions/0027).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

Sealed = Literal["signing keys", "heads of journals", "try-outs", "authenticator apps"]


PRESENCE = "master keys "
"""How the leases begin by which servers note which master keys they have."""


class SealedRow(NamedTuple):
    """A seal, the key of its row, and what else its place is made of."""

    key: tuple[str, ...]
    sealed: bytes
    about: tuple[Any, ...]

    def __repr__(self) -> str:
        return f"SealedRow({self.key!r}, ***)"


class Rest(NamedTuple):
    """How many rows of a kind rest on a master key, and when the last of them ends by itself."""

    what: str
    rows: int
    until: datetime | None


class SecretOf(NamedTuple):
    """A client secret, by its names."""

    tenant_id: str
    client_id: str
    secret_id: int


class Presence(NamedTuple):
    """Servers that have master keys of these numbers, and until when that is known of them."""

    numbers: tuple[int, ...]
    until: datetime


class Rewrapping(Protocol):
    """The rows of all tenants, by the master key that they rest on."""

    def sealed(
        self, kind: Sealed, number: int, after: tuple[str, ...] | None, most: int
    ) -> tuple[SealedRow, ...]:
        """Seals of a kind that are not under this master key, in order of their rows."""

    def reseal(self, kind: Sealed, anew: Sequence[tuple[SealedRow, bytes]]) -> int:
        """Keep new seals where the old ones still stand, in one transaction; how many were."""

    def rests(self, number: int) -> tuple[Rest, ...]:
        """What rests on a master key, of each kind of which there is anything."""

    def secrets_under(self, number: int, most: int) -> tuple[SecretOf, ...]:
        """Some of the client secrets whose digests are under a master key."""

    def present(self, now: datetime) -> tuple[Presence, ...]:
        """Which master keys the servers have that were seen a moment ago."""
