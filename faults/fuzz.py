"""L-19: what strangers send: made-up words for each parser, broken requests for the server."""

import os
import socket
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from random import Random
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded

from bench import progress
from bench.credentials import token_form
from faults.desk import TOKEN
from faults.mutations import changed
from faults.nodes import Node, serving
from faults.orders import authorize_path
from faults.outcome import Outcome, Row, at_least, holds, none_of, told
from faults.parsers import PARSERS, REFUSALS, Parser
from faults.size import Size, Stage
from faults.stand import Stand

TITLE = "fuzz"
STORES = ("sqlite",)
_WAIT_S = 0.3
_MOST = 65_536
MOST_THOUGHT_OUT = 1_000
"""So many examples are made by hypothesis, and the others are these, changed by chance."""

_SAID_FROM = 10_000


class _Plan(NamedTuple):
    """Examples for each parser, and seconds of broken requests."""

    examples: int
    seconds: float


PLANS: Mapping[Size, _Plan] = {
    Size.WHOLE: _Plan(100_000, 600.0),
    Size.QUICK: _Plan(2_000, 20.0),
    Size.SHORT: _Plan(50, 1.0),
}


class Fed(NamedTuple):
    """A parser, how many examples it read, and what it raised, if it did."""

    name: str
    examples: int
    raised: str


