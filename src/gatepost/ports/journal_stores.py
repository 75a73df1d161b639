"""The store of journals: one tenant's chained events, and the books that are kept over all of them.

Rows of the journal are added and never changed. The oldest go when their time is over, and the
journal itself says so (docs/decisions/0029).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from gatepost.model.events import ChainedEvent, Event, Head


class JournalStore(Protocol):
    """The tenant's chained events."""

    def append(self, event: Event) -> ChainedEvent:
        """Add an event as the next link."""

    def entries(self, after: int, count: int) -> tuple[ChainedEvent, ...]:
        """Events in order, from the one that follows number `after`."""

    def newest(self, before: int | None, count: int) -> tuple[ChainedEvent, ...]:
        """Events from the newest on, or from the one before number `before`."""

    def newest_refusals(self, before: int | None, count: int) -> tuple[ChainedEvent, ...]:
        """The same, of those that have a reason: refusals and revocations."""

    def about(self, target: str, before: int | None, count: int) -> tuple[ChainedEvent, ...]:
        """The same, of those about a target or a part of it (`target/...`)."""

    def of_operation(self, operation_id: str) -> tuple[ChainedEvent, ...]:
        """The events of one request, in order: what a support id leads to."""

    def head(self) -> tuple[Head, bytes] | None:
        """The newest link as it was sealed, with its seal."""

    def begins(self) -> Head:
        """The last link that was removed; number 0 where none was."""

    def cut(self, upto: Head) -> int:
        """Remove the links up to this one, which the journal then begins behind; how many went.

        The caller appends the event that tells of it in the same unit.
        """

    def attested(self) -> int:
        """The number of the newest link that a checkpoint has; 0 where there is none."""

    def first_since(self, moment: datetime) -> int | None:
        """The number of the first link that is not older than this."""

    def last_before(self, moment: datetime) -> int | None:
        """The number of the last link that is older than this."""


class JournalBooks(Protocol):
    """What is known of all journals, by tenant; the deployment's own has no name."""

    def known(self) -> tuple[str, ...]:
        """The journals that have a head, and the tenants, in order of their ids."""

    def moved(self, after: str | None, most: int) -> tuple[tuple[str, Head, bytes], ...]:
        """Heads that no checkpoint has yet, with their seals, in order of their tenants."""

    def attest(self, heads: Iterable[tuple[str, Head]], at: datetime) -> None:
        """Keep that a checkpoint has these. Bookkeeping."""

    def attested_at(self) -> datetime | None:
        """When the newest checkpoint was made."""

    def overlong(self, before: datetime, after: str | None, most: int) -> tuple[str, ...]:
        """Tenants whose journal begins with a link older than this, in order of their ids."""
