"""Sides measured in turn in the same minutes, and what the rounds come to.

A ratio is taken in each round, between two shots of the same minute; what is told is the median of
the ratios. The order turns round with every round, so that nobody always comes first.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

from bench import processes
from bench.load import Shot
from bench.size import Plan


class Side(NamedTuple):
    """Something that can be measured for some seconds. `pid` is its first process, if it is one."""

    name: str
    shoot: Callable[[float], Shot]
    pid: int | None = None


class Taken(NamedTuple):
    """A shot, and the memory that the server's processes held in the middle of it."""

    shot: Shot
    pss_mb: float | None


Rounds = Sequence[Mapping[str, Taken]]
Value = Callable[[Taken], float]


def interleaved(sides: Sequence[Side], plan: Plan) -> list[dict[str, Taken]]:
    """A short warm-up of every side, then the rounds."""
    for side in sides:
        side.shoot(plan.warm_up)
    return [
        {side.name: _taken(side, plan.seconds) for side in turned(sides, number)}
        for number in range(plan.rounds)
    ]


def turned(sides: Sequence[Side], number: int) -> Sequence[Side]:
    """The sides in the order of that round: forwards, then backwards."""
    return sides[:: -1 if number % 2 else 1]


def summed(rounds: Rounds) -> dict[str, Any]:
    """For each side the medians of its shots, and all of the shots."""
    return {name: _row([each[name] for each in rounds]) for name in rounds[0]}


def rate(taken: Taken) -> float:
    """Requests a second."""
    return taken.shot.per_second


def slowest(taken: Taken) -> float:
    """The time that one request in a hundred takes longer than."""
    return taken.shot.p99_ms


def memory(taken: Taken) -> float:
    """The memory of all the server's processes."""
    return taken.pss_mb or 0.0


def ratios(
    rounds: Rounds, pairs: Iterable[tuple[str, str]], value: Value = rate
) -> list[dict[str, Any]]:
    """How many times as much the first of each pair has as the second."""
    return [
        {
            "of": one,
            "to": other,
            **spread([value(each[one]) / value(each[other]) for each in rounds]),
        }
        for one, other in pairs
    ]


def spread(values: Sequence[float]) -> dict[str, float]:
    """The median, with the lowest and the highest."""
    return {"median": median(values), "lowest": min(values), "highest": max(values)}


def _row(taken: Sequence[Taken]) -> dict[str, Any]:
    held = [each.pss_mb for each in taken if each.pss_mb is not None]
    shots = [each.shot for each in taken]
    return {
        "per_second": median(shot.per_second for shot in shots),
        "p50_ms": median(shot.p50_ms for shot in shots),
        "p99_ms": median(shot.p99_ms for shot in shots),
        "errors": sum(shot.errors for shot in shots),
        "pss_mb": median(held) if held else None,
        "shots": [shot._asdict() for shot in shots],
    }


def _taken(side: Side, seconds: float) -> Taken:
    held: list[float] = []
    if side.pid is None:
        return Taken(side.shoot(seconds), None)
    pid = side.pid
    look = threading.Timer(seconds / 2, lambda: held.append(processes.pss_mb(pid)))
    look.start()
    shot = side.shoot(seconds)
    look.join()
    return Taken(shot, held[0] if held else None)
