"""Key files: made, added to and taken from; whole or not at all, for the owner alone."""

import os
import stat
from pathlib import Path

import pytest

from gatepost.crypto.holders import FileHolder, KeyFileFault, load_master_key
from gatepost.crypto.key_files import (
    create_key_file,
    create_master_key,
    replace_text,
    with_key,
    without_key,
)
from gatepost.crypto.sealing import MasterKey

pytestmark = pytest.mark.requirement("D-02", "D-24")

OCTETS = bytes(range(32))
ONE = b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n"
TWO = b"2:" + b"A" * 43 + b"\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "keys" / "master.key"
    create_master_key(made, OCTETS)
    return made


def full(_handle: int) -> None:
    raise OSError(28, "No space left on device")


def test_a_new_file_is_one_line_of_text_for_the_owner_alone(tmp_path: Path) -> None:
    path, before = tmp_path / "master.key", os.umask(0)
    try:
        create_master_key(path, OCTETS)
    finally:
        os.umask(before)
    assert path.read_bytes() == ONE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_is_never_written_over(path: Path) -> None:
    with pytest.raises(KeyFileFault, match="already"):
        create_master_key(path, bytes(32))
    with pytest.raises(KeyFileFault, match="already"):
        create_key_file(path, TWO)
    assert path.read_bytes() == ONE
    assert [each.name for each in path.parent.iterdir()] == ["master.key"]


def test_a_link_to_nowhere_is_not_followed_when_made(tmp_path: Path) -> None:
    (tmp_path / "master.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyFileFault):
        create_master_key(tmp_path / "master.key", OCTETS)
    assert not (tmp_path / "elsewhere").exists()


def test_nothing_is_left_when_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeyFileFault, match="No space left"):
        create_master_key(tmp_path / "master.key", OCTETS)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(KeyFileFault, match="cannot be written"):
        create_master_key(tmp_path / "file" / "master.key", OCTETS)


def test_a_key_is_added_and_taken_out(path: Path) -> None:
    replace_text(path, with_key(path, 2, bytes(32)))
    assert path.read_bytes() == ONE + TWO
    assert load_master_key(FileHolder(path)).numbers == (2, 1)
    assert without_key(path, 2) == ONE
    replace_text(path, without_key(path, 1))
    assert path.read_bytes() == TWO
    assert load_master_key(FileHolder(path)).numbers == (2,)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["master.key"]


def test_a_full_disk_leaves_the_file_as_it_is(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = with_key(path, 2, bytes(32))
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeyFileFault, match="No space left"):
        replace_text(path, text)
    assert path.read_bytes() == ONE
    assert [each.name for each in path.parent.iterdir()] == ["master.key"]


def test_a_link_keeps_leading_to_its_file(path: Path) -> None:
    link = path.with_name("link")
    link.symlink_to(path)
    replace_text(link, with_key(link, 2, bytes(32)))
    assert link.is_symlink()
    assert path.read_bytes() == ONE + TWO


def test_the_owner_stays_the_owner(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when root adds a key to the file of the user that runs the server."""
    given: list[tuple[int, int]] = []
    owner = path.stat()
    monkeypatch.setattr(os, "geteuid", lambda: owner.st_uid + 1)
    monkeypatch.setattr(os, "fchown", lambda _handle, *whom: given.append(whom))
    replace_text(path, with_key(path, 2, bytes(32)))
    assert given == [(owner.st_uid, owner.st_gid)]


def test_a_file_that_others_may_read_is_not_added_to(path: Path) -> None:
    path.chmod(0o644)
    with pytest.raises(KeyFileFault, match="open to other users"):
        with_key(path, 2, bytes(32))


def test_what_was_made_is_the_key(path: Path) -> None:
    made = load_master_key(FileHolder(path))
    assert made.derive("journal") == MasterKey(OCTETS).derive("journal")
    assert repr(made) == "***"
