"""Traces: a span for each request, and below it those of its transactions and signatures.

The only module that knows OpenTelemetry, which is an extra: it is imported where
GATEPOST_TRACING_URL is set, and nowhere else (docs/decisions/0024).
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Link, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gatepost import __version__
from gatepost.model.events import Origin
from gatepost.model.measures import method_word
from gatepost.web.front import Answered
from gatepost.web.wire import RawHeaders

EXPORT_SECONDS = 2
STOP_MS = 3_000
_PATH = "/v1/traces"
_PARENT = b"traceparent"
_SERVER_FAULT = 500
_OPERATION = "gatepost.operation_id"


def otlp(url: str) -> SpanExporter:
    """What sends spans to a collector, by OTLP over HTTP."""
    return OTLPSpanExporter(endpoint=url + _PATH, timeout=EXPORT_SECONDS)


class Tracing:
    """The spans of one worker; `exporter` takes them, some at a time and in a thread of its own."""

    def __init__(self, exporter: SpanExporter) -> None:
        resource = Resource.create({"service.name": "gatepost", "service.version": __version__})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("gatepost", __version__)
        self._under_way: dict[str, Context] = {}

    @contextmanager
    def request(self, headers: RawHeaders) -> Iterator[None]:
        """One request; what is not answered in the block is not told.

        The trace begins here. That of a caller is only linked: nobody but us decides what is kept.
        """
        kind = SpanKind.SERVER
        span = self._tracer.start_span("request", kind=kind, links=_links(headers))
        before = context.attach(trace.set_span_in_context(span))
        try:
            yield
        finally:
            self._under_way.pop(_operation(span), None)
            context.detach(before)

    def begun(self, origin: Origin) -> None:
        """The request has its operation id."""
        span = trace.get_current_span()
        span.set_attribute(_OPERATION, origin.operation_id)
        if span.is_recording():
            self._under_way[origin.operation_id] = context.get_current()

    def answered(self, answered: Answered) -> None:
        """The request is answered: its span ends."""
        span = trace.get_current_span()
        method = method_word(answered.method)
        span.update_name(f"{method} {answered.route}")
        span.set_attribute("http.request.method", method)
        span.set_attribute("http.route", answered.route)
        span.set_attribute("http.response.status_code", answered.status)
        if answered.status >= _SERVER_FAULT:
            span.set_status(StatusCode.ERROR)
        span.end()

    @contextmanager
    def within(self, origin: Origin) -> Iterator[None]:
        """In another thread: what is done in the block is done for this request."""
        known = self._under_way.get(origin.operation_id)
        if known is None:
            yield
            return
        before = context.attach(known)
        try:
            yield
        finally:
            context.detach(before)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A step of the request that is answered here, if there is one."""
        parent = trace.get_current_span()
        if not parent.is_recording():
            yield
            return
        with self._tracer.start_as_current_span(
            name, record_exception=False, set_status_on_exception=False
        ) as span:
            span.set_attribute(_OPERATION, _operation(parent))
            yield

    def stop(self) -> None:
        """Send what is left, for a moment."""
        ending = threading.Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        ending.join(STOP_MS / 1_000)


def _links(headers: RawHeaders) -> list[Link]:
    told = next((value for name, value in headers if name.lower() == _PARENT), None)
    if told is None:
        return []
    carrier = {_PARENT.decode(): told.decode("latin-1")}
    found = TraceContextTextMapPropagator().extract(carrier, Context())
    of = trace.get_current_span(found).get_span_context()
    return [Link(of)] if of.is_valid else []


def _operation(span: object) -> str:
    attributes = getattr(span, "attributes", None) or {}
    return str(attributes.get(_OPERATION, ""))
