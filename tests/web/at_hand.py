"""Looking on while tokens are answered at hand, and taking that short way away."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from gatepost.services.token import TokenService
from gatepost.web.front import Front
from tests.served import Served, Tenant
from tests.web.bare import Answer, asking, body_of, line_to

DOORS = (
    "reading",
    "reading_all",
    "writing",
    "writing_all",
    "redemptions",
    "client_facts",
    "person_facts",
    "sweep",
)
_BEHIND = {"watch", "usage", "MainThread"}
_ATTEMPTS = 50


class Lookout:
    """What was answered at hand, and which doors of the store the requests opened."""

    def __init__(self) -> None:
        self.was_quick: list[bool] = []
        self.doors: list[str] = []

    def forget(self) -> None:
        """Begin anew."""
        self.was_quick.clear()
        self.doors.clear()


def look_out(served: Served, monkeypatch: pytest.MonkeyPatch) -> Lookout:
    """A lookout, from now on."""
    seen, at_once = Lookout(), Front.at_once

    def watched(front: Front, *asked: Any) -> bytes | None:
        found = at_once(front, *asked)
        seen.was_quick.append(found is not None)
        return found

    def counted(door: str, open_: Callable[..., Any]) -> Callable[..., Any]:
        def opened(*args: object) -> Any:
            if threading.current_thread().name not in _BEHIND:
                seen.doors.append(door)
            return open_(*args)

        return opened

    monkeypatch.setattr(Front, "at_once", watched)
    store = served.house.store
    for door in DOORS:
        monkeypatch.setattr(store, door, counted(door, getattr(store, door)))
    return seen


def be_thorough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer nothing at hand, from now on."""
    monkeypatch.setattr(Front, "may_be_at_once", lambda *_: False)
    monkeypatch.setattr(TokenService, "at_hand", lambda *_: None)


def one_at_hand(served: Served, client: Tenant, seen: Lookout) -> Answer:
    """An answer that was at hand; the watch may be late on a busy machine, so some are asked."""
    with line_to(served) as line:
        for _ in range(_ATTEMPTS):
            seen.forget()
            line.send(asking(body_of(client)))
            answer = line.answer()
            assert answer.status == 200
            if seen.was_quick == [True]:
                return answer
    raise AssertionError("no answer was at hand")
