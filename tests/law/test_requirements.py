"""Each rule of docs/requirements.toml has code and a test marked with it; the page says so."""

import re
from pathlib import Path

import pytest

from faults.__main__ import FAULTS
from tests.faults.test_short import PLAYED
from tools.requirements import CODE, PAGE, Mark, Rule, marks, page, rules

NUMBERS, FAULT_NUMBERS = range(1, 85), range(1, 20)
RULES, MARKS = rules(), marks()
KNOWN = re.compile(r"D-\d\d\Z")


def test_every_number_has_its_rule() -> None:
    wanted = [f"R-{number:02}" for number in NUMBERS]
    assert [rule.name for rule in RULES if not rule.trial] == wanted


def test_every_fault_has_its_trial() -> None:
    played = {rule.name: f"faults.{rule.trial.removesuffix('.py')}" for rule in RULES if rule.trial}
    assert played == FAULTS
    assert list(played) == [f"L-{number:02}" for number in FAULT_NUMBERS]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_has_code_and_a_test(rule: Rule) -> None:
    assert rule.says
    assert rule.code
    assert [name for name in rule.code if not (CODE / name).is_file()] == []
    assert rule.trial or [mark.test for mark in MARKS if mark.rule == rule.name] != []


def test_a_fault_that_is_played_in_short_is_marked() -> None:
    marked = {mark.rule for mark in MARKS if mark.file == "faults/test_short.py"}
    assert marked == {fault for fault, _ in PLAYED}


def test_a_mark_names_a_rule_that_is_there() -> None:
    names = {rule.name for rule in RULES}
    strange = {m for m in MARKS if not KNOWN.match(m.rule) and m.rule not in names}
    assert strange == set()


def test_the_page_is_what_the_program_writes() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(RULES, MARKS)


def test_marks_are_found_wherever_they_stand(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(
        "pytestmark = [pytest.mark.requirement('R-01')]\n"
        "@pytest.mark.parametrize('a', [pytest.param(1, marks=pytest.mark.requirement('R-02'))])\n"
        "def test_a(a): ...\n"
        "@pytest.mark.requirement('R-03')\n"
        "class TestB:\n"
        "    @pytest.mark.requirement('R-04', 'R-05')\n"
        "    def test_b(self): ...\n"
        "def not_a_test(): ...\n"
    )
    assert marks(tmp_path) == (
        Mark("R-01", "test_one.py", "test_a"),
        Mark("R-02", "test_one.py", "test_a"),
        Mark("R-01", "test_one.py", "test_b"),
        Mark("R-03", "test_one.py", "test_b"),
        Mark("R-04", "test_one.py", "test_b"),
        Mark("R-05", "test_one.py", "test_b"),
    )


def test_a_rule_without_a_test_leaves_an_empty_cell() -> None:
    lonely = Rule("R-99", "a | b", "B 1", ("system.py",), "not yet")
    row, short = (line for line in page([lonely], []).splitlines() if "R-99" in line)
    assert row.endswith("| [system.py](../src/gatepost/system.py) |  |")
    assert "a \\| b (see below)" in row
    assert short == "- **R-99** not yet"