def run(stage: Stage) -> Outcome:
    """The parsers one after the other, then the server."""
    plan = PLANS[stage.size]
    read = _all_fed(plan.examples, stage.seed)
    raised = [each.raised for each in read if each.raised]
    with stage.founded(1) as made, serving(made.place) as node:
        met = _broken_requests(made, node, plan.seconds, Random(stage.seed))
        alive = _status(_answer(node.port, b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"))
        took = node.stop()
        log = node.log.read_text(errors="replace")
    return Outcome(
        "L-19",
        stage.store,
        f"{plan.examples:,} examples for each of {len(PARSERS)} parsers, then "
        f"{sum(met.values()):,} broken requests in {plan.seconds:g} s",
        Row(server_errors=sum(n for status, n in met.items() if status >= 500)),
        (
            holds("no parser raises", said="; ".join(raised[:3])),
            at_least("examples of a parser", min(each.examples for each in read), plan.examples),
            none_of("answers from 500 on", sum(n for status, n in met.items() if status >= 500)),
            holds("no fault in the log", said=_first_fault(log)),
            holds("the server lives", said="" if alive == 200 else f"{alive}"),
            told("answers by status, 0 for none", str(dict(sorted(met.items())))),
            told("the stop took", f"{took:.1f} s"),
        ),
    )


def _all_fed(examples: int, number: int) -> list[Fed]:
    """Each parser with its examples, on all cores."""
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as processes:
        going = [processes.submit(fed, name, examples, number) for name in PARSERS]
        return [each.result() for each in going]


def fed(name: str, examples: int, number: int) -> Fed:
    """How many made-up words a parser read, and what it raised on one of them."""
    thought_out = min(examples, MOST_THOUGHT_OUT)
    made, raised = _by_hypothesis(PARSERS[name], thought_out, number)
    read = len(made)
    if not raised and made:
        chance = Random(f"{number} {name}")
        for _ in range(examples - read):
            read += 1
            words = changed(chance.choice(made), chance.choice(made), chance)
            raised = _raised(PARSERS[name], words)
            if raised:
                break
    if examples >= _SAID_FROM:
        progress.say(f"L-19: {name}, {read:,} examples")
    return Fed(name, read, f"{name}: {raised}" if raised else "")


def _raised(parser: Parser, words: object) -> str:
    """What a parser raised that is no refusal."""
    try:
        with suppress(*REFUSALS):
            parser.read(words)
    except Exception as fault:  # noqa: BLE001  (whatever it is, it is what is looked for)
        return f"{fault!r} on {words!r:.200}"
    return ""


def _by_hypothesis(parser: Parser, examples: int, number: int) -> tuple[list[Any], str]:
    """What was made, and the smallest that a parser raised on, if it did."""
    made: list[Any] = []

    @seeded(number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(parser.fed)
    def feed(words: object) -> None:
        made.append(words)
        with suppress(*REFUSALS):
            parser.read(words)

    try:
        feed()
    except Exception as fault:  # noqa: BLE001  (whatever it is, it is what is looked for)
        notes = " ".join(getattr(fault, "__notes__", ()))
        return made, f"{fault!r} {notes[:200]}"
    return made, ""


def _broken_requests(made: Stand, node: Node, seconds: float, chance: Random) -> Counter[int]:
    """Requests that were right once, with bytes changed, taken away and put in."""
    right, met = _right_ones(made), Counter[int]()
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        sent = bytearray(chance.choice(right))
        for _ in range(chance.choice((1, 1, 2, 5, 20))):
            _spoil(sent, chance)
        met[_status(_answer(node.port, bytes(sent)))] += 1
    return met


def _right_ones(made: Stand) -> list[bytes]:
    form = token_form(made.tenant.client_id, made.tenant.secret).encode()
    body = b'{"Name": "Probe", "Tags": ["a"]}'
    path = f"/api/v1/Tenants/{made.tenant.id}/ClientCredentialClients".encode()
    kind = b"Content-Type: application/x-www-form-urlencoded\r\n"
    return [
        _request(b"POST " + TOKEN.encode(), kind, form),
        _request(b"POST " + path, b"Content-Type: application/json\r\n", body),
        _request(b"GET " + authorize_path(made.application.client_id).encode(), b""),
        _request(b"GET /identity/.well-known/openid-configuration", b"Origin: https://a.b\r\n"),
        _request(b"GET /portal/", b"Cookie: gatepost-sid=AAAA; gatepost-state=BBBB\r\n"),
        _request(b"POST /identity/signin", kind, b"email=a%40b.example&password=x"),
        _request(b"GET /api/openapi.json", b"Accept-Encoding: gzip\r\nRange: bytes=0-10\r\n"),
        _request(b"POST /identity/connect/userinfo", b"Authorization: Bearer e30.e30.AA\r\n"),
        b"POST "
        + TOKEN.encode()
        + b" HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
        + kind
        + b"\r\n5\r\ngrant\r\n0\r\n\r\n",
    ]


def _request(line: bytes, headers: bytes, body: bytes = b"") -> bytes:
    length = b"Content-Length: %d\r\n" % len(body) if body else b""
    return line + b" HTTP/1.1\r\nHost: localhost\r\n" + headers + length + b"\r\n" + body


def _spoil(sent: bytearray, chance: Random) -> None:
    """Change the request in one place."""
    at = chance.randrange(len(sent) + 1)
    match chance.randrange(6):
        case 0:
            sent[at : at + 1] = bytes([chance.randrange(256)])
        case 1:
            del sent[at : at + chance.randrange(1, 9)]
        case 2:
            sent[at:at] = chance.randbytes(chance.randrange(1, 9))
        case 3:
            end = at + chance.randrange(1, 40)
            sent[at:at] = sent[at:end] * chance.choice((1, 2, 50))
        case 4:
            sent[at:at] = chance.choice((b"\r\n", b"\n", b"\0", b"%", b" ", b"\r\n\r\n", b"\xff"))
        case _:
            other = chance.randrange(len(sent) + 1)
            sent[at:at] = sent[other : other + 30]


def _answer(port: int, sent: bytes) -> bytes:
    """The first bytes that the server answers; nothing, if it says nothing soon."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=_WAIT_S) as own:
        own.sendall(sent)
        with suppress(TimeoutError):
            return own.recv(_MOST)
        # a request that is not whole is waited for: this is its end
        own.shutdown(socket.SHUT_WR)
        return own.recv(_MOST)
    return b""


def _status(answer: bytes) -> int:
    words = answer.split(b" ", 2)
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


def _first_fault(log: str) -> str:
    """The line in which the log tells of a fault of ours, with what follows."""
    at = log.find("Traceback")
    return log[max(0, at - 200) : at + 1_500] if at >= 0 else ""
