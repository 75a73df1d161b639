"""A store filled at scale: founded by the product, then filled in bulk with what it would write.

    filled = house(folder, None, Shape(tenants=100, clients=10_000, users=100))

makes a SQLite store in the folder; with the address of an empty PostgreSQL database it fills that,
and the folder holds the master key. `filled.first` is the first tenant as `stores.Filled`, by which
`served.serving` runs it. Every tenant has its roles, an administration client, an application that
people sign in to, one event, and its share of clients, users and refresh tokens. `filled.names`
and `bench.names` say how all of them are called. Rows are cast in molds of the product's own stores
(`casts`, `molds`) and written past it (`bulk`): 22 million a million clients.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from bench import bulk, casts, names, stores
from bench.casts import ADMINISTRATOR_AT, MEMBER_AT, Molds, moment
from bench.molds import Cells, Mold, Target
from bench.names import Names, share
from bench.stores import PASSWORD
from gatepost.app import House, ensure_signing_key, found_house, open_house
from gatepost.model.events import Action
from gatepost.model.tenants import ROLE_TYPES
from gatepost.services import tenants
from gatepost.services.tenants import Founded, Founding
from gatepost.services.world import event
from gatepost.settings import Settings
from gatepost.storage.engine import transaction
from gatepost.storage.journal_store import SqlJournalStore
from gatepost.storage.unit_of_work import UnitOfWork

_BATCH = 20_000
_TENANTS_AT_ONCE = 500
_COUNTS = Target("counts", ("tenant_id", "what", "n"))
_AGE = timedelta(days=40)
_DAY = timedelta(days=1)
_SOONEST_DAYS, _SPREAD_DAYS = 200, 700

Counts = dict[int, Counter[str]]
"""What each tenant has of everything that is counted."""


class Shape(NamedTuple):
    """How much is in a store, over all its tenants."""

    tenants: int
    clients: int
    users: int
    refresh_tokens: int = 0


class Filled(NamedTuple):
    """A filled store."""

    first: stores.Filled
    shape: Shape
    names: Names

    @contextmanager
    def open(self) -> Iterator[House]:
        """The house, for what is prepared beside the server."""
        opened = open_house(self.first.settings)
        try:
            yield opened
        finally:
            opened.close()

    def secret(self, client_id: str) -> str:
        """The secret of a client."""
        return self.first.secret if client_id == self.first.client_id else names.secret(client_id)

    def owner(self, total: int, number: int) -> int:
        """The tenant that the thing of this number falls on, of so many in the store."""
        return _owner(total, self.shape.tenants, number)

    def grantor(self, tenant: int, number: int) -> str:
        """One of the people of a tenant."""
        theirs = share(self.shape.users, self.shape.tenants, tenant)
        return names.person(theirs[number % len(theirs)])


def house(folder: Path, url: str | None, shape: Shape) -> Filled:
    """Found a store and fill it. Each tenant has one user at least."""
    folder.mkdir(parents=True)
    settings = Settings(
        database_url=url or f"sqlite:///{folder}/gatepost.db",
        master_key_file=folder / "master.key",
    )
    made = found_house(settings)
    try:
        founded = tenants.found_first(made.world, Founding(admin_password=PASSWORD))
        ensure_signing_key(made)
        filled = _told(made, founded, folder, shape)
        molds = casts.molds(made)
        counts = _write_mass(made, filled, molds)
        _write_counts(made, filled, counts[0])
        _write_journals(made, filled)
    finally:
        made.close()
    bulk.settle(filled.first.url)
    return filled


def known(first: stores.Filled, shape: Shape, roles: tuple[str, ...]) -> Filled:
    """A filled store by what is known of its first tenant."""
    shape = shape._replace(users=max(shape.tenants, shape.users))
    of_first = (first.tenant_id, roles, first.client_id)
    return Filled(first, shape, names.names_of(shape.tenants, of_first))


def _told(made: House, founded: Founded, folder: Path, shape: Shape) -> Filled:
    with made.world.store.reading(founded.tenant.id) as tenancy:
        kept = [tenancy.directory.role_of_type(row.id) for row in ROLE_TYPES]
    roles = tuple(role.id for role in kept if role)
    first = stores.Filled(
        folder=folder,
        url=made.settings.database_url,
        key_file=made.settings.master_key_path(),
        tenant_id=founded.tenant.id,
        client_id=founded.admin_client_id,
        secret=founded.admin_client_secret or "",
        clients=len(share(shape.clients, shape.tenants, 0)) + 1,
        admin_email=founded.admin_email,
    )
    return known(first, shape, roles)


def _write_mass(made: House, filled: Filled, molds: Molds) -> Counts:
    """Everything but what the product itself keeps about the first tenant."""
    counts: Counts = defaultdict(Counter)
    made.database.engine.dispose()
    with bulk.hurried(filled.first.url) as writer:
        for mold, things in _all_things(made, filled, molds):
            for some in _batches(_counted(mold, things, counts)):
                writer.write(mold.cast(some))
        rows: list[Cells] = [
            (filled.names.tenant_ids[tenant], what, n)
            for tenant, counted in counts.items()
            for what, n in counted.items()
            if tenant
        ]
        writer.write({_COUNTS: rows})
    return counts


Things = Iterable[tuple[int, Cells]]
"""Values for a mold, each with the tenant it is of."""


def _all_things(made: House, filled: Filled, molds: Molds) -> Iterator[tuple[Mold, Things]]:
    """What goes in, parents before children."""
    digest = made.world.secrets.digest
    yield molds.tenant, _tenants(filled)
    yield molds.administration, _administrations(made, filled)
    yield (
        molds.application,
        (
            (tenant, (id_, (client := names.application(tenant)), digest(names.secret(client))))
            for tenant, id_ in enumerate(filled.names.tenant_ids)
        ),
    )
    yield molds.device, _devices(made, filled)
    yield molds.person, _people(made, filled)
    yield molds.refresh_token, _refresh_tokens(made, filled)


def _tenants(filled: Filled) -> Things:
    """All but the first, which the product founded."""
    for tenant, id_ in enumerate(filled.names.tenant_ids):
        if tenant:
            yield tenant, (id_, f"{tenant:05}", *filled.names.roles(tenant))


def _administrations(made: House, filled: Filled) -> Things:
    for tenant, id_ in enumerate(filled.names.tenant_ids):
        if tenant:
            client_id, roles = filled.names.administration(tenant), filled.names.roles(tenant)
            digest = made.world.secrets.digest(names.secret(client_id))
            yield tenant, (id_, client_id, digest, roles[ADMINISTRATOR_AT], roles[MEMBER_AT])


def _devices(made: House, filled: Filled) -> Things:
    digest = made.world.secrets.digest
    now = made.world.clock.now()
    born, second = moment(now - _AGE), 1_000_000
    ends = [moment(now + _DAY * (_SOONEST_DAYS + days)) for days in range(_SPREAD_DAYS)]
    for tenant, id_ in enumerate(filled.names.tenant_ids):
        member = filled.names.roles(tenant)[MEMBER_AT]
        for number in share(filled.shape.clients, filled.shape.tenants, tenant):
            client_id = names.device(number)
            kept = digest(names.secret(client_id))
            end = ends[number % _SPREAD_DAYS]
            yield (
                tenant,
                (id_, client_id, kept, member, f"{number:07}", born + number * second, end),
            )


def _people(made: House, filled: Filled) -> Things:
    """They all have the same password, whose hash takes long to make."""
    phc = made.world.passwords.hash(PASSWORD)
    for tenant, id_ in enumerate(filled.names.tenant_ids):
        member = filled.names.roles(tenant)[MEMBER_AT]
        for number in share(filled.shape.users, filled.shape.tenants, tenant):
            yield tenant, (id_, names.person(number), f"{number:07}", member, phc)


def _refresh_tokens(made: House, filled: Filled) -> Things:
    """What stands in the store as mass; `credentials` makes those that are used."""
    digest_of = made.world.secrets.digest_of
    for tenant, id_ in enumerate(filled.names.tenant_ids):
        client_id = names.application(tenant)
        for number in share(filled.shape.refresh_tokens, filled.shape.tenants, tenant):
            person = filled.grantor(tenant, number)
            digest = digest_of("refresh-token", f"gpr_mass-{number}")
            yield tenant, (id_, client_id, person, names.guid(f"family {number}"), digest)


def _counted(mold: Mold, things: Things, counts: Counts) -> Iterator[Cells]:
    for tenant, cells in things:
        if mold.steps:
            counts[tenant].update(mold.steps)
        yield cells


def _batches(things: Iterator[Cells]) -> Iterator[list[Cells]]:
    while some := list(islice(things, _BATCH)):
        yield some


def _write_counts(made: House, filled: Filled, counted: Counter[str]) -> None:
    """The first tenant has counters already."""
    with transaction(made.database.engine, writing=True) as connection:
        work = UnitOfWork(connection, may_write=True)
        for what, n in counted.items():
            work.count_up(filled.first.tenant_id, what, n)


def _write_journals(made: House, filled: Filled) -> None:
    """The event of each tenant, by the product's own journal."""
    ids = filled.names.tenant_ids[1:]
    for first in range(0, len(ids), _TENANTS_AT_ONCE):
        with transaction(made.database.engine, writing=True) as connection:
            work = UnitOfWork(connection, may_write=True)
            for id_ in ids[first : first + _TENANTS_AT_ONCE]:
                act = tenants.operator_act(id_, "bench")
                told = event(made.world, act, Action.TENANT_ADDED, id_)
                SqlJournalStore(work, id_, made.world.secrets).append(told)


def _owner(total: int, tenants_there: int, number: int) -> int:
    """The inverse of `share`."""
    guess = number * tenants_there // total
    return guess if number in share(total, tenants_there, guess) else guess + 1
