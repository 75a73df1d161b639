"""The text of metrics, read back by the parser of Prometheus' own client."""

from prometheus_client.parser import text_string_to_metric_families

from gatepost.model import measures
from gatepost.model.measures import BOUNDS_NS, MEASURES, Kind, Measure
from gatepost.protocol.exposition import Told, text

BUCKETS = len(BOUNDS_NS) + 1


def read(written: str) -> dict[str, dict[tuple[str, ...], float]]:
    """The samples by name, each by the values of its labels."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(written):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


def test_a_counter_and_a_gauge_are_told_with_their_labels() -> None:
    written = text(
        [
            (MEASURES[measures.ERRORS], [Told((measures.ERRORS, "role_missing"), [3])]),
            (MEASURES[measures.READY], [Told((measures.READY,), [1.0])]),
            (MEASURES[measures.SWEEP_AGE], [Told((measures.SWEEP_AGE,), [0.25])]),
        ]
    )
    assert read(written) == {
        measures.ERRORS: {("role_missing",): 3},
        measures.READY: {(): 1},
        measures.SWEEP_AGE: {(): 0.25},
    }
    kinds = {family.name: family.type for family in text_string_to_metric_families(written)}
    assert kinds[measures.SWEEP_AGE] == "gauge"
    assert "gatepost_ready 1\n" in written


def test_the_buckets_of_a_histogram_hold_those_below_them() -> None:
    counts = [0] * BUCKETS
    counts[0], counts[3], counts[-1] = 5, 2, 1
    series = (measures.SECONDS, "POST", "/token")
    written = text([(MEASURES[measures.SECONDS], [Told(series, [*counts, 2_500_000_000])])])
    found = read(written)
    name = measures.SECONDS
    assert found[f"{name}_sum"] == {("POST", "/token"): 2.5}
    assert found[f"{name}_count"] == {("POST", "/token"): 8}
    buckets = {labels[2]: number for labels, number in found[f"{name}_bucket"].items()}
    assert (buckets["0.0002"], buckets["0.002"], buckets["5"]) == (5, 7, 7)
    assert buckets["+Inf"] == 8
    assert len(buckets) == BUCKETS


def test_a_value_cannot_leave_its_quotes() -> None:
    value = 'a"} 1\n\\forged{x="'
    written = text([(MEASURES[measures.ERRORS], [Told((measures.ERRORS, value), [1])])])
    assert read(written) == {measures.ERRORS: {(value,): 1}}


def test_a_family_without_series_is_described_all_the_same() -> None:
    row = Measure("gatepost_some_total", Kind.COUNTER, "Some.")
    assert text([(row, [])]) == (
        "# HELP gatepost_some_total Some.\n# TYPE gatepost_some_total counter\n"
    )


def test_every_measure_has_a_name_that_says_what_it_is() -> None:
    for name, row in MEASURES.items():
        assert name.startswith("gatepost_")
        assert (row.kind is Kind.COUNTER) == name.endswith("_total"), name
        assert row.help.endswith("."), name
        assert name.endswith("_seconds") or row.kind not in {Kind.AGE, Kind.HISTOGRAM}, name
