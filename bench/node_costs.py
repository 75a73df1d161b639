"""What each request costs a node and its database, in processor time and in the write-ahead log.

One node with one worker on PostgreSQL. What is presented is written into the store before the
meters are read, so that only the requests count. Processor time hardly depends on who else wants
the cores, which waiting does.
"""

import itertools
import json
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any, NamedTuple

import psycopg

from bench import credentials, journeys, load, names, progress, workloads
from bench.fill import Filled
from bench.load import Shot
from bench.node_meter import Cost, metered
from bench.served import Caller, NotServedError, serving
from bench.workloads import Ground, Shoot
from gatepost.protocol import discovery as addresses

FROM_CARD = "token, from a card"
COUNTED = "token, from a card, each use written"
FROM_STORE = "token, from the store"
REDEMPTION, REFRESH, SIGN_IN = "code redemption", "refresh", "sign-in with consent"
CHANGE = "client read and changed over REST"
TOKEN = addresses.ISSUER_PATH + addresses.TOKEN_PATH
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_KNOWN = 500
_CODES_A_SECOND = 800
_IN_TURN = 2_000
# Uses of one secret within a second are written as one, and a worker writes 500 a second.
_UNHURRIED = 300


class Meters(NamedTuple):
    """Where the database's spending is read."""

    pid: int
    connection: psycopg.Connection


def tokens(ground: Ground, most: int = _KNOWN) -> Shoot:
    """Tokens for clients that the node knows already, from all over the store."""
    return ground.shot("form.lua", TOKEN, _made_known(ground, most), "known")


def _made_known(ground: Ground, most: int = _KNOWN) -> list[str]:
    lines = [credentials.token_form(*each) for each in credentials.clients(ground.filled, most)]
    with ground.caller() as caller:
        for line in lines:
            answer = caller.call("POST", TOKEN, line, FORM)
            if answer.status != 200:
                raise NotServedError(f"a token request got {answer.status}: {answer.body!r}")
    return lines


def measure(filled: Filled, meters: Meters, seconds: float) -> dict[str, Any]:
    """Each workload once, on a node that was just started."""
    told = {}
    for name, prepare in WORKLOADS.items():
        progress.say(f"nodes: what it costs, {name}")
        with serving(filled.first) as running:
            shoot = prepare(Ground(filled, running), seconds)
            told[name] = _cost(running.process.pid, meters, shoot, seconds)
    return told


def token_bytes(filled: Filled) -> int:
    """The bytes of a token request and its answer."""
    with serving(filled.first) as running, closing(Caller(running.port)) as caller:
        form = credentials.token_form(filled.first.client_id, filled.first.secret)
        answer = caller.call("POST", TOKEN, form, FORM)
    heads = sum(len(name) + len(value) + 4 for name, value in answer.headers.items())
    return len(form) + len(TOKEN) + len(str(FORM)) + heads + len(answer.body)


def _cost(pid: int, meters: Meters, shoot: Shoot, seconds: float) -> dict[str, float]:
    before = _written(meters.connection)
    cost = metered([pid], meters.pid, lambda: [shoot(seconds)])
    written = _written(meters.connection) - before
    return each_request(cost, written)


def each_request(cost: Cost, wal_bytes: float) -> dict[str, float]:
    """A shot's cost by its requests."""
    return {
        "requests": cost.requests,
        "errors": cost.errors,
        "node_ms": 1000 * cost.nodes_s / cost.requests,
        "database_ms": 1000 * cost.database_s / cost.requests,
        "wal_bytes": wal_bytes / cost.requests,
    }


def _known_tokens(ground: Ground, _seconds: float) -> Shoot:
    return tokens(ground)


def _counted_tokens(ground: Ground, _seconds: float) -> Shoot:
    """So few a second that no two uses of a client are written as one."""
    file = credentials.written(ground.filled.first.folder / "counted.txt", _made_known(ground))
    url, script = ground.running.url + TOKEN, load.SCRIPTS / "form.lua"
    return lambda seconds: load.paced(url, script, seconds, _UNHURRIED, [str(file)])


def _new_tokens(ground: Ground, _seconds: float) -> Shoot:
    """Each client once: the node knows none of them."""
    there = ground.filled.shape.clients
    lines = [credentials.token_form(*each) for each in credentials.clients(ground.filled, there)]
    return ground.shot("form.lua", TOKEN, lines, "new")


def _codes(ground: Ground, seconds: float) -> Shoot:
    made = credentials.codes(ground.filled, round(_CODES_A_SECOND * seconds))
    return ground.shot("form.lua", TOKEN, map(credentials.code_form, made), "codes")


def _refreshes(ground: Ground, _seconds: float) -> Shoot:
    made = credentials.refresh_tokens(ground.filled, _IN_TURN)
    return ground.shot("rotate.lua", TOKEN, map(credentials.refresh_form, made), "refresh")


def _of_tokens(prepare: Callable[[Ground], Shoot]) -> Callable[[Ground, float], Shoot]:
    return lambda ground, _seconds: prepare(ground)


def _sign_ins(ground: Ground, _seconds: float) -> Shoot:
    """By the people of the first tenant."""
    shape = ground.filled.shape
    theirs = len(names.share(shape.users, shape.tenants, 0))
    of_first = ground.filled._replace(shape=shape._replace(users=theirs))
    return journeys.hybrid_sign_in(ground._replace(filled=of_first))


def changes(ground: Ground, _seconds: float) -> Shoot:
    """The description of one client after another."""
    first = ground.filled.first
    there = names.share(ground.filled.shape.clients, ground.filled.shape.tenants, 0)
    numbers = itertools.cycle(there)

    def shoot(seconds: float) -> Shot:
        with closing(Caller(ground.running.port)) as caller:
            caller.headers["Authorization"] = f"Bearer {caller.token(first)}"

            def change(number: int) -> None:
                path = f"{first.collection}/{names.device(number)}"
                body = caller.call("GET", path).json() | {"Name": f"Device {time.time_ns()}"}
                answer = caller.call(
                    "PUT", path, json.dumps(body), {"Content-Type": "application/json"}
                )
                if answer.status >= 300:
                    raise NotServedError(f"PUT {path} got {answer.status}: {answer.body!r}")

            return journeys.timed([change], numbers, seconds)

    return shoot


WORKLOADS: Mapping[str, Callable[[Ground, float], Shoot]] = {
    FROM_CARD: _known_tokens,
    COUNTED: _counted_tokens,
    FROM_STORE: _new_tokens,
    REDEMPTION: _codes,
    REFRESH: _refreshes,
    "userinfo": _of_tokens(workloads.userinfo),
    "introspection": _of_tokens(workloads.introspection),
    SIGN_IN: _sign_ins,
    CHANGE: changes,
}


def _written(connection: psycopg.Connection) -> float:
    """How far the write-ahead log has grown."""
    row = connection.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone()
    return float(row[0]) if row else 0.0
