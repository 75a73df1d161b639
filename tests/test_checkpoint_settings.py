"""Settings of checkpoints and of how long events are kept: what they take, what nobody is shown."""

from pathlib import Path

import pytest

from gatepost.settings import Settings, SettingsFault, read_settings


def read(**environ: str) -> Settings:
    return read_settings({f"GATEPOST_{name.upper()}": text for name, text in environ.items()}, None)


def fault_of(**environ: str) -> str:
    with pytest.raises(SettingsFault) as caught:
        read(**environ)
    return str(caught.value)


def test_nothing_is_attested_and_all_is_kept_unless_somebody_says_so() -> None:
    settings = read()
    assert (settings.checkpoints, settings.journal_days) == (None, 0)
    assert (settings.checkpoints_every, settings.checkpoints_header_file) == (3_600, None)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("kept.jsonl", Path("kept.jsonl")),
        ("/var/lib/kept.jsonl", Path("/var/lib/kept.jsonl")),
        ("https://log.example.com/a/b", "https://log.example.com/a/b"),
        ("https://log.example.com:8443", "https://log.example.com:8443"),
    ],
)
def test_checkpoints_go_to_a_file_or_an_address(text: str, place: object) -> None:
    assert read(checkpoints=text).checkpoints == place


@pytest.mark.requirement("R-76")
@pytest.mark.parametrize(
    "text",
    [
        "http://log.example.com/hush",
        "ftp://log.example.com/hush",
        "https://user:hush@log.example.com/",
        "https://log.example.com/?key=hush",
        "https://log.example.com/#hush",
        "https://log.example.com:0/?hush",
        "https:///hush",
        "https://",
    ],
)
def test_an_address_is_https_and_holds_nothing_secret(text: str) -> None:
    said = fault_of(checkpoints=text)
    assert said.startswith("GATEPOST_CHECKPOINTS is ")
    assert "https" in said
    assert "hush" not in said


@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_name_is_no_file(text: str) -> None:
    assert "is empty" in fault_of(checkpoints=text)


@pytest.mark.parametrize(("text", "days"), [("0", 0), ("30", 30), ("365", 365), ("36500", 36_500)])
def test_events_are_kept_for_ever_or_for_some_days(text: str, days: int) -> None:
    assert read(journal_days=text).journal_days == days


@pytest.mark.parametrize("text", ["", "1", "29", "36501", "-30", "30d", "1e3", "٣٠"])
def test_too_few_days_are_refused(text: str) -> None:
    assert "neither 0 nor a number of days from 30 to 36500" in fault_of(journal_days=text)


def test_checkpoints_are_made_as_often_as_is_said() -> None:
    assert read(checkpoints_every="5m").checkpoints_every == 300
    assert "from one minute to a year" in fault_of(checkpoints_every="59")


@pytest.mark.parametrize("place", [{}, {"checkpoints": "kept.jsonl"}])
def test_headers_are_for_an_address(place: dict[str, str]) -> None:
    assert "is no address" in fault_of(checkpoints_header_file="headers.txt", **place)
    address = read(checkpoints="https://a.example/", checkpoints_header_file="headers.txt")
    assert address.checkpoints_header_file == Path("headers.txt")
