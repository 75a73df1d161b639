"""Who holds the master key: a file, the environment, or a command that prints it.

Each gives the text of a key file, of which `master_key_in` makes the key. The text has one key a
line, each with its number; a line without one is number 1. No fault shows what was read.
"""

import base64
import os
import re
import select
import signal
import stat
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from gatepost.crypto.sealing import FIRST, KEY_SIZE, LAST, MasterKey
from gatepost.model.text import quoted
from gatepost.ports import KeyHolder

COMMAND_SECONDS = 10

_OTHERS = 0o077
_MAX_TEXT = 16_384
_SHOWN = 300
_LINE = re.compile(rb"(?:([0-9]{1,3}):)?([A-Za-z0-9_-]{43})")


class KeyFileFault(Exception):
    """The master key cannot be read or made; one line with the mend."""


class FileHolder(NamedTuple):
    """A file; one that others than the owner may touch is refused (D-24)."""

    path: Path

    @property
    def place(self) -> str:
        """The file, by its name."""
        return f"The file {quoted(str(self.path), limit=_SHOWN)}"

    def read(self) -> bytes:
        """Its content."""
        shown = quoted(str(self.path), limit=_SHOWN)
        handle = _opened(self.path, shown)
        try:
            _check_private(os.fstat(handle).st_mode, shown)
            return os.read(handle, _MAX_TEXT)
        finally:
            os.close(handle)


class TextHolder(NamedTuple):
    """The environment: what stood in a setting, with spaces between several keys."""

    text: str

    def __repr__(self) -> str:
        return "TextHolder(***)"

    @property
    def place(self) -> str:
        """The setting."""
        return "GATEPOST_MASTER_KEY"

    def read(self) -> bytes:
        """The text, one key a line."""
        return b"\n".join(self.text.encode("utf-8", "replace").split())


class CommandHolder(NamedTuple):
    """A command, run without a shell, that prints the text of a key file.

    Its errors are not read: they may repeat the key.
    """

    argv: tuple[str, ...]

    def __repr__(self) -> str:
        return f"CommandHolder({self.argv[0]!r}, ***)"

    @property
    def place(self) -> str:
        """The setting."""
        return "The output of GATEPOST_MASTER_KEY_COMMAND"

    def read(self) -> bytes:
        """What it printed, if it ended well and in time."""
        try:
            return self._printed().strip()
        except (OSError, ValueError) as problem:
            raise KeyFileFault(
                f"The command of GATEPOST_MASTER_KEY_COMMAND cannot be run ({reason_of(problem)}). "
                "Name a program by its whole path, with its arguments."
            ) from None

    def _printed(self) -> bytes:
        process = subprocess.Popen(  # noqa: S603  (the operator names it, and no shell reads it)
            self.argv,
            bufsize=0,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert process.stdout is not None  # noqa: S101  (it was asked for)
        until = time.monotonic() + COMMAND_SECONDS
        try:
            with process.stdout as output:
                found = _read(output.fileno(), until)
            status = process.wait(timeout=max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise KeyFileFault(
                _unanswered(f"did not end within {COMMAND_SECONDS} seconds")
            ) from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if status != 0:
            raise KeyFileFault(_unanswered(f"failed (status {status})"))
        return found


def load_master_key(holder: KeyHolder) -> MasterKey:
    """The key, or a fault of one line."""
    return master_key_in(holder.read(), holder.place)


def master_key_in(content: bytes, place: str) -> MasterKey:
    """The keys of a text; `place` is where it stood, for a fault that shows nothing of it."""
    found: dict[int, bytes] = {}
    for line in content.removesuffix(b"\n").split(b"\n"):
        number, octets = key_in(line, place)
        if number in found:
            raise KeyFileFault(
                f"{place} has two keys of number {number}. Restore it from its backup."
            )
        found[number] = octets
    return MasterKey(found)


def key_in(line: bytes, place: str) -> tuple[int, bytes]:
    match = _LINE.fullmatch(line)
    number, text = (int(match[1] or FIRST), match[2]) if match else (0, b"")
    octets = base64.urlsafe_b64decode(text + b"=") if text else b""
    if not FIRST <= number <= LAST or len(octets) != KEY_SIZE or base64url_of(octets) != text:
        raise KeyFileFault(
            f"{place} holds no master key (43 characters of base64url for 32 bytes; a second key "
            "in a line of its own, as 2:…). Restore it from its backup."
        )
    return number, octets


def _check_private(mode: int, shown: str) -> None:
    if not stat.S_ISREG(mode):
        raise KeyFileFault(
            f"The master key {shown} is not a file. Name a file in GATEPOST_MASTER_KEY_FILE."
        )
    if mode & _OTHERS:
        raise KeyFileFault(
            f"The master key {shown} is open to other users (mode {stat.S_IMODE(mode):o}). "
            f"Take their rights away: chmod 600 {shown}"
        )


def _opened(path: Path, shown: str) -> int:
    try:
        # not to wait for a writer when the path names a pipe
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise KeyFileFault(
            f"There is no master key at {shown}. Restore it from its backup, or name the right "
            "file in GATEPOST_MASTER_KEY_FILE."
        ) from None
    except (OSError, ValueError) as problem:
        raise KeyFileFault(
            f"The master key {shown} cannot be opened ({reason_of(problem)}). Give it to the user "
            "that runs Gatepost, with mode 600."
        ) from None


def _read(handle: int, until: float) -> bytes:
    """All that comes until the end; waited for no longer than until this moment."""
    found = b""
    while select.select([handle], [], [], max(0.0, until - time.monotonic()))[0]:
        piece = os.read(handle, _MAX_TEXT)
        found += piece
        if not piece:
            return found
        if len(found) > _MAX_TEXT:
            raise KeyFileFault(_unanswered("printed more than a key file has"))
    raise subprocess.TimeoutExpired("", COMMAND_SECONDS)


def _unanswered(what: str) -> str:
    return f"The command of GATEPOST_MASTER_KEY_COMMAND {what}. Run it by hand to see why."


def reason_of(problem: Exception) -> str:
    return str(problem.strerror if isinstance(problem, OSError) else problem)


def base64url_of(octets: bytes) -> bytes:
    return base64.urlsafe_b64encode(octets).rstrip(b"=")
