"""What an operator sets: read once from environment and file, checked whole, and handed down.

One table says how each setting is read. Every fault is one line that names the setting, its value
and the mend; passwords in database addresses stand in none of them.
"""

import difflib
import ipaddress
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args
from urllib.parse import urlsplit

from msgspec import Struct

from gatepost.model.keys import Algorithm
from gatepost.model.tenants import Theme
from gatepost.model.text import quoted, refused_character
from gatepost.model.uris import origin_fault, page_uri_fault

RsaBits = Literal[2048, 3072, 4096]
LogFormat = Literal["text", "json"]
Consent = Literal["remember", "always", "never"]
NullMembers = Literal["include", "omit"]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PREFIX = "GATEPOST_"
MAX_WORKERS = 64

_SQLITE = "sqlite:///"
_POSTGRESQL = ("postgresql://", "postgresql+psycopg://")
_MIN_LIFETIME, _MAX_LIFETIME = 60, 365 * 86_400
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_DURATION = re.compile(r"([0-9]{1,9})([smhd]?)")
_NUMBER = re.compile(r"[0-9]{1,9}")
_NATIVE = {str: "it in quotes", int: "a whole number", bool: "true or false", list: "a list"}


class SettingsFault(Exception):
    """The settings cannot be used: one line for each thing that is wrong."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class Listen(NamedTuple):
    """Where to listen: a host name or address, without brackets, and a port."""

    host: str
    port: int


class Settings(Struct, frozen=True, kw_only=True):
    """All settings, with their defaults."""

    database_url: str = "sqlite:///./data/gatepost.db"
    public_url: str | None = None
    master_key_file: Path | None = None
    workers: int = 1
    signing_algorithm: Algorithm = "RS256"
    rsa_key_bits: RsaBits = 2048
    trusted_proxies: tuple[Network, ...] = ()
    theme: Theme = "aveva"
    log_format: LogFormat = "text"
    refresh_token_lifetime: int = 28_800
    consent: Consent = "remember"
    strict_client_reads: bool = False
    null_members: NullMembers = "include"
    metrics_listen: Listen | None = None

    def master_key_path(self) -> Path:
        """Where the master key is: as set, or beside the SQLite file."""
        if self.master_key_file is not None:
            return self.master_key_file
        if self.database_url.startswith(_SQLITE):
            return Path(self.database_url.removeprefix(_SQLITE)).with_name("master.key")
        raise SettingsFault(
            f"{PREFIX}MASTER_KEY_FILE is not set, and a PostgreSQL store has no folder to look in. "
            "Name a file outside the database, for example /etc/gatepost/master.key."
        )

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        shown = {name: getattr(self, name) for name in self.__struct_fields__}
        return list({**shown, "database_url": safe_database_url(self.database_url)}.items())

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"


def process_environment() -> Mapping[str, str]:
    """The environment of this process; nobody else reads it."""
    return dict(os.environ)


def read_settings(environ: Mapping[str, str], config: Path | None) -> Settings:
    """The settings from both sources, the environment first; raises SettingsFault with all."""
    given, faults = _from_file(config) if config else ({}, [])
    from_environment, unknown = _from_environment(environ)
    values: dict[str, Any] = {}
    for name, (place, value) in (given | from_environment).items():
        try:
            values[name] = _ROWS[name].read(_as_text(value, _ROWS[name]))
        except _Unusable as refusal:
            problem, mend = refusal.args
            faults.append(f"{place} is {_shown(name, value)}, which {problem}. {mend}")
    if faults or unknown:
        raise SettingsFault(*unknown, *faults)
    settings = Settings(**values)
    settings.master_key_path()
    return settings


def safe_database_url(url: str) -> str:
    """The address without password and options; where these cannot be told apart, without all."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return "***"
    if scheme == "sqlite":
        return url
    authority, slash, path = rest.partition("/")
    if "@" in path or "?" in authority or "#" in authority:
        return f"{scheme}://***"
    credentials, at, host = authority.rpartition("@")
    user, colon, _ = credentials.partition(":")
    database, question, _ = path.partition("?")
    hidden = ":***" if colon else ""
    return f"{scheme}://{user}{hidden}{at}{host}{slash}{database}{'?***' if question else ''}"


class _Unusable(Exception):
    """Carries what is wrong with a value, and the mend."""


class _Row(NamedTuple):
    """How a setting is read from text, and what a TOML file may hold instead of text."""

    read: Callable[[str], Any]
    native: type = str


_Given = dict[str, tuple[str, Any]]  # name -> where it was given, and the value


def _from_environment(environ: Mapping[str, str]) -> tuple[_Given, list[str]]:
    spelled = {name: PREFIX + name.upper() for name in _ROWS}
    given = {name: (key, environ[key]) for name, key in spelled.items() if key in environ}
    ours = sorted(key for key in environ if key.startswith(PREFIX))
    strange = [key for key in ours if key not in spelled.values()]
    return given, [_unknown(key, spelled, "the environment") for key in strange]


