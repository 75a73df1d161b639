"""Another server, for tests of the calls that the product makes: it keeps what it hears."""

import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID


class Heard(NamedTuple):
    """One request that a server got."""

    line: str
    headers: dict[str, str]
    body: str


class Peer(ThreadingHTTPServer):
    """A server that remembers what it heard. The last step of a path is the status to answer.

    A path with "endless" in it gets a body without an end.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.heard: list[Heard] = []

    def at(self, path: str, scheme: str = "http", host: str = "127.0.0.1") -> str:
        """An address of this server."""
        return f"{scheme}://{host}:{self.server_port}{path}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that hung up is what some tests are about."""


class Answers(BaseHTTPRequestHandler):
    """How it answers."""

    server: Peer

    def do_POST(self) -> None:
        """Keep the request, and give the status that its path names, or 200."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.heard.append(Heard(self.requestline, dict(self.headers.items()), body))
        last = self.path.rpartition("/")[2].partition("?")[0]
        self.send_response(int(last) if last.isdecimal() else 200)
        if last.startswith("3"):
            self.send_header("Location", self.server.at("/200"))
        self.send_header("Set-Cookie", "a=b")
        self.end_headers()
        if "endless" in self.path:
            while True:
                self.wfile.write(b"x" * 1024)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name there)
        """Nobody reads it."""


@contextmanager
def listening(identity: ssl.SSLContext | None = None) -> Iterator[Peer]:
    """Run a server on this machine until the block ends; `identity` has its certificate."""
    with Peer() as peer:
        if identity is not None:
            peer.socket = identity.wrap_socket(
                peer.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=peer.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield peer
        finally:
            peer.shutdown()


def certificate(folder: Path) -> Path:
    """A key and its self-signed certificate for 127.0.0.1, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "peer")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "server.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path
