"""What is over goes, in batches, and nothing else."""

from datetime import datetime, timedelta

import pytest

from gatepost import ports
from gatepost.model.grants import Family
from tests.stores.examples import NOW, client, found_tenant, guid, recorded, user
from tests.stores.flow_examples import (
    IN_AN_HOUR,
    Flow,
    code,
    digests,
    family,
    new_digest,
    pending,
    refresh_token,
    sign_in,
)
from tests.stores.portal_examples import try_out

BEFORE, AFTER = IN_AN_HOUR - timedelta(seconds=1), IN_AN_HOUR


def _filled(store: ports.Store) -> tuple[str, Family, bytes, str]:
    tenant_id = found_tenant(store)
    owner, application = user(guid()), client("hybrid", guid())
    kept = family(application.settings.id, owner.id, expires_at=IN_AN_HOUR)
    used = code(kept.id, expires_at=NOW)
    signed_in = sign_in(owner.id)
    with recorded(store, tenant_id) as unit:
        unit.directory.add_user(owner)
        unit.clients.add(application)
        unit.sign_ins.add(signed_in, digests())
        unit.grants.add_family(kept)
        unit.grants.add_code(used)
        unit.grants.add_pending(pending(application.settings.id, expires_at=IN_AN_HOUR))
        unit.sign_ins.save_attempts({new_digest(): IN_AN_HOUR})
        unit.grants.revoke_token(guid(), IN_AN_HOUR)
    return tenant_id, kept, used.digest, signed_in.id


def _swept(store: ports.Store, now: datetime, most: int = 100) -> int:
    return sum(store.sweep(now, most))


def test_nothing_goes_before_its_time(empty_store: ports.Store) -> None:
    tenant_id, kept, digest, sign_in_id = _filled(empty_store)
    assert _swept(empty_store, BEFORE) == 0
    with empty_store.reading(tenant_id) as unit:
        assert unit.grants.family(kept.id) == kept
        assert unit.sign_ins.get(sign_in_id) is not None
        # Long past its own minute, and still known for what it is if somebody uses it again.
        assert unit.grants.code(digest) is not None


def test_what_is_over_goes_and_a_code_with_its_family(empty_store: ports.Store) -> None:
    tenant_id, kept, digest, sign_in_id = _filled(empty_store)
    assert _swept(empty_store, AFTER) == 6
    with empty_store.reading(tenant_id) as unit:
        assert unit.grants.family(kept.id) is None
        assert unit.grants.code(digest) is None
        assert unit.sign_ins.get(sign_in_id) is None
    assert _swept(empty_store, AFTER) == 0


def test_a_family_stays_as_long_as_its_sign_in_goes_on(empty_store: ports.Store) -> None:
    tenant_id = found_tenant(empty_store)
    owner, application = user(guid()), client("hybrid", guid())
    renewed = sign_in(owner.id, expires_at=IN_AN_HOUR + timedelta(hours=7))
    kept = family(application.settings.id, owner.id, sign_in_id=renewed.id, expires_at=IN_AN_HOUR)
    with recorded(empty_store, tenant_id) as unit:
        unit.directory.add_user(owner)
        unit.clients.add(application)
        unit.sign_ins.add(renewed, digests())
        unit.grants.add_family(kept)
    assert _swept(empty_store, AFTER) == 0
    with empty_store.reading(tenant_id) as unit:
        assert unit.grants.clients_of_sign_in(renewed.id) == (application.settings.id,)
    _swept(empty_store, renewed.expires_at)
    assert _swept(empty_store, renewed.expires_at) == 1


@pytest.mark.parametrize("most", [1, 2])
def test_a_batch_is_no_larger_than_asked_for(empty_store: ports.Store, most: int) -> None:
    for _ in range(3):
        _filled(empty_store)
    assert _swept(empty_store, AFTER, most) == 6 * most


