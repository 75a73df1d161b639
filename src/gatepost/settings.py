"""What an operator sets: read once from environment and file, checked whole, and handed down.

One table says how each setting is read. Every fault is one line that names the setting, its value
and the mend; passwords in addresses stand in none of them. What may be written for each is in
`model/setting_values.py`.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from gatepost.model import setting_values as values
from gatepost.model.keys import Algorithm
from gatepost.model.mail import MailServer
from gatepost.model.setting_values import (
    SQLITE,
    Command,
    Hidden,
    Listen,
    Network,
    Pooler,
    Unusable,
)
from gatepost.model.tenants import Theme
from gatepost.model.text import quoted, refused_character

RsaBits = Literal[2048, 3072, 4096]
LogFormat = Literal["text", "json"]
Consent = Literal["remember", "always", "never"]
NullMembers = Literal["include", "omit"]

PREFIX = "GATEPOST_"

_STORES = ("database_url", "replica_url")
_HIDDEN = ("smtp_url", "master_key", "master_key_command")
_HOLDERS = ("master_key_file", "master_key", "master_key_command")
_NATIVE = {str: "it in quotes", int: "a whole number", bool: "true or false", list: "a list"}


class SettingsFault(Exception):
    """The settings cannot be used: one line for each thing that is wrong."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class Settings(Struct, frozen=True, kw_only=True):
    """All settings, with their defaults."""

    database_url: str = "sqlite:///./data/gatepost.db"
    database_pooler: Pooler = "none"
    replica_url: str | None = None
    public_url: str | None = None
    master_key_file: Path | None = None
    master_key: Hidden | None = None
    master_key_command: Command | None = None
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
    smtp_url: MailServer | None = None
    mail_from: str | None = None
    metrics_listen: Listen | None = None
    tracing_url: str | None = None
    key_announce_days: int = 14
    key_active_days: int = 90
    key_retain_days: int = 14
    drain_seconds: int = 0
    connections_per_address: int = 1_000
    checkpoints: Path | str | None = None
    checkpoints_every: int = 3_600
    checkpoints_header_file: Path | None = None
    journal_days: int = 0

    def key_file(self) -> Path | None:
        """The file of the master key; None where the environment or a command holds it."""
        if self.master_key is not None or self.master_key_command is not None:
            return None
        return self.master_key_path()

    def master_key_path(self) -> Path:
        """Where the file of the master key is: as set, or beside the SQLite file."""
        if self.master_key_file is not None:
            return self.master_key_file
        if self.database_url.startswith(SQLITE):
            return Path(self.database_url.removeprefix(SQLITE)).with_name("master.key")
        raise SettingsFault(
            f"{PREFIX}MASTER_KEY_FILE is not set, and a PostgreSQL store has no folder to look in. "
            "Name a file outside the database, for example /etc/gatepost/master.key."
        )

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        shown = {name: getattr(self, name) for name in self.__struct_fields__}
        urls = {name: safe_database_url(shown[name]) for name in _STORES if shown[name]}
        return list({**shown, **urls}.items())

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"


def process_environment() -> Mapping[str, str]:
    """The environment of this process; nobody else reads it."""
    return dict(os.environ)


def read_settings(environ: Mapping[str, str], config: Path | None) -> Settings:
    """The settings from both sources, the environment first; raises SettingsFault with all."""
    given, faults = _from_file(config) if config else ({}, [])
    from_environment, unknown = _from_environment(environ)
    found: dict[str, Any] = {}
    for name, (place, value) in (given | from_environment).items():
        try:
            found[name] = _ROWS[name].read(_as_text(value, _ROWS[name]))
        except Unusable as refusal:
            problem, mend = refusal.args
            faults.append(f"{place} is {_shown(name, value)}, which {problem}. {mend}")
    if faults or unknown:
        raise SettingsFault(*unknown, *faults)
    settings = Settings(**found)
    _check_holders(settings)
    settings.key_file()
    _check_days(settings)
    _check_mail(settings)
    _check_replica(settings)
    _check_checkpoints(settings)
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
            raise Unusable("has a control character", "Leave that character out.")
        return value
    if type(value) is not row.native:
        raise Unusable("is of the wrong type", f"Write {_NATIVE[row.native]}.")
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower()


