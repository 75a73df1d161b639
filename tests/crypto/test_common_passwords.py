"""The list of common passwords that the package brings: whole, searched on disk, held by nobody."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.crypto.common_passwords import ENTRY, FILE, entry, is_common, packed

COUNT = 55_860


@pytest.mark.requirement("R-45")
def test_the_list_is_the_one_that_is_told_of() -> None:
    octets = FILE.read_bytes()
    assert len(octets) == COUNT * ENTRY
    told = FILE.with_suffix(".txt").read_text()
    assert "49,233 words" in told
    assert "19,640 words" in told
    assert "Permission is hereby granted, free of charge" in told
    assert "Django Software Foundation" in told


def test_the_list_is_sorted_and_has_each_once() -> None:
    octets = FILE.read_bytes()
    entries = [octets[at : at + ENTRY] for at in range(0, len(octets), ENTRY)]
    assert entries == sorted(set(entries))


@pytest.mark.requirement("R-45")
@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("password", True),
        ("12345678", True),
        ("qwertyuiop", True),
        ("iloveyou", True),
        ("dragonfly", True),
        ("password1", True),
        ("trustno1", True),
        ("correct horse battery staple", False),
        ("gatepost", False),
        ("Password", False),  # whoever asks folds
        ("", False),
        ("\ud800", False),
        ("x" * 10_000, False),
    ],
)
def test_what_is_on_it(word: str, known: bool) -> None:
    assert is_common(word) is known


@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=40), st.text(max_size=12))
def test_a_list_has_what_was_put_in_folded(
    tmp_path_factory: pytest.TempPathFactory, words: list[str], other: str
) -> None:
    file = tmp_path_factory.mktemp("list") / "words.bin"
    file.write_bytes(packed([*words, "PASSWORD"]))
    assert is_common("password", file)
    kept = file.read_bytes()
    assert is_common(other, file) == (entry(other) in _entries(kept))


def test_the_ends_of_a_list_are_found(tmp_path: Path) -> None:
    words = [f"word{number}" for number in range(1_000)]
    by_digest = sorted(words, key=lambda word: hashlib.sha256(word.encode()).digest())
    file = tmp_path / "words.bin"
    file.write_bytes(packed(words))
    assert is_common(by_digest[0], file)
    assert is_common(by_digest[-1], file)
    assert not is_common("another", file)


def _entries(octets: bytes) -> set[bytes]:
    return {octets[at : at + ENTRY] for at in range(0, len(octets), ENTRY)}
