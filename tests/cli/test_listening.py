"""Where `gatepost serve` listens, and what it leaves behind when it breaks."""

import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cli.program import Place, Running

HOSTS = ("0.0.0.0", "127.0.0.2", "::")  # noqa: S104  (that is refused)


@pytest.mark.requirement("R-53")
@pytest.mark.parametrize("host", HOSTS)
def test_plain_http_for_others_is_refused_before_anything_is_made(
    embedded: Place, host: str
) -> None:
    refusal = embedded.run("serve", "--host", host, "--port", "0").refusal()
    assert "in the clear" in refusal
    assert "GATEPOST_PUBLIC_URL" in refusal
    assert not (embedded.folder / "gatepost.db").exists()


def test_behind_a_proxy_any_address_will_do(embedded: Place) -> None:
    place = embedded.with_settings(GATEPOST_PUBLIC_URL="https://id.example.com")
    place.init()
    with place.serving("--host", "127.0.0.2") as server:
        assert server.url.startswith("http://127.0.0.2:")
        assert server.http.get("/health/live").status_code == 200
        assert server.stop() == 0


def test_a_server_dumps_no_memory_and_opens_as_much_as_it_may(embedded: Place) -> None:
    with embedded.serving() as server:
        limits = Path(f"/proc/{server.process.pid}/limits").read_text().splitlines()
        told = {line[:26].strip(): line[26:].split() for line in limits}
        assert told["Max core file size"][:2] == ["0", "0"]
        soft, hard = told["Max open files"][:2]
        assert soft == str(min(int(hard), 65_536))
        assert server.stop() == 0


@pytest.mark.requirement("R-68")
def test_little_is_made_for_who_does_not_read(embedded: Place) -> None:
    document = b"GET /api/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with embedded.serving() as server, socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        line.connect((urlsplit(server.url).hostname, urlsplit(server.url).port))
        line.sendall(document * 40)
        made = [0]
        while made[-1] == 0 or made[-1] != made[-2]:
            assert len(made) < 60, made
            time.sleep(0.5)
            made.append(_documents(server))
        assert made[-1] <= 4
        line.close()
        assert server.stop() == 0
    assert "Exception" not in (embedded.folder / "server.log").read_text()


def _documents(server: Running) -> int:
    """How many answers with the API's document were made."""
    lines = server.http.get("/metrics").text.splitlines()
    found = [
        line
        for line in lines
        if line.startswith("gatepost_requests_total") and 'route="/api/openapi.json"' in line
    ]
    return sum(int(float(line.rsplit(" ", 1)[1])) for line in found)
