from collections.abc import Sequence
from pathlib import Path

import pytest

from faults import here, paper, records
from faults.__main__ import DOCUMENT, FAULTS, one
from faults.here import NotHere
from faults.outcome import Bar, Outcome, Row, at_least, at_most, holds, none_of, skipped
from faults.records import Record
from faults.size import Size, Stage
from faults.tally import BEYOND

ROW = Row(1_234, 0, 1, 2, 3, 4.5, BEYOND)
MET = Outcome("L-01", "sqlite", "two kills", ROW, (at_most("a start", 1.5, 3.0, " s"),), 12.4)


class _Trial:
    """A trial that ends as it is told."""

    def __init__(self, end: Outcome | Exception) -> None:
        self.TITLE = "a trial"
        self.STORES: Sequence[str] = ("sqlite",)
        self._end = end

    def run(self, _stage: Stage) -> Outcome:
        if isinstance(self._end, Outcome):
            return self._end
        raise self._end


def _record(outcome: Outcome) -> Record:
    return Record(outcome, "whole", 7, "2031-05-31", "2 cores", (0.5, 1.25))


def _stage(folder: Path) -> Stage:
    return Stage(folder, "sqlite", Size.SHORT, 1)


@pytest.mark.parametrize(
    ("bar", "is_met"),
    [
        (at_most("it", 2.0, 2.0), True),
        (at_most("it", 2.1, 2.0), False),
        (at_most("it", BEYOND, 2.0), False),
        (at_most("it", float("nan"), 2.0), False),
        (at_least("it", 0.8, 0.8), True),
        (at_least("it", 0.7, 0.8), False),
        (none_of("it", 0), True),
        (none_of("it", 1), False),
        (holds("it"), True),
        (holds("it", said="not so"), False),
    ],
)
def test_a_bar_is_met_or_not(bar: Bar, is_met: bool) -> None:
    assert bar.is_met is is_met


def test_the_table_tells_every_figure() -> None:
    text = paper.told([_record(MET)])
    assert "| L-01 | sqlite | 1,234 | 0 | 1 | 2 | 3 | 4.50 | never | kept | whole | 12 |" in text
    assert "On 2031-05-31, whole, seed 7; load average 0.5 before and 1.2 after." in text
    assert "- a start at most 3.00 s: 1.50 s" in text
    assert text.startswith("- 2 cores\n")


def test_a_bar_that_was_missed_stands_out() -> None:
    missed = MET._replace(bars=(*MET.bars, none_of("losses", 3)))
    text = paper.told([_record(missed)])
    assert "**1 of 2 MISSED**" in text
    assert "losses: none: 3 (**MISSED**)" in text
    assert not missed.is_met


def test_a_fault_that_could_not_be_played_has_no_numbers(tmp_path: Path) -> None:
    outcome = one("L-01", _Trial(NotHere("no such disk")), _stage(tmp_path))
    assert outcome.skipped == "no such disk"
    assert (
        "| L-01 | sqlite |  |  |  |  |  |  |  | not run: no such disk | whole | 0 |"
        in paper.told([_record(outcome)])
    )


def test_a_trial_that_breaks_off_keeps_no_promise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = one("L-01", _Trial(ValueError("unheard of")), _stage(tmp_path))
    assert not outcome.is_met
    assert outcome.skipped is None
    assert "unheard of" in outcome.bars[0].found
    assert "unheard of" in capsys.readouterr().err


def test_a_record_is_read_as_it_was_kept(tmp_path: Path) -> None:
    some = [_record(MET), _record(skipped("L-07", "sqlite", "no disk"))]
    for each in reversed(some):
        records.keep(each, tmp_path)
    assert list(records.kept(tmp_path)) == some


def test_a_record_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    records.keep(_record(skipped("L-01", "sqlite", "no disk")), tmp_path)
    records.keep(_record(MET), tmp_path)
    assert list(records.kept(tmp_path)) == [_record(MET)]


def test_the_document_has_the_kept_records() -> None:
    document, found = DOCUMENT.read_text(), tuple(records.kept())
    assert {record.outcome.fault for record in found} <= set(FAULTS)
    assert paper.told(found).strip() in document


def test_what_a_machine_lacks_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NotHere, match="wrk is not here"):
        here.need_wrk()
    with pytest.raises(NotHere, match="needs 10,000,000,000 open files"):
        here.need_files(10_000_000_000)
