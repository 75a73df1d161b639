"""Servers that are asked by forms, as sides of a measurement; the product has two workers."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from bench import load
from bench.load import Shot
from bench.rounds import Side
from bench.served import NotServedError, Running

WORKERS = ("--workers", "2")
TOKEN_PATH = "/identity/connect/token"
_WARM_S = 2
_FORM_SCRIPT = load.SCRIPTS / "form.lua"


class Asked(NamedTuple):
    """A server that is up, and the file of forms, one a line, that are posted to it in turn."""

    name: str
    url: str
    pid: int
    forms: Path

    def shoot(self, seconds: float) -> Shot:
        """Post them as fast as they are answered."""
        return load.run(self.url, _FORM_SCRIPT, seconds, arguments=[str(self.forms)])

    def warm(self, requests: int) -> None:
        """Ask until so many were answered, so that a server may remember what it likes."""
        while requests > 0:
            shot = self.shoot(_WARM_S)
            if shot.requests <= shot.errors:
                raise NotServedError(f"{self.name} answers nothing but errors")
            requests -= shot.requests

    def side(self) -> Side:
        """The server under as much load as it answers."""
        return Side(self.name, self.shoot)

    def side_with_memory(self) -> Side:
        """The same, and its memory is looked at."""
        return Side(self.name, self.shoot, self.pid)

    def side_at(self, per_second: float) -> Side:
        """The server under so much load."""
        arguments = [str(self.forms)]
        return Side(
            self.name,
            lambda seconds: load.paced(self.url, _FORM_SCRIPT, seconds, per_second, arguments),
        )


def algorithm(asked: Asked) -> str | None:
    """What its tokens say they are signed with, by one that is asked for; nothing if opaque."""
    form = asked.forms.read_text().partition("\n")[0]
    with urlopen(Request(asked.url, form.encode())) as answer:  # noqa: S310  (one of ours)
        token = json.load(answer)["access_token"]
    head, dot, _ = token.partition(".")
    return str(json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))["alg"]) if dot else None


def for_tokens(
    name: str, running: Running, file: Path, clients: Sequence[tuple[str, str]]
) -> Asked:
    """Asked for a token by each of the clients, which are given with their secrets."""
    grant = {"grant_type": "client_credentials"}
    lines = [urlencode(grant | {"client_id": id_, "client_secret": kept}) for id_, kept in clients]
    return Asked(name, running.url + TOKEN_PATH, running.process.pid, written(file, lines))


def written(file: Path, lines: Sequence[str]) -> Path:
    """The forms in a file that only we can read."""
    file.touch(mode=0o600)
    file.write_text("".join(f"{line}\n" for line in lines))
    return file
