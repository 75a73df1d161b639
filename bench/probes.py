"""What a few lines of the product cost: each called alone in small batches, the least one told.

On a machine that others use, a mean tells of the others. A batch of ten calls is short enough that
some of several hundred are left alone, and those are the least. All probes take their turn in
every round, so that a change of the machine's speed meets all of them. What comes only now and
then, such as the collection of garbage, is not in the least batch.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

CALLS = 10
WARMING = 2
"""How many are timed in one batch, and how many come before it."""

REST = "the rest"


class Probe(NamedTuple):
    """Something that can be called again and again."""

    name: str
    call: Callable[[], object]


class Least(NamedTuple):
    """The least of all batches, in microseconds a call."""

    processor: float
    """Of all threads of the process."""

    elapsed: float


class Row(NamedTuple):
    """A part of a whole."""

    name: str
    spent: float
    share: float


def least(probes: Sequence[Probe], rounds: int, prepare: Callable[[], object]) -> dict[str, Least]:
    """Each probe's least batch; `prepare` is called before each round and is not timed."""
    found: dict[str, Least] = {}
    for _ in range(rounds):
        prepare()
        for probe in probes:
            now = batch(probe.call)
            found[probe.name] = lesser(found.get(probe.name, now), now)
    return found


def batch(call: Callable[[], object]) -> Least:
    """One batch, after some calls that bring the code of it back into the processor's caches."""
    for _ in range(WARMING):
        call()
    began, spent = time.perf_counter_ns(), time.process_time_ns()
    for _ in range(CALLS):
        call()
    spent, elapsed = time.process_time_ns() - spent, time.perf_counter_ns() - began
    return Least(spent / CALLS / 1000, elapsed / CALLS / 1000)


def lesser(one: Least, other: Least) -> Least:
    """The lesser of each figure."""
    return Least(min(one.processor, other.processor), min(one.elapsed, other.elapsed))


def rows(parts: Mapping[str, float], total: float) -> list[Row]:
    """The parts with their shares of the whole, and what the whole takes beyond them."""
    whole = {**parts, REST: total - sum(parts.values())}
    return [Row(name, spent, spent / total) for name, spent in whole.items()]


def picked(found: Mapping[str, Least], prefix: str) -> dict[str, float]:
    """The processor time of the probes whose name begins so, by the rest of their name."""
    return {
        name.removeprefix(prefix): each.processor
        for name, each in found.items()
        if name.startswith(prefix)
    }


def named(prefix: str, calls: Mapping[str, Callable[[], object]]) -> list[Probe]:
    """Probes whose names begin alike."""
    return [Probe(prefix + name, call) for name, call in calls.items()]
