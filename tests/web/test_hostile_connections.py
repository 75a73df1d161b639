"""Requests that are made to be read in two ways, to grow without end, or to hold a connection."""

from typing import Any

import pytest
from uvicorn.protocols.http.flow_control import FlowControl

from gatepost.cli import guard
from gatepost.cli.quick import QuickProtocol
from tests.served import Served, Tenant
from tests.web.bare import DISCOVERY, Line, body_of, line_to
from tests.web.oauth import TOKEN, basic

pytestmark = pytest.mark.requirement("R-68")

CHUNKED = (
    f"POST {TOKEN} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
).encode()
GET = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n"
WISH = b"Connection: upgrade\r\nUpgrade: foo\r\n"


@pytest.fixture
def hardly_kept(monkeypatch: pytest.MonkeyPatch) -> list[QuickProtocol]:
    """Connections are idle for a moment only; those that are made are in the list."""
    made, seen = QuickProtocol.connection_made, list[QuickProtocol]()

    def changed(protocol: QuickProtocol, transport: Any) -> None:
        made(protocol, transport)
        protocol.timeout_keep_alive = 0.3  # type: ignore[assignment]
        seen.append(protocol)

    monkeypatch.setattr(QuickProtocol, "connection_made", changed)
    return seen


def piece(data: bytes) -> bytes:
    """A chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


@pytest.mark.parametrize("length", [b"Content-Length: 400\r\n", b"Transfer-Encoding: chunked\r\n"])
@pytest.mark.parametrize("path", [b"/x", TOKEN.encode()])
def test_a_body_of_another_protocol_is_refused_and_nothing_in_it_is_a_request(
    on_sqlite: Served, length: bytes, path: bytes
) -> None:
    with line_to(on_sqlite) as line:
        line.send(b"POST %b HTTP/1.1\r\nHost: x\r\n%b%b\r\n" % (path, WISH, length))
        answer = line.answer()
        assert answer.status == 400
        assert b"connection: close" in answer.head
        try:
            line.send(b"\r\n" * 100 + DISCOVERY)
        except ConnectionError:
            return
        assert line.is_ended()


@pytest.mark.parametrize("header", [b"Content-Encoding: gzip\r\n", b"Accept-Verbosity: 1\r\n" * 2])
def test_who_is_refused_before_the_body_is_told_that_nothing_more_is_read(
    on_sqlite: Served, header: bytes
) -> None:
    with line_to(on_sqlite) as line:
        line.send(b"POST %b HTTP/1.1\r\nHost: x\r\n" % TOKEN.encode())
        line.send(b"Content-Length: 400\r\n%b\r\n" % header)
        answer = line.answer()
        assert answer.status in {400, 415}
        assert b"connection: close" in answer.head
        assert line.is_ended()


def test_who_asks_for_another_protocol_without_a_body_is_answered_once(on_sqlite: Served) -> None:
    with line_to(on_sqlite) as line:
        line.send(DISCOVERY.replace(b"\r\n\r\n", b"\r\n" + WISH + b"\r\n") + DISCOVERY)
        answer = line.answer()
        assert answer.status == 200
        assert b"connection: close" in answer.head
        assert line.is_ended()


def test_what_follows_a_body_is_no_header(on_sqlite: Served, known: Tenant) -> None:
    trailer = basic(known.client_id, known.secret)["Authorization"].encode()
    with line_to(on_sqlite) as line:
        body = piece(b"grant_type=client_credentials")
        line.send(CHUNKED + body + b"0\r\nAuthorization: " + trailer + b"\r\n\r\n")
        assert line.answer().status == 401
        line.send(CHUNKED + piece(body_of(known)) + b"0\r\nOrigin: https://evil.example\r\n\r\n")
        answer = line.answer()
        assert answer.status == 200
        assert b"access-control" not in answer.head


@pytest.mark.parametrize("one", [b"a: b\r\n", b"a" * 4_000 + b": b\r\n", b"a" * 8_192])
@pytest.mark.parametrize("before", [b"", b"Host: x\r\n"])
def test_trailers_without_end_end_the_connection(
    on_sqlite: Served, one: bytes, before: bytes
) -> None:
    head = CHUNKED.replace(b"Host: x\r\n", b"Host: x\r\n" + before)
    with line_to(on_sqlite) as line:
        line.send(head + piece(b"a=b") + b"0\r\n")
        assert _is_cut_off(line, one * (16_384 // len(one) + 1))


def test_chunk_extensions_without_end_end_the_connection(on_sqlite: Served) -> None:
    with line_to(on_sqlite) as line:
        line.send(CHUNKED + b"1;")
        assert _is_cut_off(line, b"a" * 16_384)


def _is_cut_off(line: Line, more: bytes) -> bool:
    """Whether the server ends the connection while more and more of this comes."""
    for _ in range(4_000):
        try:
            line.send(more)
        except ConnectionError:
            return True
    return False


def test_requests_in_line_are_answered_and_nothing_is_read_until_they_are(
    on_sqlite: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = list[int]()
    resume = FlowControl.resume_reading

    def resumed(flow: Any) -> None:
        waited.append(len(flow._protocol.pipeline))
        resume(flow)

    monkeypatch.setattr(FlowControl, "resume_reading", resumed)
    with line_to(on_sqlite) as line:
        for _ in range(5):
            line.send(GET * 80)
            assert {answer.status for answer in line.answers(80)} == {404}
    assert set(waited) == {0}


def test_too_many_requests_in_one_piece_are_refused(on_sqlite: Served) -> None:
    with line_to(on_sqlite) as line:
        line.send(GET * (guard.MOST_IN_LINE + 50))
        assert line.answer().status == 400
        assert line.is_ended()


@pytest.mark.parametrize("first", [DISCOVERY, GET])
def test_an_empty_line_does_not_keep_an_idle_connection(
    on_sqlite: Served, hardly_kept: list[QuickProtocol], first: bytes
) -> None:
    with line_to(on_sqlite) as line:
        line.send(first)
        line.answer()
        line.send(b"\r\n")
        assert line.is_ended()
    assert len(hardly_kept) == 1


def test_the_rest_of_a_body_is_not_waited_for_after_the_refusal(
    on_sqlite: Served, hardly_kept: list[QuickProtocol]
) -> None:
    with line_to(on_sqlite) as line:
        line.send(
            f"POST {TOKEN} HTTP/1.1\r\nHost: x\r\nHost: y\r\nContent-Length: 99\r\n\r\na".encode()
        )
        assert line.answer().status == 400
        assert line.is_ended()
    assert len(hardly_kept) == 1
