"""The ASGI application: finds the endpoint, reads the body within limits, answers in a thread.

Everything that every answer needs (correlation id, security headers, limits, the last catch) is
here once, so that no endpoint can forget it. What an endpoint has at hand is answered without a
thread, and where the server asks `at_once`, without a task either.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import perf_counter_ns
from typing import Any, NamedTuple, TypeVar

from gatepost.model import measures
from gatepost.model.errors import Refused, StoreUnavailable
from gatepost.model.events import Origin
from gatepost.model.measures import Series
from gatepost.ports import Dice
from gatepost.web import current, faults, wire
from gatepost.web.addresses import Network, caller_address
from gatepost.web.endpoints import Door, Endpoint, Together
from gatepost.web.http import Call, Reply, path_segments
from gatepost.web.threads import IsGone, Lanes, Load, Room, Threads, joined, stays
from gatepost.web.wire import Gone, RawHeaders, Sent, Wire

CALLS = Room(4, 2_500, spare=12)
"""More may wait than are answered while one has patience; who hangs up meanwhile costs nothing."""
HASHING = Room(4, 64, patience=None)
LANES = 4
MOST_IN_LANES = 1_000
IS_GONE = "gatepost.is_gone"
"""Under this name the state of a request may have what says whether its caller has hung up."""

_MAX_LOGGED_PATH = 500

_Made = TypeVar("_Made")


class Answered(NamedTuple):
    """What the log tells of an answer, and what is counted of it.

    The time runs from when the request is read to its last byte until the answer is made.
    """

    method: str
    path: str
    status: int
    origin: Origin
    route: str = measures.OTHER
    nanoseconds: int = 0
    counted: Series | None = None


Note = Callable[[Answered], None]


class Whole(NamedTuple):
    """A request that is there to its last byte; the target is its path, without a query."""

    method: str
    target: bytes
    headers: RawHeaders
    body: bytes
    peer: str


class Front:
    """The whole application as ASGI."""

    def __init__(
        self,
        doors: Sequence[Door],
        dice: Dice,
        trusted: Sequence[Network],
        *,
        https: bool,
        lanes: int = LANES,
    ) -> None:
        self._doors = doors
        self._dice = dice
        self._trusted = trusted
        self._wire = Wire(https=https)
        self._calls = Threads("call", CALLS)
        self._hashing = Threads("hash", HASHING)
        self._log = logging.getLogger("gatepost.http")
        self._lanes_number = lanes
        self._lanes: dict[Together, Lanes[Call, Reply | None]] = {}
        self._quick: dict[tuple[str, bytes], tuple[Endpoint, tuple[str, ...]]] = {}
        self.note: Note = self._note_in_log

    def answer_at_once(self, method: str, path: str) -> None:
        """Let an address whose endpoint has answers at hand be asked by `at_once`."""
        target = path.encode("ascii")
        segments = path_segments(target)
        self._quick[method, target] = (self._find(method, segments), segments)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI's entry."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)

    def may_be_at_once(self, method: str, target: bytes) -> bool:
        """Whether the answer to such a request may be at hand."""
        return (method, target) in self._quick

    def at_once(self, whole: Whole, before: bytes) -> bytes | None:
        """The message that answers, with header lines `before` its own; None if not at hand.

        Only what is right is answered so. Whatever is wrong is met again on the way of all others,
        and told there.
        """
        began = perf_counter_ns()
        endpoint, segments = self._quick[whole.method, whole.target]
        headers, fault = wire.read_headers(whole.headers)
        if fault is not None:
            return None
        origin = self._origin(headers, whole.peer)
        try:
            wire.check_length(headers, endpoint.body_limit)
            wire.check_size(len(whole.body), endpoint.body_limit)
            call = Call(whole.method, segments, b"", headers, whole.body, origin)
            reply = endpoint.at_hand(call) if endpoint.at_hand else None
        except Exception:  # noqa: BLE001  (the way of all others meets it again, and tells it)
            return None
        message = None if reply is None else self._wire.message(reply, origin.operation_id, before)
        if reply is not None and message is not None:
            path, took = whole.target.decode(), perf_counter_ns() - began
            of = (reply.status, origin, endpoint.route, took, reply.counted)
            self.note(Answered(whole.method, path, *of))
        return message

    def loads(self) -> dict[str, Load]:
        """How much there is to do, by the name of the threads that do it."""
        lanes = [each.load() for each in tuple(self._lanes.values())]
        lane = joined(lanes)._replace(most=MOST_IN_LANES)
        return {"call": self._calls.load(), "hash": self._hashing.load(), "lane": lane}

    def close(self) -> None:
        """Wait for the calls that are being answered."""
        for lanes in self._lanes.values():
            lanes.close()
        self._calls.close()
        self._hashing.close()

    async def _http(self, scope: Any, receive: Any, send: Any) -> None:
        began = perf_counter_ns()
        peer = scope["client"][0] if scope.get("client") else ""
        headers, fault = wire.read_headers(scope["headers"])
        origin = self._origin(headers, peer)
        method = scope["method"]
        segments = path_segments(scope["raw_path"])
        endpoint = self._find(method, segments)
        is_whole = False
        try:
            if fault is not None:
                raise fault
            wire.check_length(headers, endpoint.body_limit)
            body = await wire.read_body(receive, endpoint.body_limit)
            is_whole = True
            began = perf_counter_ns()
            call = Call(method, segments, scope["query_string"], headers, body, origin)
            is_gone = scope.get("state", {}).get(IS_GONE, stays)
            reply = await self._answered(endpoint, call, is_gone)
        except Refused as refused:
            reply = _explained(endpoint, refused, origin)
        except Gone:
            return
        of = (endpoint.route, perf_counter_ns() - began, reply.counted)
        self.note(Answered(method, scope["path"][:_MAX_LOGGED_PATH], reply.status, origin, *of))
        sent = self._sent(endpoint, reply, origin)
        if sent is not None:
            await wire.send(send, sent, bodiless=method == "HEAD", closes=not is_whole)

    def _origin(self, headers: Mapping[str, str], peer: str) -> Origin:
        address = caller_address(peer, headers.get("x-forwarded-for"), self._trusted)
        return Origin(self._dice.guid(), address)

    def _find(self, method: str, segments: tuple[str, ...]) -> Endpoint:
        for door in self._doors:
            endpoint = door.find(method, segments)
            if endpoint is not None:
                return endpoint
        raise LookupError("the last door answers every path")

    async def _answered(self, endpoint: Endpoint, call: Call, is_gone: IsGone) -> Reply:
        """The answer at hand, or the one that is made in a thread."""
        if endpoint.at_hand is not None:
            reply = self._answer(endpoint, endpoint.at_hand, call)
            if reply is not None:
                return reply
        if endpoint.together is not None and endpoint.together.concerns(call):
            reply = await self._answered_together(endpoint, endpoint.together, call, is_gone)
            if reply is not None:
                return reply
        threads = self._hashing if endpoint.hashes else self._calls
        return await threads.run(lambda: self._answer(endpoint, endpoint.handle, call), is_gone)

    async def _answered_together(
        self, endpoint: Endpoint, together: Together, call: Call, is_gone: IsGone
    ) -> Reply | None:
        """The answer that is made together with those of others, if it could be."""
        lanes = self._lanes.get(together)
        if lanes is None:
            answer = partial(self._replies, endpoint)
            lanes = Lanes("lane", Room(self._lanes_number, MOST_IN_LANES), answer)
            self._lanes[together] = lanes
        return await lanes.run(call, is_gone)

    def _replies(self, endpoint: Endpoint, calls: Sequence[Call]) -> Sequence[Reply | None]:
        """The replies of a lane; None where a call has to be handled alone."""
        assert endpoint.together is not None  # noqa: S101  (the caller looked)
        try:
            makers = endpoint.together.answer(calls)
        except Exception as fault:  # noqa: BLE001  (each call tells it in its own words)
            return [self._answer(endpoint, _raising(fault), call) for call in calls]
        return [
            None if make is None else self._answer(endpoint, _making(make), call)
            for make, call in zip(makers, calls, strict=True)
        ]

    def _answer(
        self, endpoint: Endpoint, handle: Callable[[Call], _Made], call: Call
    ) -> Reply | _Made:
        """Run a handler and turn whatever it raises into an answer (R-59, R-72, R-79)."""
        with current.answering(call.origin):
            try:
                return handle(call)
            except Refused as refused:
                return _explained(endpoint, refused, call.origin)
            except StoreUnavailable as fault:
                self._log.warning("store unavailable: %s", fault)
                return _explained(endpoint, faults.UNAVAILABLE, call.origin)
            except Exception:  # noqa: BLE001  (the last catch: whatever it was, it becomes a 500)
                self._log.exception("unexpected fault")
                told = faults.unexpected(call.origin.operation_id)
                return _explained(endpoint, told, call.origin)

    def _sent(self, endpoint: Endpoint, reply: Reply, origin: Origin) -> Sent | None:
        """The answer on its way; where a header of it cannot be sent, that is told instead."""
        sent = self._wire.sent(reply, origin.operation_id)
        if sent is not None:
            return sent
        self._log.error("a header of an answer is not fit to be sent", extra=origin._asdict())
        fault = _explained(endpoint, faults.unexpected(origin.operation_id), origin)
        return self._wire.sent(fault, origin.operation_id)

    def _note_in_log(self, answered: Answered) -> None:
        method, path, status, origin = answered[:4]
        self._log.info("%s %s %s", method, path, status, extra=origin._asdict())


def _explained(endpoint: Endpoint, refused: Refused, origin: Origin) -> Reply:
    """A refusal in the words of the door, and counted by its code."""
    reply = endpoint.explain(refused, origin)
    return reply._replace(counted=measures.error(refused.code.value))


def _making(make: Callable[[], Reply]) -> Callable[[Call], Reply]:
    return lambda _call: make()


def _raising(fault: Exception) -> Callable[[Call], Reply]:
    def tell(_call: Call) -> Reply:
        raise fault

    return tell
