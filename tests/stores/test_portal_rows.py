"""Sessions of the portal, try-outs, links to set a password, and what depends on a client."""

from datetime import datetime, timedelta

import pytest
from msgspec import structs

from gatepost import ports
from gatepost.ports import Dependents
from tests.stores.examples import NOW, add_users, event, guid, recorded, refused, user
from tests.stores.flow_examples import (
    IN_AN_HOUR,
    Flow,
    family,
    new_digest,
    refresh_token,
    sign_in,
)
from tests.stores.flow_examples import digests as new_digests
from tests.stores.portal_examples import password_link, portal_session, try_out

SECOND = timedelta(seconds=1)


@pytest.fixture
def flow(store: ports.Store, here: str) -> Flow:
    """A person and a client of the first tenant, with one of everything."""
    return Flow(store, here)


def test_a_session_is_found_by_its_digest_until_it_ends(
    store: ports.Store, here: str, there: str, flow: Flow
) -> None:
    with store.writing(here) as unit:
        assert unit.sign_ins.portal_session(flow.portal_digest) == flow.portal_session
        assert unit.sign_ins.portal_session(new_digest()) is None
        assert not unit.sign_ins.end_portal_session(new_digest())
    with store.writing(there) as unit:
        assert not unit.sign_ins.end_portal_session(flow.portal_digest)
    with store.writing(here) as unit:
        assert unit.sign_ins.end_portal_session(flow.portal_digest)
        assert not unit.sign_ins.end_portal_session(flow.portal_digest)
        assert unit.sign_ins.portal_session(flow.portal_digest) is None


def test_a_session_goes_with_its_sign_in(store: ports.Store, here: str, flow: Flow) -> None:
    other, digest = sign_in(flow.user_id), new_digest()
    beside = portal_session(flow.user_id, other.id)
    with recorded(store, here) as unit:
        unit.sign_ins.add(other, new_digests())
        unit.sign_ins.add_portal_session(beside, digest)
        assert unit.sign_ins.end(flow.sign_in.id)
        assert unit.sign_ins.portal_session(flow.portal_digest) is None
        assert unit.sign_ins.portal_session(digest) == beside


def test_a_session_needs_a_sign_in_and_a_digest_of_its_own(
    store: ports.Store, here: str, there: str, flow: Flow
) -> None:
    elsewhere = Flow(store, there)
    mine = portal_session(flow.user_id, flow.sign_in.id)
    for session, digest in (
        (structs.replace(mine, sign_in_id=guid()), new_digest()),
        (structs.replace(mine, sign_in_id=elsewhere.sign_in.id), new_digest()),
        (mine, flow.portal_digest),
        (mine, elsewhere.portal_digest),
    ):
        with refused(), store.writing(here) as unit:
            unit.sign_ins.add_portal_session(session, digest)


def test_a_try_out_comes_back_and_ends_once(
    store: ports.Store, here: str, there: str, flow: Flow
) -> None:
    bare = try_out(flow.client_id, redirect_uri=None, secret_id=None)
    with store.writing(here) as unit:
        unit.grants.add_try_out(bare)
        assert unit.grants.try_out(bare.id) == bare
        assert unit.grants.try_out(flow.try_out.id) == flow.try_out
    with store.writing(there) as unit:
        assert unit.grants.try_out(bare.id) is None
        assert not unit.grants.remove_try_out(bare.id)
    with store.writing(here) as unit:
        assert unit.grants.remove_try_out(bare.id)
        assert not unit.grants.remove_try_out(bare.id)
        assert unit.grants.try_out(flow.try_out.id) == flow.try_out


@pytest.mark.requirement("R-63")
def test_the_try_outs_of_a_client_are_told_oldest_first(
    store: ports.Store, here: str, there: str, flow: Flow
) -> None:
    beside, elsewhere = Flow(store, here), Flow(store, there)
    moments = (NOW + SECOND, NOW, NOW + SECOND)
    late, early, same = (try_out(flow.client_id, created_at=moment) for moment in moments)
    over = structs.replace(early, id=guid(), redirect_uri=None, secret_id=None, expires_at=NOW)
    with store.writing(here) as unit:
        assert unit.grants.remove_try_out(flow.try_out.id)
        for one in (late, over, early, same):
            unit.grants.add_try_out(one)
        wanted = [early, over, late, same]
        wanted.sort(key=lambda one: (one.created_at, one.id))
        assert unit.grants.try_outs_of(flow.client_id) == tuple(wanted)
        assert unit.grants.try_outs_of(beside.client_id) == (beside.try_out,)
        assert unit.grants.try_outs_of(elsewhere.client_id) == ()
        assert unit.grants.try_outs_of(guid()) == ()
    with store.reading(there) as unit:
        assert unit.grants.try_outs_of(flow.client_id) == ()
        assert unit.grants.try_outs_of(elsewhere.client_id) == (elsewhere.try_out,)


def test_only_what_is_sealed_in_a_try_out_changes(
    store: ports.Store, here: str, flow: Flow
) -> None:
    further = structs.replace(flow.try_out, sealed_state=b"further", redirect_uri=None)
    with store.writing(here) as unit:
        unit.grants.save_try_out(further)
        unit.grants.save_try_out(structs.replace(further, id=guid()))
        wanted = structs.replace(flow.try_out, sealed_state=b"further")
        assert unit.grants.try_out(flow.try_out.id) == wanted


