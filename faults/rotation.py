"""L-12: signing keys are rotated under load, and nobody who verifies tokens refuses a good one.

Those who verify keep a copy of the key set and read it again when it is old, and not sooner. A
token that is signed by a key they do not know is refused. On PostgreSQL the tokens come from one
node, and the key set from the other.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

import jwt

from bench.credentials import token_form
from faults.desk import FORM, TOKEN
from faults.nodes import Node, serving
from faults.outcome import Outcome, holds, none_of, told
from faults.size import Size, Stage
from faults.stand import Stand
from faults.trial import LOADS, ended, loaded
from faults.wire import Wire
from gatepost.protocol import discovery as addresses

TITLE = "key rotation under load"
STORES = ("sqlite", "postgresql")
VERIFIERS = 4
_JWKS = addresses.ISSUER_PATH + addresses.JWKS_PATH
_DAY_S = 86_400
_PAUSE_S = 0.02


class _Plan(NamedTuple):
    """How often, how long a copy of the key set is kept, and how long a key is announced."""

    rotations: int
    cache_s: float
    announce_s: float
    apart_s: float


PLANS: Mapping[Size, _Plan] = {
    Size.WHOLE: _Plan(6, 10.0, 14.0, 20.0),
    Size.QUICK: _Plan(3, 2.0, 4.0, 5.0),
    Size.SHORT: _Plan(1, 0.5, 2.0, 3.0),
}


class Verifier:
    """Somebody who gets tokens and verifies them by a copy of the key set."""

    def __init__(self, made: Stand, ports: tuple[int, int], cache_s: float) -> None:
        self._form = token_form(made.tenant.client_id, made.tenant.secret)
        self._asks, self._reads = Wire(ports[0]), Wire(ports[1])
        self._cache_s = cache_s
        self._keys: dict[str, Any] = {}
        self._read_at = float("-inf")
        self.verified = 0
        self.refused: list[str] = []
        self.by_key: dict[str, float] = {}
        """When each key was first met in a token."""
        self.shown: dict[str, float] = {}
        """When each key was first met in the key set."""

    def verify(self) -> None:
        """Get a token, and look at it with the keys at hand, unless these are too old then."""
        answer = self._asks.call("POST", TOKEN, self._form, FORM)
        if answer.status != 200:
            self.refused.append(f"no token: {answer.status}")
            return
        got_at = time.monotonic()
        if got_at - self._read_at > self._cache_s:
            self._read()
        token = answer.json()["access_token"]
        kid = str(jwt.get_unverified_header(token)["kid"])
        self.by_key.setdefault(kid, got_at)
        key = self._keys.get(kid)
        if key is None:
            self.refused.append(f"the key {kid} is not known")
            return
        try:
            jwt.decode(token, key.key, algorithms=["RS256"], options={"verify_aud": False})
        except jwt.InvalidTokenError as fault:
            self.refused.append(repr(fault))
        else:
            self.verified += 1

    def go_on(self, over: threading.Event) -> None:
        """Verify until told to stop."""
        self._read()
        while not over.wait(_PAUSE_S):
            self.verify()
        self._asks.close()
        self._reads.close()

    def _read(self) -> None:
        self._read_at = time.monotonic()
        found = self._reads.call("GET", _JWKS).json()["keys"]
        self._keys = {key["kid"]: jwt.PyJWK(key) for key in found}
        for kid in self._keys:
            self.shown.setdefault(kid, self._read_at)


def run(stage: Stage) -> Outcome:
    """Rotate, wait until the new key signs, and rotate again."""
    plan, load = PLANS[stage.size], LOADS[stage.size]
    over = threading.Event()
    with ExitStack() as stack:
        made = stack.enter_context(stage.founded(load.callers))
        nodes = _nodes(stack, made)
        ports = (nodes[0].port, nodes[-1].port)
        verifiers = [Verifier(made, _turned(ports, n), plan.cache_s) for n in range(VERIFIERS)]
        stack.callback(over.set)
        callers = stack.enter_context(loaded(stage, made, ports, load))
        threads = [threading.Thread(target=each.go_on, args=(over,)) for each in verifiers]
        for thread in threads:
            thread.start()
        said = _rotate(made, plan)
        over.set()
        for thread in threads:
            thread.join()
        found = ended(stage, made, ports[0], callers.end())
    refused = [each for verifier in verifiers for each in verifier.refused]
    kids = {kid for verifier in verifiers for kid in verifier.by_key}
    return found.outcome(
        "L-12",
        f"{plan.rotations} rotations, copies of the key set kept for {plan.cache_s:g} s",
        (),
        (
            holds("tokens that are refused: none", said="; ".join(sorted(set(refused))[:3])),
            none_of("keys that signed before they were seen", _unseen(verifiers)),
            holds("each new key signs in the end", said=said or _few(kids, plan.rotations)),
            none_of("failed requests", found.met.server_errors + found.met.other),
            told("tokens verified", str(sum(each.verified for each in verifiers))),
        ),
    )


def _nodes(stack: ExitStack, made: Stand) -> list[Node]:
    """Two nodes on PostgreSQL; two workers of one node on SQLite."""
    if made.database is None:
        return [stack.enter_context(serving(made.place, "--workers", "2"))]
    return [stack.enter_context(serving(made.place)) for _ in range(2)]


def _rotate(made: Stand, plan: _Plan) -> str:
    """As an operator does; what went wrong."""
    for _ in range(plan.rotations):
        began = time.monotonic()
        days = f"{plan.announce_s / _DAY_S:.9f}"
        done = made.place.run("keys", "rotate", "--announce-days", days)
        if done.status != 0:
            return done.err
        time.sleep(max(0.0, began + plan.apart_s - time.monotonic()))
    time.sleep(plan.announce_s + 1)
    return ""


def _unseen(verifiers: Sequence[Verifier]) -> int:
    """How many keys signed before anybody had read them in the key set."""
    signed = [(kid, at) for each in verifiers for kid, at in each.by_key.items()]
    shown = [(kid, at) for each in verifiers for kid, at in each.shown.items()]
    first = {kid: min(at for other, at in shown if other == kid) for kid, _ in shown}
    return len({kid for kid, at in signed if at < first.get(kid, float("inf"))})


def _few(kids: set[str], rotations: int) -> str:
    wanted = rotations + 1
    return "" if len(kids) == wanted else f"{len(kids)} keys signed, not {wanted}"


def _turned(ports: tuple[int, int], number: int) -> tuple[int, int]:
    return ports if number % 2 else (ports[1], ports[0])
