from collections.abc import Callable

import pytest

from faults import fuzz
from faults.parsers import PARSERS, Parser
from faults.words import TEXT
from gatepost.model.errors import Code, Refused

EXAMPLES, SEED = 25, 5


@pytest.mark.requirement("R-72", "L-19")
@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_takes_whatever_strangers_send(name: str) -> None:
    found = fuzz.fed(name, EXAMPLES, SEED)
    assert found.raised == ""
    assert found.examples >= EXAMPLES


def test_a_parser_that_raises_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(text: str) -> int:
        return len(text) // (len(text) - 3)

    monkeypatch.setitem(PARSERS, "divider", Parser(read, TEXT))
    found = fuzz.fed("divider", 1_000, SEED)
    assert found.raised.startswith("divider: ZeroDivisionError")


def test_a_refusal_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse: Callable[[str], object] = _refuse
    monkeypatch.setitem(PARSERS, "refuser", Parser(refuse, TEXT))
    assert fuzz.fed("refuser", EXAMPLES, SEED).raised == ""


def _refuse(_text: str) -> object:
    raise Refused(Code.MALFORMED_BODY, "No.", "Send another.")
