"""Who holds the master key: a file, the environment, a command; each fault is one line."""

import os
import sys
import time
from pathlib import Path

import pytest

from gatepost.crypto import holders
from gatepost.crypto.holders import (
    CommandHolder,
    FileHolder,
    KeyFileFault,
    TextHolder,
    load_master_key,
    master_key_in,
)
from gatepost.crypto.key_files import create_master_key
from gatepost.crypto.sealing import MasterKey
from gatepost.ports import KeyHolder

pytestmark = pytest.mark.requirement("D-02", "D-24")

OCTETS = bytes(range(32))
MASTER = MasterKey(OCTETS)
ONE = b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
TWO = b"A" * 43


def fault_of(holder: KeyHolder) -> str:
    with pytest.raises(KeyFileFault) as caught:
        load_master_key(holder)
    line = str(caught.value)
    assert "\n" not in line
    assert ONE.decode() not in line
    assert "AAEC" not in line
    return line


def key_file(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def command(words: str) -> CommandHolder:
    return CommandHolder((sys.executable, "-c", words))


class TestTheText:
    def test_a_line_without_a_number_is_number_one(self) -> None:
        assert master_key_in(ONE, "x").numbers == master_key_in(b"1:" + ONE, "x").numbers == (1,)

    def test_several_keys_stand_one_a_line_in_any_order(self) -> None:
        read = master_key_in(b"17:" + TWO + b"\n" + ONE + b"\n", "x")
        assert (read.numbers, read.in_use) == ((17, 1), 17)
        assert read.derive("proof", 1) == MASTER.derive("proof")
        assert read.derive("proof", 17) == MasterKey(bytes(32)).derive("proof")

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\n",
            b"short\n",
            OCTETS,
            ONE + b"=\n",
            ONE[:-1] + b"9\n",
            ONE[:-1],
            ONE + b"\n\n",
            b" " + ONE + b"\n",
            b"\xff" * 43,
            b"A" * 5000,
            b"0:" + ONE,
            b"255:" + ONE,
            b"-1:" + ONE,
            b"2: " + ONE,
            b":" + ONE,
            ONE + b"\r\n",
            ONE + b"\n2:" + TWO[:-1],
        ],
    )
    def test_other_content_is_refused_and_not_shown(self, tmp_path: Path, content: bytes) -> None:
        line = fault_of(FileHolder(key_file(tmp_path / "master.key", content)))
        assert "holds no master key" in line
        assert "master.key" in line

    @pytest.mark.parametrize("content", [ONE + b"\n" + TWO, b"2:" + ONE + b"\n2:" + TWO])
    def test_no_number_stands_twice(self, content: bytes) -> None:
        with pytest.raises(KeyFileFault, match="two keys of number"):
            master_key_in(content, "The file")


class TestTheFile:
    def test_what_was_made_is_read_back(self, tmp_path: Path) -> None:
        made = create_master_key(tmp_path / "new" / "master.key", OCTETS)
        read = load_master_key(FileHolder(tmp_path / "new" / "master.key"))
        assert made.derive("journal") == read.derive("journal") == MASTER.derive("journal")

    def test_without_it_there_is_no_start(self, tmp_path: Path) -> None:
        line = fault_of(FileHolder(tmp_path / "master.key"))
        assert "There is no master key" in line

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644])
    def test_open_to_others_is_refused(self, tmp_path: Path, mode: int) -> None:
        line = fault_of(FileHolder(key_file(tmp_path / "master.key", ONE, mode)))
        assert f"mode {mode:o}" in line
        assert "chmod 600" in line

    def test_a_folder_or_pipe_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "folder").mkdir()
        os.mkfifo(tmp_path / "pipe", 0o600)
        assert "not a file" in fault_of(FileHolder(tmp_path / "folder"))
        assert "not a file" in fault_of(FileHolder(tmp_path / "pipe"))

    def test_a_name_with_a_line_break_stays_one_line(self, tmp_path: Path) -> None:
        assert "cannot be opened" in fault_of(FileHolder(tmp_path / "a\nb\x00c"))


class TestTheEnvironment:
    def test_spaces_stand_between_several_keys(self) -> None:
        text = f" {ONE.decode()}  2:{TWO.decode()}\n"
        assert load_master_key(TextHolder(text)).numbers == (2, 1)

    def test_a_bad_value_is_not_shown(self) -> None:
        line = fault_of(TextHolder(f"x{ONE.decode()}"))
        assert line.startswith("GATEPOST_MASTER_KEY holds no master key")

    def test_it_prints_as_stars(self) -> None:
        holder = TextHolder(ONE.decode())
        assert repr(holder) == f"{holder}" == "TextHolder(***)"


class TestTheCommand:
    def test_what_it_prints_is_the_text(self) -> None:
        printed = f"print({ONE.decode()!r}); print('2:' + 'A' * 43)"
        assert load_master_key(command(printed)).numbers == (2, 1)

    def test_no_shell_reads_it(self, tmp_path: Path) -> None:
        holder = CommandHolder(("/bin/echo", ONE.decode(), ";", "touch", str(tmp_path / "made")))
        assert "holds no master key" in fault_of(holder)
        assert list(tmp_path.iterdir()) == []

    def test_one_that_fails_is_told_without_its_words(
        self, capfd: pytest.CaptureFixture[str]
    ) -> None:
        words = f"import sys; print({ONE.decode()!r}, file=sys.stderr); sys.exit(3)"
        assert "failed (status 3)" in fault_of(command(words))
        assert capfd.readouterr() == ("", "")

    def test_one_that_is_not_there_is_told(self) -> None:
        line = fault_of(CommandHolder(("/no/such/program", "with", ONE.decode())))
        assert "cannot be run (No such file or directory)" in line
        assert "cannot be run" in fault_of(CommandHolder(("a\0b",)))

    @pytest.mark.parametrize(
        "words",
        [
            "import time; time.sleep(60)",
            "import os, time; os.close(1); time.sleep(60)",
            # one that leaves a child of another session with its output
            "import os, time\nif os.fork() == 0:\n os.setsid()\n time.sleep(5)",
        ],
    )
    def test_one_that_does_not_end_is_ended(
        self, monkeypatch: pytest.MonkeyPatch, words: str
    ) -> None:
        monkeypatch.setattr(holders, "COMMAND_SECONDS", 0.4)
        began = time.monotonic()
        assert "did not end within" in fault_of(command(words))
        assert time.monotonic() - began < 4

    def test_one_that_prints_without_end_is_ended(self) -> None:
        words = "while True: print('A' * 1000)"
        assert "more than a key file has" in fault_of(command(words))

    def test_its_arguments_are_not_shown(self) -> None:
        assert repr(CommandHolder(("tool", "--token", "hidden"))) == "CommandHolder('tool', ***)"
