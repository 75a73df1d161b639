"""The schedule of signing keys on a store: announced, active, removed, revoked; journaled."""

from datetime import datetime, timedelta
from typing import get_args

import pytest
from msgspec.structs import replace

from gatepost.model import fields
from gatepost.model.events import DEPLOYMENT, OPERATOR, Action, ChainedEvent
from gatepost.model.keys import Algorithm, Phase, SigningKey
from gatepost.model.sign_ins import ABSOLUTE_LIMIT
from gatepost.protocol import id_tokens, logout
from gatepost.services import journal, key_schedule, keys
from gatepost.services.key_schedule import SCHEDULE, KeySchedule, rules_of
from gatepost.services.keys import LONGEST_TOKEN, LONGEST_VERIFIED, KeyRing
from gatepost.services.sweeping import EVERY, Sweeper
from tests.services.world import Bench, new_world

pytestmark = pytest.mark.requirement("R-73", "D-03")

RULES = rules_of("ES256", 14, 90, 14)
MANY = 100


@pytest.fixture
def world() -> Bench:
    made = new_world()
    keys.ensure(made, "ES256")
    return made


def act(world: Bench) -> int:
    return KeySchedule(world, RULES).act(world.clock.now())


def kept(world: Bench) -> list[SigningKey]:
    return [key for key, _ in keys.listed(world)]


def phases(world: Bench) -> list[Phase]:
    return [phase for _, phase in keys.listed(world)]


def events(world: Bench) -> list[ChainedEvent]:
    with world.store.reading(DEPLOYMENT) as deployment:
        return list(deployment.journal.entries(0, MANY))


def test_a_year_goes_by_with_one_tick_a_day(world: Bench) -> None:
    ring, signers, shown = KeyRing(world), list[str](), dict[str, int]()
    for day in range(366):
        act(world)
        signing = ring.signing()
        assert signing is not None
        for key in ring.published():
            shown.setdefault(key.kid, day)
        if signing.kid not in signers:
            signers.append(signing.kid)
            assert len(signers) == 1 or day - shown[signing.kid] >= 14
        world.set_clock.forward(days=1)
    assert len(signers) == 5
    assert phases(world)[-1] in (Phase.ACTIVE, Phase.ANNOUNCED)
    assert len(kept(world)) <= 3
    assert journal.verify(world, DEPLOYMENT).fault is None


def test_nothing_is_done_before_it_is_time(world: Bench) -> None:
    before = kept(world)
    world.set_clock.forward(days=76, seconds=-1)
    assert act(world) == 0
    assert kept(world) == before
    world.set_clock.forward(seconds=1)
    act(world)
    assert phases(world) == [Phase.ACTIVE, Phase.ANNOUNCED]
    act(world)
    assert len(kept(world)) == 2


def test_a_key_whose_time_is_over_goes_with_its_private_part(world: Bench) -> None:
    (first,) = kept(world)
    second = key_schedule.rotate(world, RULES)
    world.set_clock.moment = second.active_from + RULES.retain_for - timedelta(seconds=1)
    assert act(world) == 0
    world.set_clock.forward(seconds=1)
    assert act(world) == 1
    assert first.kid not in {key.kid for key in kept(world)}
    last = events(world)[-1].event
    assert (last.action, last.target, last.actor) == (Action.KEY_REMOVED, first.kid, SCHEDULE)


def test_each_step_is_in_the_journal_with_who_did_it(world: Bench) -> None:
    world.set_clock.forward(days=80)
    act(world)
    ordered = key_schedule.rotate(world, RULES)
    found = [(one.event.action, one.event.actor) for one in events(world)]
    assert found == [
        (Action.KEY_ADDED, OPERATOR),
        (Action.KEY_ADDED, SCHEDULE),
        (Action.KEY_ADDED, OPERATOR),
    ]
    told = events(world)[-1].event
    assert told.target == ordered.kid
    assert told.after == {"Algorithm": "ES256", "ActiveFrom": ordered.active_from.isoformat()}


def test_a_start_with_another_algorithm_signs_with_it_at_once(world: Bench) -> None:
    world.set_clock.forward(days=80)
    act(world)
    for _ in range(2):
        key_schedule.settle(world, "RS256", RULES.retain_for)
    assert sorted((key.algorithm, phase) for key, phase in keys.listed(world)) == [
        ("ES256", Phase.RETAINED),
        ("ES256", Phase.RETAINED),
        ("RS256", Phase.ACTIVE),
    ]
    world.set_clock.forward(days=20)
    signing = KeyRing(world).signing()
    assert signing is not None
    assert signing.algorithm == "RS256"


def test_a_start_with_an_algorithm_that_was_announced_waits_for_it(world: Bench) -> None:
    announced = key_schedule.rotate(world, rules_of("RS256", 14, 90, 14))
    key_schedule.settle(world, "RS256", RULES.retain_for)
    assert phases(world) == [Phase.ACTIVE, Phase.ANNOUNCED]
    world.set_clock.forward(days=14)
    signing = KeyRing(world).signing()
    assert signing is not None
    assert signing.kid == announced.kid


