"""Checkpoints on their way out of our reach: into a file that only grows, or to a server.

Both are the operator's choice. A line that was taken was kept: a file was written through to its
disk, and a server answered with a status of success.
"""

import errno
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from gatepost.outgoing.calls import Messenger

MOST_HEADERS = 10

_JSON = {"Content-Type": "application/json"}
_OWNER_ONLY = 0o600
_OTHERS = 0o077
_MOST_BYTES = 16_384
_HEADER = re.compile(r"([A-Za-z0-9-]{1,60}): *([\x21-\x7e][\x20-\x7e]{0,4000})")
_OURS = frozenset({"content-type", "content-length", "connection", "host", "transfer-encoding"})


class HeaderFault(Exception):
    """The file of headers cannot be used; one line that shows nothing of it."""


class FileWitness:
    """A file that lines are added to."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def place(self) -> str:
        """The file."""
        return str(self._path)

    def keep(self, line: bytes) -> str | None:
        """Add the line, and write it through to the disk."""
        try:
            is_new = not self._path.exists()
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            handle = os.open(self._path, flags, _OWNER_ONLY)
            try:
                _append(handle, line)
            finally:
                os.close(handle)
            if is_new:
                _keep_name(self._path.parent)
        except OSError as problem:
            return f"cannot be written ({problem.strerror})"
        return None


class WebWitness:
    """A server that lines are posted to, one at a time, within the limits of all outgoing calls."""

    def __init__(self, messenger: Messenger, address: str, headers: Mapping[str, str]) -> None:
        self._messenger = messenger
        self._address = address
        self._headers = headers

    def __repr__(self) -> str:
        return f"WebWitness({self._address!r}, ***)"

    @property
    def place(self) -> str:
        """The address."""
        return self._address

    def keep(self, line: bytes) -> str | None:
        """Post the line."""
        status = self._messenger.post(self._address, line, {**self._headers, **_JSON})
        if status is None:
            return "cannot be reached"
        return None if 200 <= status < 300 else f"answered {status}"  # noqa: PLR2004  (RFC 9110, 15.3)


def headers_in(path: Path) -> dict[str, str]:
    """The headers of a file, one a line as `Name: value`; nobody else may read it."""
    try:
        if path.stat().st_mode & _OTHERS:
            raise HeaderFault(f"{path} is open to others. Run: chmod 600 {path}")
        lines = path.read_bytes()[:_MOST_BYTES].decode("ascii").splitlines()
    except OSError as problem:
        raise HeaderFault(f"{path} cannot be read ({problem.strerror}).") from None
    except ValueError:
        raise HeaderFault(f"{path} is not ASCII text.") from None
    found = [_HEADER.fullmatch(line) for line in lines if line.strip()]
    headers = {match[1]: match[2] for match in found if match and match[1].lower() not in _OURS}
    if len(headers) != len(found) or not 1 <= len(found) <= MOST_HEADERS:
        raise HeaderFault(
            f"{path} holds no list of headers. Write one a line, as in Authorization: Bearer …"
        )
    return headers


def _append(handle: int, line: bytes) -> None:
    """One write, so that a line is there whole; behind a torn one it begins anew."""
    size = os.fstat(handle).st_size
    torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
    text = b"\n" + line if torn else line
    try:
        _write_through(handle, text)
    except OSError:
        # half a line would be taken for a forged one; a file that only grows keeps it
        with suppress(OSError):
            os.ftruncate(handle, size)
        raise


def _write_through(handle: int, text: bytes) -> None:
    if os.write(handle, text) != len(text):
        raise OSError(errno.ENOSPC, "no room for the whole line")
    os.fsync(handle)


def _keep_name(folder: Path) -> None:
    # a new file survives a power cut only when its folder was written too
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
