"""The ledger: what several workers count comes to one, and nothing is lost when one is replaced."""

import multiprocessing
import os
import time
from collections.abc import Callable

import pytest

from gatepost.app import ledger as module
from gatepost.app.ledger import Ledger, Share
from gatepost.model import measures
from gatepost.model.measures import BOUNDS_NS, Series

TOKEN: Series = (measures.TOKENS, "refresh_token", "issued")
READY: Series = (measures.READY,)
ASKED: Series = (measures.REQUESTS, "GET", "/", "200")
TOOK: Series = (measures.SECONDS, "GET", "/")


def in_a_fork(work: Callable[[], None]) -> int:
    """Do it in another process, as a worker does; its exit status."""
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join(30)
    assert process.exitcode is not None
    return process.exitcode


def test_what_workers_count_is_told_together() -> None:
    ledger = Ledger(3)

    def work(number: int) -> None:
        share = ledger.share(number)
        for _ in range(1_000):
            share.add(TOKEN)

    for number in range(3):
        assert in_a_fork(lambda number=number: work(number)) == 0  # type: ignore[misc]
    assert ledger.counted() == {TOKEN: [3_000]}


def test_a_worker_that_takes_the_place_of_another_goes_on_counting() -> None:
    ledger = Ledger(2)

    def first() -> None:
        share = ledger.share(1)
        share.add(TOKEN, 7)
        share.add_at(share.place(ASKED))
        share.observe_at(share.place(TOOK), 3_000_000)
        os._exit(9)

    assert in_a_fork(first) == 9
    share = ledger.share(1)
    share.add(TOKEN)
    share.add_at(share.place(ASKED))
    share.observe_at(share.place(TOOK), 3_000_000)
    counted = ledger.counted()
    assert (counted[TOKEN], counted[ASKED]) == ([8], [2])
    assert counted[TOOK][BOUNDS_NS.index(5_000_000)] == 2


@pytest.mark.parametrize(
    ("nanoseconds", "bucket"),
    [
        (0, 0),
        (200_000, 0),
        (200_001, 1),
        (5_000_000_000, len(BOUNDS_NS) - 1),
        (5_000_000_001, len(BOUNDS_NS)),
        (3_600_000_000_000, len(BOUNDS_NS)),
    ],
)
def test_a_time_falls_into_the_bucket_that_still_holds_it(nanoseconds: int, bucket: int) -> None:
    ledger = Ledger()
    share = ledger.share(0)
    share.observe_at(share.place(TOOK), nanoseconds)
    *buckets, total = ledger.counted()[TOOK]
    assert total == nanoseconds
    assert [number for number, count in enumerate(buckets) if count] == [bucket]


def test_gauges_are_told_of_the_living_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(3)
    for number in range(3):
        share = ledger.share(number)
        share.set(READY, number)
        share.live()
    assert [gauges[READY] for gauges in ledger.gauges()] == [0, 1, 2]
    ledger.bury(1)
    assert [gauges[READY] for gauges in ledger.gauges()] == [0, 2]
    later = time.monotonic_ns() + module.ALIVE_FOR_NS
    monkeypatch.setattr("time.monotonic_ns", lambda: later)
    assert ledger.gauges() == []


def test_what_the_one_before_stood_at_is_not_said_again() -> None:
    ledger = Ledger()
    ledger.share(0).set(READY, 1)
    successor = ledger.share(0)
    successor.live()
    assert ledger.gauges() == [{}]
    successor.set(READY, 0)
    assert ledger.gauges() == [{READY: 0}]
    successor.set(READY, None)
    assert ledger.gauges() == [{}]


def test_what_there_is_no_room_for_spoils_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHARE_BYTES", 1024)
    ledger = Ledger(2)
    shares = [ledger.share(number) for number in range(2)]
    series = [(measures.ERRORS, f"code_{number:02}") for number in range(50)]
    for share in shares:
        for each in series:
            share.add(each)
            share.add(each)
    found = ledger.counted()
    assert 5 < len(found) < 50
    assert found == {key: [4] for key in series[: len(found)]}


def test_a_name_may_be_of_any_length_and_letters() -> None:
    ledger = Ledger()
    share: Share = ledger.share(0)
    names = [(measures.ERRORS, "ü" * length) for length in range(20)]
    for name in names:
        share.add(name)
    assert ledger.counted() == {key: [1] for key in names}
