"""Where checkpoints are kept: a file that only grows, a server that said that it took them."""

import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gatepost.outgoing import FileWitness, HeaderFault, Messenger, WebWitness, headers_in
from gatepost.ports import Witness
from tests.peer import Peer, listening

pytestmark = pytest.mark.requirement("D-14")

LINE = b'{"kind":"gatepost-checkpoint-1"}\n'


@pytest.fixture
def peer() -> Iterator[Peer]:
    with listening() as running:
        yield running


def test_a_file_grows_by_whole_lines_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    witness: Witness = FileWitness(path)
    assert witness.place == str(path)
    assert [witness.keep(LINE), witness.keep(LINE)] == [None, None]
    assert path.read_bytes() == LINE + LINE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_behind_a_torn_line_a_new_one_begins(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    path.write_bytes(LINE + b'{"kind":"gate')
    assert FileWitness(path).keep(LINE) is None
    assert path.read_bytes() == LINE + b'{"kind":"gate\n' + LINE


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file may grow beyond this: what a disk that runs full is like."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_is_full_leaves_no_half_line(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    witness = FileWitness(path)
    assert witness.keep(LINE) is None
    with room_for(len(LINE) + 9):
        said = [witness.keep(LINE) for _ in range(2)]
    assert all("cannot be written" in str(each) for each in said)
    assert path.read_bytes() == LINE
    assert witness.keep(LINE) is None
    assert path.read_bytes() == LINE + LINE


def test_the_mode_that_somebody_gave_a_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    path.touch()
    path.chmod(0o640)
    assert FileWitness(path).keep(LINE) is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_line_is_on_the_disk_before_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    fsync = os.fsync

    def counting(handle: int) -> None:
        written.append(handle)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", counting)
    assert FileWitness(tmp_path / "kept.jsonl").keep(LINE) is None
    assert len(written) == 2  # the file, and the folder in which its name is new
    assert FileWitness(tmp_path / "kept.jsonl").keep(LINE) is None
    assert len(written) == 3


def test_what_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No such file" in str(FileWitness(tmp_path / "no" / "kept.jsonl").keep(LINE))
    assert "Is a directory" in str(FileWitness(tmp_path).keep(LINE))
    monkeypatch.setattr(os, "write", lambda _handle, text: len(text) - 1)
    assert "no room" in str(FileWitness(tmp_path / "kept.jsonl").keep(LINE))


@pytest.mark.parametrize(("path", "fault"), [("/200", None), ("/a/204", None)])
def test_a_server_that_took_a_line_keeps_it(peer: Peer, path: str, fault: str | None) -> None:
    witness = WebWitness(Messenger(), peer.at(path), {"Authorization": "Bearer hush"})
    assert witness.keep(LINE) is fault
    (heard,) = peer.heard
    assert heard.body == LINE.decode()
    assert heard.headers["Authorization"] == "Bearer hush"
    assert heard.headers["Content-Type"] == "application/json"
    assert "hush" not in repr(witness) + witness.place


@pytest.mark.parametrize("status", [301, 302, 400, 401, 404, 429, 500, 503])
def test_a_server_that_says_anything_else_did_not(peer: Peer, status: int) -> None:
    assert WebWitness(Messenger(), peer.at(f"/{status}"), {}).keep(LINE) == f"answered {status}"
    assert len(peer.heard) == 1


@pytest.mark.parametrize("address", ["https://127.0.0.1:1/", "http://log.example.com/", "ftp://a/"])
def test_a_server_that_is_not_there_is_said(address: str) -> None:
    assert WebWitness(Messenger(), address, {}).keep(LINE) == "cannot be reached"


def written(path: Path, text: str | bytes, mode: int = 0o600) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


def test_headers_stand_one_a_line(tmp_path: Path) -> None:
    text = "Authorization: Bearer a b\n\nX-Api-Key:  k:1\n"
    assert headers_in(written(tmp_path / "h", text)) == {
        "Authorization": "Bearer a b",
        "X-Api-Key": "k:1",
    }


@pytest.mark.requirement("R-76")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "hush",
        "Authorization:",
        "Authorization: hush\r\nmore hush",
        " Authorization: hush",
        "Bad Name: hush",
        "Host: hush.example",
        "Content-Length: 7",
        "A: hush\nA: hush",
        "\n".join(f"X-{n}: hush" for n in range(11)),
        "Authorization: hush\x07",
        b"Authorization: hush\xff",
    ],
)
def test_what_is_no_list_of_headers_is_refused_and_not_shown(
    tmp_path: Path, text: str | bytes
) -> None:
    with pytest.raises(HeaderFault) as caught:
        headers_in(written(tmp_path / "h", text))
    assert "hush" not in str(caught.value)


def test_headers_that_others_may_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(HeaderFault, match="chmod 600"):
        headers_in(written(tmp_path / "h", "A: b", 0o640))
    with pytest.raises(HeaderFault, match="No such file"):
        headers_in(tmp_path / "none")
