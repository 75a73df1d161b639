"""A line of an export: the very bytes that were hashed, and one way to read them."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gatepost.model import journal_lines
from gatepost.model.events import GENESIS, Action, Actor, Event, Head, Origin, chain

pytestmark = pytest.mark.requirement("R-78", "D-14")

EVENT = Event(
    at=datetime(2031, 5, 31, 14, 57, 8, 123456, tzinfo=UTC),
    action=Action.CLIENT_CHANGED,
    actor=Actor("user", "kim"),
    origin=Origin("0af76519", "192.0.2.7"),
    target="a target",
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def line_of(event: Event, tenant_id: str = "mill") -> bytes:
    return journal_lines.line(GENESIS, chain(Head(0, GENESIS), tenant_id, event))


@settings(deadline=None, max_examples=200)
@given(TEXTS, TEXTS, st.dictionaries(TEXTS, VALUES, max_size=4))
def test_a_line_holds_what_was_hashed(
    tenant_id: str, target: str, after: dict[str, object]
) -> None:
    event = replace(EVENT, target=target, after=after)
    text = line_of(event, tenant_id)
    told = journal_lines.read(text)
    assert told is not None
    assert (told.tenant_id, told.seq, told.previous) == (tenant_id, 1, GENESIS)
    assert told.hash == told.made == chain(Head(0, GENESIS), tenant_id, event).hash
    assert text.count(b"\n") == 1
    assert json.loads(text)["event"]["target"] == target


def test_the_members_of_a_line_have_their_order() -> None:
    link = chain(Head(0, GENESIS), "mill", EVENT)
    members = json.loads(journal_lines.line(GENESIS, link, b"seal"))
    assert " ".join(members) == "tenant seq previous hash seal event"
    assert " ".join(members["event"]) == "at action actor origin target reason before after"
    assert members["seal"] == b"seal".hex()
    assert journal_lines.read(journal_lines.line(GENESIS, link, b"seal")) is not None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"seq":1,', b'"seq":1,"seq":1,'),
        (b'"seq":1,', b'"seq":1.0,'),
        (b'"seq":1,', b'"seq": 1,'),
        (b'"seq":1,', b'"seq":1,"note":"all is well",'),
        (b'"seq":1,', b'"seq":0,'),
        (b'"seq":1,', b'"seq":-1,'),
        (b'"seq":1,', b'"seq":18446744073709551616,'),
        (b'"hash":"', b'"hash":"00'),
        (b'"hash":"', b'"hash":"zz'),
        (b'"previous":"00', b'"previous":"'),
        (b"}\n", b"}"),
        (b"}\n", b"}\n\n"),
        (b"}\n", b"\n"),
        (b'{"tenant"', b' {"tenant"'),
        (b'{"tenant"', b"\xff"),
        (b'{"tenant":"mill"', b'{"tenant":7'),
        (b'{"tenant":"mill",', b"{"),
    ],
)
def test_what_we_did_not_write_is_no_line(before: bytes, after: bytes) -> None:
    text = line_of(EVENT)
    assert before in text
    assert journal_lines.read(text) is not None
    assert journal_lines.read(text.replace(before, after, 1)) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"kim", b"pat"),
        (b'"tenant":"mill"', b'"tenant":"till"'),
        (b'"seq":1', b'"seq":2'),
        (b'"reason":null', b'"reason":""'),
        (b'"target":"a target"', b'"target":"a target","target":"a target"'),
        (b'"after":null', b'"after":null '),
        (b'"previous":"00', b'"previous":"01'),
    ],
)
def test_what_is_changed_in_a_line_has_another_hash(before: bytes, after: bytes) -> None:
    text = line_of(EVENT)
    assert before in text
    told = journal_lines.read(text.replace(before, after, 1))
    assert told is not None
    assert told.made != told.hash


def test_a_cut_tells_the_last_link_that_went() -> None:
    upto = Head(7, bytes(range(32)))
    after = journal_lines.cut_members(upto, 3)
    event = replace(EVENT, action=Action.JOURNAL_CUT, after=after)
    told = journal_lines.read(line_of(event))
    assert told is not None
    assert told.cut == journal_lines.cut_told(event) == upto
    assert journal_lines.cut_told(replace(event, action=Action.CLIENT_CHANGED)) is None


def test_who_writes_of_a_cut_makes_none() -> None:
    told = journal_lines.read(line_of(replace(EVENT, after={"action": "journal.cut"})))
    assert told is not None
    assert told.cut is None


@pytest.mark.parametrize("after", [None, {}, {"Upto": 7}, {"Upto": 7, "Hash": 1}, {"Hash": "zz"}])
def test_a_cut_that_tells_nothing_is_not_read(after: dict[str, object] | None) -> None:
    event = replace(EVENT, action=Action.JOURNAL_CUT, after=after)
    with pytest.raises(ValueError, match=r".+"):
        journal_lines.cut_told(event)
    assert journal_lines.read(line_of(event)) is None
