"""Families, codes and tokens, whatever keeps them. Errands have a file of their own."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec import structs

from gatepost import ports
from gatepost.model.errors import UnrecordedChange
from gatepost.model.grants import APPROVED, DENIED
from gatepost.ports import Tenancy
from tests.stores.examples import NOW, add_clients, client, guid, recorded, refused
from tests.stores.flow_examples import (
    IN_AN_HOUR,
    Flow,
    code,
    device_code,
    family,
    new_digest,
    pending,
    pushed,
    refresh_token,
)

SOON = NOW + timedelta(minutes=7)


@pytest.fixture
def flow(store: ports.Store, here: str) -> Flow:
    """A person and a client of the first tenant, with one of everything."""
    return Flow(store, here)


def test_everything_comes_back(store: ports.Store, here: str, flow: Flow) -> None:
    with store.reading(here) as unit:
        assert flow.kept(unit) == flow.whole
        assert unit.grants.device_with_user_code(flow.device.user_code_digest) == flow.device


def test_nothing_is_found_by_another_key(store: ports.Store, here: str, flow: Flow) -> None:
    # a code is not taken for a token, nor one digest of a device for the other
    with store.reading(here) as unit:
        assert unit.grants.pending(guid()) is None
        assert unit.grants.family(guid()) is None
        for digest in (new_digest(), flow.token.digest, flow.device.user_code_digest):
            assert unit.grants.code(digest) is None
            assert unit.grants.pushed(digest) is None
            assert unit.grants.device_code(digest) is None
        assert unit.grants.refresh_token(flow.code.digest) is None
        assert unit.grants.device_with_user_code(flow.device.digest) is None


def test_a_family_is_revoked_once(store: ports.Store, here: str, flow: Flow) -> None:
    revoked = structs.replace(flow.family, revoked_at=SOON, revoked_because="replay")
    with recorded(store, here) as unit:
        assert unit.grants.revoke_family(flow.family.id, SOON, "replay")
        assert not unit.grants.revoke_family(flow.family.id, NOW, "again")
        assert not unit.grants.revoke_family(guid(), NOW, "unknown")
        assert unit.grants.family(flow.family.id) == revoked


def test_the_live_families_of_a_person(store: ports.Store, here: str, flow: Flow) -> None:
    other = Flow(store, here)
    mine = [
        family(flow.client_id, flow.user_id, created_at=NOW + timedelta(days=day), expires_at=SOON)
        for day in (2, 1, 3)
    ]
    with recorded(store, here) as unit:
        for one in mine:
            unit.grants.add_family(one)
        assert unit.grants.revoke_family(mine[2].id, NOW, "signed out")
        live = (flow.family, mine[1], mine[0])
        just_before = SOON - timedelta(microseconds=1)
        assert unit.grants.live_families_of(flow.user_id, just_before) == live
        assert unit.grants.live_families_of(flow.user_id, SOON) == (flow.family,)
        assert unit.grants.live_families_of(flow.user_id, IN_AN_HOUR) == ()
        assert unit.grants.live_families_of(other.user_id, NOW) == (other.family,)
        assert unit.grants.live_families_of(guid(), NOW) == ()


def test_the_clients_of_a_sign_in(store: ports.Store, here: str, flow: Flow) -> None:
    more = [client(), client()]
    add_clients(store, here, *more)
    ids = [item.settings.id for item in more]
    with recorded(store, here) as unit:
        for client_id in (*ids, ids[0]):
            one = family(client_id, flow.user_id, sign_in_id=flow.sign_in.id)
            unit.grants.add_family(one)
            unit.grants.revoke_family(one.id, NOW, "signed out")
        unit.grants.add_family(family(ids[1], flow.user_id))
        during = unit.grants.clients_of_sign_in(flow.sign_in.id)
        assert during == tuple(sorted([flow.client_id, *ids]))
        assert unit.grants.clients_of_sign_in(guid()) == ()


def test_a_device_waits_is_settled_and_spent_once(
    store: ports.Store, here: str, flow: Flow
) -> None:
    digest = flow.device.digest
    with store.writing(here) as unit:
        unit.grants.note_poll(digest, NOW)
        unit.grants.note_poll(digest, SOON)
        unit.grants.note_poll(new_digest(), SOON)
        assert unit.grants.settle_device_code(digest, APPROVED, flow.family.id)
        assert not unit.grants.settle_device_code(digest, DENIED, None)
        assert not unit.grants.settle_device_code(new_digest(), DENIED, None)
        assert unit.grants.spend_device_code(digest, SOON)
        assert not unit.grants.spend_device_code(digest, NOW)
        assert not unit.grants.spend_device_code(new_digest(), NOW)
    done = {"last_polled_at": SOON, "state": APPROVED, "family_id": flow.family.id}
    with store.reading(here) as unit:
        wanted = structs.replace(flow.device, used_at=SOON, **done)
        assert unit.grants.device_code(digest) == wanted


@pytest.mark.requirement("R-25", "R-27")
def test_a_device_code_of_a_grant_that_is_over_is_not_spent(
    store: ports.Store, here: str, flow: Flow
) -> None:
    digest = flow.device.digest
    with recorded(store, here) as unit:
        assert unit.grants.settle_device_code(digest, APPROVED, flow.family.id)
        assert unit.grants.revoke_family(flow.family.id, NOW, "signed out")
        assert not unit.grants.spend_device_code(digest, SOON)
    with store.reading(here) as unit:
        kept = unit.grants.device_code(digest)
        assert kept is not None
        assert kept.used_at is None


def test_a_denied_device_waits_no_more(store: ports.Store, here: str, flow: Flow) -> None:
    spent = device_code(flow.client_id)
    with store.writing(here) as unit:
        assert unit.grants.settle_device_code(flow.device.digest, DENIED, None)
        assert not unit.grants.settle_device_code(flow.device.digest, APPROVED, flow.family.id)
        assert unit.grants.add_device_code(spent)
        assert unit.grants.spend_device_code(spent.digest, NOW)
        assert not unit.grants.settle_device_code(spent.digest, APPROVED, flow.family.id)
        denied = structs.replace(flow.device, state=DENIED)
        assert unit.grants.device_code(flow.device.digest) == denied


def test_a_user_code_is_taken_in_the_deployment(
    store: ports.Store, here: str, there: str, flow: Flow
) -> None:
    other = Flow(store, there)
    same = device_code(other.client_id, user_code_digest=flow.device.user_code_digest)
    with store.writing(there) as unit:
        assert not unit.grants.add_device_code(same)
        assert unit.grants.device_code(same.digest) is None
    with store.writing(here) as unit:
        assert not unit.grants.add_device_code(structs.replace(same, client_id=flow.client_id))
    with store.reading_all() as deployment:
        assert deployment.tenant_of_user_code(flow.device.user_code_digest) == here
        assert deployment.tenant_of_user_code(other.device.user_code_digest) == there
        assert deployment.tenant_of_user_code(flow.device.digest) is None


def test_a_token_is_revoked_for_good(store: ports.Store, here: str, there: str) -> None:
    token_id = guid()
    with recorded(store, here) as unit:
        assert not unit.grants.is_revoked(token_id)
        unit.grants.revoke_token(token_id, SOON)
        unit.grants.revoke_token(token_id, SOON)
    with store.writing(here) as unit:
        unit.grants.revoke_token(token_id, SOON)
        assert unit.grants.is_revoked(token_id)
        assert not unit.grants.is_revoked(guid())
    with store.reading(there) as unit:
        assert not unit.grants.is_revoked(token_id)


REFUSED: dict[str, Callable[[Tenancy, Flow, Flow], object]] = {
    "pending": lambda unit, _, foreign: unit.grants.add_pending(pending(foreign.client_id)),
    "pending id": lambda unit, it, _: unit.grants.add_pending(it.pending),
    "pushed": lambda unit, _, foreign: unit.grants.add_pushed(pushed(foreign.client_id)),
    "pushed digest": lambda unit, it, _: unit.grants.add_pushed(it.pushed),
    "family client": lambda unit, it, foreign: unit.grants.add_family(
        family(foreign.client_id, it.user_id)
    ),
    "family user": lambda unit, it, foreign: unit.grants.add_family(
        family(it.client_id, foreign.user_id)
    ),
    "family id": lambda unit, it, _: unit.grants.add_family(it.family),
    "code": lambda unit, _, foreign: unit.grants.add_code(code(foreign.family.id)),
    "code digest": lambda unit, it, _: unit.grants.add_code(it.code),
    "token": lambda unit, _, foreign: unit.grants.add_refresh_token(
        refresh_token(foreign.family.id)
    ),
    "token digest": lambda unit, it, _: unit.grants.add_refresh_token(it.token),
    "device": lambda unit, _, foreign: unit.grants.add_device_code(device_code(foreign.client_id)),
    "device family": lambda unit, it, foreign: unit.grants.settle_device_code(
        it.device.digest, APPROVED, foreign.family.id
    ),
}


@pytest.mark.requirement("R-63")
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_taken_or_of_another_tenant_is_refused(
    store: ports.Store, here: str, there: str, flow: Flow, name: str
) -> None:
    foreign = Flow(store, there)
    with refused(), store.writing(here) as unit:
        REFUSED[name](unit, flow, foreign)
    with store.reading(here) as unit:
        assert flow.kept(unit) == flow.whole


@pytest.mark.requirement("R-78")
def test_revocation_needs_an_event(store: ports.Store, here: str, flow: Flow) -> None:
    token_id = guid()
    with pytest.raises(UnrecordedChange), store.writing(here) as unit:
        unit.grants.revoke_family(flow.family.id, NOW, "replay")
    with pytest.raises(UnrecordedChange), store.writing(here) as unit:
        unit.grants.revoke_token(token_id, SOON)
    with store.reading(here) as unit:
        assert unit.grants.family(flow.family.id) == flow.family
        assert not unit.grants.is_revoked(token_id)
