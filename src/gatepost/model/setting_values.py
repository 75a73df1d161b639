"""What an operator may write for each setting: the value read from its text, or what is wrong."""

import ipaddress
import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args
from urllib.parse import urlsplit

from gatepost.model.mail import MailServer, deliverable
from gatepost.model.mail import mail_server as read_mail_server
from gatepost.model.uris import Fault, origin_fault, page_uri_fault

Pooler = Literal["none", "transaction"]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

SQLITE = "sqlite:///"
MAX_WORKERS = 64

_POSTGRESQL = ("postgresql://", "postgresql+psycopg://")
_MIN_LIFETIME, _MAX_LIFETIME = 60, 365 * 86_400
_MAX_CONNECTIONS = 1_000_000
_MAX_DRAIN = 300
_MAX_DAYS = 365
# what was removed must be known for longer than a form that was opened before can stay open
_LEAST_JOURNAL_DAYS, _MOST_JOURNAL_DAYS = 30, 36_500
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_DURATION = re.compile(r"([0-9]{1,9})([smhd]?)")
_NUMBER = re.compile(r"[0-9]{1,9}")


class Unusable(Exception):
    """Carries what is wrong with a value, and the mend."""


class Hidden:
    """Text that nobody is shown."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hidden) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return "***"


class Command(NamedTuple):
    """A program with its arguments, of which only the program is shown."""

    argv: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Command({self.argv[0]!r}, ***)"


class Listen(NamedTuple):
    """Where to listen: a host name or address, without brackets, and a port."""

    host: str
    port: int


def database_url(text: str) -> str:
    """The address of a store."""
    if text.startswith(SQLITE):
        file = text.removeprefix(SQLITE)
        if not file.strip("./") or file == ":memory:" or file.endswith("/") or "?" in file:
            raise Unusable("names no file", "Write for example sqlite:///./data/gatepost.db.")
        return text
    mend = "Write sqlite:///path/to/file or postgresql://user:password@host:5432/database."
    if not text.startswith(_POSTGRESQL):
        raise Unusable("is no store that Gatepost knows", mend)
    try:
        parts = urlsplit(text)
        complete = len(parts.path) > 1 and parts.port != 0
    except ValueError:
        complete = False
    if not complete or " " in text:
        raise Unusable("is not complete", f"{mend} Write special characters as %XX.")
    return text


def replica_url(text: str) -> str:
    """The address of a replica of a PostgreSQL store."""
    if text.startswith(SQLITE):
        raise Unusable("is SQLite, which has no replica", "Name a replica of the PostgreSQL store.")
    return database_url(text)


def public_url(text: str) -> str:
    """The address that browsers use: an origin, without a slash at its end."""
    url = text.removesuffix("/")
    fault = origin_fault(url)
    if fault is None:
        return url
    if "http on" in fault.problem:
        raise Unusable(*fault)
    raise Unusable(
        "is not an address of scheme, host and port alone",
        "Write it in lower case and without a path, as in https://id.example.com.",
    )


def path(text: str) -> Path:
    """The name of a file."""
    if not text.strip():
        raise Unusable("is empty", "Name a file, or remove the setting.")
    return Path(text)


def hidden(text: str) -> Hidden:
    """A secret value."""
    if not text.strip():
        raise Unusable("is empty", "Put the value there, or remove the setting.")
    return Hidden(text)


def command(text: str) -> Command:
    """A program with its arguments, split as a shell would, and run without one."""
    try:
        argv = tuple(shlex.split(text))
    except ValueError:
        argv = ()
    if not argv:
        raise Unusable("is no command", "Write a program and its arguments; close all quotes.")
    return Command(argv)


def days(text: str) -> int:
    """How many days."""
    if not _NUMBER.fullmatch(text) or int(text) > _MAX_DAYS:
        raise Unusable(f"is not a whole number from 0 to {_MAX_DAYS}", "Write for example 14.")
    return int(text)


def checkpoints(text: str) -> Path | str:
    """Where checkpoints of the journal are kept: a file, or an address without anything secret."""
    if "://" not in text:
        return path(text)
    mend = "Write https://host/path, and put what is secret into GATEPOST_CHECKPOINTS_HEADER_FILE."
    if not text.startswith("https://") or set(text) & set("?#@") or page_uri_fault(text):
        raise Unusable("is no https address without user, query and fragment", mend)
    return text


def journal_days(text: str) -> int:
    """How many days events are kept; 0 is for ever."""
    days = int(text) if _NUMBER.fullmatch(text) else -1
    if days != 0 and not _LEAST_JOURNAL_DAYS <= days <= _MOST_JOURNAL_DAYS:
        raise Unusable(
            f"is neither 0 nor a number of days from {_LEAST_JOURNAL_DAYS} to {_MOST_JOURNAL_DAYS}",
            "Write for example 365, or 0 to keep all events.",
        )
    return days


def workers(text: str) -> int:
    """How many processes."""
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= MAX_WORKERS:
        raise Unusable(f"is not a whole number from 1 to {MAX_WORKERS}", "Write for example 2.")
    return int(text)


def drain(text: str) -> int:
    """How long to serve on after being told to stop, in seconds."""
    if not _NUMBER.fullmatch(text) or int(text) > _MAX_DRAIN:
        raise Unusable(f"is not a whole number from 0 to {_MAX_DRAIN}", "Write for example 10.")
    return int(text)


def connections(text: str) -> int:
    """How many connections one address may have; 0 is as many as it likes."""
    if not _NUMBER.fullmatch(text) or int(text) > _MAX_CONNECTIONS:
        raise Unusable(
            f"is not a whole number from 0 to {_MAX_CONNECTIONS}",
            "Write for example 1000, or 0 for no limit.",
        )
    return int(text)


def lifetime(text: str) -> int:
    """A time in seconds."""
    match = _DURATION.fullmatch(text)
    seconds = int(match[1]) * _UNITS[match[2]] if match else 0
    if not _MIN_LIFETIME <= seconds <= _MAX_LIFETIME:
        raise Unusable(
            "is not a time from one minute to a year", "Write seconds, or a form like 8h or 30m."
        )
    return seconds


def networks(text: str) -> tuple[Network, ...]:
    """Addresses and networks, with commas."""
    items = text.split(",") if text.strip() else []
    try:
        networks = tuple(ipaddress.ip_network(item.strip()) for item in items)
    except ValueError:
        mend = "Write for example 10.0.0.7, 10.0.0.0/8 with zeros after the mask."
        raise Unusable("is no list of addresses and networks", mend) from None
    if any(network.prefixlen == 0 for network in networks):
        raise Unusable("trusts every address there is", "List the addresses of your proxies.")
    return networks


def listen(text: str) -> Listen:
    """Where to listen."""
    host, _, port = text.rpartition(":")
    if not _NUMBER.fullmatch(port) or set(text) & set("/?#") or page_uri_fault(f"http://{text}"):
        raise Unusable(
            "is not a host and a port", "Write for example 127.0.0.1:9100 or [::1]:9100."
        )
    return Listen(host.strip("[]"), int(port))


def tracing_url(text: str) -> str:
    """Where traces are sent: the address of a collector, without a secret in it."""
    if page_uri_fault(text) is not None or set(text) & set("?@"):
        raise Unusable(
            "is not the address of a collector", "Write for example http://localhost:4318."
        )
    return text.removesuffix("/")


def smtp_url(text: str) -> MailServer:
    """The mail server."""
    server = read_mail_server(text)
    if isinstance(server, Fault):
        raise Unusable(*server)
    return server


def mail_from(text: str) -> str:
    """The address that mail comes from."""
    if deliverable(text) is None:
        raise Unusable("is no plain mail address", "Write for example gatepost@example.com.")
    return text


def one_of(words: Mapping[str, Any]) -> Callable[[str], Any]:
    """A reader of one of these words."""

    def read(text: str) -> Any:
        if text not in words:
            raise Unusable(f"is none of {', '.join(words)}", "Write one of these.")
        return words[text]

    return read


def words(literal: Any) -> dict[str, Any]:
    """The words of a Literal, each with its value."""
    return {str(word): word for word in get_args(literal)}
