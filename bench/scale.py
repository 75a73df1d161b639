"""Clients at scale: what requests cost with many clients in the tenant, against a few.

Both stores are served at the same time and asked in turn, so that the noise of the machine meets
both alike.
"""

import json
import random
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from statistics import median
from typing import Any

from bench.served import Answer, Caller, NotServedError, serving
from bench.stores import Filled

PAGE = 100
BAR = 1.5
_WARM_UP = 10
_SAMPLE = 500
_JSON = {"Content-Type": "application/json"}

Times = dict[str, list[float]]


class Side:
    """One of the two stores, as its administrator sees it."""

    def __init__(self, filled: Filled, caller: Caller) -> None:
        self._caller = caller
        self._path = filled.collection
        self._total = filled.clients
        self.times: Times = defaultdict(list)
        caller.headers["Authorization"] = f"Bearer {caller.token(filled)}"
        self._ids = self._some_ids()

    def list_first(self) -> None:
        """The first page."""
        self._list("list, first page", 0)

    def list_middle(self) -> None:
        """A page from the middle, which is the first one where there is but one."""
        self._list("list, middle page", (self._total - PAGE) // 2)

    def list_last(self) -> None:
        """The last page."""
        self._list("list, last page", self._total - PAGE)

    def get(self) -> None:
        """One client of many."""
        path = f"{self._path}/{random.choice(self._ids)}"
        _check(self._timed("get one", "GET", path).status == 200)

    def count(self) -> None:
        """How many there are."""
        answer = self._timed("HEAD count", "HEAD", self._path)
        _check(int(answer.headers["total-count"]) == self._total, answer)

    def create(self) -> None:
        """A new client with its secret, which is removed again without being timed."""
        body = json.dumps({"Name": "Measured", "Tags": ["device"]})
        answer = self._timed("create", "POST", self._path, body)
        _check(answer.status == 201, answer)
        told = answer.json()
        created = told.get("Client", told)["Id"]
        _check(self._caller.call("DELETE", f"{self._path}/{created}").status == 204)

    def _list(self, name: str, skip: int) -> None:
        answer = self._timed(name, "GET", f"{self._path}?count={PAGE}&skip={skip}")
        _check(len(answer.json()) == PAGE, answer)

    def _timed(self, name: str, method: str, path: str, body: str | None = None) -> Answer:
        answer = self._caller.call(method, path, body, _JSON if body else None)
        self.times[name].append(answer.seconds)
        headers = {key.lower(): value for key, value in answer.headers.items()}
        return answer._replace(headers=headers)

    def _some_ids(self) -> list[str]:
        """Ids from all over the list."""
        pages = range(0, self._total, max(PAGE, self._total * PAGE // _SAMPLE))
        found: list[str] = []
        for skip in pages:
            answer = self._caller.call("GET", f"{self._path}?count={PAGE}&skip={skip}")
            found += [row["Id"] for row in answer.json()]
        return found


def measure(few: Filled, many: Filled, rounds: int) -> dict[str, Any]:
    """Medians in milliseconds for each request, and the ratio of many to few."""
    with ExitStack() as stack:
        sides = [Side(filled, _caller(stack, filled)) for filled in (few, many)]
        for number in range(_WARM_UP + rounds):
            if number == _WARM_UP:
                for side in sides:
                    side.times.clear()
            _one_round(sides[:: 1 if number % 2 else -1])
    return {name: row(sides[0].times[name], sides[1].times[name]) for name in sides[0].times}


def _one_round(sides: list[Side]) -> None:
    """Each request once on each side; the side that begins changes from round to round."""
    requests: tuple[Callable[[Side], None], ...] = (
        Side.list_first,
        Side.list_middle,
        Side.list_last,
        Side.get,
        Side.count,
        Side.create,
    )
    for request in requests:
        for side in sides:
            request(side)


def row(few: list[float], many: list[float]) -> dict[str, float]:
    """What the table shows; the ratios of both halves tell how steady the ratio is."""
    half = len(few) // 2
    halves = [median(many[part]) / median(few[part]) for part in (slice(half), slice(half, None))]
    return {
        "few_ms": median(few) * 1000,
        "many_ms": median(many) * 1000,
        "ratio": median(many) / median(few),
        "ratio_low": min(halves),
        "ratio_high": max(halves),
    }


def _caller(stack: ExitStack, filled: Filled) -> Caller:
    caller = Caller(stack.enter_context(serving(filled)).port)
    stack.callback(caller.close)
    return caller


def _check(fine: bool, answer: Answer | None = None) -> None:  # noqa: FBT001  (reads as a sentence)
    if not fine:
        said = f"{answer.status} {answer.body[:300]!r}" if answer else "another status"
        raise NotServedError(f"the server did not answer as it should: {said}")
