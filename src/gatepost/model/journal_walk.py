"""A journal followed link by link: what it is worth, as a rule of what each link says.

The same walk is taken through a store and through an exported file. It begins behind the link that
was removed last, and meets the checkpoints that others keep.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from gatepost.model.events import GENESIS, Head

START = Head(0, GENESIS)


Beginning = Literal["start", "trimmed", "part"]
"""With the first event; behind those that were removed, as it says itself; or anywhere else."""


class Attested(NamedTuple):
    """A link that a checkpoint has, and when that was made."""

    head: Head
    at: datetime


class Link(NamedTuple):
    """A link as it is met: the hash before it, the one it bears, and the one that follows.

    `cut` is the last link that was removed, where its event tells of that.
    """

    seq: int
    previous: bytes
    hash: bytes
    made: bytes
    cut: Head | None = None


class Verdict(NamedTuple):
    """What was found in one journal; `fault` is None when it is whole.

    `first` is the number of its first event, and `agreed` how many checkpoints it agrees with.
    """

    tenant_id: str
    events: int
    fault: str | None
    first: int = 1
    begins: Beginning = "start"
    agreed: int = 0


class Walk:
    """The way through one journal, from its beginning on."""

    def __init__(self, begins: Head = START, attested: Sequence[Attested] = ()) -> None:
        self.head = begins
        self.begins = begins
        self.cut: Head | None = None
        self.agreed = 0
        self._ahead = sorted(attested, key=lambda each: each.head.seq, reverse=True)
        while self._ahead and self._ahead[-1].head.seq < begins.seq:
            self._ahead.pop()
        self.fault = self._met()

    def follow(self, link: Link) -> str | None:
        """Take a step; what is wrong with it, if anything is. There is no going on after that."""
        self.fault = self.fault or self._fault_of(link)
        if self.fault is None:
            self.head = Head(link.seq, link.hash)
            self.cut = link.cut or self.cut
            self.fault = self._met()
        return self.fault

    def beginning(self) -> Beginning:
        """Where the journal begins. Its own chain tells what was removed."""
        if self.begins == START:
            return "start"
        return "trimmed" if self.begins == self.cut else "part"

    def shortness(self) -> str | None:
        """Whether a checkpoint has what comes after the last link that was met."""
        if not self._ahead:
            return None
        last = self._ahead[0]
        return (
            f"it ends at event {self.head.seq}, and the checkpoint of {_day(last)} has event "
            f"{last.head.seq}: later events were cut off, or an older backup was restored"
        )

    def verdict(self, tenant_id: str, fault: str | None) -> Verdict:
        """What was found, with what else may be wrong."""
        return Verdict(
            tenant_id,
            self.head.seq - self.begins.seq,
            self.fault or fault,
            self.begins.seq + 1,
            self.beginning(),
            self.agreed,
        )

    def _fault_of(self, link: Link) -> str | None:
        if link.seq != self.head.seq + 1:
            return f"event {self.head.seq + 1} is missing"
        if link.previous != self.head.hash:
            return f"event {link.seq} does not follow from the one before it"
        if link.made != link.hash:
            return f"event {link.seq} was changed"
        return None

    def _met(self) -> str | None:
        """Compare with the checkpoints of this very link."""
        while self._ahead and self._ahead[-1].head.seq == self.head.seq:
            met = self._ahead.pop()
            if met.head != self.head:
                return (
                    f"event {self.head.seq} is not the one of the checkpoint of {_day(met)}: the "
                    "journal was written anew, or an older backup was restored"
                )
            self.agreed += 1
        return None


def _day(attested: Attested) -> str:
    return attested.at.isoformat(timespec="seconds").replace("+00:00", "Z")
