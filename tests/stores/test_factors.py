"""Second factors, whatever keeps them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from msgspec import structs

from gatepost import ports
from gatepost.model.errors import UnrecordedChange
from gatepost.model.factors import Factors
from gatepost.model.people import OUTSIDE_PROVIDERS
from gatepost.model.tenants import ADMINISTRATOR, MEMBER
from gatepost.ports import Tenancy
from tests.stores.examples import NOW, add_users, guid, later, recorded, refused, seen, user
from tests.stores.flow_examples import Flow, authenticator, new_digest, passkey

SOON = NOW + timedelta(minutes=7)
PARALLEL = 8


@pytest.fixture
def flow(store: ports.Store, here: str) -> Flow:
    """A person of the first tenant, with an authenticator app and a passkey."""
    return Flow(store, here)


def test_an_authenticator_takes_the_place_of_an_earlier_one(
    store: ports.Store, here: str, flow: Flow
) -> None:
    newer = authenticator(flow.user_id, sealed_key=b"", used_step=2**40, last_used_at=SOON)
    with recorded(store, here) as unit:
        assert unit.sign_ins.authenticator(flow.user_id) == flow.authenticator
        unit.sign_ins.save_authenticator(newer)
    with store.reading(here) as unit:
        assert unit.sign_ins.authenticator(flow.user_id) == newer
        assert unit.sign_ins.authenticator(guid()) is None
    with recorded(store, here) as unit:
        assert unit.sign_ins.remove_authenticator(flow.user_id)
        assert not unit.sign_ins.remove_authenticator(flow.user_id)
        assert unit.sign_ins.authenticator(flow.user_id) is None


def test_an_authenticator_needs_its_person(store: ports.Store, there: str, flow: Flow) -> None:
    with refused(), recorded(store, there) as unit:
        unit.sign_ins.save_authenticator(authenticator(flow.user_id))
    with refused(), recorded(store, there) as unit:
        unit.sign_ins.set_recovery_codes(flow.user_id, [new_digest()])


def test_a_step_is_used_once_and_so_are_those_before_it(
    store: ports.Store, here: str, flow: Flow
) -> None:
    used = flow.authenticator.used_step
    with store.writing(here) as unit:
        assert not unit.sign_ins.spend_step(flow.user_id, used, SOON)
        assert unit.sign_ins.spend_step(flow.user_id, used + 2, SOON)
        assert not unit.sign_ins.spend_step(flow.user_id, used + 2, SOON)
        assert not unit.sign_ins.spend_step(flow.user_id, used + 1, SOON)
        assert not unit.sign_ins.spend_step(guid(), used + 3, SOON)
    spent = structs.replace(flow.authenticator, used_step=used + 2, last_used_at=SOON)
    with store.reading(here) as unit:
        assert unit.sign_ins.authenticator(flow.user_id) == spent


def raced(store: ports.Store, tenant_id: str, take: Callable[[Tenancy], bool]) -> int:
    """How many of several at once are told that it was theirs."""

    def once(_number: int) -> bool:
        with recorded(store, tenant_id) as unit:
            return take(unit)

    with ThreadPoolExecutor(PARALLEL) as pool:
        return sum(pool.map(once, range(PARALLEL)))


@pytest.mark.requirement("R-49")
def test_of_parallel_uses_of_a_step_one_succeeds(store: ports.Store, here: str, flow: Flow) -> None:
    step = flow.authenticator.used_step + 1
    won = raced(store, here, lambda unit: unit.sign_ins.spend_step(flow.user_id, step, SOON))
    assert won == 1


def test_of_parallel_uses_of_a_recovery_code_one_succeeds(
    store: ports.Store, here: str, flow: Flow
) -> None:
    digest = new_digest()
    with recorded(store, here) as unit:
        unit.sign_ins.set_recovery_codes(flow.user_id, [digest, new_digest()])
    won = raced(store, here, lambda unit: unit.sign_ins.spend_recovery_code(flow.user_id, digest))
    assert won == 1
    with store.reading(here) as unit:
        assert unit.sign_ins.count_recovery_codes(flow.user_id) == 1


def test_recovery_codes_are_spent_and_made_anew(store: ports.Store, here: str, flow: Flow) -> None:
    old, new = [new_digest() for _ in range(10)], [new_digest() for _ in range(3)]
    with recorded(store, here) as unit:
        unit.sign_ins.set_recovery_codes(flow.user_id, old)
        assert unit.sign_ins.spend_recovery_code(flow.user_id, old[4])
        assert not unit.sign_ins.spend_recovery_code(flow.user_id, old[4])
        assert not unit.sign_ins.spend_recovery_code(flow.user_id, new[0])
        assert unit.sign_ins.count_recovery_codes(flow.user_id) == 9
    with recorded(store, here) as unit:
        unit.sign_ins.set_recovery_codes(flow.user_id, new)
        assert not unit.sign_ins.spend_recovery_code(flow.user_id, old[0])
        assert unit.sign_ins.count_recovery_codes(flow.user_id) == 3
    with recorded(store, here) as unit:
        unit.sign_ins.set_recovery_codes(flow.user_id, [])
    with store.reading(here) as unit:
        assert unit.sign_ins.count_recovery_codes(flow.user_id) == 0


def test_a_code_of_one_person_is_none_of_another(store: ports.Store, here: str, flow: Flow) -> None:
    other, digest = Flow(store, here), new_digest()
    with recorded(store, here) as unit:
        unit.sign_ins.set_recovery_codes(flow.user_id, [digest])
        assert not unit.sign_ins.spend_recovery_code(other.user_id, digest)
        unit.sign_ins.set_recovery_codes(other.user_id, [digest])
        assert unit.sign_ins.spend_recovery_code(other.user_id, digest)
        assert unit.sign_ins.count_recovery_codes(flow.user_id) == 1


def test_what_a_person_has_and_the_tenant_demands(store: ports.Store, here: str) -> None:
    bare = user(role_ids=(MEMBER,))
    chief = user(role_ids=(ADMINISTRATOR, MEMBER))
    add_users(store, here, bare, chief)

    def factors_of(user_id: str) -> Factors:
        with store.reading(here) as unit:
            return unit.sign_ins.factors(user_id)

    nothing = Factors("none", is_administrator=False, has_authenticator=False, has_passkey=False)
    assert factors_of(bare.id) == nothing
    assert factors_of(guid()) == nothing
    assert factors_of(chief.id) == nothing._replace(is_administrator=True)
    with recorded(store, here) as unit:
        unit.sign_ins.demand("administrators", SOON)
        unit.sign_ins.save_authenticator(authenticator(bare.id))
        assert unit.sign_ins.add_passkey(passkey(chief.id))
        kept = unit.directory.tenant()
    assert kept is not None
    assert (kept.second_factor, kept.updated_at) == ("administrators", SOON)
    assert factors_of(bare.id) == Factors("administrators", False, True, False)  # noqa: FBT003
    assert factors_of(chief.id) == Factors("administrators", True, False, True)  # noqa: FBT003


def test_a_tenant_that_is_not_there_demands_nothing(store: ports.Store) -> None:
    with store.reading(guid()) as unit:
        assert unit.sign_ins.factors(guid()).demanded == "none"


def test_who_has_nothing_beside_a_password(store: ports.Store, here: str, flow: Flow) -> None:
    older = user(role_ids=(ADMINISTRATOR,))
    newer, off = user(created_at=later()), user(enabled=False)
    elsewhere = user(provider_id=next(iter(OUTSIDE_PROVIDERS)))
    keyed = user(role_ids=(ADMINISTRATOR,))
    add_users(store, here, older, newer, off, elsewhere, keyed)
    with recorded(store, here) as unit:
        unit.sign_ins.save_authenticator(authenticator(keyed.id))
    with store.reading(here) as unit:
        assert set(unit.sign_ins.without_factor(None, 9)) == {older.id, newer.id}
        assert (
            unit.sign_ins.without_factor(None, 9)[-1]
            == max((older, newer), key=lambda one: one.created_at).id
        )
        assert unit.sign_ins.without_factor(ADMINISTRATOR, 9) == (older.id,)
        assert unit.sign_ins.count_without_factor(None, 9) == 2
        assert unit.sign_ins.count_without_factor(None, 1) == 1
        assert len(unit.sign_ins.without_factor(None, 1)) == 1
        assert unit.sign_ins.count_without_factor(ADMINISTRATOR, 9) == 1
    assert flow.user_id not in {older.id, newer.id}


CHANGES: dict[str, Callable[[Tenancy, Flow], object]] = {
    "demand": lambda unit, _: unit.sign_ins.demand("everybody", SOON),
    "save_authenticator": lambda unit, it: unit.sign_ins.save_authenticator(
        authenticator(it.user_id)
    ),
    "remove_authenticator": lambda unit, it: unit.sign_ins.remove_authenticator(it.user_id),
    "set_recovery_codes": lambda unit, it: unit.sign_ins.set_recovery_codes(
        it.user_id, [new_digest()]
    ),
}


@pytest.mark.requirement("R-78")
@pytest.mark.parametrize("name", CHANGES)
def test_no_event_no_change(store: ports.Store, here: str, flow: Flow, name: str) -> None:
    before = seen(store, here)
    with pytest.raises(UnrecordedChange), store.writing(here) as unit:
        CHANGES[name](unit, flow)
    assert seen(store, here) == before
    with recorded(store, here) as unit:
        CHANGES[name](unit, flow)
    assert seen(store, here) != before


@pytest.mark.requirement("R-83")
def test_factors_go_with_their_person(store: ports.Store, here: str, flow: Flow) -> None:
    digest = new_digest()
    with recorded(store, here) as unit:
        unit.sign_ins.set_recovery_codes(flow.user_id, [digest])
    with recorded(store, here) as unit:
        unit.directory.remove_user(flow.user_id)
    with recorded(store, here) as unit:
        assert unit.directory.add_user(user(flow.user_id))
        assert unit.sign_ins.authenticator(flow.user_id) is None
        assert not unit.sign_ins.spend_recovery_code(flow.user_id, digest)
