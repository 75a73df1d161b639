import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gatepost.outgoing import MAX_READ, Messenger, calls
from gatepost.ports import Messenger as Port
from tests.peer import Peer, certificate, listening

FORM = {"logout_token": "a.b-c_d", "state": "ä &=+"}
BODY = "logout_token=a.b-c_d&state=%C3%A4+%26%3D%2B"
SHORT_S = 0.3
LONG_S = 30.0


@pytest.fixture
def peer() -> Iterator[Peer]:
    with listening() as running:
        yield running


@contextmanager
def speaking(speak: Callable[[socket.socket], None]) -> Iterator[str]:
    """The authority of a peer that does to each connection what it is told."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def welcome() -> None:
            try:
                while True:
                    link, _ = server.accept()
                    with link:
                        speak(link)
            except OSError:
                return

        thread = threading.Thread(target=welcome, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(LONG_S)


def drip(octets: bytes) -> Callable[[socket.socket], None]:
    """A peer that never stops to say something, and never says all."""

    def speak(link: socket.socket) -> None:
        link.sendall(octets)
        while True:
            time.sleep(SHORT_S / 10)
            link.sendall(b"x")

    return speak


def silent(link: socket.socket) -> None:
    while link.recv(4096):
        pass


@pytest.mark.parametrize("status", [200, 204, 400, 404, 500, 501])
def test_gives_the_status(peer: Peer, status: int) -> None:
    messenger: Port = Messenger()
    assert messenger.post_form(peer.at(f"/{status}"), FORM) == status


def test_sends_a_form_and_nothing_more(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    messenger = Messenger()
    for _ in range(2):
        assert messenger.post_form(peer.at("/a/200?b=c&d=%20"), FORM) == 200
    first, second = peer.heard
    assert first == second  # so the cookie of the first answer is in neither
    assert first.line == "POST /a/200?b=c&d=%20 HTTP/1.1"
    assert first.body == BODY
    assert first.headers == {
        "Host": f"127.0.0.1:{peer.server_port}",
        "Accept-Encoding": "identity",
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": str(len(BODY)),
        "Connection": "close",
    }


@pytest.mark.requirement("R-36")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_follows_no_redirect(peer: Peer, status: int) -> None:
    assert Messenger().post_form(peer.at(f"/{status}"), FORM) == status
    assert len(peer.heard) == 1


@pytest.mark.requirement("R-36")
@pytest.mark.parametrize(
    "address",
    [
        "http://192.0.2.1/200",
        "http://example.com/200",
        "http://127.0.0.2/200",
        "http://127.0.0.1.example.com/200",
        "http://localhost.example.com/200",
        "http://localhost@192.0.2.1/200",
        "http://192.0.2.1#@localhost/200",
        "http://localhost:99999/200",
        "http://localhost:0/200",
        "http://[::1%eth0]/200",
        "http://2130706433/200",
        "https://user:password@example.com/",
        "https://example.com/\r\nX-Planted: 1",
        "https://example.com/ä",
        "https://",
        "HTTPS://example.com/",
        "ftp://localhost/200",
        "file:///etc/passwd",
        "com.example.app:/logout",
        "//localhost/200",
        "localhost",
        "",
    ],
)
def test_asks_nobody_for_an_address_that_is_none(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object, **__: object) -> None:
        pytest.fail("a name was looked up")

    monkeypatch.setattr(socket, "getaddrinfo", asked)
    assert Messenger().post_form(address, FORM) is None


def test_nobody_there_is_none() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        assert Messenger().post_form(address, FORM) is None


def test_no_such_name_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert Messenger().post_form("https://nobody.example.com/", FORM) is None


def test_tries_each_address_of_a_name(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    tcp = (socket.AF_INET, socket.SOCK_STREAM, 0, "")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        found = [(*tcp, taken.getsockname()), (*tcp, ("127.0.0.1", peer.server_port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        assert Messenger().post_form(peer.at("/200", host="localhost"), FORM) == 200
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])
        assert Messenger().post_form(peer.at("/200", host="localhost"), FORM) is None


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "speak",
    [
        silent,
        drip(b""),
        drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 100 + b"HTTP/1.1 "),
        drip(b"\x16\x03\x03\x40\x00"),
    ],
)
def test_waits_once_for_the_whole_call(scheme: str, speak: Callable[[socket.socket], None]) -> None:
    with speaking(speak) as authority:
        began = time.monotonic()
        assert Messenger(SHORT_S).post_form(f"{scheme}://{authority}/", FORM) is None
        assert time.monotonic() - began < 10 * SHORT_S


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_does_not_wait_for_what_follows_the_status(head: bytes) -> None:
    with speaking(drip(head)) as authority:
        began = time.monotonic()
        assert Messenger(SHORT_S).post_form(f"http://{authority}/", FORM) == 200
        assert time.monotonic() - began < 10 * SHORT_S


def test_reads_no_more_than_a_little(peer: Peer) -> None:
    began = time.monotonic()
    assert Messenger(LONG_S).post_form(peer.at("/endless/200"), FORM) == 200
    assert time.monotonic() - began < LONG_S / 2
    assert MAX_READ == 65_536


@pytest.mark.parametrize(
    "said", [b"", b"\x00", b"SSH-2.0-x\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200\r\n" * 200]
)
def test_no_http_is_none(said: bytes) -> None:
    def speak(link: socket.socket) -> None:
        link.recv(4096)
        link.sendall(said)

    with speaking(speak) as authority:
        assert Messenger().post_form(f"http://{authority}/", FORM) is None


class TestCertificates:
    @pytest.fixture
    def own(self, tmp_path: Path) -> ssl.SSLContext:
        """A server's certificate for 127.0.0.1, by itself."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate(tmp_path))
        return context

    def test_of_a_stranger_is_refused(self, own: ssl.SSLContext) -> None:
        with listening(own) as peer:
            assert Messenger().post_form(peer.at("/200", "https"), FORM) is None
            assert not peer.heard

    def test_of_somebody_trusted_is_taken(self, own: ssl.SSLContext, tmp_path: Path) -> None:
        trust = ssl.create_default_context(cafile=tmp_path / "server.pem")
        messenger = Messenger(LONG_S, trust)
        with listening(own) as peer:
            assert messenger.post_form(peer.at("/200", "https"), FORM) == 200
            assert messenger.post_form(peer.at("/endless/404", "https"), FORM) == 404

    def test_of_another_host_is_refused(self, own: ssl.SSLContext, tmp_path: Path) -> None:
        trust = ssl.create_default_context(cafile=tmp_path / "server.pem")
        with listening(own) as peer:
            address = peer.at("/200", "https", "localhost")
            assert Messenger(LONG_S, trust).post_form(address, FORM) is None
            assert not peer.heard

    def test_https_is_not_spoken_in_the_clear(self, peer: Peer) -> None:
        assert Messenger().post_form(peer.at("/200", "https"), FORM) is None
        assert not peer.heard


@pytest.mark.requirement("R-36")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_server_for_others_calls_nobody_on_its_own_machine(peer: Peer, host: str) -> None:
    messenger = Messenger(may_call_here=False)
    assert messenger.post_form(peer.at("/200", host=host), FORM) is None
    assert peer.heard == []


@pytest.mark.requirement("R-36")
@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:169.254.169.254", True),
        ("169.254.169.254", True),
        ("fe80::1%eth0", True),
        ("0.0.0.0", True),  # noqa: S104  (an address to call)
        ("::", True),
        ("10.0.0.5", False),
        ("192.0.2.1", False),
        ("2001:db8::1", False),
        ("::ffff:10.0.0.5", False),
    ],
)
def test_what_is_on_this_machine(address: str, expected: bool) -> None:
    assert calls.is_here(address) is expected
