"""What rests on which master key is counted whole; seals are replaced where they still stand."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import LargeBinary, Table, bindparam, func, select, update

from gatepost.model.events import DEPLOYMENT
from gatepost.ports import PRESENCE, Presence, Rest, Sealed, SecretOf
from gatepost.storage import rewrapping
from gatepost.storage.engine import transaction
from gatepost.storage.rewrapping import KEPT, SEALS, SqlRewrapping
from gatepost.storage.sql_store import SqlStore
from gatepost.storage.tables import metadata
from tests.stores.examples import NOW, event, found_tenant, recorded, secret, signing_key
from tests.stores.flow_examples import IN_AN_HOUR, Flow, new_digest

pytestmark = pytest.mark.requirement("D-02")

UNDER_NO_KEY = {
    "deployment.value": "check values, one for each key",
    "events.hash": "a hash without a key",
    "journal_heads.hash": "a hash without a key",
    "journal_beginnings.hash": "a hash without a key",
    "passkeys.public_key": "a public key",
}
"""Columns of bytes that do not begin with the number of a master key, each with its reason."""


@pytest.fixture
def sql_store(fresh_sql_store: SqlStore) -> SqlStore:
    """A store of its own, because no other test can go on with what is left of the seals."""
    return fresh_sql_store


@pytest.fixture
def rows(sql_store: SqlStore) -> SqlRewrapping:
    return SqlRewrapping(sql_store._engine)


@pytest.fixture
def flows(sql_store: SqlStore) -> list[Flow]:
    """Two people with one of everything, of which nothing is under any key yet."""
    tenant_id = found_tenant(sql_store)
    made = [Flow(sql_store, tenant_id) for _ in range(2)]
    with recorded(sql_store, tenant_id) as unit:
        for flow in made:
            unit.clients.add_secret(flow.client_id, secret(), new_digest())
            unit.sign_ins.set_recovery_codes(flow.user_id, [new_digest(), new_digest()])
            unit.sign_ins.save_attempts({new_digest(): IN_AN_HOUR})
    with sql_store.writing_all() as deployment:
        deployment.add_signing_key(signing_key())
        deployment.add_signing_key(signing_key())
        deployment.open(DEPLOYMENT).journal.append(event())
    return made


def put_under(store: SqlStore, number: int, only: set[str] | None = None) -> dict[str, int]:
    """Let every row of these kinds be under a key; how many rows each kind has."""
    found: dict[str, int] = {}
    with transaction(store._engine, writing=True) as connection:
        for kept in KEPT:
            table = kept.columns[0].table
            found[kept.what] = connection.scalar(select(func.count()).select_from(table)) or 0
            if only is not None and kept.what not in only:
                continue
            for column in kept.columns:
                renumber(connection, column, number)
    return found


def renumber(connection: Any, column: Any, number: int) -> None:
    """Let every value of a column begin with a number."""
    table: Table = column.table
    keys = list(table.primary_key)
    for row in connection.execute(select(*keys, column)).all():
        value = row[-1]
        if value is None:
            continue
        mine = (key == bindparam(None, at, key.type) for key, at in zip(keys, row, strict=False))
        connection.execute(update(table).where(*mine).values({column: bytes([number]) + value[1:]}))


def counted(rests: tuple[Rest, ...]) -> dict[str, int]:
    return {rest.what: rest.rows for rest in rests}


def test_no_column_of_bytes_is_forgotten() -> None:
    columns = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.c
        if isinstance(column.type, LargeBinary)
    }
    known = {f"{column.table.name}.{column.name}" for kept in KEPT for column in kept.columns}
    assert known | UNDER_NO_KEY.keys() == columns
    assert not known & UNDER_NO_KEY.keys()


def test_all_that_rests_on_a_key_is_counted(
    sql_store: SqlStore, rows: SqlRewrapping, flows: list[Flow], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(flows) == 2
    there = put_under(sql_store, 7)
    assert set(there.values()) & {0} == set()
    assert counted(rows.rests(7)) == there
    assert rows.rests(6) == rows.rests(8) == ()
    # the same in batches that are smaller than the tables
    monkeypatch.setattr(rewrapping, "BATCH", 2)
    assert counted(rows.rests(7)) == there
    monkeypatch.setattr(rewrapping, "BATCH", 1)
    assert counted(rows.rests(7)) == there


def test_when_the_last_of_a_kind_ends_is_told(
    sql_store: SqlStore, rows: SqlRewrapping, flows: list[Flow]
) -> None:
    put_under(sql_store, 7)
    until = {rest.what: rest.until for rest in rows.rests(7)}
    assert until["sign-ins"] == until["sessions of the portal"] == flows[0].sign_in.expires_at
    assert until["refresh tokens"] == until["codes"] == flows[0].family.expires_at
    assert until["counters of guesses"] == IN_AN_HOUR
    assert {until[kind] for kind in SEALS} == {None}
    assert until["client secrets"] is None


def test_a_row_that_rests_on_two_keys_counts_for_each(
    sql_store: SqlStore, rows: SqlRewrapping, flows: list[Flow]
) -> None:
    put_under(sql_store, 7, {"sign-ins"})
    there = counted(rows.rests(7))["sign-ins"]
    assert there >= len(flows)
    with transaction(sql_store._engine, writing=True) as connection:
        renumber(connection, metadata.tables["sign_ins"].c.silent_digest, 9)
    assert counted(rows.rests(7))["sign-ins"] == counted(rows.rests(9))["sign-ins"] == there


def test_secrets_are_named(sql_store: SqlStore, rows: SqlRewrapping, flows: list[Flow]) -> None:
    put_under(sql_store, 7, {"client secrets"})
    named = rows.secrets_under(7, 1_000)
    assert {flow.client_id for flow in flows} <= {each.client_id for each in named}
    assert {each.secret_id for each in named} == {1}
    assert type(named[0]) is SecretOf
    assert len(rows.secrets_under(7, 1)) == 1
    assert rows.secrets_under(8, 10) == ()


@pytest.mark.parametrize("kind", SEALS)
def test_seals_that_are_not_under_a_key_are_found_in_order_and_replaced(
    sql_store: SqlStore, rows: SqlRewrapping, flows: list[Flow], kind: Sealed
) -> None:
    assert flows
    put_under(sql_store, 7, {kind})
    assert rows.sealed(kind, 7, None, 10) == ()
    everything = rows.sealed(kind, 8, None, 10_000)
    assert len(everything) > 1
    assert [row.key for row in everything] == sorted(row.key for row in everything)
    first, *rest = everything
    assert rows.sealed(kind, 8, None, 1) == (first,)
    assert rows.sealed(kind, 8, first.key, 10_000) == tuple(rest)
    assert rows.sealed(kind, 8, everything[-1].key, 1) == ()
    anew = [(row, b"\x08" + row.sealed[1:]) for row in (first, rest[0])]
    assert rows.reseal(kind, anew) == 2
    assert rows.reseal(kind, anew) == 0, "what it was is not there any more"
    left = rows.sealed(kind, 8, None, 10_000)
    assert {row.key for row in left} == {row.key for row in rest[1:]}
    assert first.sealed.hex() not in repr(first)


def test_what_a_place_is_made_of_comes_along(
    sql_store: SqlStore, rows: SqlRewrapping, flows: list[Flow]
) -> None:
    assert flows
    put_under(sql_store, 7, set(SEALS))
    with sql_store.reading_all() as deployment:
        keys = {(key.kid,): (key.algorithm,) for key in deployment.signing_keys()}
        head = deployment.open(DEPLOYMENT).journal.head()
    assert {row.key: row.about for row in rows.sealed("signing keys", 8, None, 1_000)} == keys
    heads = {row.key: row.about for row in rows.sealed("heads of journals", 8, None, 1_000)}
    assert head is not None
    assert heads[(DEPLOYMENT,)] == tuple(head[0])


def test_servers_are_known_by_what_they_noted(sql_store: SqlStore, rows: SqlRewrapping) -> None:
    soon, later = NOW + timedelta(seconds=30), NOW + timedelta(seconds=90)
    with sql_store.writing_all() as deployment:
        assert deployment.take_lease(f"{PRESENCE}1", "servers", NOW, soon)
        assert deployment.take_lease(f"{PRESENCE}2,1", "servers", NOW, soon)
        assert deployment.take_lease(f"{PRESENCE}2,1", "servers", NOW, later)
        assert deployment.take_lease("sweeper", "me", NOW, later)
    assert set(rows.present(NOW)) == {Presence((1,), soon), Presence((2, 1), later)}
    assert rows.present(soon) == (Presence((2, 1), later),)
    assert rows.present(later) == ()
