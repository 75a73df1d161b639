"""`/health/ready` while the store goes away and comes back, and while the server leaves."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.cli.cable import Cable, cable_to
from tests.cli.program import Place, Running, postgresql_place

READY, LIVE, METRICS = "/health/ready", "/health/live", "/metrics"
LOST = {"status": "the store cannot be reached"}
JWKS = "/identity/.well-known/openid-configuration/jwks"


@pytest.fixture
def wired(tmp_path: Path) -> Iterator[tuple[Place, Cable, dict[str, str]]]:
    """A PostgreSQL store that is reached by a cable."""
    place = postgresql_place(tmp_path)
    told = place.init()
    with cable_to(place.settings["GATEPOST_DATABASE_URL"]) as (cable, url):
        yield place.with_settings(GATEPOST_DATABASE_URL=url), cable, told


def answer(server: Running, path: str) -> httpx.Response:
    """An answer on a connection of its own."""
    return httpx.get(server.url + path, timeout=30)


def soon(look: Callable[[], bool]) -> bool:
    """Whether it is seen while we are patient."""
    for _ in range(600):
        if look():
            return True
        time.sleep(0.05)
    return False


def value(server: Running, name: str) -> str:
    """What the page of metrics says for a name without labels."""
    lines = answer(server, METRICS).text.splitlines()
    return next((line.split(" ")[1] for line in lines if line.startswith(f"{name} ")), "")


@pytest.mark.parametrize("fault", [Cable.cut, Cable.block], ids=["cut", "blocked"])
def test_a_server_whose_store_is_away_says_so_and_comes_back_by_itself(
    wired: tuple[Place, Cable, dict[str, str]], fault: Callable[[Cable], None]
) -> None:
    place, cable, told = wired
    with place.serving("--workers", "2") as server:
        assert server.token(told["AdminClientId"], told["AdminClientSecret"])
        assert answer(server, READY).json() == {"status": "ready"}
        fault(cable)
        assert soon(lambda: answer(server, READY).status_code == 503)
        assert answer(server, READY).json() in (LOST, {"status": "ready"})
        assert soon(lambda: value(server, "gatepost_ready") == "0")
        for _ in range(8):
            assert answer(server, LIVE).json() == {"status": "live"}
        assert float(value(server, "gatepost_store_seen_age_seconds")) > 1
        assert value(server, "gatepost_workers") == "2"
        assert answer(server, JWKS).json()["keys"]
        cable.mend()
        assert soon(lambda: all(answer(server, READY).status_code == 200 for _ in range(8)))
        assert soon(lambda: value(server, "gatepost_ready") == "1")
        assert server.token(told["AdminClientId"], told["AdminClientSecret"])
        assert server.stop() == 0


def test_a_server_that_is_told_to_stop_is_not_ready_and_lives(embedded: Place) -> None:
    embedded.init()
    place = embedded.with_settings(GATEPOST_DRAIN_SECONDS="30")
    with place.serving() as server:
        assert answer(server, READY).status_code == 200
        server.process.send_signal(signal.SIGTERM)
        assert soon(lambda: answer(server, READY).status_code == 503)
        assert answer(server, READY).json() == {"status": "stopping"}
        assert answer(server, LIVE).status_code == 200
        assert soon(lambda: value(server, "gatepost_ready") == "0")
