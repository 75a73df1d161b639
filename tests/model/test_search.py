"""What a search meets, and that its entries in order say the same."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gatepost.model.search import (
    Search,
    entries_of,
    id_entry,
    meets,
    past,
    search_for,
    spelled,
    words_of,
)

ID = "0f3b9c1e-77aa-4d21-9c33-5e0d8f6b2a41"
TEXTS = st.text(
    "aAb1 -_.%\u00df\u0130\uff21\u0301\u200b\ud7ff\ue000\U0001f600\U0010ffff", max_size=9
)
ANY_TEXTS = st.text(max_size=300)
IDS = st.from_regex(r"[AaBb1._~-]{1,6}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        ("  \u200b ", ()),
        ("Boiler 01", ("boiler", "01")),
        ("Press-Line_4.b", ("press", "line", "4", "b")),
        ("to TO \uff34\uff2f", ("to",)),
        ("Stra\u00dfe", ("strasse",)),
        ("Mu\u0308ller's", ("m\u00fcller", "s")),
        ("\u0939\u093f\u0928\u094d\u0926\u0940", ("\u0939\u093f\u0928\u094d\u0926\u0940",)),
        ("\u5de5\u5834 2", ("\u5de5\u5834", "2")),
        ("100% sure", ("100", "sure")),
        ("%", ("%",)),
        ("* ** *", ("*", "**")),
        ("\U0001f680 rocket", ("rocket",)),
        ("\U0001f680", ("\U0001f680",)),
        ("\U0010ffff", ()),
        ("x" * 199 + " yz", ("x" * 199,)),
        ("x" * 300, ("x" * 200,)),
    ],
)
def test_a_text_falls_apart_at_its_signs(text: str, words: tuple[str, ...]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", Search((), "")),
        ("  ", Search((), "")),
        ("Boiler", Search(("boiler",), "boiler")),
        ("boil b boiler", Search(("boiler",), "")),
        ("0F3B9C1E-77", Search(("0f3b9c1e", "77"), "0f3b9c1e-77")),
        (" - ", Search(("-",), "-")),
        ("a b c d e f g h i j", Search(tuple("abcdefgh"), "")),
    ],
)
def test_a_search_is_words_and_a_beginning(text: str, wanted: Search) -> None:
    assert search_for(text) == wanted


@pytest.mark.parametrize(
    ("search", "met"),
    [
        ("", True),
        (" ", True),
        ("boiler 01", True),
        ("01 boil", True),
        ("BOIL", True),
        ("b 0", True),
        ("boiler, 01.", True),
        ("er 01", False),
        ("boiler 02", False),
        ("boilers", False),
        ("oiler", False),
        ("%", False),
        (ID, True),
        (ID[:10].upper(), True),
        (ID[9:], False),
        (f"boiler {ID}", False),
        ("0", True),
        ("boiler 0f", False),
    ],
)
def test_words_meet_beginnings_of_words_and_an_id_its_beginning(search: str, met: bool) -> None:
    assert meets(search_for(search), "Boiler-01 (north)", ID) is met


def test_a_name_of_signs_is_found_by_them() -> None:
    assert meets(search_for("%"), "%% *", ID)
    assert not meets(search_for("%"), "%% a", ID)


@settings(deadline=None, max_examples=200)
@given(ANY_TEXTS)
def test_a_name_meets_itself_and_words_are_bounded(name: str) -> None:
    words = words_of(name)
    assert meets(search_for(name), name, ID)
    assert len(set(words)) == len(words) <= 200
    assert all(0 < len(word) <= 200 and " " not in word for word in words)
    assert len(search_for(name).words) <= 8


@settings(deadline=None, max_examples=400)
@given(TEXTS, TEXTS, IDS)
@example("a1", "a1\U0001f600 b", "1")
def test_entries_in_order_say_the_same(text: str, name: str, id_: str) -> None:
    search, entries = search_for(text), entries_of(name, id_)
    assert len(set(entries)) == len(entries)

    def begun(start: str) -> bool:
        return any(start <= entry < past(start) for entry in entries)

    of_words = all(begun(word) for word in search.words)
    of_id = bool(search.id_start) and begun(id_entry(search.id_start))
    assert meets(search, name, id_) is (of_words or of_id)
    in_text = all(f" {word}" in spelled(words_of(name)) for word in search.words)
    assert of_words is in_text
