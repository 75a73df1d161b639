"""A store with one of everything, long after: what has an end is gone, and nothing else is."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from gatepost.model.events import DEPLOYMENT
from gatepost.services import key_schedule, retention, try_out_additions
from gatepost.services.key_schedule import KeySchedule
from gatepost.services.retention import Retention, RetentionRules
from gatepost.services.sweeping import EVERY, Sweeper
from gatepost.storage.engine import transaction
from gatepost.storage.sql_store import SqlStore
from gatepost.storage.tables import metadata
from tests.law.test_ends import BY_OTHERS, SWEPT, WITH_FAMILY
from tests.services.world import Bench, new_world
from tests.stores.examples import NOW, SECRETS, event, found_tenant, signing_key
from tests.stores.flow_examples import Flow, new_digest

LATER = NOW + timedelta(days=400)
ENDED = {*SWEPT, *WITH_FAMILY, "portal_sessions", "try_outs"}
WRITTEN = {"events", "journal_beginnings", "leases", "signing_keys"}
"""Where the work itself writes too."""


@pytest.fixture
def world(fresh_sql_store: SqlStore) -> Bench:
    """A world on a database of its own."""
    made = new_world()._replace(store=fresh_sql_store, secrets=SECRETS)
    made.set_clock.moment = NOW
    return made


def filled(world: Bench) -> None:
    """One of everything, of two people; keys that were replaced long ago; old events."""
    tenant_id = found_tenant(world.store)
    flows = [Flow(world.store, tenant_id) for _ in range(2)]
    with world.store.writing(tenant_id) as unit:
        unit.sign_ins.save_attempts({new_digest(): NOW + timedelta(minutes=9)})
        unit.grants.revoke_token("a-token", NOW + timedelta(minutes=9))
        unit.sign_ins.set_recovery_codes(flows[0].user_id, [new_digest()])
        unit.journal.append(event())
    with world.store.writing_all() as deployment:
        deployment.open(DEPLOYMENT).journal.append(event())
        ended = {"retained_from": NOW, "removed_from": NOW + timedelta(days=15)}
        over = signing_key(active_from=NOW - timedelta(days=99), **ended)
        deployment.add_signing_key(over)
        deployment.add_signing_key(signing_key(active_from=NOW))


def rows(store: SqlStore) -> dict[str, int]:
    """How many rows each table has."""
    with transaction(store._engine, writing=False) as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in metadata.tables.items()
        }


def sweeper(world: Bench) -> Sweeper:
    """What one process of all does once a minute."""
    rules = RetentionRules(timedelta(days=30), "all")
    schedule = KeySchedule(world, key_schedule.rules_of("ES256", 14, 90, 14))
    chores = (
        lambda now: try_out_additions.sweep(world, now),
        schedule.act,
        Retention(world, rules).act,
    )
    return Sweeper(world, chores)


def test_a_store_is_filled_with_what_has_an_end(world: Bench, fresh_sql_store: SqlStore) -> None:
    filled(world)
    there = {name for name, count in rows(fresh_sql_store).items() if count}
    assert there >= {*ENDED, *BY_OTHERS}


def test_long_after_what_has_an_end_is_gone_and_nothing_else(
    world: Bench, fresh_sql_store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "LOOKS", 1)
    filled(world)
    before, (old_key, *_) = rows(fresh_sql_store), kids(world)
    world.set_clock.moment = LATER
    work = sweeper(world)
    for _ in range(3):
        work.sweep_when_due()
        world.set_clock.forward(seconds=EVERY.total_seconds())
    after = rows(fresh_sql_store)
    assert {name: after[name] for name in ENDED} == dict.fromkeys(ENDED, 0)
    stayed = before.keys() - ENDED - WRITTEN
    assert {name: after[name] for name in stayed} == {name: before[name] for name in stayed}
    assert old_key not in kids(world)
    assert actions(world) <= {"journal.cut", "try_out.ended"}


def test_a_moment_before_its_end_nothing_goes(world: Bench, fresh_sql_store: SqlStore) -> None:
    filled(world)
    before = rows(fresh_sql_store)
    assert sweeper(world).sweep_when_due() == 0
    after = rows(fresh_sql_store)
    assert {name: after[name] for name in ENDED} == {name: before[name] for name in ENDED}


def kids(world: Bench) -> list[str]:
    """The signing keys that there are, the oldest first."""
    with world.store.reading_all() as deployment:
        keys = sorted(deployment.signing_keys(), key=lambda key: key.active_from)
    return [key.kid for key in keys]


def actions(world: Bench) -> set[str]:
    """What the journal of the tenant tells of."""
    with world.store.reading_all() as deployment:
        (tenant_id,) = deployment.some_tenant_ids(9)
    with world.store.reading(tenant_id) as unit:
        return {link.event.action.value for link in unit.journal.entries(0, 1_000)}
