"""Checkpoints: the heads of the journals that moved, signed, and kept where the operator says.

One process of all nodes writes them, once in a while and when it ends. Nothing waits for it. What
could not be kept is tried again, because the store knows which journals moved.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from gatepost.model import checkpoints
from gatepost.model.checkpoints import MOST_JOURNALS, Checkpoint
from gatepost.model.events import Head
from gatepost.ports import Attester, Deployment, Witness
from gatepost.services.heads import is_sealed
from gatepost.services.journal import UNREADABLE
from gatepost.services.world import World

_OFFICE = "checkpoints"
_TURN = timedelta(minutes=1)
_LOOKED_LATELY = timedelta(minutes=3)
PATIENCE = timedelta(minutes=10)
"""So much later than set a checkpoint may be before anybody is told."""

Heads = tuple[tuple[str, Head], ...]

IsSigned = Callable[[str, bytes, str], bool]
"""Whether a public key made this signature of these bytes."""


class CheckpointFault(Exception):
    """Checkpoints could not be kept; carries why."""


class Keeping(NamedTuple):
    """Who signs, who keeps, and how often."""

    attester: Attester
    witness: Witness
    every: timedelta


class ReadCheckpoints(NamedTuple):
    """What a file of checkpoints has, and the lines that count for nothing."""

    found: tuple[Checkpoint, ...]
    strange: tuple[int, ...]


class Standing(NamedTuple):
    """How the store stands: when its newest checkpoint was made, and whether a journal moved."""

    newest: datetime | None
    waits: bool

    def is_late(self, now: datetime, every: timedelta) -> bool:
        """Whether one should have been written long ago."""
        return self.waits and (self.newest is None or now - self.newest > every + PATIENCE)


class CheckpointBook:
    """Writes checkpoints, for the process that sweeps. It is asked once a minute."""

    def __init__(self, world: World, keeping: Keeping | None) -> None:
        self._world = world
        self._keeping = keeping
        self._name = world.dice.guid()
        self._looked_at: datetime | None = None
        self._waits_since: datetime | None = None
        self._log = logging.getLogger("gatepost.checkpoints")

    def act(self, now: datetime) -> int:
        """Write one if it is time; nothing is removed."""
        if self._keeping is not None:
            self._looked_at = now
            if self._waits_since is not None or self._is_due(now, self._keeping.every):
                self._write(self._keeping)
        return 0

    def finish(self) -> None:
        """Write what moved since, because the process ends."""
        if self._keeping is not None:
            self._write(self._keeping)

    def waiting(self, now: datetime) -> timedelta | None:
        """How long checkpoints have waited for a place that takes them; None where others write."""
        looked_at, since = self._looked_at, self._waits_since
        if looked_at is None or not timedelta(0) <= now - looked_at < _LOOKED_LATELY:
            return None
        return timedelta(0) if since is None else max(timedelta(0), now - since)

    def _is_due(self, now: datetime, every: timedelta) -> bool:
        with self._world.store.reading_all() as deployment:
            last = _newest(deployment)
        return last is None or not timedelta(0) <= now - last < every

    def _write(self, keeping: Keeping) -> None:
        now = self._world.clock.now()
        if not self._take_turn(now, now + _TURN):
            return
        before, self._waits_since = self._waits_since, self._waits_since or now
        try:
            journals = write(self._world, keeping.attester, keeping.witness)
        except CheckpointFault as fault:
            self._log.warning("checkpoints are kept for later: %s", fault)
        else:
            self._waits_since = None
            if journals or before:
                self._log.info("%s journals have a new checkpoint", journals)
        finally:
            self._take_turn(now, now)

    def _take_turn(self, now: datetime, until: datetime) -> bool:
        with self._world.store.writing_all() as deployment:
            return deployment.take_lease(_OFFICE, self._name, now, until)


def standing(world: World) -> Standing:
    """How the store stands with its checkpoints."""
    with world.store.reading_all() as deployment:
        return Standing(_newest(deployment), bool(deployment.journals.moved(None, 1)))


def write(world: World, attester: Attester, witness: Witness) -> int:
    """Sign and keep the head of each journal that moved; how many. Raises CheckpointFault."""
    written, after = 0, None
    while True:
        with world.store.reading_all() as deployment:
            moved = deployment.journals.moved(after, MOST_JOURNALS)
        if not moved:
            return written
        written += _keep(world, attester, witness, _sealed(world, moved))
        after = moved[-1][0]


def _newest(deployment: Deployment) -> datetime | None:
    """When the newest checkpoint was made; None too where somebody wrote over that."""
    try:
        return deployment.journals.attested_at()
    except UNREADABLE:
        return None


def _keep(world: World, attester: Attester, witness: Witness, heads: Heads) -> int:
    """One line, first where it is out of our reach, then in the store."""
    if heads:
        now = world.clock.now()
        line = checkpoints.line(Checkpoint(now, heads), attester.key, attester.sign)
        fault = witness.keep(line)
        if fault is not None:
            raise CheckpointFault(f"{witness.place} {fault}")
        with world.store.writing_all() as deployment:
            deployment.journals.attest(heads, now)
    return len(heads)


def _sealed(world: World, moved: Sequence[tuple[str, Head, bytes]]) -> Heads:
    """Those that bear our seal. What somebody wrote over is not attested, and hinders no other."""
    heads = []
    for name, head, seal in moved:
        if is_sealed(world.secrets, name, head, seal):
            heads.append((name, head))
        else:
            shown = name or "the deployment"
            logging.getLogger("gatepost.checkpoints").error("the head of %s was changed", shown)
    return tuple(heads)


def read(lines: Iterable[bytes], trusted: Iterable[str], is_signed: IsSigned) -> ReadCheckpoints:
    """The checkpoints that one of the trusted keys signed, and the numbers of all other lines."""
    known = frozenset(trusted)
    found: list[Checkpoint] = []
    strange: list[int] = []
    for number, text in enumerate(lines, start=1):
        line = checkpoints.read(text)
        if line and line.key in known and is_signed(line.key, line.body, line.signature):
            found.append(line.checkpoint)
        else:
            strange.append(number)
    return ReadCheckpoints(tuple(found), tuple(strange))
