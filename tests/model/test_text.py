"""Which characters may stand in a text, when two names are alike, and how a value is shown."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.model.text import MAX_FOLDED, fold, folded_fault, quoted, refused_character

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)


@pytest.mark.requirement("R-69")
@pytest.mark.parametrize(
    "character",
    [
        *"\0\x01\t\n\r\x1b\x7f\x80\x85\x9f",
        *"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
        *"\u2028\u2029",
        "\ud800",
    ],
)
def test_refused_characters_are_named(character: str) -> None:
    named = f"U+{ord(character):04X}"
    assert refused_character(character) == named
    assert refused_character(f"before {character}") == named


@pytest.mark.requirement("R-71")
@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("", 0),
        ("a" * MAX_FOLDED, None),
        ("a" * (MAX_FOLDED + 1), MAX_FOLDED + 1),
        ("\U00020000" * 200, None),  # four octets each
        ("\U00020000" * 201, 804),
        ("\ufdfa" * 24, None),  # one sign that stands for eighteen
        ("\ufdfa" * 25, 825),
        ("\u200d" * 2_000, None),  # not seen, and not compared
    ],
)
def test_a_name_must_fit_where_names_are_compared(text: str, octets: int | None) -> None:
    fault = folded_fault(text)
    assert (fault is None) is (octets in (None, 0))
    assert not octets or (fault or "").startswith(f"has {octets} octets")


@pytest.mark.parametrize(
    "text", ["", "Kim", "B\u00fccher & S\u00f8nner", "\u5de5\u5834", "a\u0301", "\U0001f600"]
)
def test_ordinary_texts_may_stand(text: str) -> None:
    assert refused_character(text) is None


@pytest.mark.requirement("R-69")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Shift lead", "shift LEAD"),
        ("Stra\u00dfe", "STRASSE"),
        ("\uff2b\uff49\uff4d", "kim"),
        ("caf\u00e9", "cafe\u0301"),
        ("\ufb01ne", "fine"),
        ("  two   words ", "two words"),
        ("two\u00a0words", "two words"),
        ("\u212bngstr\u00f6m", "\u00e5ngstr\u00f6m"),
    ],
)
def test_alike_names_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("kim", "kin"), ("a b", "ab"), ("i", "\u0131")])
def test_other_names_stay_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@settings(deadline=None, max_examples=200)
@given(ANY_TEXT)
def test_any_text_is_judged_and_folded(text: str) -> None:
    bad = [c for c in text if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}]
    assert refused_character(text) is not None or not bad
    assert fold(text).strip() == fold(text)


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=20))
def test_case_and_blanks_around_never_matter(text: str) -> None:
    assert fold(f"  {text} ") == fold(text)
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))


@pytest.mark.requirement("R-59", "R-77")
@settings(deadline=None, max_examples=200)
@given(ANY_TEXT | st.integers() | st.lists(ANY_TEXT, max_size=3) | st.binary(max_size=9))
def test_a_quoted_value_is_short_and_on_one_line(value: object) -> None:
    shown = quoted(value, 20)
    assert shown[0] == shown[-1] == '"'
    assert refused_character(shown) is None
    assert len(shown) <= 2 + 20 * 6
    shown.encode()


def test_a_long_value_is_cut() -> None:
    assert quoted("x" * 100, 10) == '"xxxxxxxxx\u2026"'
    assert quoted("a\nb") == '"a\\u000ab"'


@pytest.mark.requirement("R-69")
@pytest.mark.parametrize("invisible", ["\u200b", "\u00ad", "\u2060", "\ufeff"])
def test_what_cannot_be_seen_does_not_tell_names_apart(invisible: str) -> None:
    assert fold(f"Tenant{invisible} Administrator{invisible}") == fold("Tenant Administrator")
