"""Exports: written down first, the part that was asked for, and verified without the store."""

import json
from datetime import timedelta
from typing import Any, NoReturn

import pytest
from msgspec.structs import replace

from gatepost.model import journal_lines
from gatepost.model.errors import StoreUnavailable
from gatepost.model.events import DEPLOYMENT, OPERATOR, Action, Event, Head, Origin, chain
from gatepost.model.journal_walk import Attested
from gatepost.services import journal_export, retention
from gatepost.services.journal_export import Part
from gatepost.services.journal_files import FileVerdict, verify_lines
from gatepost.services.retention import RetentionRules
from tests.services.world import START, Bench, add_client, administrator, found, new_world

pytestmark = pytest.mark.requirement("R-78", "D-14")


@pytest.fixture
def world() -> Bench:
    return new_world()


@pytest.fixture
def tenant_id(world: Bench) -> str:
    """A tenant in whose journal something happens each hour."""
    id_ = found(world).tenant.id
    act = administrator(world, id_)
    for _ in range(4):
        world.set_clock.forward(hours=1)
        add_client(world, act)
    return id_


def exported(world: Bench, tenant_id: str | None, **part: Any) -> list[bytes]:
    return list(journal_export.export(world, tenant_id, Part(**part)))


def verified(world: Bench, lines: list[bytes]) -> FileVerdict:
    return verify_lines(lines, world.secrets, {})


def seqs(lines: list[bytes]) -> list[int]:
    return [json.loads(line)["seq"] for line in lines]


def test_an_export_of_all_is_whole_and_sealed(world: Bench, tenant_id: str) -> None:
    lines = exported(world, None)
    told = verified(world, lines)
    assert told.fault is None
    assert [each.fault for each in told.journals] == [None, None]
    assert [each.tenant_id for each in told.journals] == [DEPLOYMENT, tenant_id]
    assert told.sealed == {DEPLOYMENT, tenant_id}
    assert sum(each.events for each in told.journals) == len(lines)
    assert len(verify_lines(lines, None, {}).sealed) == 0


def test_who_exported_what_is_the_last_line_of_it(world: Bench, tenant_id: str) -> None:
    last = json.loads(exported(world, tenant_id, after=3)[-1])
    assert last["event"]["action"] == "journal.exported"
    assert last["event"]["actor"] == list(OPERATOR)
    assert last["event"]["after"] == {
        "Journals": "this one",
        "After": 3,
        "Since": None,
        "Until": None,
    }
    (written,) = [line for line in map(json.loads, exported(world, None)) if not line["tenant"]][
        -1:
    ]
    assert written["event"]["after"]["Journals"] == "all"


def test_what_is_asked_for_is_given_and_the_rest_not(world: Bench, tenant_id: str) -> None:
    everything = exported(world, tenant_id)
    whole = seqs(everything)
    assert whole == list(range(1, len(whole) + 1))
    assert seqs(exported(world, tenant_id, after=5))[0] == 6
    at = {json.loads(line)["seq"]: json.loads(line)["event"]["at"] for line in everything}
    third = START + timedelta(hours=3)
    until, since = ({"until": third}, {"since": third})
    older = seqs(exported(world, tenant_id, **until))
    younger = seqs(exported(world, tenant_id, **since))
    assert [seq for seq in whole if at[seq] < "2026-05-01T15"] == older
    assert younger[0] == older[-1] + 1
    assert seqs(exported(world, tenant_id, **since, until=START + timedelta(hours=4))) == (
        [seq for seq in whole if "2026-05-01T15" <= at[seq] < "2026-05-01T16"]
    )
    assert exported(world, tenant_id, until=START) == []
    assert exported(world, tenant_id, since=START + timedelta(days=9)) == []
    assert exported(world, tenant_id, after=10_000) == []


def test_any_part_can_be_verified_and_two_that_follow_too(world: Bench, tenant_id: str) -> None:
    lines = exported(world, tenant_id)
    for cut in range(1, len(lines)):
        part = verified(world, lines[cut:])
        assert (part.fault, part.journals[0].fault) == (None, None)
        assert (part.journals[0].begins, part.journals[0].first) == ("part", cut + 1)
        assert verified(world, lines[:cut]).sealed == frozenset()
    once, again = exported(world, tenant_id)[:4], exported(world, tenant_id, after=4)
    assert verified(world, [*once, *again]).journals[0].fault is None
    assert verified(world, [*once, *again[1:]]).journals[0].fault == "event 5 is missing"


