"""The chain of the journal: every part of an event and of its place counts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gatepost.model.events import (
    GENESIS,
    OPERATOR,
    Action,
    Actor,
    Event,
    Head,
    Origin,
    chain,
    changed_members,
)

EVENT = Event(
    at=datetime(2026, 1, 1, tzinfo=UTC),
    action=Action.CLIENT_ADDED,
    actor=OPERATOR,
    origin=Origin("op", "127.0.0.1"),
    target="c",
    reason="r",
    before={"Name": "a"},
    after={"Name": "b"},
)
VALUES = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=5))
MEMBERS = st.fixed_dictionaries({"A": VALUES, "B": VALUES, "C": VALUES})


def test_the_first_link_follows_from_nothing() -> None:
    link = chain(Head(0, GENESIS), "t", EVENT)
    assert (link.seq, link.tenant_id, link.event) == (1, "t", EVENT)
    assert len(link.hash) == 32
    assert chain(Head(0, GENESIS), "t", EVENT).hash == link.hash


@pytest.mark.requirement("R-78")
@pytest.mark.parametrize(
    "change",
    [
        {"at": EVENT.at + timedelta(microseconds=1)},
        {"action": Action.CLIENT_CHANGED},
        {"actor": Actor("user", "command line")},
        {"actor": Actor("operator", "")},
        {"origin": Origin("op2", "127.0.0.1")},
        {"origin": Origin("op", "127.0.0.2")},
        {"target": "d"},
        {"reason": None},
        {"before": None},
        {"before": {"Name": "a", "X": None}},
        {"after": {"Name": "c"}},
    ],
)
def test_any_other_event_has_another_hash(change: dict[str, Any]) -> None:
    head = Head(0, GENESIS)
    assert chain(head, "t", replace(EVENT, **change)).hash != chain(head, "t", EVENT).hash


@pytest.mark.requirement("R-78")
def test_place_tenant_and_forerunner_count() -> None:
    hashes = {
        chain(Head(0, GENESIS), "t", EVENT).hash,
        chain(Head(1, GENESIS), "t", EVENT).hash,
        chain(Head(0, b"\1" * 32), "t", EVENT).hash,
        chain(Head(0, GENESIS), "u", EVENT).hash,
    }
    assert len(hashes) == 4


@settings(deadline=None, max_examples=100)
@given(MEMBERS)
def test_the_order_of_members_does_not_count(members: dict[str, Any]) -> None:
    turned = dict(reversed(members.items()))
    one, other = (replace(EVENT, after=after) for after in (members, turned))
    assert chain(Head(0, GENESIS), "t", one).hash == chain(Head(0, GENESIS), "t", other).hash


@settings(deadline=None, max_examples=100)
@given(MEMBERS, MEMBERS)
def test_only_what_differs_is_told(before: dict[str, Any], after: dict[str, Any]) -> None:
    was, now = changed_members(before, after)
    assert set(was) == set(now)
    assert all(was[name] != now[name] for name in now)
    assert {**before, **now} == after
    assert {**after, **was} == before
