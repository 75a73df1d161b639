"""The page of metrics of the real program: what it tells, and whom, and what it never tells."""

import os
import re
import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gatepost.model import measures
from gatepost.model.measures import MEASURES
from tests.cli.program import Place, Running
from tests.ports import free_port

TOKEN = "/identity/connect/token"
API = "/api/v1/Tenants/{tenantId}/ClientCredentialClients"
Samples = dict[tuple[str, ...], float]


def page(server: Running, url: str | None = None) -> str:
    """The page, on a connection of its own."""
    answer = httpx.get((url or server.url) + "/metrics", timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.text


def samples(text: str) -> Samples:
    """All samples of a page: the name and the values of its labels, and the number."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def seen(server: Running, look: Callable[[Samples], bool]) -> Samples:
    """The samples as soon as they are as they should be."""
    found: Samples = {}
    for _ in range(400):
        found = samples(page(server))
        if look(found):
            return found
        time.sleep(0.05)
    raise AssertionError(found)


def form(told: dict[str, str], **changes: str) -> dict[str, str]:
    """A request for a token of the administration client."""
    usual = {
        "grant_type": "client_credentials",
        "client_id": told["AdminClientId"],
        "client_secret": told["AdminClientSecret"],
    }
    return {**usual, **changes}


def ask(server: Running, told: dict[str, str], number: int) -> None:
    """Requests of many kinds, each on a connection of its own, so that each worker gets some."""
    with httpx.Client(base_url=server.url, timeout=30) as http:
        token = http.post(TOKEN, data=form(told)).json()["access_token"]
        http.post(TOKEN, data=form(told, client_secret=f"wrong{number}"))
        http.post(TOKEN, data=form(told, grant_type=f"made-up-{number}"))
        api = API.format(tenantId=told["TenantId"])
        http.get(api, headers={"Authorization": f"Bearer {token}"})
        http.get(f"{api}/{number}", headers={"Authorization": f"Bearer {token}"})
        http.get(api, headers={"Authorization": "Bearer nothing"})
        http.get(f"/nowhere/{told['TenantId']}/{number}")
        http.request("PROPFIND", "/health/live")


@pytest.mark.requirement("R-63", "R-76")
def test_all_workers_are_told_together_and_nobody_is_named(embedded: Place) -> None:
    told = embedded.init()
    times = 30
    with embedded.serving("--workers", "2") as server:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda number: ask(server, told, number), range(times)))
        found = seen(server, lambda it: it.get((measures.ERRORS, "route_not_found")) == times)
        assert found[measures.REQUESTS, "POST", TOKEN, "200"] == times
        assert found[measures.TOKENS, "client_credentials", "issued"] == times
        assert found[measures.TOKENS, "client_credentials", "invalid_client"] == times
        assert found[measures.TOKENS, "other", "unsupported_grant_type"] == times
        assert found[measures.REFUSALS, "token.refused", "wrong_secret"] == times
        assert found[measures.REFUSALS, "access.refused", "bad_signature"] == times
        assert found[measures.REQUESTS, "GET", API, "200"] == times
        assert found[measures.REQUESTS, "GET", API, "401"] == times
        assert found[measures.REQUESTS, "GET", f"{API}/{{clientId}}", "404"] == times
        assert found[measures.REQUESTS, "other", "/health/live", "405"] == times
        assert found[measures.ERRORS, "client_not_found"] == times
        assert found[f"{measures.SECONDS}_count", "POST", TOKEN] == 3 * times
        assert found[measures.WORKERS,] == 2
        assert found[f"{measures.LAG}_count",] > 10
        text = page(server)
        for secret in (*told.values(), "127.0.0.1", "made-up", "PROPFIND", "nowhere", "wrong0"):
            assert secret not in text, secret
        assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", text)
        names = {name for name in MEASURES if f"# TYPE {name} " in text}
        assert names == MEASURES.keys()
        assert server.stop() == 0


def test_a_worker_that_is_killed_takes_no_count_with_it(embedded: Place) -> None:
    told = embedded.init()
    issued = (measures.TOKENS, "client_credentials", "issued")
    with embedded.serving("--workers", "2") as server:
        for _ in range(40):
            with httpx.Client(base_url=server.url, timeout=30) as http:
                assert http.post(TOKEN, data=form(told)).status_code == 200
        seen(server, lambda it: it[issued] == 40)
        pid = server.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        found = seen_again(server, lambda it: it[measures.WORKER_STARTS,] == 4)
        assert found[issued] == 40
        found = seen(server, lambda it: it[measures.WORKERS,] == 2)
        assert found[measures.READY,] == 1
        for _ in range(20):
            with httpx.Client(base_url=server.url, timeout=30) as http:
                assert http.post(TOKEN, data=form(told)).status_code == 200
        assert seen(server, lambda it: it[issued] >= 60)[issued] == 60
        assert server.stop() == 0


def seen_again(server: Running, look: Callable[[Samples], bool]) -> Samples:
    """The same, while workers come and go and nobody may answer for a moment."""
    for _ in range(400):
        try:
            found = samples(page(server))
        except httpx.TransportError:
            found = {}
        if found and look(found):
            return found
        time.sleep(0.05)
    raise AssertionError("nobody came back")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_listener_of_its_own_has_the_metrics_and_nothing_else(
    embedded: Place, workers: str
) -> None:
    told = embedded.init()
    own = f"http://127.0.0.1:{free_port()}"
    place = embedded.with_settings(GATEPOST_METRICS_LISTEN=own.removeprefix("http://"))
    with place.serving("--workers", workers) as server:
        server.token(told["AdminClientId"], told["AdminClientSecret"])
        for _ in range(8):
            assert samples(page(server, own))[measures.WORKERS_WANTED,] == int(workers)
            assert httpx.get(f"{server.url}/metrics").status_code == 404
            for path in ("/", "/health/ready", TOKEN, "/portal/"):
                assert httpx.get(own + path).status_code == 404, path
        assert f"metrics at {own}/metrics" in (place.folder / "server.log").read_text()
        assert server.stop() == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(own)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_port_for_metrics_that_is_taken_is_told_before_anything_is_made(
    embedded: Place, workers: str
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        place = embedded.with_settings(GATEPOST_METRICS_LISTEN=f"127.0.0.1:{port}")
        refusal = place.run("serve", "--port", "0", "--workers", workers).refusal()
    assert refusal == (
        f"Cannot listen on 127.0.0.1 port {port}: Address already in use. "
        "Set GATEPOST_METRICS_LISTEN to another address."
    )
    assert not (embedded.folder / "store").exists()


def test_metrics_go_on_while_a_server_drains(embedded: Place) -> None:
    own = f"http://127.0.0.1:{free_port()}"
    place = embedded.with_settings(
        GATEPOST_METRICS_LISTEN=own.removeprefix("http://"), GATEPOST_DRAIN_SECONDS="30"
    )
    with place.serving() as server:
        server.process.send_signal(signal.SIGTERM)
        for _ in range(400):
            if samples(page(server, own))[measures.READY,] == 0:
                return
            time.sleep(0.05)
        raise AssertionError("it stays ready")
