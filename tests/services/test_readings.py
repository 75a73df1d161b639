"""Who looks at somebody's sign-ins is written down: within bounds, and before anything is told."""

from typing import NoReturn, cast

import pytest

from gatepost.model.callers import Caller
from gatepost.model.errors import NotFound, StoreUnavailable
from gatepost.model.events import Action, Event, Origin
from gatepost.model.tenants import ADMINISTRATOR
from gatepost.ports import PageOf
from gatepost.services import readings
from gatepost.services.courier import Courier
from gatepost.services.readings import Readings
from gatepost.services.sign_in_lists import SignInLists
from gatepost.services.world import Act
from tests.services.world import Bench, Silence, administrator, found, new_world

pytestmark = pytest.mark.requirement("R-76")


@pytest.fixture
def world() -> Bench:
    return new_world()


@pytest.fixture
def tenant_id(world: Bench) -> str:
    return found(world).tenant.id


@pytest.fixture
def person(world: Bench, tenant_id: str) -> str:
    """The id of the first administrator."""
    with world.store.reading(tenant_id) as tenancy:
        return tenancy.directory.users(PageOf(0, 1))[0].id


def lists(world: Bench) -> SignInLists:
    """Those of a process of its own."""
    return SignInLists(world, "https://id.example.com", cast("Courier", Silence()))


def act_of(tenant_id: str, user_id: str) -> Act:
    """What a person does."""
    role_types = frozenset({ADMINISTRATOR})
    caller = Caller(tenant_id, "user", user_id, "portal", frozenset(), role_types)
    return Act(caller, Origin("0af76519", "192.0.2.1"))


def told(world: Bench, tenant_id: str) -> list[Event]:
    """The reads that are written."""
    with world.store.reading(tenant_id) as tenancy:
        every = [link.event for link in tenancy.journal.entries(0, 10_000)]
    return [event for event in every if event.action is Action.SIGN_INS_LISTED]


def test_who_looked_at_whose_sign_ins_is_told(world: Bench, tenant_id: str, person: str) -> None:
    act = administrator(world, tenant_id)
    assert lists(world).of_person(act, person.upper()) == ()
    (event,) = told(world, tenant_id)
    assert (event.actor, event.target, event.origin) == (act.actor, person, act.origin)
    assert event.at == world.clock.now()
    assert (event.reason, event.before, event.after) == (None, None, None)


def test_a_person_may_look_at_their_own_without_a_word(
    world: Bench, tenant_id: str, person: str
) -> None:
    assert lists(world).of_person(act_of(tenant_id, person), person.upper()) == ()
    assert told(world, tenant_id) == []


def test_counting_them_for_a_question_is_not_looking(
    world: Bench, tenant_id: str, person: str
) -> None:
    assert lists(world).count(tenant_id, person) == 0
    assert told(world, tenant_id) == []


def test_one_read_an_hour_is_written_of_an_actor_and_a_person(
    world: Bench, tenant_id: str, person: str
) -> None:
    here, there = lists(world), lists(world)
    act, other = administrator(world, tenant_id), act_of(tenant_id, "pat")
    for _ in range(3):
        here.of_person(act, person)
        there.of_person(act, person)  # another process, which knows it from the journal
    assert len(told(world, tenant_id)) == 1
    here.of_person(other, person)
    there.of_person(other, person)
    assert len(told(world, tenant_id)) == 2
    world.set_clock.forward(minutes=59)
    here.of_person(act, person)
    assert len(told(world, tenant_id)) == 2
    world.set_clock.forward(minutes=1)
    there.of_person(act, person)
    here.of_person(act, person)
    assert len(told(world, tenant_id)) == 3


def test_a_clock_that_went_back_writes_again(world: Bench, tenant_id: str, person: str) -> None:
    here, act = lists(world), administrator(world, tenant_id)
    here.of_person(act, person)
    world.set_clock.forward(hours=-3)
    here.of_person(act, person)
    assert len(told(world, tenant_id)) == 2


def test_nobody_is_not_written_of(world: Bench, tenant_id: str) -> None:
    with pytest.raises(NotFound):
        lists(world).of_person(administrator(world, tenant_id), "nobody")
    assert told(world, tenant_id) == []


def no_room(tenant_id: str) -> NoReturn:
    """A store that can be read and not written."""
    raise StoreUnavailable(f"no room for {tenant_id}")


@pytest.mark.requirement("R-78", "R-79")
def test_what_cannot_be_written_down_is_not_told(
    world: Bench, tenant_id: str, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    act = administrator(world, tenant_id)
    monkeypatch.setattr(world.store, "writing", no_room)
    with pytest.raises(StoreUnavailable):
        lists(world).of_person(act, person)
    assert lists(world).of_person(act_of(tenant_id, person), person) == ()


def test_what_is_known_of_reads_has_a_bound(
    world: Bench, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "MOST_KNOWN", 5)
    act, noted = administrator(world, tenant_id), Readings(world)
    for number in range(23):
        noted.note(act, Action.SIGN_INS_LISTED, f"person {number}")
        assert len(noted._written) <= 5
    for number in range(23):
        noted.note(act, Action.SIGN_INS_LISTED, f"person {number}")
    assert len(told(world, tenant_id)) == 23
