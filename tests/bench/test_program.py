import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench import __main__ as program
from bench.size import Size

PLACE = "# Performance\n\n<!-- bench:tea -->\nold\n<!-- /bench -->\n"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for results with a document, and a family that tells how it was asked."""

    def measure(size: Size) -> dict[str, Any]:
        return {"cups": size.name}

    family = SimpleNamespace(measure=measure, tables=lambda results: f"| {results['cups']} |")
    monkeypatch.setitem(sys.modules, "tea", family)
    monkeypatch.setattr(program, "FAMILIES", {"tea": "tea"})
    monkeypatch.setattr(program, "RESULTS", tmp_path)
    monkeypatch.setattr(program, "DOCUMENT", tmp_path / "performance.md")
    program.DOCUMENT.write_text(PLACE)
    return tmp_path


def ask(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", *words])
    program.main()


def test_a_whole_run_is_kept_and_told_in_the_document(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(monkeypatch)
    told = json.loads((kept / "tea.json").read_text())
    assert told["cups"] == "WHOLE"
    assert {"cores", "python", "load_before", "load_after"} <= set(told["machine"])
    document = program.DOCUMENT.read_text()
    assert "| WHOLE |\n\n<!-- /bench -->\n" in document
    assert "old" not in document


def test_a_quick_look_is_shown_and_not_kept(
    kept: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(monkeypatch, "tea", "--quick")
    assert "| QUICK |" in capsys.readouterr().out
    assert [path.name for path in kept.iterdir()] == ["performance.md"]
    assert program.DOCUMENT.read_text() == PLACE


def test_without_a_place_in_the_document_the_figures_are_kept_and_it_is_said(
    kept: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program.DOCUMENT.write_text("# Performance\n")
    ask(monkeypatch, "tea")
    assert (kept / "tea.json").exists()
    assert program.DOCUMENT.read_text() == "# Performance\n"
    assert "there is no line <!-- bench:tea -->" in capsys.readouterr().out


def test_a_family_that_is_not_there_is_refused_before_anything_is_measured(
    kept: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        ask(monkeypatch, "tea", "coffee")
    assert "no such family: coffee" in capsys.readouterr().err
    assert not (kept / "tea.json").exists()
