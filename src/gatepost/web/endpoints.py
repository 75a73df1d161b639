"""What answers at an address, as the front is told of it by its doors."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from gatepost.model import measures
from gatepost.model.errors import Refused
from gatepost.model.events import Origin
from gatepost.web.http import Call, Reply

Explain = Callable[[Refused, Origin], Reply]


class Endpoint(NamedTuple):
    """What answers a call: a handler, how much body it takes, and how it words a refusal.

    `hashes` is one that hashes passwords: those have threads of their own, so that a flood of
    guesses makes nobody else wait (R-47). `at_hand` answers on the event loop what needs no
    store, and gives None for all else. `together` answers several calls at once. `route` is the
    address as the door's table has it, never as a caller wrote it.
    """

    handle: Callable[[Call], Reply]
    explain: Explain
    body_limit: int = 0
    hashes: bool = False
    at_hand: Callable[[Call], Reply | None] | None = None
    together: "Together | None" = None
    route: str = measures.OTHER


class Together(NamedTuple):
    """What answers several calls at once: which it is for, and what makes the reply to each.

    It gives None for a call that has to be handled alone.
    """

    concerns: Callable[[Call], bool]
    answer: Callable[[Sequence[Call]], Sequence[Callable[[], Reply] | None]]


class Door(Protocol):
    """One front: it knows whether a path is its own, and what answers there."""

    def find(self, method: str, segments: tuple[str, ...]) -> Endpoint | None:
        """The endpoint of a path, or None when the path is another door's."""