def test_the_schedule_makes_a_successor_of_the_set_kind_when_one_is_due(world: Bench) -> None:
    """Of two nodes with different settings neither undoes what the other did."""
    schedule = KeySchedule(world, rules_of("RS256", 14, 90, 14))
    schedule.act(world.clock.now())
    assert [key.algorithm for key in kept(world)] == ["ES256"]
    world.set_clock.forward(days=80)
    schedule.act(world.clock.now())
    assert [key.algorithm for key in kept(world)] == ["ES256", "RS256"]


def test_by_hand_nothing_rotates_by_itself(world: Bench) -> None:
    world.set_clock.forward(days=1000)
    KeySchedule(world, rules_of("ES256", 14, 0, 14)).act(world.clock.now())
    assert len(kept(world)) == 1


def test_of_two_processes_that_act_at_once_one_makes_a_successor(
    world: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second acts while the first makes its pair, which takes long."""
    world.set_clock.forward(days=80)
    generate, other = world.signer.generate, KeySchedule(world, RULES)

    def slow(_signer: object, algorithm: Algorithm, created_at: datetime) -> SigningKey:
        monkeypatch.undo()
        other.act(world.clock.now())
        return generate(algorithm, created_at)

    monkeypatch.setattr(type(world.signer), "generate", slow)
    act(world)
    assert phases(world) == [Phase.ACTIVE, Phase.ANNOUNCED]


def test_the_sweeper_acts_once_a_minute(world: Bench) -> None:
    sweeper = Sweeper(world, (KeySchedule(world, RULES).act,))
    sweeper.sweep_when_due()
    assert len(kept(world)) == 1
    world.set_clock.forward(days=80)
    sweeper.sweep_when_due()
    assert len(kept(world)) == 2
    world.set_clock.forward(seconds=EVERY.total_seconds())
    sweeper.sweep_when_due()
    assert len(kept(world)) == 2


def test_in_an_emergency_what_older_keys_signed_is_refused_at_once(world: Bench) -> None:
    key_schedule.rotate(world, RULES)
    ring = KeyRing(world)
    signing = ring.signing()
    assert signing is not None
    token = world.signer.sign(signing, "at+jwt", b"{}")
    assert world.signer.verify(ring.published(), "at+jwt", token) == b"{}"
    before = {key.kid for key in kept(world)}
    done = key_schedule.replace_all(world, "ES256")
    assert set(done.kids) == before
    world.set_clock.forward(seconds=1)
    assert ring.signing() == done.signing
    assert world.signer.verify(ring.published(), "at+jwt", token) is None
    revoked = [one.event for one in events(world) if one.event.action is Action.KEY_REVOKED]
    assert {event.target for event in revoked} == before
    world.set_clock.forward(hours=-2)
    assert world.signer.verify(ring.published(), "at+jwt", token) is None


def test_a_revoked_key_is_followed_by_the_announced_one(world: Bench) -> None:
    (first,) = kept(world)
    second = key_schedule.rotate(world, RULES)
    done = key_schedule.revoke(world, "ES256", first.kid)
    signs = replace(second, active_from=world.clock.now())
    assert done == ((first.kid,), signs)
    assert kept(world) == [signs]


def test_without_an_announced_key_a_new_one_follows(world: Bench) -> None:
    (first,) = kept(world)
    done = key_schedule.revoke(world, "ES256", first.kid)
    assert done is not None
    assert kept(world) == [done.signing]
    assert done.signing.kid != first.kid


def test_when_an_announced_key_is_revoked_the_active_one_goes_on(world: Bench) -> None:
    (first,) = kept(world)
    second = key_schedule.rotate(world, RULES)
    done = key_schedule.revoke(world, "ES256", second.kid)
    assert done == ((second.kid,), first)
    assert kept(world) == [first]


def test_a_key_that_is_not_there_is_not_revoked(world: Bench) -> None:
    before, told = kept(world), events(world)
    assert key_schedule.revoke(world, "ES256", "nonsense") is None
    assert (kept(world), events(world)) == (before, told)


def test_retention_covers_whatever_we_verify_ourselves() -> None:
    """Access tokens, id tokens, their use as a hint while the sign-in lives, logout tokens."""
    (bound,) = (part.le for part in get_args(fields.TokenLifetime) if hasattr(part, "le"))
    assert timedelta(seconds=bound) == LONGEST_TOKEN
    lives = (LONGEST_TOKEN, id_tokens.LIFETIME, ABSOLUTE_LIMIT, logout.LOGOUT_TOKEN_LIFETIME)
    assert max(lives) < LONGEST_VERIFIED
    assert rules_of("ES256", 14, 90, 0).retain_for == LONGEST_VERIFIED


@pytest.mark.requirement("L-08")
def test_a_clock_that_jumps_ahead_and_back_leaves_a_key_that_signs(world: Bench) -> None:
    ring = KeyRing(world)
    for days in (3650, -3650, 30, -60):
        world.set_clock.forward(days=days)
        act(world)
        signing = ring.signing()
        assert signing is not None
        token = world.signer.sign(signing, "at+jwt", b"{}")
        assert world.signer.verify(ring.published(), "at+jwt", token) == b"{}"
