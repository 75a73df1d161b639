"""The phases of a signing key at each moment, which key signs, and which are published."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.model.keys import Phase, SigningKey, published_keys, signing_key

START = datetime(2026, 1, 1, tzinfo=UTC)
ORDER = [Phase.ANNOUNCED, Phase.ACTIVE, Phase.RETAINED, Phase.REMOVED]


def key(
    kid: str, active: int, retained: int | None = None, removed: int | None = None
) -> SigningKey:
    """A key whose phases begin these hours after the start."""
    return SigningKey(
        kid=kid,
        algorithm="RS256",
        public_jwk={"kid": kid},
        sealed_private=b"",
        created_at=START,
        active_from=hours(active),
        retained_from=None if retained is None else hours(retained),
        removed_from=None if removed is None else hours(removed),
    )


def hours(number: float) -> datetime:
    """This many hours after the start."""
    return START + timedelta(hours=number)


@pytest.mark.requirement("R-73")
@pytest.mark.parametrize(
    ("at", "phase"),
    [
        (0, Phase.ANNOUNCED),
        (9.99, Phase.ANNOUNCED),
        (10, Phase.ACTIVE),
        (19.99, Phase.ACTIVE),
        (20, Phase.RETAINED),
        (29.99, Phase.RETAINED),
        (30, Phase.REMOVED),
        (1000, Phase.REMOVED),
    ],
)
def test_a_phase_begins_at_its_moment(at: float, phase: Phase) -> None:
    assert key("k", 10, 20, 30).phase(hours(at)) is phase


def test_a_key_without_an_end_stays_active() -> None:
    assert key("k", 0).phase(hours(10**6)) is Phase.ACTIVE


def test_the_key_that_became_active_last_signs() -> None:
    keys = (key("old", 0, 20, 30), key("new", 10), key("next", 40))
    assert signing_key(keys, hours(5)) == keys[0]
    assert signing_key(keys, hours(15)) == keys[1]
    assert signing_key(keys, hours(45)) == keys[2]
    assert signing_key((), START) is None
    assert signing_key((key("gone", 0, 1, 2),), hours(3)) is None


@pytest.mark.requirement("R-73")
def test_where_none_is_active_the_one_that_begins_first_signs() -> None:
    ahead = (key("first", 50, 60, 70), key("second", 60))
    assert signing_key(ahead, hours(5)) == ahead[0]
    assert signing_key((key("over", 0, 1, 9), *ahead), hours(5)) == ahead[0]
    assert signing_key((key("older", 0, 1, 9), key("over", 0, 2, 9)), hours(5)) == key(
        "over", 0, 2, 9
    )


def test_two_keys_of_one_moment_sign_by_kid() -> None:
    one, two = key("a", 0), key("b", 0)
    assert signing_key((one, two), START) == signing_key((two, one), START) == two


@pytest.mark.requirement("R-73")
def test_published_are_all_but_removed_oldest_first() -> None:
    keys = (key("next", 40), key("new", 10), key("old", 0, 10, 20))
    assert [k.kid for k in published_keys(keys, hours(15))] == ["old", "new", "next"]
    assert [k.kid for k in published_keys(keys, hours(25))] == ["new", "next"]


@pytest.mark.requirement("R-73")
@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.integers(0, 50), min_size=3, max_size=3), st.lists(st.integers(0, 60), min_size=2)
)
def test_phases_only_go_forward(moments: list[int], looks: list[int]) -> None:
    one = key("k", *sorted(moments))
    seen = [ORDER.index(one.phase(hours(at))) for at in sorted(looks)]
    assert all(before <= after for before, after in pairwise(seen))


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), max_size=6), st.integers(0, 20))
def test_what_signs_is_published(spans: list[tuple[int, int]], at: int) -> None:
    keys = tuple(key(f"k{n}", a, a + b, a + b + 3) for n, (a, b) in enumerate(spans))
    found = signing_key(keys, hours(at))
    assert found is None or found in published_keys(keys, hours(at))
