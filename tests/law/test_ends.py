"""Every table of the schema has an end for its rows, or a reason why they stay.

A table that is not named here fails. What is said here is held against the tables, against the
statements of the sweep, and against docs/scale.md. That the rows really go is shown in
tests/stores/test_everything_ends.py.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import ForeignKeyConstraint, Table

from gatepost.storage import flow_tables, journal_tables, portal_tables, sweeping
from gatepost.storage.moments import Moment
from gatepost.storage.tables import metadata

PAPER = Path(__file__).parents[2] / "docs/scale.md"
_LAID = (flow_tables, journal_tables, portal_tables)  # their tables are in the metadata

SWEPT: Mapping[str, str] = {
    "attempts": "ends_at",
    "device_codes": "expires_at",
    "families": "expires_at",
    "password_links": "expires_at",
    "pending_requests": "expires_at",
    "pushed_requests": "expires_at",
    "revoked_tokens": "expires_at",
    "sign_ins": "expires_at",
}
"""Removed by the sweep, by their own deadline."""

WITH_FAMILY: Mapping[str, str] = {
    "codes": "a code that is used a second time is known for what it is as long as its family",
    "refresh_tokens": "the same of a refresh token",
}
"""Removed by the sweep before their family, when that is over. Their own `expires_at` is a rule."""

BY_OTHERS: Mapping[str, tuple[str, str]] = {
    "try_outs": ("expires_at", "services.try_out_additions takes away first what was added"),
    "signing_keys": ("removed_from", "services.key_schedule, by the schedule and with an event"),
    "events": ("at", "services.retention, where GATEPOST_JOURNAL_DAYS is set"),
}
"""Removed once a minute by the same process, each in its own way."""

WITH_PARENT: Mapping[str, str] = {
    "portal_sessions": "sign_ins",
    "client_words": "clients",
    "client_tags": "clients",
    "client_origins": "clients",
    "client_roles": "clients",
    "client_secrets": "clients",
    "user_roles": "users",
    "passwords": "users",
    "preferences": "users",
    "passkeys": "users",
    "authenticators": "users",
    "recovery_codes": "users",
    "consents": "users",
    "counts": "tenants",
    "roles": "tenants",
}
"""Removed with the row that they belong to."""

STAYS: Mapping[str, str] = {
    "tenants": "one a tenant",
    "clients": "one a client, until an administrator removes it",
    "users": "one a person, until an administrator removes them",
    "reserved_ids": "an id is its tenant's for good, so that no other tenant gets it",
    "journal_heads": "one a tenant",
    "journal_beginnings": "one a tenant whose journal was trimmed",
    "journal_checkpoints": "one a tenant; a checkpoint writes over it",
    "deployment": "the check values of the master keys, a handful",
    "epochs": "256",
    "leases": "one an office, written over when `ends_at` is past; a handful",
}

EXPLAINED: Mapping[tuple[str, str], str] = {
    ("client_secrets", "expires_at"): "an expired secret is shown, so that it is replaced; at most "
    "ten a client",
    ("codes", "expires_at"): "a rule, not an end: see WITH_FAMILY",
    ("refresh_tokens", "expires_at"): "a rule, not an end: see WITH_FAMILY",
    ("leases", "ends_at"): "see STAYS",
    ("signing_keys", "retained_from"): "a phase; the end is removed_from",
}
"""Columns that look like a deadline and are none."""

_LIKE_A_DEADLINE = re.compile(r"(expires|ends|until|deadline)|_from$")
_NOW = datetime(2031, 5, 31, tzinfo=UTC)
ALL = (SWEPT, WITH_FAMILY, BY_OTHERS, WITH_PARENT, STAYS)
TABLES = sorted(metadata.tables.values(), key=lambda table: table.name)


def named(table: Table) -> str:
    """How a case is called."""
    return table.name


def unnamed(tables: Mapping[str, Table]) -> set[str]:
    """Tables without an end and without a reason."""
    return tables.keys() - {name for kind in ALL for name in kind}


def test_every_table_has_an_end_or_a_reason() -> None:
    assert unnamed(metadata.tables) == set()
    assert {name for kind in ALL for name in kind} == metadata.tables.keys()
    assert sum(map(len, ALL)) == len(metadata.tables)  # none has two


def test_a_table_that_is_forgotten_is_named() -> None:
    assert unnamed({**metadata.tables, "drafts": metadata.tables["codes"]}) == {"drafts"}


def test_the_sweep_removes_from_these_tables_and_no_others() -> None:
    swept = [str(statement.table) for statement in sweeping.statements(_NOW, 1)]
    assert len(swept) == len(set(swept))
    assert set(swept) == {*SWEPT, *WITH_FAMILY}


@pytest.mark.parametrize(("name", "column"), sorted(SWEPT.items()))
def test_a_deadline_is_a_moment_that_an_index_begins_with(name: str, column: str) -> None:
    table = metadata.tables[name]
    assert isinstance(table.c[column].type, Moment)
    assert not table.c[column].nullable
    assert column in {next(iter(index.columns)).name for index in table.indexes}
    statements = {str(each.table): str(each) for each in sweeping.statements(_NOW, 1)}
    assert f"{name}.{column} <=" in statements[name]


@pytest.mark.parametrize(
    ("name", "parent"), [*WITH_PARENT.items(), *((n, "families") for n in WITH_FAMILY)]
)
def test_what_goes_with_a_parent_is_bound_to_it(name: str, parent: str) -> None:
    keys = [
        key for key in metadata.tables[name].constraints if isinstance(key, ForeignKeyConstraint)
    ]
    assert "CASCADE" in {key.ondelete for key in keys if key.referred_table.name == parent}


@pytest.mark.parametrize("table", TABLES, ids=named)
def test_a_column_that_looks_like_a_deadline_is_one_or_is_explained(table: Table) -> None:
    found = {column.name for column in table.c if _LIKE_A_DEADLINE.search(column.name)}
    ends = {SWEPT.get(table.name), BY_OTHERS.get(table.name, ("", ""))[0]}
    explained = {column for name, column in EXPLAINED if name == table.name}
    phases = {"active_from"} if table.name == "signing_keys" else set()
    assert found - ends - explained - phases == set()


@pytest.mark.parametrize("table", TABLES, ids=named)
def test_the_page_on_scale_says_how_it_ends(table: Table) -> None:
    section = PAPER.read_text().partition("## What grows, and how it ends")[2].partition("\n## ")[0]
    assert f"`{table.name}`" in section
