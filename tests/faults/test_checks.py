"""What the single trials judge by: each judgement can go against the product."""

from typing import Any, cast

import httpx
import pytest

from faults import every_call
from faults.backups import lasting
from faults.disk_full import _other, _read, _refused
from faults.every_call import FALSE_SUCCESS, OPEN, STUCK, WRONG_STATUS, _stuck, _wrongs
from faults.flows import Flow, Ground
from faults.journal import (
    Attempt,
    ClientAdded,
    CodeRedeemed,
    Entry,
    RoleGiven,
    Rotated,
    SecretRemoved,
)
from faults.rotation import Verifier, _few, _unseen
from faults.standing import standing
from faults.worker_killed import most_each

GROUND = cast("Ground", None)
OK, AWAY, WRONG = httpx.Response(200), httpx.Response(503), httpx.Response(500)


def _flow(*, so: bool = True, closed: bool = False, then: httpx.Response = OK) -> Flow:
    return Flow(
        "a flow",
        lambda _ground: None,
        lambda _ground, _ready: then,
        lambda _ground, _ready, _answer: so,
        is_closed=closed,
    )


@pytest.mark.requirement("L-18")
@pytest.mark.parametrize(
    ("flow", "answer", "kinds"),
    [
        (_flow(), OK, []),
        (_flow(), AWAY, []),
        (_flow(), WRONG, [WRONG_STATUS]),
        (_flow(so=False), OK, [FALSE_SUCCESS]),
        (_flow(so=False), AWAY, []),
        (_flow(closed=True), OK, [OPEN]),
        (_flow(closed=True), AWAY, []),
    ],
)
def test_an_answer_is_judged_by_what_it_claims(
    flow: Flow, answer: httpx.Response, kinds: list[str]
) -> None:
    assert list(_wrongs(GROUND, flow, None, answer)) == kinds


@pytest.mark.requirement("L-18")
def test_who_cannot_do_it_afterwards_is_stuck() -> None:
    assert list(_stuck(GROUND, _flow(then=AWAY), None)) == [STUCK]
    assert list(_stuck(GROUND, _flow(then=OK), None)) == []


def test_rows_that_are_more_or_fewer_are_told() -> None:
    assert every_call._less({"clients": 2, "users": 1}, {"clients": 1, "users": 1}) == {
        "clients": 1
    }


def test_what_was_swept_meanwhile_is_no_half_of_anything() -> None:
    swept = {"device_codes": -11, "client_secrets": -1, "codes": 1, "families": -1}
    left = every_call._but_swept(swept, {"families": -2})
    assert left == {"client_secrets": -1, "codes": 1, "families": -1}


@pytest.mark.requirement("L-01")
def test_failures_are_counted_by_connection_and_kill() -> None:
    def broken(caller: int, ended: float) -> Attempt:
        return Attempt(caller, "deed", ended - 1, ended, 0, is_good=False)

    assert most_each([broken(1, 5), broken(2, 5), broken(1, 15)], [4.0, 14.0]) == 1
    assert most_each([broken(1, 5), broken(1, 6)], [4.0, 14.0]) == 2
    assert most_each([], [4.0]) == 0


def _verifier(signed: dict[str, float], shown: dict[str, float]) -> Verifier:
    made = cast("Any", Verifier.__new__(Verifier))
    made.by_key, made.shown = signed, shown
    return cast("Verifier", made)


@pytest.mark.requirement("L-12")
def test_a_key_that_signs_before_it_is_shown_is_told() -> None:
    assert _unseen([_verifier({"a": 2.0}, {"a": 1.0})]) == 0
    assert _unseen([_verifier({"a": 1.0}, {"a": 2.0})]) == 1
    assert _unseen([_verifier({"a": 2.0}, {}), _verifier({}, {"a": 1.0})]) == 0
    assert _unseen([_verifier({"a": 2.0}, {})]) == 1


@pytest.mark.requirement("L-12")
def test_each_rotation_must_come_into_force() -> None:
    assert _few({"a", "b"}, rotations=1) == ""
    assert _few({"a"}, rotations=1) == "1 keys signed, not 2"


def test_of_a_copy_is_demanded_what_was_so_before_and_is_so_still() -> None:
    before: list[Entry] = [
        ClientAdded("op-1", "c1", "First", "s1"),
        RoleGiven("op-2", "c1", ("r1",)),
        CodeRedeemed("code", "t1"),
        CodeRedeemed("other", "u1"),
    ]
    after = [*before, SecretRemoved("op-3", "c1", 1, "s1"), Rotated("t1", "t2")]
    after.append(RoleGiven("op-4", "c1", ("r2",)))
    wanted = lasting(standing(before), standing(after))
    assert wanted.names == {"c1": "First"}
    assert not wanted.secrets
    assert not wanted.roles
    assert wanted.tokens == {"u1"}
    assert wanted.codes == {"code", "other"}
    assert wanted.operations == {"op-1", "op-2"}


def test_on_a_full_disk_writes_are_refused_and_reads_go_on() -> None:
    def met(deed: str, status: int) -> Attempt:
        return Attempt(1, deed, 0, 1, status, is_good=status == 200)

    some = [met("add client", 503), met("refresh", 500), met("get token", 200)]
    some.append(met("discover", 503))
    assert _refused(some) == 1
    assert _other(some) == 1
    assert _read(some) == 0.5
