"""Errands and pushed requests, whatever keeps them."""

from datetime import timedelta

import pytest
from msgspec import structs

from gatepost import ports
from gatepost.model.requests import (
    AccountErrand,
    DeviceErrand,
    Errand,
    Progress,
    RequestedClaims,
)
from tests.stores.examples import NOW, add_clients, client, guid
from tests.stores.flow_examples import Flow, new_digest, pending, pushed, request

SOON = NOW + timedelta(minutes=7)
NOBODY = guid()
ERRANDS: dict[str, Errand] = {
    "bare request": request(NOBODY),
    "full request": request(
        NOBODY,
        response_type="code id_token",
        response_mode="form_post",
        scopes=("openid", "offline_access"),
        state='ü"\\\u0001🦊',
        nonce="",
        challenge="E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        prompts=("login", "consent"),
        max_age=0,
        login_hint="kim@example.com",
        hinted_user=guid(),
        claims=RequestedClaims(id_token=("name",), userinfo=("email",), sub="kim"),
    ),
    "device": DeviceErrand(
        client_id=NOBODY, device_code="00ff", user_code="BCDF-GHJK", scopes=("openid",)
    ),
    "account": AccountErrand(),
    "fresh account": AccountErrand(fresh=True),
}


@pytest.fixture
def flow(store: ports.Store, here: str) -> Flow:
    """A person and a client of the first tenant, with one of everything."""
    return Flow(store, here)


@pytest.mark.parametrize("name", ERRANDS)
def test_an_errand_comes_back_as_its_kind(store: ports.Store, here: str, name: str) -> None:
    bound = client()
    add_clients(store, here, bound)
    for client_id in (None, bound.settings.id):
        kept = pending(client_id, errand=ERRANDS[name])
        with store.writing(here) as unit:
            unit.grants.add_pending(kept)
        with store.reading(here) as unit:
            found = unit.grants.pending(kept.id)
        assert found == kept
        assert type(found.errand) is type(kept.errand)


def test_only_the_progress_of_an_errand_changes(store: ports.Store, here: str, flow: Flow) -> None:
    progress = Progress(sign_in_id=guid(), chosen=guid(), consented_as="kïm")
    further = structs.replace(flow.pending, progress=progress)
    other = pending(flow.client_id)
    with store.writing(here) as unit:
        unit.grants.add_pending(other)
        unit.grants.save_pending(
            structs.replace(
                further,
                browser_digest=new_digest(),
                errand=AccountErrand(),
                client_id=None,
                expires_at=SOON,
            )
        )
        unit.grants.save_pending(pending(flow.client_id))
        assert unit.grants.pending(flow.pending.id) == further
        assert unit.grants.pending(other.id) == other


def test_an_errand_ends_once(store: ports.Store, here: str, flow: Flow) -> None:
    with store.writing(here) as unit:
        assert unit.grants.remove_pending(flow.pending.id)
        assert not unit.grants.remove_pending(flow.pending.id)
        unit.grants.save_pending(flow.pending)
        assert unit.grants.pending(flow.pending.id) is None


def test_a_pushed_request_is_taken_once(store: ports.Store, here: str, flow: Flow) -> None:
    with store.writing(here) as unit:
        assert unit.grants.remove_pushed(flow.pushed.digest)
        assert not unit.grants.remove_pushed(flow.pushed.digest)
        assert unit.grants.pushed(flow.pushed.digest) is None


def test_a_pushed_request_is_the_stores_own(store: ports.Store, here: str, flow: Flow) -> None:
    mine = pushed(flow.client_id)
    with store.writing(here) as unit:
        unit.grants.add_pushed(mine)
        mine.parameters["scope"] = "changed"
        found = unit.grants.pushed(mine.digest)
        assert found is not None
        assert found.parameters["scope"] == "openid"
