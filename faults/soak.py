"""L-15: an hour at three fifths of top speed: nothing grows but what is kept."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from statistics import mean
from typing import NamedTuple

from sqlalchemy import func, select

from bench import processes, progress
from faults.callers import MIX
from faults.campaign import Load, attempts, calling
from faults.journal import Attempt
from faults.nodes import Node, serving
from faults.outcome import Outcome, at_most, holds, none_of, row_of, told
from faults.size import Size, Stage
from faults.soundness import unsound
from faults.stand import Stand
from faults.tally import percentile, tally
from faults.trial import loaded
from gatepost.app import House
from gatepost.storage.engine import transaction
from gatepost.storage.tables import metadata

TITLE = "soak"
STORES = ("sqlite", "postgresql")
CALLERS, SHARE = 8, 0.6
STEADY = {**MIX, "add client": 0, "sign in": 1}
"""Everything but new clients, of which a server rightly remembers more and more."""

GROWTH, P99_TIMES, FILES_MORE = 1.05, 1.2, 5
_TOP_S = 8.0
_LOOK_S = 5.0
_SAID_EVERY_S = 300.0
_OVERDUE = timedelta(seconds=150)
"""Swept once a minute; so long may a row lie that is over."""


class _Plan(NamedTuple):
    """How long it runs, from when on memory must not grow, and how long a grant lives."""

    seconds: float
    warm_s: float
    grant_s: int


PLANS: Mapping[Size, _Plan] = {
    Size.WHOLE: _Plan(3_600.0, 600.0, 600),
    Size.QUICK: _Plan(180.0, 60.0, 60),
    Size.SHORT: _Plan(20.0, 8.0, 60),
}


class Look(NamedTuple):
    """What the workers hold at a moment."""

    at: float
    memory_mb: float
    files: int


def run(stage: Stage) -> Outcome:
    """Find out the top speed, and go on at a share of it."""
    plan = _plan(stage)
    settings = {"GATEPOST_REFRESH_TOKEN_LIFETIME": str(plan.grant_s)}
    with ExitStack() as stack:
        made = stack.enter_context(stage.founded(CALLERS, **settings))
        node = stack.enter_context(serving(made.place, "--workers", "2"))
        top = _top(stage, made, node)
        load = Load(CALLERS, SHARE * top, STEADY, chain_seconds=plan.grant_s / 2)
        # the ids that a caller chooses come of its seed, and the first ones are taken
        again = stage._replace(seed=stage.seed + 1)
        callers = stack.enter_context(loaded(again, made, (node.port,), load))
        began, looks = time.monotonic(), list(_looks(node, plan.seconds))
        met = attempts(callers.end())
        said = unsound(made)
        with made.open() as house:
            overdue = _overdue(house)
    steady = [look for look in looks if look.at >= began + plan.warm_s]
    tenth = max(1, len(steady) // 10)
    first, last = (_sixth(met, began, plan.seconds, number) for number in (0, 5))
    figures = tally(met)
    return Outcome(
        "L-15",
        stage.store,
        f"{plan.seconds:g} s at {SHARE * top:.0f} deeds a second of {top:.0f}, {CALLERS} callers",
        row_of(figures),
        (
            at_most("memory, times that of the beginning", _growth(steady, tenth), GROWTH),
            at_most("open files more", steady[-1].files - steady[0].files, FILES_MORE),
            at_most("p99 of the last sixth, times the first", last / first, P99_TIMES),
            none_of("rows that are long over", overdue),
            none_of("failed requests", figures.server_errors + figures.other),
            holds("the store and its journal are sound", said=said),
            told("memory", f"{steady[0].memory_mb:.0f} MB, then {steady[-1].memory_mb:.0f} MB"),
            told("p99", f"{first * 1000:.0f} ms, then {last * 1000:.0f} ms"),
        ),
    )


def _plan(stage: Stage) -> _Plan:
    """A shorter one than an hour warms up for a sixth of its time, as that does."""
    plan = PLANS[stage.size]
    if stage.minutes is None:
        return plan
    seconds = 60 * stage.minutes
    return plan._replace(seconds=seconds, warm_s=min(plan.warm_s, seconds / 6))


def _top(stage: Stage, made: Stand, node: Node) -> float:
    """Deeds a second when nobody waits."""
    with calling(made, (node.port,), Load(CALLERS, 0, STEADY), stage.seed) as callers:
        time.sleep(_TOP_S)
        met = attempts(callers.end())
    return len({(each.caller, each.turn) for each in met if each.caller >= 0}) / _TOP_S


def _looks(node: Node, seconds: float) -> Iterator[Look]:
    """Looks at the workers until the time is over."""
    began = said = time.monotonic()
    while (now := time.monotonic()) < began + seconds:
        pids = node.workers()
        memory = sum(processes.used_mb(pid)["rss_mb"] for pid in pids)
        files = sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids)
        yield Look(now, memory, files)
        if now > said + _SAID_EVERY_S:
            said = now
            progress.say(f"L-15: {now - began:.0f} s, {memory:.0f} MB, {files} files")
        time.sleep(_LOOK_S)


def _growth(looks: Sequence[Look], part: int) -> float:
    """How many times the memory of the first looks the last ones have."""
    return mean(e.memory_mb for e in looks[-part:]) / mean(e.memory_mb for e in looks[:part])


def _sixth(met: Sequence[Attempt], began: float, seconds: float, number: int) -> float:
    """The p99 of one sixth of the time, without sign-ins, which are slow on purpose."""
    start, end = (began + seconds * part / 6 for part in (number, number + 1))
    return percentile(
        [e.ended - e.began for e in met if start <= e.began < end and e.deed != "sign in"], 0.99
    )


def _overdue(house: House) -> int:
    """How many grants are over for so long that they ought to be swept."""
    families = metadata.tables["families"]
    over = families.c.expires_at < house.world.clock.now() - _OVERDUE
    with transaction(house.database.engine, writing=False) as connection:
        found = connection.execute(select(func.count()).select_from(families).where(over))
        return int(found.scalar_one())
