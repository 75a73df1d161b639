"""A small filled store is in order by the product's own judgement, on both databases."""

from pathlib import Path

import pytest
from sqlalchemy import and_, exists, func, select, text

from bench import credentials, names, stored
from bench.fill import Filled, Shape, house
from gatepost.app import journal_verdicts
from gatepost.model.callers import CLIENT_SUBJECT_PREFIX
from gatepost.model.client_kinds import CLIENT_CREDENTIALS
from gatepost.model.tenants import MEMBER
from gatepost.ports import PageOf
from gatepost.services.principals import standing
from gatepost.storage.flow_tables import families, refresh_tokens
from gatepost.storage.tables import client_secrets, clients, counts, metadata, tenants, users
from tests import postgres

SHAPE = Shape(tenants=3, clients=20, users=6, refresh_tokens=9)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Filled:
    folder = tmp_path_factory.mktemp("filled") / "store"
    is_pg = request.param == "postgresql"
    url = postgres.fresh_database(postgres.shared_server()) if is_pg else None
    return house(folder, url, SHAPE)


def test_there_is_as_much_as_was_asked_for_and_what_founding_brings(filled: Filled) -> None:
    with filled.open() as opened, opened.database.engine.connect() as connection:
        found = {
            table.name: connection.scalar(select(func.count()).select_from(table))
            for table in (tenants, clients, client_secrets, users, families, refresh_tokens)
        }
    # each tenant: its devices, an administration client, an application, the portal
    assert found == {
        "tenants": 3,
        "clients": 20 + 3 * 3,
        "client_secrets": 20 + 3 * 2,
        "users": 6 + 1,
        "families": 9,
        "refresh_tokens": 9,
    }


def test_the_counters_are_those_of_the_rows(filled: Filled) -> None:
    with filled.open() as opened, opened.database.engine.connect() as connection:
        kinds = select(clients.c.tenant_id, clients.c.kind, func.count())
        rows = connection.execute(kinds.group_by(clients.c.tenant_id, clients.c.kind))
        there = {(tenant, f"clients.{kind}"): n for tenant, kind, n in rows}
        of_clients = counts.c.what.like("clients.%")
        told = connection.execute(select(counts).where(of_clients, counts.c.n > 0))
        assert {(tenant, what): n for tenant, what, n in told} == there


def test_every_client_of_the_store_may_act_with_its_known_secret(filled: Filled) -> None:
    with filled.open() as opened:
        for number in range(SHAPE.clients):
            client_id = names.device(number)
            with opened.world.store.reading_all() as deployment:
                tenant_id = deployment.tenant_of_client(client_id)
            assert tenant_id is not None
            with opened.world.store.reading(tenant_id) as tenancy:
                digests = tenancy.clients.digests(client_id)
                stands = standing(tenancy, CLIENT_SUBJECT_PREFIX + client_id, client_id)
            assert [kept.digest for kept in digests] == [
                opened.world.secrets.digest(filled.secret(client_id))
            ]
            assert stands is not None
            assert stands.role_types == (MEMBER,)


def test_clients_are_listed_found_by_their_words_and_changed_as_any(filled: Filled) -> None:
    tenant_id = filled.names.tenant_ids[2]
    with filled.open() as opened, opened.world.store.reading(tenant_id) as tenancy:
        kind = CLIENT_CREDENTIALS.name
        listed = tenancy.clients.page(kind, ("device",), PageOf(skip=0, count=100))
        assert [c.settings.name for c in listed] == [f"Device {n:07}" for n in range(13, 20)]
        assert tenancy.clients.count(kind, ()) == 8


def test_the_journals_are_whole(filled: Filled) -> None:
    with filled.open() as opened:
        verdicts = list(journal_verdicts(opened))
    assert [verdict.fault for verdict in verdicts] == [None] * 4


def test_no_row_points_to_nothing(filled: Filled) -> None:
    keys = [key for table in metadata.sorted_tables for key in table.foreign_key_constraints]
    with filled.open() as opened, opened.database.engine.connect() as connection:
        for key in keys:
            pairs = [(each.parent, each.column) for each in key.elements]
            met = exists().where(and_(*(mine == theirs for mine, theirs in pairs)))
            points = and_(*(mine.is_not(None) for mine, _ in pairs))
            lost = select(func.count()).select_from(key.table).where(points, ~met)
            assert connection.scalar(lost) == 0, key.table.name
    assert len(keys) > 20


def test_a_filled_sqlite_store_is_whole(filled: Filled) -> None:
    with filled.open() as opened, opened.database.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
            assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        else:
            assert connection.scalar(text("SHOW session_replication_role")) == "origin"


def test_fresh_codes_and_refresh_tokens_are_known_to_the_store(filled: Filled) -> None:
    made = credentials.codes(filled, 5), credentials.refresh_tokens(filled, 5)
    with filled.open() as opened:
        digest_of, now = opened.world.secrets.digest_of, opened.world.clock.now()
        for code, token in zip(*made, strict=True):
            with opened.world.store.reading_all() as deployment:
                tenant_id = deployment.tenant_of_client(code.client_id) or ""
            with opened.world.store.reading(tenant_id) as tenancy:
                kept = tenancy.grants.code(digest_of("code", code.value))
                refresh = tenancy.grants.refresh_token(digest_of("refresh-token", token.value))
                assert kept is not None
                assert now < kept.expires_at
                family = tenancy.grants.family(kept.family_id)
                assert family is not None
                assert tenancy.sign_ins.get(family.sign_in_id) is not None
                assert tenancy.directory.user(family.user_id) is not None
            assert refresh is not None


def test_a_kept_store_is_taken_again(tmp_path: Path) -> None:
    shape = Shape(tenants=2, clients=2, users=2)
    first = stored.sqlite(shape, tmp_path / "kept")
    again = stored.sqlite(shape, tmp_path / "kept")
    assert again == first
    assert (first.first.folder / "filled.json").stat().st_mode & 0o077 == 0
