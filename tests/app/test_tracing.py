"""Traces: a span for each request with its steps below it, and nothing secret in any."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from gatepost.app import Server, ensure_signing_key, prepare_house, spans, traced
from gatepost.ports import RedemptionStore, Signer, Store
from gatepost.web.front import Front
from tests.flows import new_application, new_person, signed_in_tokens, token
from tests.served import Served, serve, sqlite_settings

TOKEN = "/identity/connect/token"
OPERATION = "gatepost.operation_id"
OF_A_REQUEST = {OPERATION, "http.request.method", "http.route", "http.response.status_code"}
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class Traced(NamedTuple):
    """A server that makes traces, and what was told of them."""

    served: Served
    told: InMemorySpanExporter
    made: list[spans.Tracing]

    def spans_of(self, answer: httpx.Response) -> list[ReadableSpan]:
        """The spans of an answer: that of the request first, the others in order."""
        for tracing in self.made:
            tracing._provider.force_flush()
        id_ = answer.headers["Operation-Id"]
        found = [span for span in self.told.get_finished_spans() if _of(span)[OPERATION] == id_]
        return sorted(found, key=lambda span: (span.kind is not SpanKind.SERVER, span.start_time))


def _of(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


@pytest.fixture
def traces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Traced]:
    """A server whose spans stay here."""
    told, made = InMemorySpanExporter(), []
    monkeypatch.setattr(spans, "otlp", lambda _url: told)
    tracing = spans.Tracing

    def noted(exporter: InMemorySpanExporter) -> spans.Tracing:
        made.append(tracing(exporter))
        return made[-1]

    monkeypatch.setattr(spans, "Tracing", noted)
    with serve(sqlite_settings(tmp_path, tracing_url="http://localhost:4318")) as served:
        yield Traced(served, told, made)


def names(found: Sequence[ReadableSpan]) -> list[str]:
    """What the spans are called."""
    return [span.name for span in found]


def test_a_token_at_hand_is_a_request_with_a_signature(traces: Traced) -> None:
    owner = traces.served.first
    form = {
        "grant_type": "client_credentials",
        "client_id": owner.client_id,
        "client_secret": owner.secret,
    }
    answer = [traces.served.http.post(TOKEN, data=form) for _ in range(3)][-1]
    request, *steps = traces.spans_of(answer)
    assert request.name == f"POST {TOKEN}"
    assert names(steps) == ["sign"]
    assert _of(request) == {
        OPERATION: answer.headers["Operation-Id"],
        "http.request.method": "POST",
        "http.route": TOKEN,
        "http.response.status_code": 200,
    }
    assert _of(steps[0]) == {OPERATION: answer.headers["Operation-Id"]}


def test_a_call_of_the_api_is_traced_through_its_thread(traces: Traced) -> None:
    served = traces.served
    answer = served.http.get(f"{served.api()}/Roles", headers=served.admin())
    request, *steps = traces.spans_of(answer)
    assert request.name == "GET /api/v1/Tenants/{tenantId}/Roles"
    assert names(steps)[0] == "verify"
    assert "store: read a list" in names(steps) or "store: read" in names(steps)
    assert request.context is not None
    for step in steps:
        assert step.parent is not None
        assert step.parent.span_id == request.context.span_id
        assert step.context is not None
        assert step.context.trace_id == request.context.trace_id


def test_a_code_is_spent_and_two_tokens_are_signed(traces: Traced) -> None:
    served = traces.served
    person = new_person(served, served.first)
    client = new_application(served, served.first, AllowOfflineAccess=True)
    tokens = signed_in_tokens(served, client, person, scope="openid offline_access")
    answer = token(
        served, client, grant_type="refresh_token", refresh_token=tokens["refresh_token"]
    )
    assert answer.status_code == 200, answer.text
    request, *steps = traces.spans_of(answer)
    assert request.name == f"POST {TOKEN}"
    assert "store: spend" in names(steps)
    assert names(steps).count("sign") >= 1


@pytest.mark.requirement("R-76")
def test_nothing_of_a_caller_is_in_a_span(traces: Traced) -> None:
    served = traces.served
    person = new_person(served, served.first)
    client = new_application(served, served.first, AllowOfflineAccess=True)
    tokens = signed_in_tokens(served, client, person, scope="openid offline_access")
    served.http.get(
        f"{served.api()}/HybridClients/{client.id}?secret=in-the-query", headers=served.admin()
    )
    served.http.post(TOKEN, data={"client_id": client.id, "client_secret": "wrong-secret"})
    traces.spans_of(served.http.get("/health/live"))
    finished = traces.told.get_finished_spans()
    assert len(finished) > 20
    text = " ".join(span.to_json() for span in finished)
    for value in (
        *(client.id, client.secret or "", served.first.id, served.first.secret, person.id),
        *(person.email, person.password, *map(str, tokens.values())),
        *("in-the-query", "wrong-secret", "127.0.0.1"),
    ):
        assert value == "" or value not in text or value in {"3600", "Bearer"}, value
    for span in finished:
        keys = _of(span).keys()
        assert keys == (OF_A_REQUEST if span.kind is SpanKind.SERVER else {OPERATION}), span.name
        assert not span.events


def test_the_trace_of_a_caller_is_linked_and_not_taken_over(traces: Traced) -> None:
    parent = f"00-{TRACE}-00f067aa0ba902b7-01"
    answer = traces.served.http.get("/health/live", headers={"traceparent": parent})
    (request,) = traces.spans_of(answer)
    assert request.parent is None
    assert request.context is not None
    assert f"{request.context.trace_id:032x}" != TRACE
    assert [f"{link.context.trace_id:032x}" for link in request.links] == [TRACE]
    other = traces.served.http.get("/health/live", headers={"traceparent": "nonsense"})
    (request,) = traces.spans_of(other)
    assert not request.links


def test_a_fault_is_marked_without_its_words(
    traces: Traced, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("where the secret is")

    headers = traces.served.admin()
    monkeypatch.setattr(traces.served.house.store, "reading", broken)
    monkeypatch.setattr(traces.served.house.store, "reading_calmly", broken)
    answer = traces.served.http.get(f"{traces.served.api()}/Roles", headers=headers)
    assert answer.status_code == 500
    request, *steps = traces.spans_of(answer)
    assert request.status.status_code is StatusCode.ERROR
    assert "where the secret is" not in " ".join(span.to_json() for span in (request, *steps))


def test_what_is_under_way_is_forgotten_when_it_is_answered(traces: Traced) -> None:
    for path in ("/health/live", "/nowhere", "/portal/"):
        traces.served.http.get(path)
    deadline = time.monotonic() + 10
    while traces.made[0]._under_way and time.monotonic() < deadline:
        time.sleep(0.01)
    assert traces.made[0]._under_way == {}


def test_without_an_address_nothing_is_made(tmp_path: Path) -> None:
    house = prepare_house(sqlite_settings(tmp_path))
    ensure_signing_key(house)
    same, tracing = traced.traced(house)
    assert same is house
    assert tracing is None
    server = Server(house, "http://localhost:8080")
    assert type(server.front) is Front
    server.front.close()
    house.close()


@pytest.mark.parametrize(
    ("steps", "protocol"),
    [
        (traced.UNITS, Store),
        (traced.QUESTIONS, Store),
        (traced.REDEMPTIONS, RedemptionStore),
        (traced.SIGNATURES, Signer),
    ],
)
def test_every_step_is_a_sentence_that_there_is(steps: dict[str, str], protocol: type) -> None:
    assert [name for name in steps if not hasattr(protocol, name)] == []
