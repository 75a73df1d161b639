"""What goes along with a client, a person or a family, and what no row holds."""

import pytest
from msgspec import structs
from sqlalchemy import Table, select

from gatepost import ports
from gatepost.model.grants import APPROVED
from gatepost.ports import Spending
from gatepost.storage import flow_tables, portal_tables
from gatepost.storage.sql_store import SqlStore
from tests.stores.examples import (
    NOW,
    SECRETS,
    add_clients,
    client,
    event,
    found_tenant,
    guid,
    recorded,
    refused,
    tenant,
)
from tests.stores.flow_examples import (
    Flow,
    code,
    device_code,
    family,
    pending,
    pushed,
    refresh_token,
    sign_in,
)

TABLES = [
    flow_tables.sign_ins,
    flow_tables.consents,
    flow_tables.passkeys,
    flow_tables.authenticators,
    flow_tables.recovery_codes,
    flow_tables.pending_requests,
    flow_tables.pushed_requests,
    flow_tables.families,
    flow_tables.codes,
    flow_tables.refresh_tokens,
    flow_tables.device_codes,
    portal_tables.portal_sessions,
    portal_tables.try_outs,
    portal_tables.password_links,
]
# in the order of `Flow.whole`
_T, _F = True, False
OF_THE_CLIENT = [_F, _T, _F, _F, _F, _T, _T, _T, _T, _T, _T, _F, _T, _F]
OF_THE_PERSON = [_T, _T, _T, _T, _T, _F, _F, _T, _T, _T, _F, _T, _F, _T]


@pytest.fixture
def flow(store: ports.Store, here: str) -> Flow:
    """A person and a client of the first tenant, with one of everything."""
    return Flow(store, here)


def left(flow: Flow, gone: list[bool]) -> list[object]:
    """What stays of everything."""
    pairs = zip(flow.whole, gone, strict=True)
    return [None if is_gone else value for value, is_gone in pairs]


def test_a_client_takes_along_what_is_its_own(
    store: ports.Store, here: str, there: str, flow: Flow
) -> None:
    others = [(here, Flow(store, here)), (there, Flow(store, there))]
    with recorded(store, here) as unit:
        unit.clients.remove(flow.client_id)
        assert flow.kept(unit) == left(flow, OF_THE_CLIENT)
        assert unit.grants.clients_of_sign_in(flow.sign_in.id) == ()
        assert unit.sign_ins.consents_of(flow.user_id) == ()
    for tenant_id, other in others:
        with store.reading(tenant_id) as unit:
            assert other.kept(unit) == other.whole
    with store.reading_all() as deployment:
        assert deployment.tenant_of_user_code(flow.device.user_code_digest) is None


def test_a_person_takes_along_what_is_their_own(
    store: ports.Store, here: str, there: str, flow: Flow
) -> None:
    others = [(here, Flow(store, here)), (there, Flow(store, there))]
    with recorded(store, here) as unit:
        unit.directory.remove_user(flow.user_id)
        assert flow.kept(unit) == left(flow, OF_THE_PERSON)
        assert unit.sign_ins.with_session([flow.digests.session]) is None
    for tenant_id, other in others:
        with store.reading(tenant_id) as unit:
            assert other.kept(unit) == other.whole
    with store.reading_all() as deployment:
        assert deployment.tenants_of_sign_ins([flow.digests.session]) == ()


def test_a_device_goes_with_the_person_who_let_it_in(
    store: ports.Store, here: str, flow: Flow
) -> None:
    waits = device_code(flow.client_id)
    with recorded(store, here) as unit:
        assert unit.grants.add_device_code(waits)
        assert unit.grants.settle_device_code(flow.device.digest, APPROVED, flow.family.id)
        unit.directory.remove_user(flow.user_id)
        assert unit.grants.device_code(flow.device.digest) is None
        assert unit.grants.device_code(waits.digest) == waits


def test_an_errand_without_a_client_outlives_clients(
    store: ports.Store, here: str, flow: Flow
) -> None:
    free = pending(None)
    with recorded(store, here) as unit:
        unit.grants.add_pending(free)
        unit.clients.remove(flow.client_id)
        assert unit.grants.pending(free.id) == free