def test_a_family_with_many_tokens_goes_in_batches_and_last_of_all(
    empty_store: ports.Store,
) -> None:
    tenant_id = found_tenant(empty_store)
    owner, application = user(guid()), client("hybrid", guid())
    kept = family(application.settings.id, owner.id, expires_at=IN_AN_HOUR)
    with recorded(empty_store, tenant_id) as unit:
        unit.directory.add_user(owner)
        unit.clients.add(application)
        unit.grants.add_family(kept)
        for generation in range(5):
            unit.grants.add_refresh_token(refresh_token(kept.id, generation=generation))
    assert [_swept(empty_store, AFTER, 2) for _ in range(4)] == [2, 2, 2, 0]
    with empty_store.reading(tenant_id) as unit:
        assert unit.grants.family(kept.id) is None


def test_what_the_portal_keeps_goes_in_its_own_way(empty_store: ports.Store) -> None:
    flow = Flow(empty_store, tenant_id := found_tenant(empty_store))
    over, in_time = flow.link.expires_at, flow.link.expires_at - timedelta(microseconds=1)
    assert _swept(empty_store, in_time) == 0
    with empty_store.reading_all() as deployment:
        assert deployment.overdue_try_outs(in_time, 9) == ()
        assert deployment.overdue_try_outs(over, 9) == ((tenant_id, flow.try_out),)
    assert _swept(empty_store, over) == 1
    with empty_store.reading(tenant_id) as unit:
        assert unit.directory.password_link(flow.link_digest) is None
        assert unit.directory.password_link_of(flow.user_id) is None
        assert unit.sign_ins.portal_session(flow.portal_digest) == flow.portal_session
    _swept(empty_store, AFTER)
    with empty_store.reading(tenant_id) as unit:
        # its sign-in was over, and the session went along
        assert unit.sign_ins.portal_session(flow.portal_digest) is None
        # what was added for it is to be taken away first
        assert unit.grants.try_out(flow.try_out.id) == flow.try_out


def test_overdue_try_outs_are_told_oldest_first_and_no_more_than_asked(
    empty_store: ports.Store,
) -> None:
    late = []
    for _ in range(2):
        tenant_id, app = found_tenant(empty_store), client("hybrid", guid())
        with recorded(empty_store, tenant_id) as unit:
            unit.clients.add(app)
            for minutes in (3, 1):
                kept = try_out(app.settings.id, expires_at=NOW + timedelta(minutes=minutes))
                unit.grants.add_try_out(kept)
                late.append((tenant_id, kept))
    late.sort(key=lambda pair: (pair[1].expires_at, pair[0]))
    with empty_store.reading_all() as deployment:
        for most in range(5):
            assert deployment.overdue_try_outs(AFTER, most) == tuple(late[:most])
        assert deployment.overdue_try_outs(NOW + timedelta(minutes=2), 9) == tuple(late[:2])
        assert deployment.overdue_try_outs(NOW, 9) == ()


def test_an_office_is_held_by_one_until_the_end_of_its_lease(empty_store: ports.Store) -> None:
    def take(office: str, holder: str, now: datetime, until: datetime) -> bool:
        with empty_store.writing_all() as deployment:
            return deployment.take_lease(office, holder, now, until)

    assert take("sweeper", "a", NOW, IN_AN_HOUR)
    assert not take("sweeper", "b", BEFORE, IN_AN_HOUR)
    assert take("other", "b", BEFORE, IN_AN_HOUR)
    assert take("sweeper", "a", BEFORE, IN_AN_HOUR)
    assert take("sweeper", "b", AFTER, AFTER + timedelta(hours=1))
    assert not take("sweeper", "a", AFTER, AFTER + timedelta(hours=2))


@pytest.mark.requirement("L-08")
def test_a_lease_that_a_wrong_clock_took_holds_nobody_up(empty_store: ports.Store) -> None:
    def take(holder: str, now: datetime) -> bool:
        with empty_store.writing_all() as deployment:
            return deployment.take_lease("sweeper", holder, now, now + timedelta(seconds=90))

    assert take("a", NOW + timedelta(days=3_652))
    assert take("b", NOW)
    assert not take("a", NOW)
