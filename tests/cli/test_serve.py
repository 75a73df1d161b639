"""`gatepost serve`: the first start, the second, several at once, workers, and the end."""

import os
import re
import signal
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from tests.cli.program import Place, Running, ended, listening, postgresql_place

LIVE = "/health/live"
Seen = TypeVar("Seen")
JWKS = "/identity/.well-known/openid-configuration/jwks"


@pytest.mark.requirement("R-81")
def test_the_first_start_tells_how_to_sign_in_and_the_second_does_not(embedded: Place) -> None:
    with embedded.serving() as server:
        assert re.fullmatch(r"http://localhost:\d+", server.url)
        told = _told(server.welcome)
        assert told["portal"] == f"{server.url}/portal/"
        assert "@" in told["sign-in name"]
        assert len(told["one-time password"]) >= 16
        assert told["change it at"] == f"{server.url}/identity/account"
        assert server.http.get(told["change it at"], follow_redirects=True).status_code == 200
        assert server.token(told["administration client"], told["its secret"])
        kids = _kids(server)
        assert server.stop() == 0
    with embedded.serving() as again:
        assert again.welcome == ""
        assert _kids(again) == kids
        assert again.token(told["administration client"], told["its secret"])
        assert again.stop(signal.SIGINT) == 0
    assert len(embedded.rows("SELECT id FROM tenants")) == 1
    assert "Traceback" not in (embedded.folder / "server.log").read_text()


def test_what_was_counted_is_kept_when_it_stops(place: Place) -> None:
    told = place.init()
    with place.serving() as server:
        for _ in range(7):
            server.token(told["AdminClientId"], told["AdminClientSecret"])
        assert server.stop() == 0
    assert place.rows("SELECT use_count FROM client_secrets") == [(7,)]


def test_a_killed_worker_is_replaced_and_all_stop_together(place: Place) -> None:
    told = place.init()
    with place.serving("--workers", "2") as server:
        first = _children(server)
        assert len(first) == 2
        server.token(told["AdminClientId"], told["AdminClientSecret"])
        os.kill(first[0], signal.SIGKILL)
        second = _until(lambda: _two_but(server, first[0]))
        assert set(first) & set(second) == {first[1]}
        for _ in range(20):
            assert httpx.get(server.url + LIVE).status_code == 200
        token = server.token(told["AdminClientId"], told["AdminClientSecret"])
        assert token
        assert server.stop() == 0
        assert _until(lambda: [1] if not any(map(_is_alive, second)) else [])


def test_workers_do_not_outlive_the_process_that_looks_after_them(embedded: Place) -> None:
    with embedded.serving("--workers", "2") as server:
        orphans = _children(server)
        server.stop(signal.SIGKILL)
        assert _until(lambda: [1] if not any(map(_is_alive, orphans)) else [])


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_taken_port_is_told_before_anything_is_made(embedded: Place, workers: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        refusal = embedded.run("serve", "--port", port, "--workers", workers).refusal()
    assert f"port {port}: Address already in use" in refusal
    assert not (embedded.folder / "store").exists()


def test_postgresql_is_founded_on_purpose(tmp_path: Path) -> None:
    place = postgresql_place(tmp_path)
    assert "gatepost init" in place.run("serve", "--port", "0").refusal()
    key_file = Path(place.settings["GATEPOST_MASTER_KEY_FILE"])
    assert not key_file.exists()
    key_file.parent.mkdir()
    key_file.write_text("A" * 43)
    key_file.chmod(0o600)
    assert "no tenant yet. Run: gatepost init" in place.run("serve", "--port", "0").refusal()
    assert place.init()


@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_several_that_start_on_an_empty_store_found_one_tenant(
    embedded: Place, attempt: int
) -> None:
    logs = [embedded.folder / f"{attempt}-{n}.log" for n in range(2)]
    with ExitStack() as stack:
        started = []
        for path in logs:
            log = stack.enter_context(path.open("w"))
            started.append(embedded.start("serve", "--port", "0", stderr=log))
        for process in started:
            stack.enter_context(process)
            stack.callback(process.kill)
        servers = [listening(process) for process in started]
        assert all(servers), [path.read_text() for path in logs]
        running = [server for server in servers if server]
        (welcome,) = [server.welcome for server in running if server.welcome]
        told = _told(welcome)
        kids = _kids(running[0])
        assert len(kids) == 1
        for server in running:
            stack.enter_context(server.http)
            assert _kids(server) == kids
            assert server.token(told["administration client"], told["its secret"])
            assert server.stop() == 0
    assert len(embedded.rows("SELECT id FROM tenants")) == 1
    assert embedded.run("doctor", "--journal").status == 0


@pytest.mark.parametrize("attempt", [1, 2])
def test_several_inits_found_one_tenant(place: Place, attempt: int) -> None:
    assert attempt
    done = [ended(process) for process in [place.start("init", "--json") for _ in range(2)]]
    assert sorted(one.status for one in done) == [0, 3], [one.err for one in done]
    (told,) = [one.json() for one in done if one.status == 0]
    assert place.rows("SELECT id FROM tenants") == [(told["TenantId"],)]
    assert len(place.rows("SELECT kid FROM signing_keys")) == 1


def test_migrating_twice_and_at_once_migrates_once(place: Place) -> None:
    done = [ended(process) for process in [place.start("migrate") for _ in range(3)]]
    assert [one.err for one in done if one.status] == []
    already = "already at the newest schema\n"
    assert sorted(one.out for one in done) == [already, already, "migrated to the newest schema\n"]
    assert place.run("migrate").out == already
    assert place.init()


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_command_says_so(embedded: Place) -> None:
    pipe = embedded.folder / "password"
    os.mkfifo(pipe)
    process = embedded.start("init", "--admin-password-file", "password")
    with pipe.open("w"):  # waits until the command reads, and keeps it waiting
        process.send_signal(signal.SIGINT)
        done = ended(process)
    assert done.status == 130
    assert done.err.strip() == "gatepost: interrupted"


def _told(welcome: str) -> dict[str, str]:
    return dict(re.findall(r"^  (\S.*?)  +(\S+)$", welcome, re.MULTILINE)) | dict(
        re.findall(r"^  (administration client) (\S+)$", welcome, re.MULTILINE)
    )


def _kids(server: Running) -> list[str]:
    return [key["kid"] for key in httpx.get(server.url + JWKS).json()["keys"]]


def _children(server: Running) -> list[int]:
    pid = server.process.pid
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def _two_but(server: Running, gone: int) -> list[int]:
    """The two workers when the one that is gone has a successor that listens."""
    found = _children(server)
    listeners = Path("/proc/net/tcp").read_text().count(f":{int(server.url.split(':')[-1]):04X} ")
    return found if len(found) == 2 and gone not in found and listeners >= 2 else []


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def _until(look: Callable[[], list[Seen]]) -> list[Seen]:
    """What is seen as soon as there is something to see; nothing after many looks."""
    for _ in range(600):
        seen = look()
        if seen:
            return seen
        time.sleep(0.05)
    return []
