"""What sweeping and spending refresh tokens cost, with few and with many rows kept.

Run it: `python -m tests.nodes.growing`. Two stores are filled and then worked on in turn; each
round adds a batch of tokens, uses half of them, and sweeps a batch that is over.
"""

import sys
import time
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import NamedTuple

import psycopg

from gatepost.storage.engine import make_engine
from gatepost.storage.schema import migrate
from gatepost.storage.sql_store import SqlStore
from tests.postgres import fresh_database, shared_server
from tests.stores.examples import SECRETS

FEW, MANY = 5, 200
"""Batches of a thousand that are kept."""

BATCH, FAMILIES, ROUNDS = 1_000, 250, 60
PARENTS = """
INSERT INTO tenants (id, name, alias, created_at, updated_at) VALUES ('t', 't', 't', 1, 1);
INSERT INTO clients (tenant_id, id, kind, name, folded_name, enabled, settings, incarnation,
    next_secret_id, created_at, updated_at, version)
    VALUES ('t', 'c', 'hybrid', 'c', 'c', true, '{}', 'i', 1, 1, 1, 1);
INSERT INTO users
    (tenant_id, id, provider_id, enabled, incarnation, created_at, updated_at, version)
    VALUES ('t', 'u', 'p', true, 'i', 1, 1, 1)
"""
ADD_FAMILIES = """
INSERT INTO families
    (tenant_id, id, client_id, user_id, sign_in_id, grounds, created_at, expires_at)
    SELECT 't', %(k)s || '-' || n, 'c', 'u', 's', '{}', 1, %(end)s
    FROM generate_series(1, %(most)s) n
"""
ADD_TOKENS = """
INSERT INTO refresh_tokens
    (tenant_id, digest, family_id, generation, created_at, expires_at)
    SELECT 't', sha256((%(k)s || '-' || n)::bytea), %(k)s || '-' || n %% %(families)s + 1,
        1, 1, %(end)s
    FROM generate_series(1, %(most)s) n
"""
SPEND = """
UPDATE refresh_tokens SET used_at = 1, sealed_successor = %(seal)s
    WHERE tenant_id = 't' AND used_at IS NULL AND digest = sha256((%(k)s || '-' || %(n)s)::bytea)
"""
SIZE = "SELECT pg_total_relation_size('refresh_tokens') / 1024"


class Ground(NamedTuple):
    """A store that keeps so many batches."""

    kept: int
    line: psycopg.Connection
    store: SqlStore
    spent_ms: list[float]
    swept_ms: list[float]
    sizes: list[int]


def measure() -> None:
    """Measure, and print."""
    grounds = [_ground(kept) for kept in (FEW, MANY)]
    for number in range(ROUNDS):
        for ground in grounds:
            _work(ground, number)
    for ground in grounds:
        print(
            f"{ground.kept * BATCH} tokens kept: "
            f"use {median(ground.spent_ms):.3f} ms, sweep {median(ground.swept_ms):.1f} ms, "
            f"size {ground.sizes[0]} kB at first, {ground.sizes[-1]} kB after {ROUNDS} rounds"
        )
    few, many = grounds
    print(f"ratio of use {median(many.spent_ms) / median(few.spent_ms):.2f}")
    print(f"ratio of sweep {median(many.swept_ms) / median(few.swept_ms):.2f}")


def _ground(kept: int) -> Ground:
    url = fresh_database(shared_server())
    engine = make_engine(url)
    migrate(engine)
    line = psycopg.connect(url, autocommit=True)
    line.execute(PARENTS.encode())
    line.execute("ANALYZE")
    for number in range(kept):
        _add(line, number)
        if number == 0:
            line.execute("ANALYZE")
    line.execute("VACUUM ANALYZE")
    return Ground(kept, line, SqlStore(engine, SECRETS), [], [], [])


def _work(ground: Ground, number: int) -> None:
    newest = ground.kept + number
    _add(ground.line, newest)
    began = time.perf_counter()
    for n in range(1, BATCH, 2):
        ground.line.execute(SPEND.encode(), {"k": str(newest), "n": n, "seal": b"x" * 76})
    ground.spent_ms.append((time.perf_counter() - began) * 2_000 / BATCH)
    began = time.perf_counter()
    went = ground.store.sweep(_moment(number), BATCH)
    ground.swept_ms.append((time.perf_counter() - began) * 1_000)
    if sum(went) != BATCH + FAMILIES:
        sys.exit(f"a sweep removed {went}")
    found = ground.line.execute(SIZE).fetchone()
    ground.sizes.append(found[0] if found else 0)


def _add(line: psycopg.Connection, number: int) -> None:
    end = (_moment(number) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    values = {"k": str(number), "end": end, "families": FAMILIES}
    line.execute(ADD_FAMILIES.encode(), {**values, "most": FAMILIES})
    line.execute(ADD_TOKENS.encode(), {**values, "most": BATCH})


def _moment(number: int) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number)


if __name__ == "__main__":
    measure()
