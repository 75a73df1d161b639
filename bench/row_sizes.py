"""How many bytes each thing takes: in the tables and indexes of PostgreSQL, and as a card.

Rows are made by the product's own stores and written in bulk. Their ids and digests are by chance,
so the indexes are as full as rows that come one by one leave them. What updates leave behind until
it is vacuumed is not in these figures.
"""

import tracemalloc
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg import sql

from bench import bulk, credentials, fill, names, progress
from bench.fill import Filled, Shape
from gatepost.model.events import Action, Actor, Event, Origin
from gatepost.services.cards import Cards
from gatepost.services.world import World
from gatepost.storage.engine import transaction
from gatepost.storage.journal_store import SqlJournalStore
from gatepost.storage.unit_of_work import UnitOfWork

_OF_CLIENT = ("clients", "client_words", "client_tags", "client_roles", "client_secrets")
_OF_PERSON = ("users", "user_roles", "passwords")
_OF_TENANT = ("tenants", "roles", "counts", "journal_heads")
_SUCCESSOR = "gpr_" + "x" * 43
_CARDS = 1_000
_LOOK_EVERY = 50


class Table(NamedTuple):
    """A table with its indexes."""

    bytes_: int
    rows: int

    @property
    def each(self) -> float:
        """The bytes of a row."""
        return self.bytes_ / max(1, self.rows)


def measured(folder: Path, url: str, n: int) -> dict[str, float]:
    """Bytes of each thing, from a store with n of each."""
    progress.say(f"sizes of rows: {n:,} of each")
    shape = Shape(tenants=max(10, n // 50), clients=n, users=n, refresh_tokens=n)
    filled = fill.house(folder, url, shape)
    credentials.codes(filled, n)
    _record(filled, n)
    bulk.settle(url)
    found = things(tables(url), shape)
    return found | {"sealed successor": _sealed(filled), "card": card(filled)}


def things(found: Mapping[str, Table], shape: Shape) -> dict[str, float]:
    """From the bytes of tables to those of things."""

    def each_of(names_of: tuple[str, ...], n: int) -> float:
        return sum(found[name].bytes_ for name in names_of) / n

    return {
        "client": each_of(_OF_CLIENT, found["clients"].rows),
        "person": each_of(_OF_PERSON, shape.users),
        "tenant": each_of(_OF_TENANT, shape.tenants),
        "sign-in": found["sign_ins"].each,
        "family": found["families"].each,
        "refresh token": found["refresh_tokens"].each,
        "code": found["codes"].each,
        "event": found["events"].each,
    }


def tables(url: str) -> dict[str, Table]:
    """All tables of a store, with what they take."""
    with psycopg.connect(url, autocommit=True) as connection:
        listed = connection.execute(
            "SELECT relname, pg_total_relation_size(oid) FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        return {name: Table(size, _rows(connection, name)) for name, size in listed}


def database(url: str) -> int:
    """The bytes of all tables and indexes of a store."""
    return sum(table.bytes_ for table in tables(url).values())


def card(filled: Filled) -> float:
    """The memory of a card of a client, from a thousand of them."""
    ids = [names.device(n) for n in credentials.spread(filled.shape.clients, _CARDS)]
    with filled.open() as house:
        house.store.look()
        cards = Cards(house.store)
        cards.client(ids[0])
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for number, client_id in enumerate(ids[1:]):
            if number % _LOOK_EVERY == 0:
                house.store.look()
            cards.client(client_id)
        held = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
    return held / max(1, len(ids) - 1)


def _rows(connection: psycopg.Connection, name: str) -> int:
    counted = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))
    row = connection.execute(counted).fetchone()
    return int(row[0]) if row else 0


def _record(filled: Filled, n: int) -> None:
    """Events of sign-ins, by the product's own journal, in the tenants in turn."""
    ids = filled.names.tenant_ids
    with filled.open() as house:
        for first in range(0, n, len(ids)):
            with transaction(house.database.engine, writing=True) as connection:
                work = UnitOfWork(connection, may_write=True)
                for id_ in ids[: n - first]:
                    told = _signed_in(house.world)
                    SqlJournalStore(work, id_, house.world.secrets).append(told)


def _signed_in(world: World) -> Event:
    person = world.dice.guid()
    return Event(
        at=world.clock.now(),
        action=Action.SIGNED_IN,
        actor=Actor("user", person),
        origin=Origin(world.dice.guid(), "203.0.113.217"),
        target=person,
        after={"SignIn": world.dice.guid(), "Method": "password"},
    )


def _sealed(filled: Filled) -> float:
    """What a used refresh token keeps of the one that followed it."""
    with filled.open() as house:
        return len(house.world.secrets.seal(house.world.dice.guid(), _SUCCESSOR))
