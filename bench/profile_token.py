"""A client-credentials request by its parts, each called alone with what a real request gives."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from bench import asgi, profile_protocol, profile_signed, profile_wait
from bench.probes import Probe, least, named, picked
from bench.profile_signed import Way
from bench.profile_stand import (
    BEFORE,
    ISSUER,
    PEER,
    Calls,
    NotAtHandError,
    Request,
    Stand,
    request,
    without_signature,
)
from gatepost.cli import access_log
from gatepost.model.keys import Algorithm
from gatepost.protocol import claims, resources
from gatepost.protocol.claims import Principal
from gatepost.protocol.parameters import parse_form
from gatepost.protocol.scopes import API_SCOPE
from gatepost.services.client_login import FormRequest, KnownClient
from gatepost.services.principals import mark
from gatepost.services.repeats import Granted
from gatepost.services.token import Tokens
from gatepost.web import wire
from gatepost.web.addresses import caller_address
from gatepost.web.front import Answered
from gatepost.web.http import Call, json_reply
from gatepost.web.oidc.cors import Cors
from gatepost.web.oidc.door import TOKEN_BODY_LIMIT
from gatepost.web.oidc.token_endpoint import words_of
from gatepost.web.wire import Wire

READING, REPLY = "reading headers and form", "reply as bytes"
HEADERS = "reading headers"
SIGNATURE, ASSEMBLING = "signature", "base64 and assembling"
AROUND = "calls and checks around these"
TOTAL, LINE = "total", "line"
READY, PROTOCOL = "token ready", "token ready, within the protocol"
WAIT, AFTER = "wait for the disk", "token ready, after a wait for the disk"
NO_CACHE = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))
LIFETIME = 3600
_JTI_BYTES = 16
_encoder = msgspec.json.Encoder()
_RESOURCES = resources.known(ISSUER)


def measure(stands: Mapping[Algorithm, Stand], rounds: int) -> dict[str, Any]:
    """For each algorithm the parts and the whole, in microseconds of processor time.

    A server that has its token ready is measured beside them, alone and within the protocol.
    """
    probes: list[Probe] = []
    for algorithm, way in profile_signed.ways().items():
        probes += named(f"{algorithm} ", _calls(stands[algorithm], way))
    ready = _ready(stands["RS256"])
    asked, every = warm(ready), (*stands.values(), ready)
    with (
        profile_protocol.answering(ready, asked) as (call, turn),
        profile_wait.waiting(ready.filled.first.folder) as wait,
    ):
        probes += [
            Probe(READY, lambda: answer(ready, asked)),
            Probe(PROTOCOL, call),
            Probe(WAIT, wait),
            Probe(AFTER, lambda: (wait(), answer(ready, asked))),
        ]
        found = least(probes, rounds, lambda: _prepare(every, turn))
    alone = found[READY].processor
    return {
        "protocol": found[PROTOCOL].processor - alone,
        "ready": alone,
        "after_wait": found[AFTER].processor - found[WAIT].processor,
        "ways": {algorithm: _told(picked(found, f"{algorithm} "), alone) for algorithm in stands},
    }


def _ready(stand: Stand) -> Stand:
    payload = answer(stand, warm(stand)).partition(b"\r\n\r\n")[2]
    return without_signature(stand, msgspec.json.decode(payload)["access_token"])


def _prepare(stands: Iterable[Stand], turn: Callable[[], None]) -> None:
    turn()
    for each in stands:
        each.look()


def answer(stand: Stand, asked: Request) -> bytes:
    """The message that the server has at hand."""
    message = stand.server.front.at_once(asked.whole, BEFORE)
    if message is None:
        raise NotAtHandError("the server had no answer at hand")
    return message


def warm(stand: Stand) -> Request:
    """A request whose answer is at hand from now on, as after the first one of a client."""
    asked = request(stand.token_form())
    asyncio.run(asgi.answered(stand.server.front, asked))
    stand.look()
    answer(stand, asked)
    return asked


def reading(asked: Request) -> Callable[[], object]:
    """Headers and form within their limits, as values."""
    whole = asked.whole

    def read() -> FormRequest:
        headers, _ = wire.read_headers(whole.headers)
        caller_address(PEER, headers.get("x-forwarded-for"), ())
        wire.check_length(headers, TOKEN_BODY_LIMIT)
        wire.check_size(len(whole.body), TOKEN_BODY_LIMIT)
        call = Call(whole.method, asked.call.segments, b"", headers, whole.body, asked.call.origin)
        call.headers.get("content-type", "")
        form: Any = parse_form(call.body)
        return FormRequest(form, call.headers.get("authorization"), call.origin)

    return read


def remembering(stand: Stand, asked: Request) -> Calls:
    """What a request that is at hand takes instead of its form, its secret and its grant."""
    whole, known = asked.whole, stand.known(asked.read)
    repeats, media_type = stand.repeats, asked.call.headers["content-type"]
    words = words_of(media_type, None, whole.body)
    granted = Granted(known, principal_of(known), (API_SCOPE,), LIFETIME, known.secret_ends_at)
    name = repeats.name(words)
    repeats.keep(name, granted)

    def read() -> Call:
        headers, _ = wire.read_headers(whole.headers)
        caller_address(PEER, headers.get("x-forwarded-for"), ())
        wire.check_length(headers, TOKEN_BODY_LIMIT)
        wire.check_size(len(whole.body), TOKEN_BODY_LIMIT)
        return Call(whole.method, asked.call.segments, b"", headers, whole.body, asked.call.origin)

    return {
        HEADERS: read,
        "digest of its words": lambda: repeats.name(words_of(media_type, None, whole.body)),
        "what they came to, with the card and its epoch": lambda: repeats.find(name),
    }


def principal_of(known: KnownClient) -> Principal:
    """Whom the token of a client speaks for."""
    stands = known.card.standing
    if stands is None:
        raise NotAtHandError("the client may not act")
    token_mark = mark(stands.incarnation, known.secret_id or 0)
    subject = claims.client_subject(known.id)
    return Principal(known.tenant_id, subject, known.id, token_mark, *stands[1:])


def access_payload(stand: Stand, principal: Principal, scopes: tuple[str, ...]) -> bytes:
    """The claims of an access token as JSON, with the key looked up that is to sign them."""
    world = stand.house.world
    if stand.ring.at_hand() is None:
        raise NotAtHandError("no key is at hand")
    times = (world.clock.now(), LIFETIME)
    jti = world.dice.token(_JTI_BYTES)
    return _encoder.encode(claims.access_claims(ISSUER, principal, scopes, times, jti))


def noting(stand: Stand, known: KnownClient, asked: Request) -> Calls:
    """What is written down of an answer, and the id that it is found by."""
    front, whole, origin = stand.server.front, asked.whole, asked.call.origin
    return {
        "correlation id": stand.house.world.dice.guid,
        "note for the access log": lambda: front.note(
            Answered(whole.method, whole.target.decode(), 200, origin)
        ),
        "note of the use": lambda: stand.login.note_use(known),
    }


def _calls(stand: Stand, way: Way) -> Calls:
    """The whole, its parts, and the line of the access log that is written behind it."""
    asked = warm(stand)
    known = stand.known(asked.read)
    principal, now = principal_of(known), stand.house.world.clock.now()
    payload = access_payload(stand, principal, (API_SCOPE,))
    pieces = profile_signed.token(way, profile_signed.header(stand.signing_key()), payload)
    origin, path = asked.call.origin, asked.whole.target.decode()
    noted = Answered(asked.whole.method, path, 200, origin)
    return {
        TOTAL: lambda: answer(stand, asked),
        **remembering(stand, asked),
        "claims as JSON": lambda: access_payload(stand, principal, (API_SCOPE,)),
        ASSEMBLING: lambda: profile_signed.assembled(way, pieces),
        SIGNATURE: lambda: way.sign(pieces.signed),
        REPLY: replying(asked, profile_signed.assembled(way, pieces)),
        **noting(stand, known, asked),
        LINE: lambda: access_log.as_text(now, noted),
    }


def replying(asked: Request, token: str) -> Callable[[], object]:
    """From the token to the bytes of the message."""
    cors, lines = Cors(lambda _origin: False), Wire(https=False)
    scopes = (API_SCOPE,)

    def reply() -> bytes | None:
        tokens = Tokens(token, LIFETIME, " ".join(scopes), "Bearer")
        shared = cors.shared(asked.call, json_reply(200, tokens, NO_CACHE))
        return lines.message(shared, asked.call.origin.operation_id, BEFORE)

    return reply


def _told(found: dict[str, float], ready: float) -> dict[str, Any]:
    """The parts as they are kept; what a ready token takes beyond them is around them."""
    total, line = found.pop(TOTAL), found.pop(LINE)
    beside = sum(spent for name, spent in found.items() if name not in (SIGNATURE, ASSEMBLING))
    return {"parts": {**found, AROUND: ready - beside}, "total": total, "line": line}
