"""Requests for tokens that come cut, joined or broken: each is answered, in order, or told off.

The client's token is at hand throughout, so that the short way meets each of them first.
"""

from collections.abc import Callable, Iterator

import pytest

from tests.served import Served, Tenant
from tests.web.at_hand import Lookout, one_at_hand
from tests.web.bare import DISCOVERY, Answer, Line, asking, body_of, line_to
from tests.web.oauth import add_client

pytestmark = pytest.mark.requirement("R-68", "R-72")


@pytest.fixture
def line(on_sqlite: Served) -> Iterator[Line]:
    """A bare connection to the server."""
    with line_to(on_sqlite) as made:
        yield made


def assert_token(answer: Answer) -> None:
    """It is the answer that everybody gets."""
    assert answer.status == 200
    assert answer.body.startswith(b'{"access_token":"')
    assert answer.body.endswith(b'"token_type":"Bearer"}')


def assert_alive(line: Line, client: Tenant) -> None:
    """The same connection goes on."""
    line.send(asking(body_of(client)))
    assert_token(line.answer())


@pytest.mark.parametrize("share", [0.01, 0.1, 0.4, 0.6, 0.8, 0.99])
def test_a_request_in_two_pieces(line: Line, known: Tenant, share: float) -> None:
    whole = asking(body_of(known))
    cut = round(len(whole) * share)
    line.send(whole[:cut])
    line.end.settimeout(0.05)
    with pytest.raises(TimeoutError):
        line.end.recv(1)
    line.end.settimeout(20)
    line.send(whole[cut:])
    assert_token(line.answer())
    assert_alive(line, known)


def test_a_request_in_many_pieces(line: Line, known: Tenant) -> None:
    whole = asking(body_of(known))
    line.send(*(whole[at : at + 7] for at in range(0, len(whole), 7)))
    assert_token(line.answer())
    assert_alive(line, known)


def test_head_and_body_apart(line: Line, known: Tenant) -> None:
    head, _, body = asking(body_of(known)).partition(b"\r\n\r\n")
    line.send(head + b"\r\n\r\n", body)
    assert_token(line.answer())
    assert_alive(line, known)


def test_two_requests_and_the_half_of_a_third_in_one_segment(line: Line, known: Tenant) -> None:
    whole = asking(body_of(known))
    half = len(whole) // 2
    line.send(whole * 2 + whole[:half])
    first, second = line.answers(2)
    line.send(whole[half:])
    third = line.answer()
    for answer in (first, second, third):
        assert_token(answer)
    assert len({first.body, second.body, third.body}) == 3
    assert_alive(line, known)


ORDERS = ("qs", "sq", "qsq", "sqs", "qqss", "ssqq", "qw", "wq", "qswqswq", "w" * 5 + "q" * 5)


@pytest.mark.parametrize("order", ORDERS)
def test_requests_in_one_segment_are_answered_in_order(
    line: Line, known: Tenant, order: str
) -> None:
    """Those that are at hand, slow ones, and wrong ones."""
    requests = {
        "q": asking(body_of(known)),
        "s": DISCOVERY,
        "w": asking(body_of(known) + b"x"),
    }
    line.send(b"".join(requests[kind] for kind in order))
    for kind, answer in zip(order, line.answers(len(order)), strict=True):
        assert answer.status == (401 if kind == "w" else 200)
        assert (b'"issuer"' in answer.body) is (kind == "s")
        assert (b'"access_token"' in answer.body) is (kind == "q")
    assert_alive(line, known)


def test_answers_in_one_segment_are_of_the_requests_in_their_order(
    on_sqlite: Served, line: Line, seen: Lookout
) -> None:
    lives = (61, 62, 63)
    clients = [add_client(on_sqlite, AccessTokenLifetime=seconds) for seconds in lives]
    for client in clients:
        one_at_hand(on_sqlite, client, seen)
    line.send(b"".join(asking(body_of(client)) for client in clients * 3))
    told = [answer.body.partition(b'"expires_in":')[2][:2] for answer in line.answers(9)]
    assert told == [b"61", b"62", b"63"] * 3


def test_an_old_client_is_answered_and_hung_up_on(line: Line, known: Tenant, seen: Lookout) -> None:
    line.send(asking(body_of(known), start=b"POST %b HTTP/1.0"))
    answer = line.answer()
    assert_token(answer)
    assert b"connection: close" in answer.head
    assert line.is_ended()
    assert seen.was_quick == []


