"""Traces of the real program: sent to a collector, or refused in one line, or not there at all."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.cli.program import Place, ended

TOKEN = "/identity/connect/token"
WITHOUT = (
    "import sys; sys.modules['opentelemetry'] = None; from gatepost.cli import main; "
    "sys.argv[0] = 'gatepost'; main()"
)


class Collector(ThreadingHTTPServer):
    """Takes spans, as a collector of OpenTelemetry does."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.asked: list[str] = []
        self.spans: list[tuple[str, dict[str, str]]] = []
        self.services: set[str] = set()


class Taking(BaseHTTPRequestHandler):
    """How it takes them."""

    server: Collector

    def do_POST(self) -> None:
        """Keep what was sent."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(self.path)
        sent: Any = ExportTraceServiceRequest.FromString(body)
        for resource in sent.resource_spans:
            told = {pair.key: pair.value.string_value for pair in resource.resource.attributes}
            self.server.services.add(told["service.name"])
            for scope in resource.scope_spans:
                for span in scope.spans:
                    own = {pair.key: pair.value.string_value for pair in span.attributes}
                    self.server.spans.append((span.name, own))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name there)
        """Nobody reads it."""


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on this machine, until the block ends."""
    with Collector() as collector:
        threading.Thread(target=collector.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield collector
        finally:
            collector.shutdown()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_spans_of_all_workers_reach_the_collector_before_they_end(
    embedded: Place, workers: str
) -> None:
    told = embedded.init()
    with collecting() as collector:
        url = f"http://127.0.0.1:{collector.server_port}/"
        place = embedded.with_settings(GATEPOST_TRACING_URL=url)
        with place.serving("--workers", workers) as server:
            ids = set()
            for _ in range(12):
                with httpx.Client(base_url=server.url) as http:
                    answer = http.post(TOKEN, data=_form(told))
                assert answer.status_code == 200
                ids.add(answer.headers["Operation-Id"])
            assert server.stop() == 0
        assert set(collector.asked) == {"/v1/traces"}
        assert collector.services == {"gatepost"}
        for name in (f"POST {TOKEN}", "sign"):
            found = {own["gatepost.operation_id"] for each, own in collector.spans if each == name}
            assert found == ids, name


def test_a_collector_that_is_away_hinders_nobody(embedded: Place) -> None:
    told = embedded.init()
    place = embedded.with_settings(GATEPOST_TRACING_URL="http://127.0.0.1:9")
    with place.serving() as server:
        assert server.token(told["AdminClientId"], told["AdminClientSecret"])
        assert server.stop() == 0
    log = (place.folder / "server.log").read_text()
    assert "Traceback" not in log
    assert told["AdminClientSecret"] not in log


def test_traces_without_the_extra_are_refused_in_one_line(embedded: Place) -> None:
    place = embedded.with_settings(GATEPOST_TRACING_URL="http://127.0.0.1:4318")
    assert ended(_without_the_extra(place)).refusal() == (
        "GATEPOST_TRACING_URL is set, and OpenTelemetry is not installed. "
        "Install gatepost[tracing], or remove the setting."
    )
    assert not (embedded.folder / "store").exists()


def test_nothing_else_needs_the_extra(embedded: Place) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, "init", "--json"],
        cwd=embedded.folder,
        env=embedded.settings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "url", ["localhost:4318", "ftp://host", "http://", "http://u:secret@host", "http://h/?a=b"]
)
def test_an_address_that_is_none_is_refused(embedded: Place, url: str) -> None:
    place = embedded.with_settings(GATEPOST_TRACING_URL=url)
    refusal = place.run("serve", "--port", "0").refusal()
    assert re.match(r"GATEPOST_TRACING_URL is .*, which is not the address of a coll", refusal)
    assert "secret" not in refusal


def _form(told: dict[str, str]) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": told["AdminClientId"],
        "client_secret": told["AdminClientSecret"],
    }


def _without_the_extra(place: Place) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WITHOUT, "serve", "--port", "0"],
        cwd=place.folder,
        env=place.settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
