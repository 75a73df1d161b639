import pytest

from bench import paper
from bench.__main__ import DOCUMENT, ELSEWHERE, FAMILIES
from bench.paper import NoPlaceError

BEFORE = """# Performance

<!-- bench:tokens -->
old
<!-- /bench -->

Words.

<!-- bench:flows -->
kept
<!-- /bench -->
"""


def test_tables_take_the_place_of_what_was_there() -> None:
    after = paper.placed(BEFORE, "tokens", "\n| a |\n|---|\n")
    place = "<!-- bench:tokens -->\n\n| a |\n|---|\n\n<!-- /bench -->"
    assert after == BEFORE.replace("<!-- bench:tokens -->\nold\n<!-- /bench -->", place)


def test_the_same_tables_change_nothing_the_second_time() -> None:
    once = paper.placed(BEFORE, "tokens", "| a |")
    assert paper.placed(once, "tokens", "| a |") == once


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("words\n", "there is no line <!-- bench:tokens -->"),
        ("<!-- bench:tokens -->\nold\n", "no line <!-- /bench --> follows"),
        (
            "<!-- bench:tokens -->\n<!-- bench:flows -->\n<!-- /bench -->\n",
            "another place begins before",
        ),
    ],
)
def test_a_document_without_a_whole_place_is_refused(document: str, said: str) -> None:
    with pytest.raises(NoPlaceError, match=said):
        paper.placed(document, "tokens", "| a |")


@pytest.mark.parametrize("family", FAMILIES)
def test_the_document_has_a_place_for_each_family(family: str) -> None:
    document = ELSEWHERE.get(family, DOCUMENT)
    assert "| a |" in paper.placed(document.read_text(), family, "| a |")
