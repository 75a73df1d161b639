"""What is to be done next with the signing keys: a table of cases, and what holds whatever happens.

The simulation goes through months of ticks, orders and revocations, with clocks that jump.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gatepost.model.keys import (
    CLOCKS_DIFFER,
    Algorithm,
    Announce,
    KeyRules,
    NextStep,
    Phase,
    Remove,
    SigningKey,
    due_at,
    ending,
    heir,
    next_step,
    published_keys,
    signing_key,
    successor,
)

pytestmark = pytest.mark.requirement("R-73", "D-03")

START = datetime(2026, 1, 1, tzinfo=UTC)
RULES = KeyRules(
    "RS256",
    announce_for=timedelta(days=14),
    active_for=timedelta(days=90),
    retain_for=timedelta(days=15),
)
BY_HAND = RULES._replace(active_for=None)


def day(number: float) -> datetime:
    """This many days after the start."""
    return START + timedelta(days=number)


def key(
    kid: str,
    active: float,
    retained: float | None = None,
    removed: float | None = None,
    *,
    made: float = 0,
    algorithm: Algorithm = "RS256",
) -> SigningKey:
    """A key whose phases begin on these days."""
    return SigningKey(
        kid=kid,
        algorithm=algorithm,
        public_jwk={"kid": kid},
        sealed_private=b"",
        created_at=day(made),
        active_from=day(active),
        retained_from=None if retained is None else day(retained),
        removed_from=None if removed is None else day(removed),
    )


CASES: list[tuple[str, tuple[SigningKey, ...], float, KeyRules, NextStep]] = [
    ("no key at all", (), 5, RULES, Announce(day(5))),
    ("no key at all, by hand", (), 5, BY_HAND, Announce(day(5))),
    ("a young key", (key("a", 0),), 75, RULES, None),
    ("it is time to announce", (key("a", 0),), 76, RULES, Announce(day(90))),
    ("it was time long ago", (key("a", 0),), 200, RULES, Announce(day(214))),
    ("an old key, by hand", (key("a", 0),), 500, BY_HAND, None),
    ("announced already", (key("a", 0, 90, 105), key("b", 90)), 80, RULES, None),
    ("announced by order, for later", (key("a", 0, 200, 215), key("b", 200)), 80, RULES, None),
    ("the successor signs", (key("a", 0, 90, 105), key("b", 90)), 95, RULES, None),
    (
        "the old one is over",
        (key("a", 0, 90, 105), key("b", 90)),
        105,
        RULES,
        Remove(("a",)),
    ),
    (
        "several are over, and removed before anything else",
        (key("a", 0, 1, 2), key("b", 1, 2, 3), key("c", 2)),
        300,
        BY_HAND,
        Remove(("a", "b")),
    ),
    (
        "another kind is wanted, and nothing is due",
        (key("a", 0, algorithm="ES256"),),
        3,
        RULES,
        None,
    ),
    (
        "another kind is announced",
        (key("a", 0, 90, 105), key("b", 90, algorithm="ES256")),
        80,
        RULES,
        None,
    ),
    (
        "made while the clock was ten years ahead",
        (key("a", 0, 3664, 3679), key("b", 3664, made=3650)),
        76,
        RULES,
        Announce(day(90)),
    ),
    ("the clock went back before the only key", (key("a", 0),), -5, RULES, None),
    (
        "the clock went back, and the predecessor is gone",
        (key("b", 90),),
        60,
        RULES,
        None,
    ),
    ("only a retained key is left", (key("a", 0, 1, 30),), 5, RULES, Announce(day(5))),
]


@pytest.mark.parametrize(
    ("keys", "now", "rules", "step"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_the_next_step(
    keys: tuple[SigningKey, ...], now: float, rules: KeyRules, step: NextStep
) -> None:
    assert next_step(keys, day(now), rules) == step


def test_a_successor_of_a_clock_that_differs_a_little_counts() -> None:
    made = replace(key("b", 90), created_at=day(76) + CLOCKS_DIFFER)
    keys = (key("a", 0, 90, 105), made)
    assert successor(keys, day(76)) == made
    assert successor((keys[0], replace(made, created_at=day(77))), day(76)) is None


def test_when_a_successor_is_announced_is_told_ahead() -> None:
    assert due_at((key("a", 0),), day(5), RULES) == day(76)
    assert due_at((key("a", 0),), day(80), RULES) == day(80)
    assert due_at((key("a", 0),), day(5), BY_HAND) is None
    assert due_at((key("a", 0, 90, 105), key("b", 90)), day(80), RULES) is None
    assert due_at((), day(5), RULES) is None


def test_a_key_ends_when_its_successor_signs_and_what_ends_sooner_stays() -> None:
    ended = ending(key("a", 0), day(90), RULES.retain_for)
    assert (ended.retained_from, ended.removed_from) == (day(90), day(105))
    assert ending(key("a", 0, 50, 65), day(90), RULES.retain_for) == key("a", 0, 50, 65)
    never = ending(key("b", 100), day(90), RULES.retain_for)
    assert never.phase(day(95)) is Phase.RETAINED


def test_after_a_revocation_somebody_signs() -> None:
    old, active, announced = key("a", 0, 10, 40), key("b", 10, 50, 80), key("c", 50)
    assert heir((old, announced), day(20)) == replace(announced, active_from=day(20))
    assert heir((old, active), day(20)) == replace(active, retained_from=None, removed_from=None)
    assert heir((active, announced), day(20)) == active
    assert heir((old,), day(20)) is None
    assert heir((), day(20)) is None


class Deployment:
    """Keys as the services keep them, and every token that was signed."""

    def __init__(self, rules: KeyRules, longest: timedelta) -> None:
        self.rules = rules
        self.longest = longest
        self.now = START
        self.keys: tuple[SigningKey, ...] = ()
        self.seen_since: dict[str, datetime] = {}
        self.signed: list[tuple[str, datetime]] = []
        self.hasty: set[str] = set()
        self._made = 0
        self.tick()

    def made(self, active_from: datetime) -> SigningKey:
        """A new pair."""
        self._made += 1
        return replace(key(f"k{self._made:04}", 0), created_at=self.now, active_from=active_from)

    def tick(self) -> None:
        """What the process that sweeps does once a minute."""
        while (step := next_step(self.keys, self.now, self.rules)) is not None:
            if isinstance(step, Remove):
                self.keys = tuple(k for k in self.keys if k.kid not in step.kids)
            else:
                if not self.keys:
                    self.hasty.add(f"k{self._made + 1:04}")
                self.announce(step.active_from)
        self.look()

    def announce(self, active_from: datetime) -> None:
        """Keep a new key, and let the others end."""
        ended = (ending(k, active_from, self.rules.retain_for) for k in self.keys)
        self.keys = (*ended, self.made(active_from))
        self.look()

    def replace_all(self) -> None:
        """An emergency."""
        self.keys = (self.made(self.now),)
        self.hasty.add(self.keys[0].kid)
        self.signed.clear()
        self.look()

    def revoke(self, number: int) -> None:
        """One key goes."""
        gone = self.keys[number % len(self.keys)]
        rest = tuple(k for k in self.keys if k.kid != gone.kid)
        self.signed = [token for token in self.signed if token[0] != gone.kid]
        signs = heir(rest, self.now)
        if signs is None:
            signs = self.made(self.now)
            rest = (*rest, signs)
        if signs.active_from == self.now:
            self.hasty.add(signs.kid)
        self.keys = tuple(signs if k.kid == signs.kid else k for k in rest)
        self.look()

    def look(self) -> None:
        """What an application sees of the key set."""
        for each in published_keys(self.keys, self.now):
            self.seen_since.setdefault(each.kid, self.now)

    def sign(self) -> SigningKey:
        """A token by the key that signs now."""
        signing = signing_key(self.keys, self.now)
        assert signing is not None
        self.signed.append((signing.kid, self.now + self.longest))
        return signing

    def unverifiable(self) -> list[tuple[str, datetime]]:
        """Tokens that have not expired, and whose key is not published."""
        known = {each.kid for each in published_keys(self.keys, self.now)}
        return [each for each in self.signed if self.now < each[1] and each[0] not in known]


HOURS = st.floats(0, 24 * 40, allow_nan=False)
ORDERS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), HOURS),
        st.tuples(st.just("rotate"), st.floats(0, 24 * 365, allow_nan=False)),
        st.tuples(st.just("revoke"), st.integers(0, 9)),
        st.tuples(st.just("emergency"), st.just(0)),
    ),
    max_size=25,
)


def steps(made: Deployment, orders: list[tuple[str, float]]) -> Iterator[str]:
    """Carry the orders out, with a tick every six hours of waiting."""
    for name, amount in orders:
        if name == "rotate":
            made.announce(made.now + timedelta(hours=amount))
        elif name == "revoke":
            made.revoke(int(amount))
        elif name == "emergency":
            made.replace_all()
        until = made.now + timedelta(hours=amount if name == "wait" else 0)
        while made.now < until:
            made.now = min(until, made.now + timedelta(hours=6))
            made.tick()
            yield name
        yield name


@settings(deadline=None, max_examples=150)
@given(ORDERS)
def test_one_key_signs_and_what_it_signed_verifies_until_it_expires(
    orders: list[tuple[str, float]],
) -> None:
    made = Deployment(RULES, RULES.retain_for)
    for _ in steps(made, orders):
        signing = made.sign()
        assert signing in published_keys(made.keys, made.now)
        assert made.unverifiable() == []
        assert len(made.keys) < 60


@settings(deadline=None, max_examples=100)
@given(st.lists(HOURS, min_size=1, max_size=30))
def test_by_schedule_a_key_is_published_for_its_time_before_it_signs(waits: list[float]) -> None:
    made = Deployment(RULES, RULES.retain_for)
    signers = set()
    for _ in steps(made, [("wait", hours) for hours in waits]):
        signing = made.sign()
        signers.add(signing.kid)
        if signing.kid not in made.hasty:
            assert made.now - made.seen_since[signing.kid] >= RULES.announce_for
    assert made.hasty == {"k0001"}
    # nothing but ticks: about one key in ninety days, and one ahead
    assert len(signers) <= (made.now - START) / timedelta(days=90) + 1


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from([2 / 24, -2 / 24, 30, -30, 3650, -3650]), min_size=1, max_size=6))
def test_no_jump_of_the_clock_leaves_the_deployment_without_a_key_that_signs(
    jumps: list[float],
) -> None:
    """What was signed before a jump may be lost by it; that somebody signs may not."""
    made = Deployment(RULES, RULES.retain_for)
    for jump in jumps:
        made.now += timedelta(days=jump)
        for _ in steps(made, [("wait", 24 * 7)]):
            made.sign()
    made.signed.clear()
    for _ in steps(made, [("wait", 24 * 200)]):
        made.sign()
        assert made.unverifiable() == []
    age = made.now - made.sign().active_from
    assert age <= timedelta(days=91) or age < timedelta(0)
