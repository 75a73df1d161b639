"""How long a connection lives on which tokens are at hand: slow work, slow readers, the end."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from gatepost.cli.quick import QuickProtocol
from gatepost.services.client_login import ClientLogin, FormRequest
from tests.served import Served, Tenant, serve, sqlite_settings
from tests.web.at_hand import Lookout, look_out, one_at_hand
from tests.web.bare import Line, asking, body_of, line_to
from tests.web.oauth import journal

CLOSE = (b"connection", b"close")
MANY = 100
_SOONER_THAN_IDLE_S = 2


@pytest.fixture
def slow_login(monkeypatch: pytest.MonkeyPatch) -> None:
    """A login that takes longer than an idle connection is kept, where it is not at hand."""
    known = ClientLogin.known

    def slowly(login: ClientLogin, request: FormRequest) -> Any:
        time.sleep(0.6)
        return known(login, request)

    monkeypatch.setattr(ClientLogin, "known", slowly)


def on_new_connections(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[QuickProtocol, Any], None]
) -> None:
    """Change each connection that is made from now on."""
    made = QuickProtocol.connection_made

    def changed(protocol: QuickProtocol, transport: Any) -> None:
        made(protocol, transport)
        change(protocol, transport)

    monkeypatch.setattr(QuickProtocol, "connection_made", changed)


def _hardly_kept(protocol: QuickProtocol, _transport: Any) -> None:
    protocol.timeout_keep_alive = 0.2  # type: ignore[assignment]


def _hardly_buffered(_protocol: QuickProtocol, transport: Any) -> None:
    transport.set_write_buffer_limits(high=2_000)
    inner = transport.get_extra_info("socket")
    inner.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)


def _leaving(protocol: QuickProtocol, _transport: Any) -> None:
    state = protocol.server_state
    if CLOSE not in state.default_headers:
        state.default_headers = [*state.default_headers, CLOSE]


@pytest.mark.usefixtures("slow_login")
@pytest.mark.parametrize("behind", [b"", b"\r\n"])
def test_an_idle_time_does_not_end_a_request_that_is_under_way(
    on_sqlite: Served, known: Tenant, monkeypatch: pytest.MonkeyPatch, behind: bytes
) -> None:
    on_new_connections(monkeypatch, _hardly_kept)
    with line_to(on_sqlite) as line:
        line.send(asking(body_of(known)) + asking(body_of(known) + b"x") + behind)
        assert [answer.status for answer in line.answers(2)] == [200, 401]
        assert line.is_ended(), "and after it the connection is idle"


def test_an_idle_connection_is_closed(
    on_sqlite: Served, known: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_new_connections(monkeypatch, _hardly_kept)
    with line_to(on_sqlite) as line:
        line.send(asking(body_of(known)))
        assert line.answer().status == 200
        assert line.is_ended()


@pytest.mark.requirement("R-68")
def test_a_caller_who_does_not_read_is_waited_for_and_misses_nothing(
    on_sqlite: Served, known: Tenant, seen: Lookout, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_new_connections(monkeypatch, _hardly_buffered)
    with line_to(on_sqlite) as line, line_to(on_sqlite) as other:
        line.end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        sender = threading.Thread(target=line.send, args=(asking(body_of(known)) * MANY,))
        sender.start()
        other.send(asking(body_of(known)))
        assert other.answer().status == 200, "others are answered meanwhile"
        while not _stands_still(seen):
            pass
        answers = line.answers(MANY)
        sender.join(20)
        assert {answer.status for answer in answers} == {200}
        assert len({answer.body for answer in answers}) == MANY
        assert len(seen.was_quick) < MANY, "the rest took the way that waits"
        line.send(asking(body_of(known)))
        assert line.answer().status == 200


def _stands_still(seen: Lookout) -> bool:
    """Whether no more is answered at hand for a while."""
    before = len(seen.was_quick)
    time.sleep(0.3)
    return len(seen.was_quick) == before


def test_a_caller_who_never_reads_and_goes_away_harms_nobody(
    on_sqlite: Served, known: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_new_connections(monkeypatch, _hardly_buffered)
    for _ in range(3):
        with line_to(on_sqlite) as line:
            line.end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            line.end.settimeout(0)
            line.end.send(asking(body_of(known)) * MANY)
    with line_to(on_sqlite) as line:
        line.send(asking(body_of(known)))
        assert line.answer().status == 200


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[Served, ExitStack]]:
    """A product of the test's own, and how it is stopped."""
    with ExitStack() as stack:
        yield stack.enter_context(serve(sqlite_settings(tmp_path))), stack


@pytest.mark.parametrize("headers", [(), (b"Connection: close",)])
def test_a_server_that_leaves_closes_after_an_answer_at_hand(
    own: tuple[Served, ExitStack], monkeypatch: pytest.MonkeyPatch, headers: tuple[bytes, ...]
) -> None:
    served, _ = own
    seen = look_out(served, monkeypatch)
    one_at_hand(served, served.first, seen)
    on_new_connections(monkeypatch, _leaving)
    whole = asking(body_of(served.first), *headers)
    for _ in range(20):
        seen.forget()
        with line_to(served) as line:
            line.send(whole)
            answer = line.answer()
            assert answer.names.count(b"connection") == 1
            line.end.settimeout(_SOONER_THAN_IDLE_S)
            assert line.is_ended()
        if seen.was_quick == [True]:
            return
    raise AssertionError("no answer was at hand")


def test_what_nobody_would_hear_the_answer_to_is_not_done(
    own: tuple[Served, ExitStack], monkeypatch: pytest.MonkeyPatch
) -> None:
    served, _ = own
    seen = look_out(served, monkeypatch)
    one_at_hand(served, served.first, seen)
    on_new_connections(monkeypatch, _leaving)
    refused = asking(body_of(served.first) + b"x")
    for _ in range(20):
        before = len(journal(served, served.first.client_id))
        seen.forget()
        with line_to(served) as line:
            line.send(asking(body_of(served.first)) + refused)
            assert line.answer().status == 200
            assert line.is_ended()
        if seen.was_quick == [True]:
            with line_to(served) as line:
                line.send(refused)
                assert line.answer().status == 401
            assert len(journal(served, served.first.client_id)) == before + 1
            return
    raise AssertionError("no answer was at hand")


def test_what_is_under_way_when_the_server_stops_is_answered(
    own: tuple[Served, ExitStack], monkeypatch: pytest.MonkeyPatch
) -> None:
    served, stack = own
    one_at_hand(served, served.first, look_out(served, monkeypatch))
    whole = asking(body_of(served.first))
    with line_to(served) as idle, line_to(served) as half:
        idle.send(whole)
        assert idle.answer().status == 200
        half.send(whole[:-10])
        _wait_until_heard(half)
        stopping = threading.Thread(target=stack.close)
        stopping.start()
        assert idle.is_ended()
        half.send(whole[-10:])
        answer = half.answer()
        assert answer.status == 200
        assert b"connection: close" in answer.head
        assert half.is_ended()
    stopping.join(20)
    with pytest.raises(OSError, match="refused"), line_to(served):
        pass


def _wait_until_heard(line: Line) -> None:
    """The head was read when a moment passed: nothing of the protocol tells so earlier."""
    line.end.settimeout(0.3)
    with pytest.raises(TimeoutError):
        line.end.recv(1)
    line.end.settimeout(20)
