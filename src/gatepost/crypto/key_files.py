"""Key files: made, and given another text, so that they are there whole or not at all."""

import os
from pathlib import Path

from gatepost.crypto.holders import FileHolder, KeyFileFault, base64url_of, key_in, reason_of
from gatepost.crypto.sealing import MasterKey
from gatepost.model.text import quoted

_OWNER_ONLY = 0o600
_SHOWN = 300


def create_master_key(path: Path, random32: bytes) -> MasterKey:
    """Write a new key to a file that must not be there yet."""
    create_key_file(path, base64url_of(random32) + b"\n")
    return MasterKey(random32)


def create_key_file(path: Path, text: bytes) -> None:
    """Write a file that must not be there yet; it is there whole or not at all."""
    shown = quoted(str(path), limit=_SHOWN)
    draft = _draft(path)
    handle = _made(draft, shown)
    try:
        _write(handle, text)
        os.link(draft, path)
        _keep_name(path.parent)
    except FileExistsError:
        raise KeyFileFault(_there_already(shown)) from None
    except OSError as problem:
        raise KeyFileFault(_not_written(shown, problem)) from None
    finally:
        draft.unlink(missing_ok=True)


def line_of(number: int, random32: bytes) -> bytes:
    """The line of a key that has a number."""
    return b"%d:%b\n" % (number, base64url_of(random32))


def with_key(path: Path, number: int, random32: bytes) -> bytes:
    """The text of a key file with one key more."""
    before = FileHolder(path).read().removesuffix(b"\n")
    return before + b"\n" + line_of(number, random32)


def without_key(path: Path, number: int) -> bytes:
    """The text of a key file without one of its keys."""
    lines = FileHolder(path).read().removesuffix(b"\n").split(b"\n")
    place = FileHolder(path).place
    return b"".join(line + b"\n" for line in lines if key_in(line, place)[0] != number)


def replace_text(path: Path, text: bytes) -> None:
    """Put a new text into the place of a key file, for the same owner, whole or not at all."""
    shown = quoted(str(path), limit=_SHOWN)
    real = Path(os.path.realpath(path))
    draft, owner = _draft(real), real.stat()
    handle = _made(draft, shown)
    try:
        _write(handle, text, (owner.st_uid, owner.st_gid))
        draft.replace(real)
        _keep_name(real.parent)
    except OSError as problem:
        raise KeyFileFault(_not_written(shown, problem)) from None
    finally:
        draft.unlink(missing_ok=True)


def _draft(path: Path) -> Path:
    return path.with_name(f"{path.name}.{os.getpid()}")


def _made(path: Path, shown: str) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(path, flags, _OWNER_ONLY)
    except (OSError, ValueError) as problem:
        raise KeyFileFault(_not_written(shown, problem)) from None


def _write(handle: int, content: bytes, owner: tuple[int, int] | None = None) -> None:
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, _OWNER_ONLY)
        if owner is not None and owner != (os.geteuid(), os.getegid()):
            os.fchown(handle, *owner)
        file.write(content)
        file.flush()
        os.fsync(handle)


def _keep_name(folder: Path) -> None:
    # a file survives a power cut only when its folder was written too
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _there_already(shown: str) -> str:
    return (
        f"There is a master key at {shown} already. Keep it: what the store holds can be read "
        "with it only."
    )


def _not_written(shown: str, problem: Exception) -> str:
    return (
        f"The master key {shown} cannot be written ({reason_of(problem)}). Let the user that runs "
        "Gatepost write in its folder."
    )
