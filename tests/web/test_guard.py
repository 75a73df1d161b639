"""A head that never ends, in time or in size, ends its connection, and honest ones go on (R-68)."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from gatepost.cli import crowd as crowd_module
from gatepost.cli import guard
from gatepost.cli.crowd import Crowd
from tests.served import Served
from tests.web.bare import DISCOVERY, Line, line_to

pytestmark = pytest.mark.requirement("R-68")


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deadline that a test can wait for."""
    monkeypatch.setattr(guard, "HEAD_SECONDS", 0.3)


@pytest.fixture
def line(on_sqlite: Served) -> Iterator[socket.socket]:
    """A bare connection to the server."""
    address = httpx.URL(on_sqlite.url)
    with socket.create_connection((address.host, address.port or 80), timeout=20) as connection:
        yield connection


def ended(line: socket.socket) -> bool:
    """Read on until the server closes the connection; the time-out of the socket ends the wait."""
    try:
        while line.recv(65_536):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("sent", [b"", b"G", b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Half: "])
def test_a_head_that_does_not_come_is_not_waited_for(on_sqlite: Served, sent: bytes) -> None:
    address = httpx.URL(on_sqlite.url)
    with socket.create_connection((address.host, address.port or 80), timeout=20) as line:
        line.sendall(sent)
        assert ended(line)


@pytest.mark.usefixtures("soon")
def test_the_second_head_of_a_connection_has_a_deadline_too(line: socket.socket) -> None:
    line.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    assert line.recv(65_536).startswith(b"HTTP/1.1 200")
    line.sendall(b"GET /health/live HTTP/1.1\r\nHo")
    assert ended(line)


def test_a_head_that_grows_too_large_ends_the_connection(line: socket.socket) -> None:
    line.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Long: ")
    closed = False
    for _ in range(64):
        try:
            line.sendall(b"a" * 16_384)
        except ConnectionError:
            closed = True
            break
    assert closed or ended(line)


def test_a_head_over_the_limit_is_told_so_and_the_connection_ends(line: socket.socket) -> None:
    line.sendall(b"GET /nowhere HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 40_000 + b"\r\n\r\n")
    answer = b""
    while part := line.recv(65_536):
        answer += part
    assert answer.startswith(b"HTTP/1.1 431")
    assert b"connection: close" in answer.lower()


def test_a_pipeline_of_honest_requests_is_answered(line: socket.socket) -> None:
    line.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
    answer = b""
    while answer.count(b'"live"') < 3:
        answer += line.recv(65_536)
    assert answer.count(b"HTTP/1.1 200") == 3


@pytest.fixture
def two_each(monkeypatch: pytest.MonkeyPatch) -> Crowd:
    """No more than two connections for each address."""
    crowd = Crowd(2, lambda _address: False)
    monkeypatch.setattr(guard.GuardedProtocol, "crowd", crowd)
    return crowd


def _asked(line: Line) -> int:
    line.send(DISCOVERY)
    return line.answer().status


@pytest.mark.usefixtures("two_each")
def test_one_connection_too_many_is_told_so_and_closed(on_sqlite: Served) -> None:
    with line_to(on_sqlite) as one, line_to(on_sqlite) as two:
        assert (_asked(one), _asked(two)) == (200, 200)
        with line_to(on_sqlite) as third:
            third.send(DISCOVERY)
            answer = third.answer()
            assert answer.status == 503
            assert b"retry-after: 5" in answer.head
            assert third.is_ended()
        assert (_asked(one), _asked(two)) == (200, 200)


def test_whoever_is_not_let_in_waits_to_be_told_unless_too_many_wait(
    on_sqlite: Served, two_each: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd_module, "_MOST_AT_DOOR", 2)
    with ExitStack() as lines:
        for _ in range(2):
            assert _asked(lines.enter_context(line_to(on_sqlite))) == 200
        waiting = [lines.enter_context(line_to(on_sqlite)) for _ in range(2)]
        while two_each.at_door < 2:
            time.sleep(0.001)
        assert lines.enter_context(line_to(on_sqlite)).answer().status == 503
        assert two_each.at_door >= 2
        assert [line.answer().status for line in waiting] == [503, 503]
    while two_each.at_door:
        time.sleep(0.01)


def test_who_is_gone_makes_room(on_sqlite: Served, two_each: Crowd) -> None:
    for _ in range(5):
        with line_to(on_sqlite) as one, line_to(on_sqlite) as two:
            assert (_asked(one), _asked(two)) == (200, 200)
        while two_each._here:
            time.sleep(0.01)


def test_a_crowd_counts_each_address_and_lets_the_exempt_in() -> None:
    crowd = Crowd(1, {"10.0.0.1"}.__contains__)
    assert [crowd.let_in(address) for address in ("a", "a", "b", "10.0.0.1", "10.0.0.1")] == [
        True,
        False,
        True,
        True,
        True,
    ]
    crowd.left("a")
    assert crowd.let_in("a")


def test_a_crowd_takes_the_addresses_of_one_network_for_one_caller() -> None:
    crowd = Crowd(2, {"10.0.0.1"}.__contains__)
    let_in = [crowd.let_in(f"2001:db8:1:2::{number}") for number in range(3)]
    assert let_in == [True, True, False]
    assert crowd.let_in("2001:db8:1:3::1")
    crowd.left("2001:db8:1:2::1")
    assert crowd.let_in("2001:db8:1:2::9")


def test_a_crowd_without_a_limit_lets_all_in() -> None:
    crowd = Crowd(0, lambda _address: False)
    assert all(crowd.let_in("a") for _ in range(5_000))


def test_an_answer_that_nobody_reads_ends_its_connection(
    on_sqlite: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "READ_SECONDS", 0.3)
    with line_to(on_sqlite) as line, line_to(on_sqlite) as honest:
        line.end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        gone = False
        for _ in range(20_000):
            try:
                line.send(DISCOVERY * 10)
            except (ConnectionError, TimeoutError) as error:
                gone = isinstance(error, ConnectionError)
                break
        assert gone
        assert _asked(honest) == 200
