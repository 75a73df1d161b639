"""An exported file verified: each journal in it link by link, without the store.

A file may hold any part of a journal. Nothing of a line is kept but its hash.
"""

from collections.abc import Iterable
from typing import NamedTuple

from gatepost.model import journal_lines
from gatepost.model.events import Head
from gatepost.model.journal_lines import Told
from gatepost.model.journal_walk import START, Link, Verdict, Walk
from gatepost.ports import Secrets
from gatepost.services.digests import is_one_of
from gatepost.services.journal import Checkpoints


class FileVerdict(NamedTuple):
    """What the journals of a file are worth, and what is wrong with the file itself.

    `sealed` are those that end with an event that bears our seal.
    """

    journals: tuple[Verdict, ...]
    fault: str | None
    sealed: frozenset[str]


def verify_lines(
    lines: Iterable[bytes], secrets: Secrets | None, checkpoints: Checkpoints
) -> FileVerdict:
    """Follow every journal of the lines; seals are looked at where the master key is at hand."""
    reader = _Reader(secrets, checkpoints)
    for number, text in enumerate(lines, start=1):
        told = journal_lines.read(text)
        if told is None:
            reader.strange.append(number)
            break
        reader.take(told)
    return reader.verdict()


class _Reader:
    """The journals of a file, each with how far it was followed."""

    def __init__(self, secrets: Secrets | None, checkpoints: Checkpoints) -> None:
        self._secrets = secrets
        self._checkpoints = checkpoints
        self._walks: dict[str, Walk] = {}
        self._seals: dict[str, tuple[Head, bytes]] = {}
        self.strange: list[int] = []

    def take(self, told: Told) -> None:
        """The next line."""
        walk = self._walks.get(told.tenant_id)
        if walk is None:
            begins = START if told.seq == 1 else Head(told.seq - 1, told.previous)
            walk = Walk(begins, self._checkpoints.get(told.tenant_id, ()))
            self._walks[told.tenant_id] = walk
        walk.follow(Link(told.seq, told.previous, told.hash, told.made, told.cut))
        if told.seal is not None:
            self._seals[told.tenant_id] = Head(told.seq, told.hash), told.seal

    def verdict(self) -> FileVerdict:
        """What was found."""
        fault = None if self._walks else "it has no line"
        if self.strange:
            fault = f"line {self.strange[0]} is no line of an export, or was cut short"
        journals = tuple(
            walk.verdict(name, self._seal_fault(name) or walk.shortness())
            for name, walk in self._walks.items()
        )
        ends = {name for name, (head, _) in self._seals.items() if head == self._walks[name].head}
        return FileVerdict(journals, fault, frozenset(ends if self._secrets else ()))

    def _seal_fault(self, name: str) -> str | None:
        head, seal = self._seals.get(name, (START, b""))
        if self._secrets is None or head == START:
            return None
        is_ours = is_one_of(seal, self._secrets.seals_of_head(name, head))
        return None if is_ours else f"the seal of event {head.seq} is not ours"
