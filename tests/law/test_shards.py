"""What docs/scale.md says of more than one PostgreSQL holds: rows belong to tenants, and say so.

A tenant can be placed on a shard of its own when each of its rows bears its id, when no row refers
to another tenant's, and when what must be unique is unique within a tenant. What is otherwise is
named here with its reason, and a new exception fails until it is named.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import ForeignKeyConstraint, Index, Table, UniqueConstraint

from gatepost import ports
from gatepost.storage import flow_tables, journal_tables, portal_tables
from gatepost.storage.tables import metadata

PAPER = Path(__file__).parents[2] / "docs/scale.md"
_LAID = (flow_tables, journal_tables, portal_tables)  # their tables are in the metadata

OF_THE_DEPLOYMENT = {
    "deployment": "the check values of the master keys, a handful of rows",
    "epochs": "256 numbers that tenants fall on; each shard has its own",
    "leases": "who sweeps, one row; each shard has its own",
    "signing_keys": "all tenants have the same keys, a handful of rows",
    "tenants": "one row a tenant, whose id is its key",
}
"""Tables whose rows are of no tenant, or are tenants."""

UNIQUE_IN_THE_DEPLOYMENT = {
    ("clients", "id"): "a client presents its id alone, and its tenant is found by it",
    ("device_codes", "user_code_digest"): "a person types the code without naming a tenant",
    ("password_links", "digest"): "256 bits by chance, which do not meet",
    ("portal_sessions", "digest"): "256 bits by chance, which do not meet",
    ("reserved_ids", "kind,id"): "what was an id of one tenant is never another's",
    ("sign_ins", "digest"): "256 bits by chance; a browser presents them without a tenant",
    ("sign_ins", "silent_digest"): "256 bits by chance, which do not meet",
}
"""Columns that are unique across tenants, which several databases do not see to together."""

CROSSES_TENANTS = {
    "tenant_of_client",
    "tenants_of_sign_ins",
    "tenant_of_user_code",
    "tenant_with_alias",
    "has_origin",
    "take_lease",
    "overdue_try_outs",
    "count_expiring_secrets",
    "tenants",
    "some_tenant_ids",
    "add_tenant",
    "signing_keys",
    "add_signing_key",
    "save_key_phases",
    "remove_signing_key",
    "key_check",
    "set_key_check",
    "key_checks",
    "note_key_check",
    "use_key",
    "open",
    "journals",
}
"""What `ports.Deployment` is asked for, and how it is done with shards is in docs/scale.md.

`Store.sweep` is one more.
"""

TABLES = sorted(metadata.tables.values(), key=lambda table: table.name)
OF_TENANTS = [table for table in TABLES if table.name not in OF_THE_DEPLOYMENT]


def named(table: Table) -> str:
    """How a case is called."""
    return table.name


def unique_without_tenant(table: Table) -> Iterator[tuple[str, str]]:
    """The unique constraints and indexes of a table that leave the tenant out."""
    for each in (*table.constraints, *table.indexes):
        if isinstance(each, UniqueConstraint) or (isinstance(each, Index) and each.unique):
            columns = [column.name for column in each.columns]
            if "tenant_id" not in columns:
                yield table.name, ",".join(columns)


def strays(table: Table) -> Iterator[str]:
    """The foreign keys of a table by which a row could refer to another tenant's."""
    for each in table.constraints:
        if isinstance(each, ForeignKeyConstraint):
            pairs = {(here.parent.name, here.target_fullname) for here in each.elements}
            parent = each.referred_table.name
            own = "tenants.id" if parent == "tenants" else f"{parent}.tenant_id"
            if ("tenant_id", own) not in pairs:
                yield parent


def test_the_exceptions_are_tables() -> None:
    assert OF_THE_DEPLOYMENT.keys() <= metadata.tables.keys()


@pytest.mark.parametrize("table", OF_TENANTS, ids=named)
def test_a_row_is_found_by_its_tenant_first(table: Table) -> None:
    assert next(iter(table.primary_key.columns)).name == "tenant_id"


@pytest.mark.parametrize("table", TABLES, ids=named)
def test_a_row_refers_to_rows_of_its_tenant_alone(table: Table) -> None:
    assert list(strays(table)) == []


@pytest.mark.parametrize("name", OF_THE_DEPLOYMENT)
def test_what_is_of_no_tenant_refers_to_nothing(name: str) -> None:
    assert metadata.tables[name].foreign_keys == set()


def test_what_is_unique_across_tenants_is_named_with_its_reason() -> None:
    found = {pair for table in OF_TENANTS for pair in unique_without_tenant(table)}
    assert found == UNIQUE_IN_THE_DEPLOYMENT.keys()


def test_what_crosses_tenants_is_named() -> None:
    named = {*vars(ports.Deployment), *vars(ports.KeyStore)}
    methods = {name for name in named if not name.startswith("_")}
    assert methods == CROSSES_TENANTS


@pytest.mark.parametrize(
    "name",
    sorted(
        {
            *CROSSES_TENANTS,
            "sweep",
            *OF_THE_DEPLOYMENT,
            *(f"{table}.{column}" for table, column in UNIQUE_IN_THE_DEPLOYMENT),
        }
    ),
)
def test_the_plan_for_shards_names_it(name: str) -> None:
    assert f"`{name}`" in PAPER.read_text()
