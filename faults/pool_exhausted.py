"""L-05: every connection to the database is held up, and two hundred requests come at once."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import psycopg

from bench.credentials import token_form
from faults.desk import FORM, TOKEN
from faults.nodes import serving
from faults.outcome import Outcome, Row, at_most, none_of, told
from faults.size import Size, Stage
from faults.stand import Stand
from faults.wire import Unanswered, Wire

TITLE = "pool exhausted"
STORES = ("postgresql",)
REQUESTS: Mapping[Size, int] = {Size.WHOLE: 200, Size.QUICK: 200, Size.SHORT: 60}
ROUNDS: Mapping[Size, int] = {Size.WHOLE: 5, Size.QUICK: 1, Size.SHORT: 1}
WAIT_S = 10.0
"""A thread is waited for 5 s, a connection 2 s, and a lock 2 s."""

BACK_S = 1.0
_HELD = "LOCK TABLE clients, users, roles IN ACCESS EXCLUSIVE MODE"
_HELD_S, _PATIENCE_S = 12.0, 60.0


class Met(NamedTuple):
    """How one request went."""

    status: int
    seconds: float
    retry_after: bool


def run(stage: Stage) -> Outcome:
    """Hold the tables, send all, let go, and ask once more."""
    met: list[Met] = []
    back: list[float] = []
    with stage.founded(1) as made, serving(made.place) as node:
        for _ in range(ROUNDS[stage.size]):
            found, seconds = _round(made, node.port, REQUESTS[stage.size])
            met += found
            back.append(seconds)
        before_end = node.stop()
    wrong = sum(each.status not in {0, 503} for each in met)
    longest = max(each.seconds for each in met)
    return Outcome(
        "L-05",
        stage.store,
        f"{len(met)} requests while every table that they need is locked",
        Row(
            server_errors=sum(each.status >= 500 for each in met),
            other=sum(each.status == 0 for each in met),
            recovery=max(back),
        ),
        (
            at_most("the longest wait for an answer", longest, WAIT_S, " s"),
            none_of("requests without an answer", sum(each.status == 0 for each in met)),
            none_of("answers other than 503", wrong),
            none_of("503 without Retry-After", sum(map(_says_no_when, met))),
            at_most("good again after the lock is gone", max(back), BACK_S, " s"),
            at_most("the stop afterwards", before_end, WAIT_S, " s"),
            told(
                "half of them waited",
                f"{sorted(each.seconds for each in met)[len(met) // 2]:.1f} s",
            ),
        ),
    )


def _says_no_when(each: Met) -> bool:
    return each.status == 503 and not each.retry_after


def _round(made: Stand, port: int, requests: int) -> tuple[list[Met], float]:
    """What the requests met, and the seconds until one was good again."""
    wire = Wire(port)
    form = token_form(made.tenant.client_id, made.tenant.secret)
    token = wire.call("POST", TOKEN, form, FORM).json()["access_token"]
    path, bearer = f"/api/v1/Tenants/{made.tenant.id}/Roles", {"Authorization": f"Bearer {token}"}

    def ask(_number: int) -> Met:
        own, began = Wire(port, _PATIENCE_S), time.monotonic()
        try:
            answer = own.call("GET", path, None, bearer)
        except Unanswered:
            return Met(0, time.monotonic() - began, retry_after=False)
        finally:
            own.close()
        names = {name.lower() for name in answer.headers}
        return Met(answer.status, time.monotonic() - began, "retry-after" in names)

    with psycopg.connect(made.place.settings["GATEPOST_DATABASE_URL"]) as holding:
        holding.execute(_HELD)
        with ThreadPoolExecutor(requests) as threads:
            met = list(threads.map(ask, range(requests)))
        holding.rollback()
    free_at = time.monotonic()
    while wire.call("GET", path, None, bearer).status != 200:
        if time.monotonic() > free_at + _HELD_S:
            return met, float("inf")
        time.sleep(0.02)
    seconds = time.monotonic() - free_at
    wire.close()
    return met, seconds
