"""A deployment under load, to be broken by the block: the frame of most faults."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from faults import outcome
from faults.campaign import Callers, Load, attempts, calling
from faults.journal import Attempt, Entry
from faults.nodes import Node, serving
from faults.outcome import Bar, Outcome
from faults.reckoning import Reckoning, reckoned
from faults.size import Size, Stage
from faults.soundness import unsound
from faults.stand import Stand
from faults.tally import Span, Tally, recoveries, tally

LOADS: Mapping[Size, Load] = {
    Size.WHOLE: Load(),
    Size.QUICK: Load(),
    Size.SHORT: Load(callers=4, per_second=40.0),
}
"""What is usual."""

_WARM = 32
"""So many entries are in the journal before anything is broken."""


class Found(NamedTuple):
    """What a trial came to."""

    stage: Stage
    entries: list[Entry]
    reckoning: Reckoning
    unsound: str

    @property
    def attempts(self) -> list[Attempt]:
        """The requests."""
        return attempts(self.entries)

    @property
    def met(self) -> Tally:
        """What the callers met."""
        return tally(self.attempts)

    def outcome(self, fault: str, done: str, spans: Sequence[Span], bars: Sequence[Bar]) -> Outcome:
        """The outcome, with the bars that every fault under load has."""
        return Outcome(
            fault,
            self.stage.store,
            done,
            outcome.row_of(self.met, recoveries(self.attempts, spans)).reckoned(self.reckoning),
            (
                *outcome.nothing_lost(self.reckoning),
                outcome.holds("the store and its journal are sound", said=self.unsound),
                *bars,
            ),
        )


class Trial(NamedTuple):
    """What is there to be broken."""

    stage: Stage
    stand: Stand
    node: Node
    callers: Callers

    def end(self) -> Found:
        """Let the callers end, and read everything back."""
        return ended(self.stage, self.stand, self.node.port, self.callers.end())


@contextmanager
def trial(
    stage: Stage, *arguments: str, load: Load | None = None, **settings: str
) -> Iterator[Trial]:
    """A server under load until the block ends; the arguments go to `gatepost serve`."""
    load = load or LOADS[stage.size]
    with (
        stage.founded(load.callers, **settings) as made,
        serving(made.place, *arguments) as node,
        loaded(stage, made, (node.port,), load) as callers,
    ):
        yield Trial(stage, made, node, callers)


@contextmanager
def loaded(stage: Stage, made: Stand, ports: tuple[int, ...], load: Load) -> Iterator[Callers]:
    """Callers at work, who have begun to get something done."""
    with calling(made, ports, load, stage.seed) as callers:
        callers.wait_for(_WARM)
        yield callers


def ended(stage: Stage, made: Stand, port: int, entries: list[Entry]) -> Found:
    """Everything read back at a server."""
    reckoning = reckoned(made, port, entries)
    return Found(stage, entries, reckoning, unsound(made))
