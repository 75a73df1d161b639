"""Logout notes take turns by tenant: whoever does not answer holds up nobody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.services import note_lines
from gatepost.services.note_lines import AT_ONCE, PAUSE_S, TRIES, LogoutNote, NoteLines, Try

DEAD, ALIVE = "dead", "alive"


def note(tenant_id: str, number: int = 0) -> LogoutNote:
    """A note of a tenant."""
    return LogoutNote(tenant_id, "https://app.example.com/out", f"c{number}", "kim", "s")


def put(lines: NoteLines, tenant_id: str, count: int) -> None:
    """So many notes of a tenant."""
    assert all(lines.put(note(tenant_id, number)) for number in range(count))


def next_of(lines: NoteLines, now: float = 0.0) -> Try:
    """The next one, which has to be there."""
    taken = lines.take(now)
    assert taken is not None
    return taken


def test_tenants_take_turns() -> None:
    lines = NoteLines()
    put(lines, DEAD, 1_000)
    put(lines, ALIVE, 2)
    turns = [next_of(lines).note.tenant_id for _ in range(4)]
    assert turns == [DEAD, ALIVE, DEAD, ALIVE]


def test_one_tenant_has_so_many_under_way_and_no_more() -> None:
    lines = NoteLines()
    put(lines, DEAD, 10)
    under_way = [next_of(lines) for _ in range(AT_ONCE)]
    assert lines.take(0.0) is None
    put(lines, ALIVE, 1)
    assert next_of(lines).note.tenant_id == ALIVE
    lines.taken(under_way[0])
    assert next_of(lines).note.tenant_id == DEAD


def test_what_was_refused_rests_and_goes_again_behind_the_fresh_ones() -> None:
    lines = NoteLines()
    put(lines, DEAD, 2)
    first = next_of(lines)
    assert lines.refused(first, 10.0)
    assert next_of(lines, 10.0).note.client_id == "c1"
    assert lines.take(10.0 + PAUSE_S - 0.01) is None
    assert lines.rests_for(10.0) == PAUSE_S
    assert next_of(lines, 10.0 + PAUSE_S) == Try(first.note, 2)


def test_a_note_is_given_up_after_its_tries() -> None:
    lines = NoteLines()
    put(lines, DEAD, 1)
    went = [lines.refused(next_of(lines, PAUSE_S * n), PAUSE_S * n) for n in range(TRIES)]
    assert went == [True] * (TRIES - 1) + [False]
    assert len(lines) == 0
    assert lines.take(1_000.0) is None
    assert lines.rests_for(0.0) is None


def test_a_tenant_fills_its_own_line_and_not_that_of_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(note_lines, "MOST_OF_TENANT", 3)
    monkeypatch.setattr(note_lines, "MOST_IN_ALL", 5)
    lines = NoteLines()
    assert [lines.put(note(DEAD)) for _ in range(4)] == [True, True, True, False]
    assert [lines.put(note(ALIVE)) for _ in range(3)] == [True, True, False]
    assert len(lines) == 5


def test_at_the_end_what_rests_is_given_up_and_the_fresh_goes_on() -> None:
    lines = NoteLines()
    put(lines, DEAD, 2)
    first = next_of(lines)
    lines.refused(first, 0.0)
    assert [it.note for it in lines.forget_resting()] == [first.note]
    assert len(lines) == 1
    assert next_of(lines).note.client_id == "c1"


STEPS = st.lists(st.sampled_from(["put a", "put b", "put c", "take", "taken", "refused", "later"]))


@given(STEPS)
def test_no_note_is_lost_or_sent_twice_at_once(steps: list[str]) -> None:
    lines, under_way, now, made = NoteLines(), list[Try](), 0.0, 0
    ended: list[Try] = []
    for step in steps:
        match step.split():
            case ["put", tenant_id]:
                made += lines.put(note(tenant_id, made))
            case ["take"] if (found := lines.take(now)) is not None:
                under_way.append(found)
            case ["taken"] if under_way:
                ended.append(under_way.pop(0))
                lines.taken(ended[-1])
            case ["refused"] if under_way:
                sent = under_way.pop()
                ended += [] if lines.refused(sent, now) else [sent]
            case ["later"]:
                now += PAUSE_S
        of = [sent.note.tenant_id for sent in under_way]
        assert all(of.count(tenant_id) <= AT_ONCE for tenant_id in of)
        assert len(lines) + len(under_way) + len(ended) == made
    assert len({sent.note.client_id for sent in under_way + ended}) == len(under_way + ended)
