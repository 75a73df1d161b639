import pytest

from faults.journal import Attempt
from faults.tally import BEYOND, longest_gap, percentile, recoveries, spans, tally


def _at(ended: float, status: int = 200, **more: object) -> Attempt:
    return Attempt(0, "deed", ended - 0.1, ended, status, status == 200, **more)  # type: ignore[arg-type]


def test_each_way_that_a_request_may_go_is_counted_once() -> None:
    met = tally(
        [_at(1), _at(2, 500), _at(3, 503), _at(4, 503, retry_after=True), _at(5, 404), _at(6, 0)]
    )
    assert (met.good, met.server_errors, met.refused, met.broken) == (1, 3, 1, 1)
    assert met.without_retry_after == 1
    assert met.other == 2


def test_a_refusal_that_had_to_come_is_good() -> None:
    met = tally([Attempt(0, "code again", 0, 1, 400, is_good=True)])
    assert (met.good, met.refused) == (1, 0)


def test_a_gap_is_between_successes_only() -> None:
    assert longest_gap([_at(1), _at(2, 500), _at(3.5), _at(4)]) == pytest.approx(2.5)


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [
        pytest.param([_at(11)], 1.0, id="the first success"),
        pytest.param([_at(11), _at(12, 503), _at(13)], 2.0, id="the last failure"),
        pytest.param([_at(11, 503)], BEYOND, id="no success"),
        pytest.param([_at(9, 503), _at(10.5), _at(21, 503)], 0.5, id="others are not of it"),
    ],
)
def test_recovery_ends_when_nothing_fails_any_more(attempts: list[Attempt], seconds: float) -> None:
    assert recoveries(attempts, [(10.0, 20.0)]) == [pytest.approx(seconds)]


def test_a_span_ends_where_the_next_fault_begins() -> None:
    assert spans([1.0, 5.0]) == [(1.0, 5.0), (5.0, BEYOND)]
    assert spans([2.0, 6.0], [1.0, 4.0]) == [(2.0, 4.0), (6.0, BEYOND)]


def test_percentiles_are_values_that_were_seen() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.99) == 3.0
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([], 0.99) == 0.0
