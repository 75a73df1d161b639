"""The redemption of a code by its parts, on SQLite: question, decision, write, two tokens.

The whole is asked by ASGI, because a worker thread does it. A code is good once, so that the whole
and the write are given fresh ones, which are made between the batches.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

import msgspec
import uvloop

from bench import asgi, credentials, profile_signed
from bench import profile_token as token
from bench.probes import CALLS, WARMING, Least, Probe, least, named
from bench.profile_signed import Way
from bench.profile_stand import ISSUER, Calls, NotAtHandError, Request, Stand, request
from gatepost.model.grants import Family, RefreshToken
from gatepost.model.keys import Algorithm
from gatepost.ports import Spending
from gatepost.protocol import id_tokens
from gatepost.protocol.claims import Principal
from gatepost.protocol.grants import GRANTS
from gatepost.protocol.grants.decisions import Evidence, Issue
from gatepost.protocol.grants.request import GrantRequest
from gatepost.protocol.id_tokens import Beside, Person
from gatepost.services import evidence
from gatepost.services.client_login import KnownClient
from gatepost.services.evidence import Presented
from gatepost.services.token import Tokens
from gatepost.web import front
from gatepost.web.http import Reply, json_reply
from gatepost.web.oidc.cors import Cors
from gatepost.web.threads import Threads
from gatepost.web.wire import Wire

QUESTION, WRITE, SIGNATURES = "question to the store", "write with its commit", "two signatures"
LOOP, TURN = "loop alone", "turn to a thread and back"
_LIVES = timedelta(days=15)
_REFRESH_TOKEN_BYTES = 32
_A_ROUND = CALLS + WARMING
_ROUNDS_AT_ONCE = 5
_encoder = msgspec.json.Encoder()


class Held(NamedTuple):
    """A code that was looked up, with all that its tokens tell."""

    asked: Request
    known: KnownClient
    what: Presented
    found: Evidence
    issue: Issue
    family: Family
    principal: Principal
    person: Person


class Supply:
    """Fresh codes of one store: requests to be answered whole, and what uses a code up."""

    def __init__(self, stand: Stand) -> None:
        self._stand = stand
        self.requests: deque[Request] = deque()
        self.spendings: deque[Spending] = deque()

    def fill(self) -> None:
        """Make more, where there are not enough for the next round. They end after a minute."""
        if len(self.requests) >= _A_ROUND:
            return
        each = _A_ROUND * _ROUNDS_AT_ONCE
        self.requests.clear()
        self.spendings.clear()
        self.requests.extend(fresh(self._stand, each))
        self.spendings.extend(
            spending(self._stand, held(self._stand, asked)) for asked in fresh(self._stand, each)
        )


def measure(stands: Mapping[Algorithm, Stand], rounds: int) -> dict[str, Any]:
    """For each algorithm the parts and the whole, in microseconds of processor and of time."""
    supplies = {algorithm: Supply(stand) for algorithm, stand in stands.items()}
    probes: list[Probe] = []
    threads = Threads("probe", front.CALLS)
    with _loop() as run, closing(threads):
        probes.append(Probe(LOOP, lambda: run(asyncio.sleep(0))))
        probes.append(Probe(TURN, lambda: run(threads.run(lambda: Reply(200)))))
        for algorithm, way in profile_signed.ways().items():
            stand, supply = stands[algorithm], supplies[algorithm]
            supply.fill()
            run(asgi.answered(stand.server.front, supply.requests.popleft()))
            probes += named(f"{algorithm} ", _calls(stand, way, supply))
            probes.append(Probe(f"{algorithm} {token.TOTAL}", _whole(stand, supply, run)))
        found = least(probes, rounds, lambda: _prepare(stands.values(), supplies.values()))
    return {algorithm: told(found, f"{algorithm} ") for algorithm in stands}


def told(found: Mapping[str, Least], prefix: str) -> dict[str, Any]:
    """The figures of one algorithm; what the loop takes to be asked is not of the whole."""
    mine = {n.removeprefix(prefix): each for n, each in found.items() if n.startswith(prefix)}
    whole, alone, turn = mine.pop(token.TOTAL), found[LOOP], found[TURN]
    mine[TURN] = Least(turn.processor - alone.processor, turn.elapsed - alone.elapsed)
    return {
        "parts": {name: each.processor for name, each in mine.items()},
        "parts_elapsed": {name: each.elapsed for name, each in mine.items()},
        "total": whole.processor - alone.processor,
        "total_elapsed": whole.elapsed - alone.elapsed,
    }


def fresh(stand: Stand, n: int) -> list[Request]:
    """Requests that redeem a fresh code each."""
    return [request(credentials.code_form(each)) for each in credentials.codes(stand.filled, n)]


def held(stand: Stand, asked: Request) -> Held:
    """What is known of a code that was not used yet."""
    known, world = stand.known(asked.read), stand.house.world
    what = evidence.presented(world, "code", asked.read.form["code"])
    found = evidence.load(world.store.redemptions(known.tenant_id), what)
    form, now = asked.read.form, world.clock.now()
    decision = GRANTS[form["grant_type"]].decide(GrantRequest(form, known.client, found, now))
    if found is None or found.family is None or not isinstance(decision, Issue):
        raise NotAtHandError("a fresh code cannot be redeemed")
    card = stand.login.cards.person_of(known.card, found.family)
    if card is None:
        raise NotAtHandError("the person may not act")
    return Held(asked, known, what, found, decision, found.family, *card)


def spending(stand: Stand, of: Held) -> Spending:
    """What uses a code up: with the next refresh token, its digest and its seal."""
    world, now = stand.house.world, stand.house.world.clock.now()
    value = "gpr_" + world.dice.token(_REFRESH_TOKEN_BYTES)
    return Spending(
        digest=of.what.digest,
        family_id=of.family.id,
        now=now,
        sign_in_id=of.family.sign_in_id,
        successor=RefreshToken(
            digest=evidence.presented(world, "refresh_token", value).digest,
            family_id=of.family.id,
            generation=1,
            created_at=now,
            expires_at=now + _LIVES,
        ),
        sealed_successor=world.secrets.seal(f"successor of {of.what.digest.hex()}", value),
    )


def _calls(stand: Stand, way: Way, supply: Supply) -> Calls:
    """The parts, in the order in which a request meets them."""
    of = held(stand, supply.requests.popleft())
    world, redemptions = stand.house.world, stand.house.store.redemptions(of.known.tenant_id)
    form, now = of.asked.read.form, world.clock.now()
    head = profile_signed.header(stand.signing_key())
    access, beside = (profile_signed.token(way, head, each) for each in _payloads(stand, of))

    def write() -> None:
        if not redemptions.spend_code(supply.spendings.popleft()):
            raise NotAtHandError("a fresh code could not be used up")

    return {
        token.READING: token.reading(of.asked),
        "authenticating the client": lambda: stand.login.at_hand(of.asked.read),
        QUESTION: lambda: evidence.load(
            world.store.redemptions(of.known.tenant_id),
            evidence.presented(world, "code", form["code"]),
        ),
        "deciding": lambda: GRANTS[form["grant_type"]].decide(
            GrantRequest(form, of.known.client, of.found, now)
        ),
        "card of the person": lambda: stand.login.cards.person_of(of.known.card, of.family),
        "next refresh token, sealed": lambda: spending(stand, of),
        WRITE: write,
        "claims of both tokens as JSON": lambda: _payloads(stand, of),
        token.ASSEMBLING: lambda: [
            profile_signed.assembled(way, each) for each in (access, beside)
        ],
        SIGNATURES: lambda: (way.sign(access.signed), way.sign(beside.signed)),
        token.REPLY: _replying(of, profile_signed.assembled(way, access)),
        "id and notes": _noting(stand, of),
    }


def _payloads(stand: Stand, of: Held) -> tuple[bytes, bytes]:
    """The claims of the access token and of the id token."""
    access = token.access_payload(stand, of.principal, of.issue.scopes)
    signing = (stand.house.world.clock.now(), stand.signing_key().algorithm)
    beside = Beside(nonce=of.issue.nonce, access_token="-" * _TOKEN_LENGTH)
    claims = id_tokens.id_token_claims(ISSUER, of.family, of.person, beside, signing)
    return access, _encoder.encode(claims)


_TOKEN_LENGTH = 900
"""About that of an access token, of which the id token holds a hash."""


def _replying(of: Held, signed: str) -> Callable[[], object]:
    """From the tokens to the headers and the body that ASGI is given."""
    cors, lines = Cors(lambda _origin: False), Wire(https=False)

    def reply() -> object:
        scope = " ".join(of.issue.scopes)
        tokens = Tokens(signed, token.LIFETIME, scope, "Bearer", signed, of.what.digest.hex())
        shared = cors.shared(of.asked.call, json_reply(200, tokens, token.NO_CACHE))
        return lines.sent(shared, of.asked.call.origin.operation_id)

    return reply


def _noting(stand: Stand, of: Held) -> Callable[[], object]:
    calls = token.noting(stand, of.known, of.asked).values()
    return lambda: [call() for call in calls]


Run = Callable[[Any], Any]


def _whole(stand: Stand, supply: Supply, run: Run) -> Callable[[], object]:
    def whole() -> None:
        status, body = run(asgi.answered(stand.server.front, supply.requests.popleft()))
        if status != 200:
            raise NotAtHandError(f"a redemption got {status}: {body!r}")

    return whole


def _prepare(stands: Iterable[Stand], supplies: Iterable[Supply]) -> None:
    for supply in supplies:
        supply.fill()
    for stand in stands:
        stand.look()


@contextmanager
def _loop() -> Iterator[Run]:
    loop = uvloop.new_event_loop()
    try:
        yield loop.run_until_complete
    finally:
        loop.close()
