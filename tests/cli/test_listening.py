"""Where `gatepost serve` listens, and what it leaves behind when it breaks."""

from pathlib import Path

import pytest

from tests.cli.program import Place

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
