import importlib

import pytest

from bench import shown
from bench.__main__ import FAMILIES

ROW = {"per_second": 1234.4, "p50_ms": 1.234, "p99_ms": 9.876, "errors": 2, "pss_mb": 84.4}


def test_a_side_is_a_row() -> None:
    assert list(shown.sides({"ours": ROW}))[2:] == ["| ours | 1,234 | 1.23 | 9.88 | 2 | 84 |"]


def test_memory_that_is_not_known_is_left_empty() -> None:
    rows = list(shown.sides({"bare": ROW | {"pss_mb": None}}))
    assert rows[2] == "| bare | 1,234 | 1.23 | 9.88 | 2 |  |"


def test_a_ratio_is_a_row_with_its_spread() -> None:
    told = [{"of": "ours", "to": "bare", "median": 0.821, "lowest": 0.8, "highest": 0.85}]
    assert list(shown.ratios(told, "memory")) == [
        "| memory | to | ratio | lowest to highest |",
        "|---|---|---|---|",
        "| ours | bare | 0.82 | 0.80 to 0.85 |",
    ]


def test_parts_stand_apart_under_their_heading() -> None:
    parts = (iter(["| a |"]), iter(["| b |"]))
    assert list(shown.titled("Title", *parts)) == ["", "### Title", "", "| a |", "", "| b |"]


@pytest.mark.parametrize("module", FAMILIES.values())
def test_each_family_can_be_measured_and_shown(module: str) -> None:
    family = importlib.import_module(module)
    assert callable(family.measure)
    assert callable(family.tables)