def test_a_try_out_needs_a_client_of_the_tenant(
    store: ports.Store, here: str, there: str, flow: Flow
) -> None:
    with refused(), store.writing(there) as unit:
        unit.grants.add_try_out(try_out(flow.client_id))
    with refused(), store.writing(here) as unit:
        unit.grants.add_try_out(flow.try_out)


@pytest.mark.requirement("R-82")
def test_a_person_has_one_link_at_most(store: ports.Store, here: str, flow: Flow) -> None:
    digest, newer = new_digest(), password_link(flow.user_id, email="new@example.com")
    with recorded(store, here) as unit:
        assert unit.directory.password_link(flow.link_digest) == flow.link
        unit.directory.set_password_link(newer, digest)
        assert unit.directory.password_link(flow.link_digest) is None
        assert unit.directory.password_link(digest) == newer
        assert unit.directory.password_link_of(flow.user_id) == newer
        assert unit.directory.password_link_of(guid()) is None
    with recorded(store, here) as unit:
        assert unit.directory.remove_password_link(flow.user_id)
        assert not unit.directory.remove_password_link(flow.user_id)
        assert unit.directory.password_link(digest) is None


def test_a_link_is_of_a_person_of_the_tenant_and_of_one_alone(
    store: ports.Store, here: str, there: str, flow: Flow
) -> None:
    other = user()
    add_users(store, here, other)
    with refused(), recorded(store, there) as unit:
        unit.directory.set_password_link(flow.link, new_digest())
    with refused(), recorded(store, here) as unit:
        unit.directory.set_password_link(password_link(other.id), flow.link_digest)
    with store.reading(there) as unit:
        assert unit.directory.password_link(flow.link_digest) is None
    # the same link again, as when nothing of it changed
    with recorded(store, here) as unit:
        unit.directory.set_password_link(flow.link, flow.link_digest)


@pytest.mark.requirement("R-78")
@pytest.mark.parametrize("name", ["set", "remove"])
def test_a_change_of_links_needs_an_event(
    store: ports.Store, here: str, flow: Flow, name: str
) -> None:
    def change(unit: ports.Tenancy) -> None:
        if name == "set":
            unit.directory.set_password_link(flow.link, new_digest())
        else:
            unit.directory.remove_password_link(flow.user_id)

    with pytest.raises(Exception, match="without an event"), store.writing(here) as unit:
        change(unit)
    with store.reading(here) as unit:
        assert unit.directory.password_link(flow.link_digest) == flow.link
    with store.writing(here) as unit:
        unit.journal.append(event())
        change(unit)


def dependents(store: ports.Store, tenant_id: str, client_id: str, most: int = 99) -> Dependents:
    """What depends on a client now."""
    with store.reading(tenant_id) as unit:
        return unit.grants.dependents(client_id, NOW, most)


def test_what_depends_on_a_client_is_counted(store: ports.Store, here: str, flow: Flow) -> None:
    beside = Flow(store, here)
    assert dependents(store, here, flow.client_id) == Dependents(1, 1)
    assert dependents(store, here, beside.client_id) == Dependents(1, 1)
    assert dependents(store, here, guid()) == Dependents(0, 0)
    with recorded(store, here) as unit:
        for _ in range(2):
            more = sign_in(flow.user_id)
            unit.sign_ins.add(more, new_digests())
            for _ in range(2):
                kept = family(flow.client_id, flow.user_id, sign_in_id=more.id)
                unit.grants.add_family(kept)
                for generation in (1, 2):
                    unit.grants.add_refresh_token(refresh_token(kept.id, generation=generation))
    for most, wanted in ((0, (0, 0)), (2, (2, 2)), (4, (3, 4)), (99, (3, 5))):
        assert dependents(store, here, flow.client_id, most) == Dependents(*wanted)
    assert dependents(store, here, beside.client_id) == Dependents(1, 1)


@pytest.mark.parametrize(
    ("ends", "wanted"),
    [
        ({}, (1, 1)),
        ({"sign_in": NOW + SECOND, "family": NOW + SECOND, "token": NOW + SECOND}, (1, 1)),
        ({"sign_in": NOW}, (0, 1)),
        ({"family": NOW}, (1, 0)),
        ({"token": NOW}, (1, 0)),
        ({"used": NOW}, (1, 0)),
        ({"revoked": NOW}, (0, 0)),
    ],
)
def test_what_is_over_depends_on_nothing(
    store: ports.Store, here: str, flow: Flow, ends: dict[str, datetime], wanted: tuple[int, int]
) -> None:
    at = sign_in(flow.user_id, expires_at=ends.get("sign_in", IN_AN_HOUR))
    own = {"sign_in_id": at.id, "expires_at": ends.get("family", IN_AN_HOUR)}
    kept = family(flow.client_id, flow.user_id, revoked_at=ends.get("revoked"), **own)
    token = {"expires_at": ends.get("token", IN_AN_HOUR), "used_at": ends.get("used")}
    with recorded(store, here) as unit:
        assert unit.grants.revoke_family(flow.family.id, NOW, "test")
        unit.sign_ins.add(at, new_digests())
        unit.grants.add_family(kept)
        unit.grants.add_refresh_token(refresh_token(kept.id, **token))
        assert unit.grants.dependents(flow.client_id, NOW, 9) == Dependents(*wanted)
        assert unit.sign_ins.end(at.id)
        assert unit.grants.dependents(flow.client_id, NOW, 9) == Dependents(0, wanted[1])
