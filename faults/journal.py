"""The journal of the callers: what they asked, and each write that the server acknowledged.

It is a file to which lines are appended, one `os.write` for each, by a process that no fault
touches. What was not acknowledged is not in it as a deed, only as an attempt.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct


class Attempt(Struct, frozen=True, tag="attempt", array_like=True):
    """One request: who asked for what, when (monotonic), and what came. Status 0: no answer.

    `is_good` says whether it was what the caller had a right to: a code that is presented a second
    time must be refused.
    """

    caller: int
    deed: str
    began: float
    ended: float
    status: int
    is_good: bool
    turn: int = 0
    """Which deed of the caller it belongs to; a deed may be several requests."""
    retry_after: bool = False
    fault: str = ""


class ClientAdded(Struct, frozen=True, tag="client", array_like=True):
    """A client was added, with its first secret."""

    operation: str
    client_id: str
    name: str
    secret: str


class SecretAdded(Struct, frozen=True, tag="secret", array_like=True):
    """A client has a secret more."""

    operation: str
    client_id: str
    number: int
    secret: str


class SecretRemoved(Struct, frozen=True, tag="no-secret", array_like=True):
    """A secret opens nothing any more."""

    operation: str
    client_id: str
    number: int
    secret: str


class RoleGiven(Struct, frozen=True, tag="roles", array_like=True):
    """A client has these roles."""

    operation: str
    client_id: str
    role_ids: tuple[str, ...]


class CodeRedeemed(Struct, frozen=True, tag="code", array_like=True):
    """A code gave tokens; `refresh_token` begins a chain."""

    code: str
    refresh_token: str


class Rotated(Struct, frozen=True, tag="rotated", array_like=True):
    """A refresh token gave another one."""

    before: str
    after: str


class SignedIn(Struct, frozen=True, tag="sign-in", array_like=True):
    """A person signed in and the browser was given these cookies."""

    person: str
    cookie: str


class Twice(Struct, frozen=True, tag="twice", array_like=True):
    """Something that may be used once was used a second time, and the server took it."""

    what: str
    value: str


class Gone(Struct, frozen=True, tag="gone", array_like=True):
    """Something that was there is not there any more, or nobody got what somebody must get."""

    what: str
    value: str


class Unsure(Struct, frozen=True, tag="unsure", array_like=True):
    """The answer was lost on its way: nobody knows whether this was used up or changed."""

    value: str


Deed = (
    ClientAdded
    | SecretAdded
    | SecretRemoved
    | RoleGiven
    | CodeRedeemed
    | Rotated
    | SignedIn
    | Twice
    | Gone
    | Unsure
)
Entry = Attempt | Deed
WRITES = (*(ClientAdded, SecretAdded, SecretRemoved, RoleGiven, CodeRedeemed, Rotated, SignedIn),)
"""The entries that are acknowledged writes."""

_encode = msgspec.json.Encoder().encode
_read: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Entry)


class Pen:
    """Appends to the journal; a line is whole or not there."""

    def __init__(self, file: Path) -> None:
        self._file = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(self, entry: Entry) -> None:
        """Append an entry."""
        os.write(self._file, _encode(entry) + b"\n")

    def close(self) -> None:
        """Write no more."""
        os.close(self._file)


def read(file: Path) -> Iterator[Entry]:
    """All entries, in the order in which they were written."""
    with file.open("rb") as lines:
        for line in lines:
            yield _read.decode(line)


def acknowledged(entries: Iterable[Entry]) -> int:
    """How many writes the server has acknowledged."""
    return sum(isinstance(entry, WRITES) for entry in entries)


def entry(line: bytes) -> Entry:
    """The entry of a line."""
    return _read.decode(line)
