from pathlib import Path

from faults.journal import (
    Attempt,
    ClientAdded,
    CodeRedeemed,
    Entry,
    Gone,
    Pen,
    RoleGiven,
    Rotated,
    SecretAdded,
    SecretRemoved,
    SignedIn,
    Twice,
    Unsure,
    acknowledged,
    read,
)
from faults.standing import standing

ADDED = ClientAdded("op-1", "c1", "First", "s1")


def test_what_was_acknowledged_must_be_there() -> None:
    found = standing(
        [ADDED, SecretAdded("op-2", "c1", 2, "s2"), RoleGiven("op-3", "c1", ("r1", "r2"))]
    )
    assert found.names == {"c1": "First"}
    assert found.secrets == {"s1": "c1", "s2": "c1"}
    assert found.roles == {"c1": ("r1", "r2")}
    assert found.operations == {"op-1", "op-2", "op-3"}


def test_a_removed_secret_must_be_dead() -> None:
    found = standing([ADDED, Unsure("s1"), SecretRemoved("op-2", "c1", 1, "s1")])
    assert found.secrets == {}
    assert found.dead_secrets == {"s1": "c1"}


def test_of_an_answer_that_was_lost_nothing_is_demanded() -> None:
    found = standing([ADDED, RoleGiven("op-2", "c1", ("r1",)), Unsure("s1"), Unsure("c1")])
    assert found.secrets == {}
    assert found.dead_secrets == {}
    assert found.roles == {}


def test_only_the_newest_of_a_chain_of_refresh_tokens_works() -> None:
    found = standing(
        [CodeRedeemed("code", "t1"), Unsure("t1"), Rotated("t1", "t2"), Rotated("t2", "t3")]
    )
    assert found.codes == {"code"}
    assert found.tokens == {"t3"}
    assert found.rotated == {"t1": "t2", "t2": "t3"}


def test_who_signed_in_is_looked_for() -> None:
    assert standing([SignedIn("kim@example.com", "cookie")]).sign_ins == {
        "cookie": "kim@example.com"
    }


def test_what_the_callers_saw_themselves_is_told() -> None:
    found = standing([Twice("code", "a-very-long-code"), Gone("sign-in", "a-cookie")])
    assert found.twice == ["code a-very-long-"]
    assert found.gone == ["sign-in a-cookie"]


def test_the_journal_reads_as_it_was_written(tmp_path: Path) -> None:
    entries: list[Entry] = [
        ADDED,
        Attempt(1, "refresh", 1.5, 2.5, 503, is_good=False, turn=7),
        Unsure("x"),
    ]
    file = tmp_path / "journal"
    pen = Pen(file)
    for entry in entries:
        pen.note(entry)
    pen.close()
    assert list(read(file)) == entries
    assert acknowledged(entries) == 1