def test_what_was_changed_in_a_file_is_named(world: Bench, tenant_id: str) -> None:
    lines = exported(world, tenant_id)
    changed = lines[2].replace(b'"origin":["', b'"origin":["x')
    assert verified(world, [*lines[:2], changed]).journals[0].fault == "event 3 was changed"
    forged = json.loads(lines[2])
    other = {**forged, "hash": "00" * 32}
    text = json.dumps(other, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
    assert verified(world, [*lines[:2], text]).journals[0].fault == "event 3 was changed"
    assert verified(world, [lines[0], lines[2]]).journals[0].fault == "event 2 is missing"
    assert "line 3" in str(verified(world, [*lines[:2], lines[2][:-4]]).fault)
    assert verified(world, []).fault == "it has no line"


def test_a_file_that_was_written_anew_has_no_seal_of_ours(world: Bench, tenant_id: str) -> None:
    forged, head = [], Head(0, bytes(32))
    with world.store.reading(tenant_id) as tenancy:
        links = tenancy.journal.entries(0, 100)
    for link in links:
        event = replace(link.event, target="somebody else")
        made = chain(head, tenant_id, event)
        forged.append(journal_lines.line(head.hash, made, b"seal"))
        head = Head(made.seq, made.hash)
    told = verified(world, forged)
    assert told.journals[0].fault == f"the seal of event {head.seq} is not ours"
    assert verify_lines(forged, None, {}).journals[0].fault is None
    attested = {tenant_id: [Attested(Head(links[3].seq, links[3].hash), START)]}
    assert "event 4 is not the one" in str(verify_lines(forged, None, attested).journals[0].fault)


def test_a_file_that_ends_before_a_checkpoint_is_told(world: Bench, tenant_id: str) -> None:
    lines = exported(world, tenant_id)
    head = journal_lines.read(lines[-1])
    assert head is not None
    attested = {tenant_id: [Attested(Head(head.seq, head.hash), START)]}
    assert verify_lines(lines, None, attested).journals[0].agreed == 1
    short = verify_lines(lines[:-1], None, attested).journals[0].fault
    assert short is not None
    assert f"it ends at event {head.seq - 1}" in short


def test_a_trimmed_journal_is_exported_as_it_is(world: Bench, tenant_id: str) -> None:
    rules = RetentionRules(timedelta(days=30), "all")
    limit = START + timedelta(hours=2)
    assert retention.trim(world, tenant_id, limit, rules) > 0
    lines = exported(world, tenant_id)
    told = verified(world, lines).journals[0]
    assert (told.fault, told.begins) == (None, "trimmed")
    assert told.first == seqs(lines)[0] > 1
    assert verified(world, lines[1:]).journals[0].begins == "part"
    assert seqs(exported(world, tenant_id, after=1))[0] == told.first


def no_room(tenant_id: str) -> NoReturn:
    """A store that can be read and not written."""
    raise StoreUnavailable(f"no room for {tenant_id}")


@pytest.mark.requirement("R-76", "R-79")
@pytest.mark.parametrize("everything", [True, False])
def test_what_cannot_be_written_down_is_not_exported(
    world: Bench, tenant_id: str, everything: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.store, "writing", no_room)
    with pytest.raises(StoreUnavailable):
        journal_export.export(world, None if everything else tenant_id, Part())


def test_what_happens_during_an_export_waits_for_the_next(world: Bench, tenant_id: str) -> None:
    lines = journal_export.export(world, tenant_id, Part())
    first = next(lines)
    with world.store.writing(tenant_id) as tenancy:
        tenancy.journal.append(
            Event(
                at=world.clock.now(),
                action=Action.CLIENT_CHANGED,
                actor=OPERATOR,
                origin=Origin("", ""),
                target="later",
            )
        )
    told = verified(world, [first, *lines])
    assert told.journals[0].fault is None
    assert told.sealed == {tenant_id}
