"""The rotation of secrets: states, successors, and what may be removed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.model import rotation
from gatepost.model.clients import Secret
from gatepost.model.rotation import SAFE, Reason, State

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
ORDER = (State.OK, State.SOON, State.URGENT, State.EXPIRED)


def day(number: float | None) -> datetime | None:
    """So many days from now."""
    return None if number is None else NOW + timedelta(days=number)


def secret(
    number: int,
    ends: float | None = 200,
    *,
    made: float | None = None,
    first: float | None = None,
    last: float | None = None,
) -> Secret:
    """A secret, by days from now; made later the higher its number."""
    created = day(number - 100 if made is None else made)
    assert created is not None
    return Secret(
        id=number,
        description=None,
        expires_at=day(ends),
        created_at=created,
        created_by="user:kim",
        first_used_at=day(last if first is None else first),
        last_used_at=day(last),
        use_count=0 if last is None else 1,
    )


@pytest.mark.requirement("R-61")
@pytest.mark.parametrize(
    ("expires_at", "wanted"),
    [
        (None, State.NEVER),
        (NOW + timedelta(days=400), State.OK),
        (NOW + timedelta(days=90), State.OK),
        (NOW + timedelta(days=90) - INSTANT, State.SOON),
        (NOW + timedelta(days=14), State.SOON),
        (NOW + timedelta(days=14) - INSTANT, State.URGENT),
        (NOW + INSTANT, State.URGENT),
        (NOW, State.EXPIRED),
        (NOW - timedelta(days=400), State.EXPIRED),
    ],
)
def test_an_expiry_is_as_near_as_the_days_say(expires_at: datetime | None, wanted: State) -> None:
    assert rotation.standing_of_expiry(expires_at, NOW) is wanted


SUCCESSORS: list[tuple[str, Secret, list[Secret], int | None]] = [
    ("alone", secret(1), [], None),
    ("a younger one that ends later", secret(1, 10), [secret(2, 200)], 2),
    ("a younger one that never ends", secret(1, 10), [secret(2, None)], 2),
    ("a younger one that ends sooner", secret(1, 10), [secret(2, 5)], None),
    ("a younger one that ends at the same moment", secret(1, 10), [secret(2, 10)], None),
    ("a younger one that has expired", secret(1, -9), [secret(2, -1)], None),
    ("an older one that ends later", secret(3, 10), [secret(2, 200)], None),
    ("the newest of several", secret(1, 10), [secret(2, 400), secret(3, 20)], 3),
    ("not the newest when that ends sooner", secret(1, 10), [secret(2, 400), secret(3, 5)], 2),
    ("one that never ends, by one that does", secret(1, None), [secret(2, 200)], 2),
    ("made at one moment, by number", secret(1, 10, made=0), [secret(2, 20, made=0)], 2),
    ("one that has expired", secret(1, -5), [secret(2, 200)], 2),
]


@pytest.mark.parametrize(
    ("mine", "others", "wanted"),
    [row[1:] for row in SUCCESSORS],
    ids=[row[0] for row in SUCCESSORS],
)
def test_the_successor_is(mine: Secret, others: list[Secret], wanted: int | None) -> None:
    found = rotation.successor(mine, [mine, *others], NOW)
    assert (found.id if found else None) == wanted


REMOVALS: list[tuple[str, Secret, list[Secret], Reason]] = [
    ("expired", secret(1, -1, last=-2), [], Reason.EXPIRED),
    ("expired at this moment", secret(1, 0, last=-2), [], Reason.EXPIRED),
    ("alone and used", secret(1, last=-2), [], Reason.NO_SUCCESSOR),
    ("alone and never used", secret(1), [], Reason.NO_SUCCESSOR),
    ("never used, with a successor", secret(1, 10), [secret(2, last=-1)], Reason.NEVER_USED),
    ("neither was used", secret(1, 10), [secret(2)], Reason.NEVER_USED),
    ("the successor was not used", secret(1, 10, last=-1), [secret(2)], Reason.SUCCESSOR_UNUSED),
    ("not since", secret(1, 10, last=-5), [secret(2, first=-3, last=-1)], Reason.REPLACED),
    ("since", secret(1, 10, last=-2), [secret(2, first=-3, last=-1)], Reason.STILL_USED),
    ("at that moment", secret(1, 10, last=-3), [secret(2, first=-3, last=-1)], Reason.STILL_USED),
    ("the successor ended", secret(1, 10, last=-5), [secret(2, -1, last=-3)], Reason.NO_SUCCESSOR),
]


@pytest.mark.parametrize(
    ("mine", "others", "wanted"), [row[1:] for row in REMOVALS], ids=[row[0] for row in REMOVALS]
)
def test_a_removal_has_its_reason(mine: Secret, others: list[Secret], wanted: Reason) -> None:
    found = rotation.removal(mine, [mine, *others], NOW)
    assert found.reason is wanted
    assert found.is_safe is (wanted in {Reason.EXPIRED, Reason.NEVER_USED, Reason.REPLACED})


@pytest.mark.parametrize(
    ("mine", "others", "wanted"),
    [
        (secret(1), [], True),
        (secret(1), [secret(2, -1)], True),
        (secret(1), [secret(2)], False),
        (secret(1, -1), [], False),
    ],
    ids=["alone", "beside an expired one", "beside a valid one", "expired itself"],
)
def test_the_last_valid_one_is_known(mine: Secret, others: list[Secret], wanted: bool) -> None:
    assert rotation.is_last_valid(mine, [mine, *others], NOW) is wanted


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [(10, 20, True), (10, None, True), (10, 10, False), (10, 5, False), (None, 5, False),
     (None, None, False), (-1, 5, True)],
)  # fmt: skip
def test_an_expiry_is_pushed_out_when_it_comes_later(
    before: float | None, after: float | None, wanted: bool
) -> None:
    assert rotation.is_pushed_out(day(before), day(after)) is wanted


_DAYS = st.integers(-50, 50)
_MAYBE = st.none() | _DAYS


@st.composite
def some_secrets(draw: st.DrawFn) -> list[Secret]:
    """The secrets of a client, in any order."""
    made = draw(st.lists(st.integers(-100, -51), min_size=1, max_size=6))
    rows = [
        secret(number, draw(_MAYBE), made=created, first=draw(_MAYBE), last=draw(_MAYBE))
        for number, created in enumerate(made, 1)
    ]
    return draw(st.permutations(rows))


@given(some_secrets())
def test_removing_all_that_is_safe_leaves_a_valid_one(secrets: list[Secret]) -> None:
    kept = [one for one in secrets if not rotation.removal(one, secrets, NOW).is_safe]
    had = any(rotation.is_valid(one, NOW) for one in secrets)
    assert any(rotation.is_valid(one, NOW) for one in kept) is had


@given(some_secrets())
def test_a_successor_is_another_valid_and_younger_one(secrets: list[Secret]) -> None:
    for one in secrets:
        reason, after = rotation.removal(one, secrets, NOW)
        assert (reason in SAFE) or rotation.is_valid(one, NOW)
        if after is not None:
            assert after.id != one.id
            assert rotation.is_valid(after, NOW)
            assert (after.created_at, after.id) > (one.created_at, one.id)
            assert rotation.successor(after, [one, after], NOW) is None


@given(_DAYS, st.integers(0, 60))
def test_time_only_brings_an_expiry_nearer(ends: int, later: int) -> None:
    now = rotation.state(secret(1, ends), NOW)
    then = rotation.state(secret(1, ends), NOW + timedelta(days=later))
    assert ORDER.index(then) >= ORDER.index(now)
