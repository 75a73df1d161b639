"""The settings of keys: who holds the master key, and the days of the schedule."""

from pathlib import Path

import pytest

from gatepost.model.setting_values import Command, Hidden
from gatepost.settings import Settings, SettingsFault, read_settings

KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
POSTGRES = {"GATEPOST_DATABASE_URL": "postgresql://gate@db.example:5432/gatepost"}


def read(**environ: str) -> Settings:
    return read_settings({f"GATEPOST_{name.upper()}": text for name, text in environ.items()}, None)


def fault_of(**environ: str) -> str:
    with pytest.raises(SettingsFault) as caught:
        read(**environ)
    (line,) = caught.value.lines
    assert KEY not in line
    assert "hidden" not in line
    return line


@pytest.mark.requirement("D-03")
def test_the_days_have_the_promised_defaults() -> None:
    known = Settings()
    days = (known.key_announce_days, known.key_active_days, known.key_retain_days)
    assert days == (14, 90, 14)


def test_the_days_are_read() -> None:
    known = read(key_announce_days="0", key_active_days="365", key_retain_days="7")
    days = (known.key_announce_days, known.key_active_days, known.key_retain_days)
    assert days == (0, 365, 7)
    assert read(key_active_days="0").key_active_days == 0


@pytest.mark.parametrize("text", ["-1", "366", "1.5", "", "14d"])
@pytest.mark.parametrize("name", ["key_announce_days", "key_active_days", "key_retain_days"])
def test_other_days_are_refused(name: str, text: str) -> None:
    assert "from 0 to 365" in fault_of(**{name: text})


@pytest.mark.parametrize(("announce", "active"), [("14", "14"), ("14", "1"), ("90", "30")])
def test_a_key_signs_longer_than_the_next_is_announced(announce: str, active: str) -> None:
    line = fault_of(key_announce_days=announce, key_active_days=active)
    assert f"GATEPOST_KEY_ACTIVE_DAYS is {active}" in line
    assert "write 0" in line


@pytest.mark.requirement("D-24")
def test_a_key_in_the_environment_is_shown_nowhere() -> None:
    known = read(master_key=KEY)
    assert known.master_key == Hidden(KEY)
    assert known.master_key != Hidden("another")
    assert hash(known.master_key) == hash(Hidden(KEY))
    assert known.key_file() is None
    assert KEY not in f"{known} {known!r} {known.master_key} {known.__rich_repr__()}"
    assert "master_key=***" in repr(known)


@pytest.mark.requirement("D-24")
def test_of_a_command_only_the_program_is_shown() -> None:
    known = read(master_key_command="/usr/bin/tool --token 'hidden words' -v")
    assert known.master_key_command == Command(("/usr/bin/tool", "--token", "hidden words", "-v"))
    assert known.key_file() is None
    assert "hidden" not in repr(known)
    assert "/usr/bin/tool" in repr(known)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("master_key", " ", "is empty"),
        ("master_key", f"{KEY}\x07", "control character"),
        ("master_key_command", "", "is no command"),
        ("master_key_command", "tool 'hidden", "is no command"),
    ],
)
def test_a_bad_holder_is_not_shown(name: str, text: str, words: str) -> None:
    line = fault_of(**{name: text})
    assert words in line
    assert f"GATEPOST_{name.upper()} is" in line


@pytest.mark.parametrize(
    "held",
    [
        {"master_key_file": "x", "master_key": KEY},
        {"master_key_file": "x", "master_key_command": "hidden"},
        {"master_key": KEY, "master_key_command": "hidden"},
        {"master_key": KEY, "master_key_command": "hidden", "master_key_file": "x"},
    ],
)
def test_one_holds_the_key(held: dict[str, str]) -> None:
    line = fault_of(**held)
    assert all(f"GATEPOST_{name.upper()}" in line for name in held)
    assert line.endswith("Keep one of them.")


@pytest.mark.parametrize(
    "held", [{"MASTER_KEY_FILE": "x"}, {"MASTER_KEY": KEY}, {"MASTER_KEY_COMMAND": "tool"}]
)
def test_a_postgresql_store_needs_one_of_them(held: dict[str, str]) -> None:
    named = {f"GATEPOST_{name}": value for name, value in held.items()}
    known = read_settings({**POSTGRES, **named}, None)
    assert (known.key_file() is None) is ("MASTER_KEY_FILE" not in held)
    with pytest.raises(SettingsFault, match="MASTER_KEY_FILE is not set"):
        read_settings(POSTGRES, None)


def test_a_file_of_settings_may_name_them_too(tmp_path: Path) -> None:
    config = tmp_path / "gatepost.toml"
    config.write_text('key_active_days = 30\nmaster_key_command = "tool -v"\n')
    known = read_settings({}, config)
    assert known.key_active_days == 30
    assert known.master_key_command == Command(("tool", "-v"))
