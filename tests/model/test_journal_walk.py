"""The way through a journal: each step, where it may begin, and what checkpoints say."""

from datetime import UTC, datetime, timedelta

import pytest

from gatepost.model.events import Head
from gatepost.model.journal_walk import START, Attested, Link, Verdict, Walk

pytestmark = pytest.mark.requirement("R-78", "D-14")

NOW = datetime(2031, 5, 31, 14, 57, 8, tzinfo=UTC)


def hash_of(seq: int) -> bytes:
    """What the link of this number bears in the journal that was not touched."""
    return START.hash if seq == 0 else bytes([seq]) * 32


def link(seq: int, **changes: object) -> Link:
    whole = Link(seq, hash_of(seq - 1), hash_of(seq), hash_of(seq))
    return whole._replace(**changes)  # type: ignore[arg-type]


def head(seq: int) -> Head:
    return Head(seq, hash_of(seq))


def attested(seq: int, hash_: bytes | None = None, days: int = 0) -> Attested:
    return Attested(Head(seq, hash_ or hash_of(seq)), NOW + timedelta(days=days))


def walked(walk: Walk, *links: Link) -> Verdict:
    for each in links:
        walk.follow(each)
    return walk.verdict("mill", walk.shortness())


def test_a_whole_journal_has_no_fault() -> None:
    assert walked(Walk(), *map(link, range(1, 5))) == Verdict("mill", 4, None)
    assert walked(Walk()) == Verdict("mill", 0, None)


@pytest.mark.parametrize(
    ("strange", "fault"),
    [
        (link(3), "event 2 is missing"),
        (link(1), "event 2 is missing"),
        (link(2, made=b"x"), "event 2 was changed"),
        (link(2, hash=b"x"), "event 2 was changed"),
        (link(2, previous=b"x"), "event 2 does not follow from the one before it"),
    ],
)
def test_a_false_step_is_named_and_the_last(strange: Link, fault: str) -> None:
    verdict = walked(Walk(), link(1), strange, link(2), link(3))
    assert (verdict.fault, verdict.events) == (fault, 1)


def test_a_journal_may_begin_behind_what_its_own_chain_says_was_removed() -> None:
    begun = walked(Walk(head(4)), link(5), link(6, cut=head(2)), link(7, cut=head(4)))
    assert begun == Verdict("mill", 3, None, 5, "trimmed")


@pytest.mark.parametrize("cut", [None, head(3), head(5), Head(4, b"another")])
def test_what_begins_anywhere_else_is_a_part(cut: Head | None) -> None:
    assert walked(Walk(head(4)), link(5, cut=cut)).begins == "part"


def test_only_the_newest_cut_counts() -> None:
    later = walked(Walk(head(4)), link(5, cut=head(4)), link(6, cut=head(5)))
    assert later.begins == "part"


def test_a_journal_agrees_with_its_checkpoints() -> None:
    known = [attested(3), attested(1), attested(3, days=1)]
    assert walked(Walk(START, known), *map(link, range(1, 5))).agreed == 3


def test_checkpoints_of_what_was_removed_are_left_out_but_the_last_counts() -> None:
    known = [attested(2), attested(4), attested(5)]
    verdict = walked(Walk(head(4), known), link(5, cut=head(4)))
    assert (verdict.fault, verdict.agreed) == (None, 2)
    assert "event 4 is not" in str(Walk(head(4), [attested(4, b"other")]).fault)


def test_another_event_than_the_one_of_a_checkpoint_is_told_with_its_day() -> None:
    verdict = walked(Walk(START, [attested(2, b"other")]), *map(link, range(1, 4)))
    assert verdict.fault is not None
    assert "event 2 is not the one of the checkpoint of 2031-05-31T14:57:08Z" in verdict.fault


def test_a_journal_that_is_shorter_than_a_checkpoint_is_told() -> None:
    known = [attested(2), attested(5), attested(7, days=1)]
    verdict = walked(Walk(START, known), link(1), link(2), link(3))
    assert verdict.agreed == 1
    assert verdict.fault is not None
    assert "it ends at event 3, and the checkpoint of 2031-06-01T14:57:08Z has event 7" in (
        verdict.fault
    )
