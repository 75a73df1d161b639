"""L-09: many slow clients at once: heads and bodies that do not end, answers that nobody reads."""

import time
from collections.abc import Awaitable, Mapping, Sequence
from typing import NamedTuple

from bench.credentials import token_form, written
from bench.load import SCRIPTS, Shot, paced
from faults.crowd import Crowd, crowded
from faults.desk import TOKEN
from faults.here import need_files, need_wrk
from faults.nodes import Node, serving
from faults.outcome import Outcome, Row, at_most, none_of, told
from faults.size import Size, Stage
from faults.stand import Stand

TITLE = "slow clients"
STORES = ("sqlite",)
CLOSED_S, P99_TIMES = 15.0, 2.0
PER_SECOND = 100.0
MORE_FILES = 500
"""What this process opens beside its connections, at most."""


class _Plan(NamedTuple):
    """How many of each kind, and for how long."""

    heads: int
    bodies: int
    readers: int
    seconds: float


PLANS: Mapping[Size, _Plan] = {
    Size.WHOLE: _Plan(1_000, 200, 200, 180.0),
    Size.QUICK: _Plan(1_000, 200, 200, 30.0),
    Size.SHORT: _Plan(50, 20, 20, 14.0),
}


def run(stage: Stage) -> Outcome:
    """An honest load alone, and beside the slow ones."""
    plan = PLANS[stage.size]
    need_wrk()
    need_files(plan.heads + plan.bodies + plan.readers + MORE_FILES)

    def come(crowd: Crowd) -> Sequence[Awaitable[None]]:
        return (
            crowd.slow_heads(plan.heads),
            crowd.slow_bodies(plan.bodies),
            crowd.slow_readers(plan.readers),
        )

    with stage.founded(1) as made, serving(made.place) as node:
        base = honest(made, node, min(plan.seconds, 20.0))
        with crowded(node.port, come) as crowd:
            time.sleep(1)
            beside = honest(made, node, plan.seconds)
    # with those that we had to end ourselves, because the server never did
    longest = {
        kind: max(life.seconds for life in crowd.lives if life.kind == kind)
        for kind in ("slow head", "slow body", "slow reader")
    }
    return Outcome(
        "L-09",
        stage.store,
        f"{plan.heads} slow heads, {plan.bodies} slow bodies and {plan.readers} slow readers for "
        f"{plan.seconds:g} s, {PER_SECOND:g} tokens a second beside them",
        Row(other=beside.errors),
        (
            *(at_most(f"the longest {kind}", s, CLOSED_S, " s") for kind, s in longest.items()),
            none_of("honest requests that failed", beside.errors),
            at_most("p99 of the honest, times base", beside.p99_ms / base.p99_ms, P99_TIMES),
            told("p99 of the honest", f"{base.p99_ms:.1f} ms alone, {beside.p99_ms:.1f} ms beside"),
            told("slow ones that were closed", str(sum(life.is_closed for life in crowd.lives))),
        ),
    )


def honest(made: Stand, node: Node, seconds: float) -> Shot:
    """Tokens for the administration client at a set rate."""
    forms = made.place.folder / "forms"
    written(forms, [token_form(made.tenant.client_id, made.tenant.secret)])
    url = f"http://127.0.0.1:{node.port}{TOKEN}"
    return paced(url, SCRIPTS / "form.lua", seconds, PER_SECOND, [str(forms)])
