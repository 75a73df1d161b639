"""An application at another port of localhost: a page of its own, and an ear for what is posted."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

FOLDER = Path(__file__).parent / "spa"
LIBRARY = FOLDER.parents[1] / "interop/node_modules/oidc-client-ts/dist/browser"
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
FILES = {
    **{f"/{path.name}": path for path in FOLDER.iterdir()},
    "/": FOLDER / "index.html",
    "/callback": FOLDER / "index.html",
    "/signed-out": FOLDER / "index.html",
    "/silent": FOLDER / "silent.html",
    "/oidc-client-ts.js": LIBRARY / "oidc-client-ts.js",
}


class Application(ThreadingHTTPServer):
    """The server of the single-page application; `settings` is what its page asks for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.url = f"http://localhost:{self.server_port}"
        self.settings: dict[str, Any] = {}
        self.posted: list[dict[str, str]] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up."""


class _Answers(BaseHTTPRequestHandler):
    server: Application

    def do_GET(self) -> None:
        """A file, or the settings; a browser's wish for an icon is nothing."""
        path = urlsplit(self.path).path
        if path == "/settings.json":
            self._answer(200, "application/json", json.dumps(self.server.settings).encode())
        elif path in FILES:
            self._answer(200, TYPES[FILES[path].suffix], FILES[path].read_bytes())
        else:
            self._answer(204 if path == "/favicon.ico" else 404, "text/plain", b"")

    def do_POST(self) -> None:
        """Keep the form."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.posted.append(dict(parse_qsl(body)))
        page = b"<!doctype html><html lang='en'><title>Posted</title><h1>Posted</h1></html>"
        self._answer(200, TYPES[".html"], page)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name there)
        """Nobody reads it."""

    def _answer(self, status: int, media_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def running() -> Iterator[Application]:
    """Run an application until the block ends."""
    with Application() as application:
        threading.Thread(target=application.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield application
        finally:
            application.shutdown()