def test_nothing_is_kept_for_a_tenant_that_is_not_there(store: ports.Store) -> None:
    for name in ("errand", "token"):
        with refused(), store.writing_all() as deployment:
            nowhere = deployment.open(guid())
            deployment.open("").journal.append(event())
            if name == "errand":
                nowhere.grants.add_pending(pending(None))
            else:
                nowhere.grants.revoke_token(guid(), NOW)


def test_a_tenant_is_known_by_its_alias_unless_two_have_it(store: ports.Store) -> None:
    alias = guid()
    mine, other = tenant(alias=f"Straße {alias}"), tenant(alias=f"\uff33trasse  {alias.upper()}")
    for founded, known in ((mine, mine.id), (other, None)):
        with store.writing_all() as deployment:
            assert deployment.add_tenant(founded)
            deployment.open(founded.id).journal.append(event())
        with store.reading_all() as deployment:
            for shown in (mine.alias, f" strasse {alias} ", other.alias):
                assert deployment.tenant_with_alias(shown) == known
            assert deployment.tenant_with_alias(alias) is None
            assert deployment.tenant_with_alias("") is None


def test_a_registered_origin_is_known(store: ports.Store, here: str) -> None:
    origin = f"https://{guid()}.example"
    apps = [client("authorization_code", allowed_cors_origins=(origin,)) for _ in range(2)]
    with store.reading_all() as deployment:
        assert not deployment.has_origin(origin)
    add_clients(store, here, *apps)
    for app in apps:
        with store.reading_all() as deployment:
            assert deployment.has_origin(origin)
            assert not deployment.has_origin(origin.upper())
            assert not deployment.has_origin(f"{origin}:443")
        with recorded(store, here) as unit:
            unit.clients.remove(app.settings.id)
    with store.reading_all() as deployment:
        assert not deployment.has_origin(origin)


@pytest.mark.requirement("R-50")
def test_no_row_holds_what_is_presented(sql_store: SqlStore) -> None:
    here = found_tenant(sql_store)
    flow = Flow(sql_store, here)
    kinds: tuple[ports.Kind, ...] = (
        *("code", "refresh-token", "device-code", "user-code", "session", "silent"),
        *("pushed-request", "portal", "password-link"),
    )
    values = {kind: guid() for kind in kinds}
    of = {kind: SECRETS.digest_of(kind, value) for kind, value in values.items()}
    digests = structs.replace(flow.digests, session=of["session"], silent=of["silent"])
    with recorded(sql_store, here) as unit:
        unit.sign_ins.add(sign_in(flow.user_id), digests)
        unit.sign_ins.add_portal_session(flow.portal_session, of["portal"])
        unit.directory.set_password_link(flow.link, of["password-link"])
        one = family(flow.client_id, flow.user_id)
        unit.grants.add_family(one)
        unit.grants.add_code(code(one.id, digest=of["code"]))
        token = refresh_token(one.id, digest=of["refresh-token"])
        unit.grants.add_refresh_token(token)
        unit.grants.add_pushed(pushed(flow.client_id, digest=of["pushed-request"]))
        device = {"digest": of["device-code"], "user_code_digest": of["user-code"]}
        assert unit.grants.add_device_code(device_code(flow.client_id, **device))
    spending = Spending(
        digest=token.digest,
        family_id=one.id,
        now=NOW,
        sealed_successor=SECRETS.seal("refresh", values["refresh-token"]),
    )
    assert sql_store.redemptions(here).spend_refresh_token(spending)
    with sql_store._engine.connect() as connection:
        rows = repr([connection.execute(select(table)).all() for table in TABLES])
    assert repr(of["session"]) in rows
    for value in values.values():
        assert value not in rows


def test_every_table_of_the_flows_is_removed_from() -> None:
    """A new table is to be thought of here."""
    known = {table.name for table in TABLES} | {"attempts", "revoked_tokens"}
    modules = (*vars(flow_tables).values(), *vars(portal_tables).values())
    there = {value.name for value in modules if isinstance(value, Table)}
    assert there == known
