"""Checkpoints: the heads of the journals that moved, signed, and kept where the operator says.

One process of all nodes writes them, once in a while and when it ends. Nothing waits for it. What
could not be kept is tried again, because the store knows which journals moved.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from gatepost.model import checkpoints
from gatepost.model.checkpoints import MOST_JOURNALS, Checkpoint
from gatepost.ports import Attester, Witness
from gatepost.services.world import World

_OFFICE = "checkpoints"
_TURN = timedelta(minutes=1)

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


class CheckpointBook:
    """Writes checkpoints, for the process that sweeps. It is asked once a minute."""

    def __init__(self, world: World, keeping: Keeping | None) -> None:
        self._world = world
        self._keeping = keeping
        self._name = world.dice.guid()
        self._log = logging.getLogger("gatepost.checkpoints")

    def act(self, now: datetime) -> int:
        """Write one if it is time; nothing is removed."""
        if self._keeping is not None and self._is_due(now, self._keeping.every):
            self._write(self._keeping)
        return 0

    def finish(self) -> None:
        """Write what moved since, because the process ends."""
        if self._keeping is not None:
            self._write(self._keeping)

    def _is_due(self, now: datetime, every: timedelta) -> bool:
        with self._world.store.reading_all() as deployment:
            last = deployment.journals.attested_at()
        return last is None or not timedelta(0) <= now - last < every

    def _write(self, keeping: Keeping) -> None:
        now = self._world.clock.now()
        if not self._take_turn(now, now + _TURN):
            return
        try:
            journals = write(self._world, keeping.attester, keeping.witness)
        except CheckpointFault as fault:
            self._log.warning("checkpoints are kept for later: %s", fault)
        else:
            self._log.info("%s journals have a new checkpoint", journals)
        finally:
            self._take_turn(now, now)

    def _take_turn(self, now: datetime, until: datetime) -> bool:
        with self._world.store.writing_all() as deployment:
            return deployment.take_lease(_OFFICE, self._name, now, until)


def write(world: World, attester: Attester, witness: Witness) -> int:
    """Sign and keep the head of each journal that moved; how many. Raises CheckpointFault."""
    written, after = 0, None
    while True:
        with world.store.reading_all() as deployment:
            heads = deployment.journals.moved(after, MOST_JOURNALS)
        if not heads:
            return written
        now = world.clock.now()
        line = checkpoints.line(Checkpoint(now, heads), attester.key, attester.sign)
        fault = witness.keep(line)
        if fault is not None:
            raise CheckpointFault(f"{witness.place} {fault}")
        with world.store.writing_all() as deployment:
            deployment.journals.attest(heads, now)
        written, after = written + len(heads), heads[-1][0]


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