def _check_mail(settings: Settings) -> None:
    """Of a server and a sender each is of no use without the other."""
    if (settings.smtp_url is None) != (settings.mail_from is None):
        pair = (f"{PREFIX}SMTP_URL", f"{PREFIX}MAIL_FROM")
        given, absent = pair if settings.smtp_url else pair[::-1]
        raise SettingsFault(f"{given} is set, and {absent} is not. Set both, or neither.")


def _check_holders(settings: Settings) -> None:
    """The master key is held by one."""
    held = [name for name in _HOLDERS if getattr(settings, name) is not None]
    if len(held) > 1:
        names = " and ".join(PREFIX + name.upper() for name in held)
        raise SettingsFault(f"{names} are set, and one holds the master key. Keep one of them.")


def _check_days(settings: Settings) -> None:
    """A successor is announced while the key before it signs."""
    if 0 < settings.key_active_days <= settings.key_announce_days:
        raise SettingsFault(
            f"{PREFIX}KEY_ACTIVE_DAYS is {settings.key_active_days}, and the next key is announced "
            f"for {settings.key_announce_days} days. Let a key sign longer, or write 0 for keys "
            "that are changed by hand."
        )


def _check_replica(settings: Settings) -> None:
    """An embedded store has no replica."""
    if settings.replica_url is not None and settings.database_url.startswith(SQLITE):
        raise SettingsFault(
            f"{PREFIX}REPLICA_URL is set, and the store is SQLite, which has no replica. Remove it."
        )


def _check_checkpoints(settings: Settings) -> None:
    """A file takes no headers."""
    if settings.checkpoints_header_file and not isinstance(settings.checkpoints, str):
        raise SettingsFault(
            f"{PREFIX}CHECKPOINTS_HEADER_FILE is set, and {PREFIX}CHECKPOINTS is no address. "
            "Name the address, or remove the file."
        )


def _shown(name: str, value: Any) -> str:
    """A value fit for a message. Whatever could be an address with a password is cut (R-76)."""
    text = str(value)
    if name in _HIDDEN:
        return quoted("***")
    if name == "checkpoints" and "://" in text:
        return quoted(text.partition("://")[0] + "://***")
    return quoted(safe_database_url(text) if name in _STORES or "@" in text else text)


_ROWS: dict[str, _Row] = {
    "database_url": _Row(values.database_url),
    "replica_url": _Row(values.replica_url),
    "database_pooler": _Row(values.one_of(values.words(Pooler))),
    "public_url": _Row(values.public_url),
    "master_key_file": _Row(values.path),
    "master_key": _Row(values.hidden),
    "master_key_command": _Row(values.command),
    "key_announce_days": _Row(values.days, int),
    "key_active_days": _Row(values.days, int),
    "key_retain_days": _Row(values.days, int),
    "workers": _Row(values.workers, int),
    "signing_algorithm": _Row(values.one_of(values.words(Algorithm))),
    "rsa_key_bits": _Row(values.one_of(values.words(RsaBits)), int),
    "trusted_proxies": _Row(values.networks, list),
    "theme": _Row(values.one_of(values.words(Theme))),
    "log_format": _Row(values.one_of(values.words(LogFormat))),
    "refresh_token_lifetime": _Row(values.lifetime, int),
    "consent": _Row(values.one_of(values.words(Consent))),
    "strict_client_reads": _Row(values.one_of({"true": True, "false": False}), bool),
    "null_members": _Row(values.one_of(values.words(NullMembers))),
    "smtp_url": _Row(values.smtp_url),
    "mail_from": _Row(values.mail_from),
    "metrics_listen": _Row(values.listen),
    "tracing_url": _Row(values.tracing_url),
    "drain_seconds": _Row(values.drain, int),
    "connections_per_address": _Row(values.connections, int),
    "checkpoints": _Row(values.checkpoints),
    "checkpoints_every": _Row(values.lifetime, int),
    "checkpoints_header_file": _Row(values.path),
    "journal_days": _Row(values.journal_days, int),
}
