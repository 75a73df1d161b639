"""How soon a change that one node made is in force at the other.

A client gets tokens at both nodes, so that both keep what they know of it. Then the first node
changes it, and from the moment of its answer on the other is asked until it tells the change.
Changes begin at moments by chance, so that they do not keep step with the nodes' looks.
"""

import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from random import Random
from statistics import median, quantiles
from typing import Any, NamedTuple

from bench import credentials, names, progress
from bench.casts import ADMINISTRATOR_AT
from bench.fill import Filled
from bench.served import Caller, NotServedError, Running
from gatepost.app.watch import LOOK_SECONDS
from gatepost.protocol import discovery as addresses

BAR_S = 1.0
PATIENCE_S = 10.0
_SEED = 20_271
_TOKEN = addresses.ISSUER_PATH + addresses.TOKEN_PATH
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_SAID_EVERY = 100


class Pair(NamedTuple):
    """A way to each node, and the client that is to be changed through the first."""

    a: Caller
    b: Caller
    administrator: str
    """The access token of the administration client."""
    collection: str
    role_id: str
    client_id: str
    secret: str

    @property
    def path(self) -> str:
        """The address of the client over REST."""
        return f"{self.collection}/{self.client_id}"


def disable(pair: Pair) -> None:
    """Disable the client."""
    body = _rest(pair, "GET", pair.path, None).json()
    _rest(pair, "PUT", pair.path, body | {"Enabled": False})


def remove_secret(pair: Pair) -> None:
    """Take its one secret away."""
    _rest(pair, "DELETE", f"{pair.path}/Secrets/1", None)


def add_role(pair: Pair) -> None:
    """Give it one more role, which stands in its tokens from then on."""
    body = _rest(pair, "GET", pair.path, None).json()
    _rest(pair, "PUT", pair.path, body | {"RoleIds": [*body["RoleIds"], pair.role_id]})


CHANGES: Mapping[str, Callable[[Pair], None]] = {
    "client disabled": disable,
    "secret removed": remove_secret,
    "role added": add_role,
}


def measure(filled: Filled, pair: tuple[Running, Running], changes: int) -> dict[str, Any]:
    """So many changes, each of another client and of the kinds in turn."""
    progress.say(f"nodes: {changes} changes, seen at the other node")
    taken: dict[str, list[float]] = {name: [] for name in CHANGES}
    chance, late = Random(_SEED), 0
    where = filled.first.collection, filled.names.roles(0)[ADMINISTRATOR_AT]
    with closing(Caller(pair[0].port)) as a, closing(Caller(pair[1].port)) as b:
        bearer = a.token(filled.first)
        for number in range(changes):
            kind = list(CHANGES)[number % len(CHANGES)]
            client_id = names.device(number)
            one = Pair(a, b, bearer, *where, client_id, filled.secret(client_id))
            seconds, at_home = _seen(one, CHANGES[kind], chance.uniform(0, LOOK_SECONDS))
            taken[kind].append(seconds)
            late += not at_home
            if number % _SAID_EVERY == _SAID_EVERY - 1:
                progress.say(f"nodes: {number + 1} changes")
    everything = [seconds for some in taken.values() for seconds in some]
    told = {name: distribution(some) for name, some in taken.items()}
    return {"kinds": told, "all": distribution(everything), "late_at_home": late}


def distribution(seconds: Sequence[float]) -> dict[str, float]:
    """How long changes took, in milliseconds."""
    cuts = quantiles(seconds, n=100, method="inclusive")
    return {
        "changes": len(seconds),
        "min_ms": 1000 * min(seconds),
        "median_ms": 1000 * median(seconds),
        "p99_ms": 1000 * cuts[98],
        "max_ms": 1000 * max(seconds),
    }


def _seen(pair: Pair, change: Callable[[Pair], None], wait: float) -> tuple[float, bool]:
    """The seconds until the other node told the change, and whether the first did at once."""
    before = _told(pair, pair.a), _told(pair, pair.b)
    if before != (before[0],) * 2 or before[0] is None:
        raise NotServedError(f"the nodes do not agree about {pair.client_id}: {before}")
    time.sleep(wait)
    change(pair)
    answered = time.perf_counter()
    while _told(pair, pair.b) == before[1]:
        if time.perf_counter() > answered + PATIENCE_S:
            raise NotServedError(f"the change of {pair.client_id} is not seen")
    seconds = time.perf_counter() - answered
    return seconds, _told(pair, pair.a) != before[0]


def _told(pair: Pair, node: Caller) -> str | None:
    """What a node lets the client have: the roles in a token, or no token."""
    answer = node.call("POST", _TOKEN, credentials.token_form(pair.client_id, pair.secret), _FORM)
    if answer.status != 200:
        return None
    claims = str(answer.json()["access_token"]).split(".")[1]
    body = json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    return json.dumps({name: value for name, value in body.items() if "role" in name.lower()})


def _rest(pair: Pair, method: str, path: str, body: Any) -> Any:
    sent = None if body is None else json.dumps(body)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {pair.administrator}"}
    answer = pair.a.call(method, path, sent, headers)
    if answer.status >= 300:
        raise NotServedError(f"{method} {path} got {answer.status}: {answer.body!r}")
    return answer
