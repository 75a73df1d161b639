"""What the gauges of several workers come to, and the page that is made of them."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gatepost.app.counting import Counting
from gatepost.app.ledger import Ledger, Share
from gatepost.app.metrics import joined, page
from gatepost.model import measures
from gatepost.model.events import Origin
from gatepost.model.measures import MEASURES, Series
from gatepost.web.front import Answered

CONNECTIONS: Series = (measures.CONNECTIONS, "used")
READY: Series = (measures.READY,)
KEY_AGE: Series = (measures.KEY_AGE,)
STORE_AGE: Series = (measures.STORE_AGE,)
SWEEP_AGE: Series = (measures.SWEEP_AGE,)


@pytest.mark.parametrize(
    ("series", "said", "told"),
    [
        (CONNECTIONS, [2, 3], 5),
        (READY, [1, 1], 1),
        (READY, [1, 0], 0),
        (KEY_AGE, [60, 61], 61),
        (STORE_AGE, [99.5, 98.0], 2),
        (SWEEP_AGE, [40, 70], 30),
    ],
)
def test_gauges_are_joined_as_their_row_says(
    series: Series, said: list[float], told: float
) -> None:
    assert joined([{series: value} for value in said], now=100.0) == {series: told}


def answered(**changes: object) -> Answered:
    """An answer, as the front notes it."""
    values = {
        "method": "POST",
        "path": "/identity/connect/token",
        "status": 200,
        "origin": Origin("0af7", "192.0.2.7"),
        "route": "/identity/connect/token",
        "nanoseconds": 300_000,
        "counted": (measures.TOKENS, "client_credentials", "issued"),
    }
    return Answered(**{**values, **changes})  # type: ignore[arg-type]


def samples(text: str) -> dict[tuple[str, ...], float]:
    """All samples of a page: the name and the values of its labels, and the number."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def counting(ledger: Ledger, worker: int = 0) -> Counting:
    """A worker that counts, and has no gauges."""
    made = Counting(ledger.share(worker), lambda: ())
    made.start()
    return made


def test_answers_are_counted_by_route_status_and_what_they_were() -> None:
    ledger = Ledger(2)
    for worker in range(2):
        counts = counting(ledger, worker)
        counts.take([answered()] * 3)
        counts.take([answered(status=401, counted=(measures.TOKENS, "other", "invalid_client"))])
        counts.take([answered(route="/health/live", method="GET", counted=None)])
    told = samples(page(ledger))
    route = "/identity/connect/token"
    assert told[measures.REQUESTS, "POST", route, "200"] == 6
    assert told[measures.REQUESTS, "POST", route, "401"] == 2
    assert told[measures.REQUESTS, "GET", "/health/live", "200"] == 2
    assert told[f"{measures.SECONDS}_count", "POST", route] == 8
    assert told[f"{measures.SECONDS}_bucket", "POST", route, "0.0002"] == 0
    assert told[f"{measures.SECONDS}_bucket", "POST", route, "0.0005"] == 8
    assert told[measures.TOKENS, "client_credentials", "issued"] == 6
    assert told[measures.TOKENS, "other", "invalid_client"] == 2
    assert told[measures.WORKERS,] == 2
    assert told[measures.WORKER_STARTS,] == 2


def test_a_method_that_nobody_knows_is_another() -> None:
    ledger = Ledger()
    counts = counting(ledger)
    counts.take([answered(method=f"M{number}", counted=None) for number in range(500)])
    told = samples(page(ledger))
    assert told[measures.REQUESTS, "other", "/identity/connect/token", "200"] == 500
    assert len([name for name in told if name[0] == measures.REQUESTS]) == 1


def test_how_late_a_worker_came_to_its_turns_is_counted() -> None:
    ledger = Ledger()
    counts = counting(ledger)
    for nanoseconds in (0, 150_000, 30_000_000):
        counts.note_lag(nanoseconds)
    counts.take(())
    told = samples(page(ledger))
    assert told[f"{measures.LAG}_count",] == 3
    assert told[f"{measures.LAG}_bucket", "0.0002"] == 2
    assert told[f"{measures.LAG}_bucket", "0.05"] == 3
    assert told[f"{measures.LAG}_sum",] == 0.03015


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("wrong_secret", "wrong_secret"),
        ("", "other"),
        ("Kim", "other"),
        ("kim@example.com", "other"),
        ("3f2504e0-4f89-41d3-9a0c-0305e82c3301", "other"),
        ("https://app.example.com", "other"),
        ("two words", "other"),
        ("x" * 60, "other"),
    ],
)
def test_only_what_looks_like_a_code_is_a_reason(reason: str, told: str) -> None:
    series = (measures.REFUSALS, "token.refused", told)
    assert measures.refusal("token.refused", reason) == series


def test_what_is_noted_by_any_thread_is_counted_at_the_next_turn() -> None:
    ledger = Ledger()
    counts = counting(ledger)
    counts.note(measures.refusal("token.refused", "wrong_secret"))
    assert (measures.REFUSALS, "token.refused", "wrong_secret") not in samples(page(ledger))
    counts.take((), 4)
    told = samples(page(ledger))
    assert told[measures.REFUSALS, "token.refused", "wrong_secret"] == 1
    assert told[measures.LINES_LOST,] == 4


def test_a_gauge_that_fails_costs_no_other(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_share: Share) -> None:
        raise RuntimeError("away")

    def whole(share: Share) -> None:
        share.set(READY, 1)

    ledger = Ledger()
    made = Counting(ledger.share(0), lambda: (broken, whole))
    made.start()
    assert samples(page(ledger))[measures.READY,] == 1
    assert "a gauge could not be read" in caplog.text


def test_before_anybody_counts_every_measure_is_described() -> None:
    told = page(Ledger(4))
    assert samples(told) == {(measures.WORKERS,): 0, (measures.WORKERS_WANTED,): 4}
    for name, row in MEASURES.items():
        assert f"# HELP {name} {row.help}\n" in told