@pytest.mark.parametrize("word", [b"close", b"Close", b"keep-alive, close"])
def test_who_wants_the_connection_closed_is_told_so_once(
    line: Line, known: Tenant, word: bytes
) -> None:
    line.send(asking(body_of(known), b"Connection: " + word))
    answer = line.answer()
    assert_token(answer)
    assert answer.names.count(b"connection") == 1
    assert b"connection: close" in answer.head
    assert line.is_ended()


def test_after_the_last_request_none_is_answered(line: Line, known: Tenant, seen: Lookout) -> None:
    last = asking(body_of(known), b"Connection: close")
    line.send(last + asking(body_of(known)) * 2)
    assert_token(line.answer())
    assert line.is_ended()
    assert len(seen.was_quick) <= 1


@pytest.mark.parametrize("pieces", [1, 2])
def test_who_waits_to_be_told_to_go_on_is_told(line: Line, known: Tenant, pieces: int) -> None:
    whole = asking(body_of(known), b"Expect: 100-continue")
    head, _, body = whole.partition(b"\r\n\r\n")
    if pieces == 1:
        line.send(whole)
        answer = line.answer()
        assert_token(line.answer() if answer.status == 100 else answer)
    else:
        line.send(head + b"\r\n\r\n")
        assert line.answer().status == 100
        line.send(body)
        assert_token(line.answer())
    assert_alive(line, known)


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_body_in_chunks(line: Line, known: Tenant, size: int) -> None:
    body = body_of(known)
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    head = asking(b"").partition(b"\r\n\r\n")[0]
    head = head.replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    line.send(head + b"\r\n\r\n" + chunks)
    assert_token(line.answer())
    assert_alive(line, known)


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "garbage behind": lambda whole: whole + b"\x00\x01 garbage\r\n\r\n",
    "a longer body than was said": lambda whole: whole + b"&more=1\r\n\r\n",
    "another protocol behind": lambda whole: whole + b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_follows_a_request_and_is_none_ends_the_connection(
    line: Line, known: Tenant, name: str
) -> None:
    line.send(BROKEN[name](asking(body_of(known))))
    assert_token(line.answer())
    assert line.answer().status == 400
    assert line.is_ended()


NEVER_WHOLE: dict[str, Callable[[bytes, bytes], bytes]] = {
    "two lengths": lambda head, body: head + b"\r\nContent-Length: 1\r\n\r\n" + body,
    "length and chunks": lambda head, body: (
        head + b"\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + body
    ),
    "a broken chunk": lambda head, body: (
        head.replace(b"Content-Length: ", b"Transfer-Encoding: chunked\r\nX: ")
        + b"\r\n\r\n5\r\ngrantXX\r\n0\r\n\r\n"
        + body
    ),
}


@pytest.mark.parametrize("name", NEVER_WHOLE)
def test_whose_end_nobody_can_tell_is_refused(
    line: Line, known: Tenant, seen: Lookout, name: str
) -> None:
    head, _, body = asking(body_of(known)).partition(b"\r\n\r\n")
    line.send(NEVER_WHOLE[name](head, body))
    assert line.answer().status == 400
    assert line.is_ended()
    assert not any(seen.was_quick)


def test_who_hangs_up_in_the_middle_harms_nobody(on_sqlite: Served, known: Tenant) -> None:
    whole = asking(body_of(known))
    for cut in (10, len(whole) // 2, len(whole) - 1, len(whole)):
        with line_to(on_sqlite) as line:
            line.send(whole[:cut])
    with line_to(on_sqlite) as line:
        assert_alive(line, known)


def test_the_shape_of_an_answer_depends_on_nothing_of_this(
    on_sqlite: Served, known: Tenant
) -> None:
    whole = asking(body_of(known))
    shapes = set()
    for pieces in ((whole,), (whole[:50], whole[50:]), (whole * 2,), (DISCOVERY + whole,)):
        with line_to(on_sqlite) as line:
            line.send(*pieces)
            answers = line.answers(b"".join(pieces).count(b"HTTP/1.1"))
        shapes.add(answers[-1].masked)
    assert len(shapes) == 1