def _from_file(config: Path) -> tuple[_Given, list[str]]:
    file = quoted(str(config), limit=300)
    try:
        members = tomllib.loads(config.read_text(encoding="utf-8"))
    except OSError as problem:
        fault = f"The settings file {file} cannot be read ({problem.strerror}). Check its path."
        return {}, [fault]
    except ValueError as problem:
        words = problem if isinstance(problem, tomllib.TOMLDecodeError) else "it is not UTF-8 text"
        return {}, [f"The settings file {file} is not valid TOML ({words}). Correct it."]
    given = {name: (f"{name} in {file}", members[name]) for name in members if name in _ROWS}
    strange = [name for name in members if name not in _ROWS]
    return given, [_unknown(name, {key: key for key in _ROWS}, file) for name in strange]


def _unknown(name: str, spelled: Mapping[str, str], place: str) -> str:
    near = difflib.get_close_matches(name.removeprefix(PREFIX).lower(), spelled, n=1)
    all_names = ", ".join(spelled.values())
    mend = f"Did you mean {spelled[near[0]]}?" if near else f"Remove it; there are {all_names}."
    shown = name if re.fullmatch(r"[A-Za-z0-9_.-]{1,80}", name) else quoted(name)
    return f"{shown} in {place} is not a setting. {mend}"


def _as_text(value: Any, row: _Row) -> str:
    if isinstance(value, str):
        if refused_character(value):
            raise _Unusable("has a control character", "Leave that character out.")
        return value
    if type(value) is not row.native:
        raise _Unusable("is of the wrong type", f"Write {_NATIVE[row.native]}.")
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower()


def _shown(name: str, value: Any) -> str:
    """A value fit for a message. Whatever could be an address with a password is cut (R-76)."""
    text = str(value)
    return quoted(safe_database_url(text) if name == "database_url" or "@" in text else text)


def _database_url(text: str) -> str:
    if text.startswith(_SQLITE):
        file = text.removeprefix(_SQLITE)
        if not file.strip("./") or file == ":memory:" or file.endswith("/") or "?" in file:
            raise _Unusable("names no file", "Write for example sqlite:///./data/gatepost.db.")
        return text
    mend = "Write sqlite:///path/to/file or postgresql://user:password@host:5432/database."
    if not text.startswith(_POSTGRESQL):
        raise _Unusable("is no store that Gatepost knows", mend)
    try:
        parts = urlsplit(text)
        complete = len(parts.path) > 1 and parts.port != 0
    except ValueError:
        complete = False
    if not complete or " " in text:
        raise _Unusable("is not complete", f"{mend} Write special characters as %XX.")
    return text


def _public_url(text: str) -> str:
    url = text.removesuffix("/")
    fault = origin_fault(url)
    if fault is None:
        return url
    if "http on" in fault.problem:
        raise _Unusable(*fault)
    raise _Unusable(
        "is not an address of scheme, host and port alone",
        "Write it in lower case and without a path, as in https://id.example.com.",
    )


def _path(text: str) -> Path:
    if not text.strip():
        raise _Unusable("is empty", "Name a file, or remove the setting.")
    return Path(text)


def _workers(text: str) -> int:
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= MAX_WORKERS:
        raise _Unusable(f"is not a whole number from 1 to {MAX_WORKERS}", "Write for example 2.")
    return int(text)


def _lifetime(text: str) -> int:
    match = _DURATION.fullmatch(text)
    seconds = int(match[1]) * _UNITS[match[2]] if match else 0
    if not _MIN_LIFETIME <= seconds <= _MAX_LIFETIME:
        raise _Unusable(
            "is not a time from one minute to a year", "Write seconds, or a form like 8h or 30m."
        )
    return seconds


def _networks(text: str) -> tuple[Network, ...]:
    items = text.split(",") if text.strip() else []
    try:
        networks = tuple(ipaddress.ip_network(item.strip()) for item in items)
    except ValueError:
        mend = "Write for example 10.0.0.7, 10.0.0.0/8 with zeros after the mask."
        raise _Unusable("is no list of addresses and networks", mend) from None
    if any(network.prefixlen == 0 for network in networks):
        raise _Unusable("trusts every address there is", "List the addresses of your proxies.")
    return networks


def _listen(text: str) -> Listen:
    host, _, port = text.rpartition(":")
    if not _NUMBER.fullmatch(port) or set(text) & set("/?#") or page_uri_fault(f"http://{text}"):
        raise _Unusable(
            "is not a host and a port", "Write for example 127.0.0.1:9100 or [::1]:9100."
        )
    return Listen(host.strip("[]"), int(port))


def _one_of(words: Mapping[str, Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        if text not in words:
            raise _Unusable(f"is none of {', '.join(words)}", "Write one of these.")
        return words[text]

    return read


def _words(literal: Any) -> dict[str, Any]:
    return {str(word): word for word in get_args(literal)}


_ROWS: dict[str, _Row] = {
    "database_url": _Row(_database_url),
    "public_url": _Row(_public_url),
    "master_key_file": _Row(_path),
    "workers": _Row(_workers, int),
    "signing_algorithm": _Row(_one_of(_words(Algorithm))),
    "rsa_key_bits": _Row(_one_of(_words(RsaBits)), int),
    "trusted_proxies": _Row(_networks, list),
    "theme": _Row(_one_of(_words(Theme))),
    "log_format": _Row(_one_of(_words(LogFormat))),
    "refresh_token_lifetime": _Row(_lifetime, int),
    "consent": _Row(_one_of(_words(Consent))),
    "strict_client_reads": _Row(_one_of({"true": True, "false": False}), bool),
    "null_members": _Row(_one_of(_words(NullMembers))),
    "metrics_listen": _Row(_listen),
}
