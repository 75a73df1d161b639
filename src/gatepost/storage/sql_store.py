"""The door to the store on SQL: transactions, and what is asked past them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Delete, Engine

from gatepost.model.errors import StoreUnavailable
from gatepost.model.events import DEPLOYMENT
from gatepost.ports import ClientFacts, PersonFacts, Secrets, SpendingOf
from gatepost.storage import sweeping
from gatepost.storage.card_store import CardQuestions
from gatepost.storage.engine import transaction
from gatepost.storage.epochs import Board, StoreEpochs, raised
from gatepost.storage.lines import Lines
from gatepost.storage.pools import PoolLoad, load_of
from gatepost.storage.redemption_store import SqlRedemptionStore
from gatepost.storage.replica import Replica
from gatepost.storage.spending import Spender
from gatepost.storage.sql_views import SqlDeployment, SqlTenancy
from gatepost.storage.turns import Turns
from gatepost.storage.unit_of_work import UnitOfWork


class SqlStore:
    """`ports.Store` on SQL."""

    def __init__(
        self,
        engine: Engine,
        secrets: Secrets,
        epochs: StoreEpochs | None = None,
        replica: Replica | None = None,
    ) -> None:
        self._engine = engine
        self._replica = replica
        self._secrets = secrets
        self.epochs = epochs or StoreEpochs(Board())
        self._lines = Lines(engine)
        self._turns = Turns(_file_of(engine))
        is_postgresql = engine.dialect.name == "postgresql"
        self._cards = CardQuestions(self._lines, is_postgresql=is_postgresql)
        self._spender = Spender(self._lines, self._turns, is_postgresql=is_postgresql)

    def look(self) -> None:
        """See how far the epochs moved, so that what is kept in memory may be used on."""
        self.epochs.look(transaction(self._engine, writing=False))

    def load(self) -> PoolLoad:
        """How many connections there are, and how many are waited for."""
        return load_of(self._engine)

    def close(self) -> None:
        """Give back all connections."""
        self._lines.close()
        self._turns.close()
        self._engine.dispose()
        if self._replica is not None:
            self._replica.close()

    def client_facts(self, client_id: str) -> ClientFacts | None:
        """The client of this id in whichever tenant it is, with its secrets and roles."""
        return self._cards.client(client_id)

    def person_facts(self, tenant_id: str, user_id: str) -> PersonFacts | None:
        """The person of this id with their roles."""
        return self._cards.person(tenant_id, user_id)

    def redemptions(self, tenant_id: str) -> SqlRedemptionStore:
        """The codes and refresh tokens of one tenant, each sentence a transaction of its own."""
        return SqlRedemptionStore(self._lines, self._spender, tenant_id)

    def spend_all(self, spendings: Sequence[SpendingOf]) -> Sequence[bool]:
        """Use up codes and refresh tokens of several tenants; for each whether it was done."""
        return self._spender.spent(spendings)

    @contextmanager
    def reading(self, tenant_id: str) -> Iterator[SqlTenancy]:
        """A consistent view of one tenant."""
        with transaction(self._engine, writing=False) as connection:
            yield SqlTenancy(UnitOfWork(connection, may_write=False), tenant_id, self._secrets)

    @contextmanager
    def reading_calmly(self, tenant_id: str) -> Iterator[SqlTenancy]:
        """The same for lists: from the replica, where it is as new as what this node knows."""
        with ExitStack() as stack:
            newest = self.epochs.newest(tenant_id)
            connection = self._replica.view(stack, tenant_id, newest) if self._replica else None
            if connection is None:
                connection = stack.enter_context(transaction(self._engine, writing=False))
            yield SqlTenancy(UnitOfWork(connection, may_write=False), tenant_id, self._secrets)

    @contextmanager
    def writing(self, tenant_id: str) -> Iterator[SqlTenancy]:
        """A change to one tenant; writers of a tenant wait for each other."""
        with self._writing_unit(tenant_id) as work:
            yield SqlTenancy(work, tenant_id, self._secrets)

    @contextmanager
    def reading_all(self) -> Iterator[SqlDeployment]:
        """A consistent view across tenants."""
        with transaction(self._engine, writing=False) as connection:
            yield SqlDeployment(UnitOfWork(connection, may_write=False), self._secrets)

    @contextmanager
    def writing_all(self) -> Iterator[SqlDeployment]:
        """A change across tenants."""
        with self._writing_unit(DEPLOYMENT) as work:
            yield SqlDeployment(work, self._secrets)

    def sweep(self, now: datetime, most: int) -> tuple[int, ...]:
        """Remove at most so many rows of each kind whose deadline has passed; how many of each."""
        return tuple(map(self._swept, sweeping.statements(now, most)))

    def _swept(self, statement: Delete) -> int:
        with self._turns.taken(), transaction(self._engine, writing=True) as connection:
            return sweeping.swept(connection, statement)

    @contextmanager
    def _writing_unit(self, tenant_id: str) -> Iterator[UnitOfWork]:
        numbers: Mapping[int, int] = {}
        try:
            with self._turns.taken(), transaction(self._engine, writing=True) as connection:
                work = UnitOfWork(connection, may_write=True)
                work.take_turn(tenant_id)
                yield work
                work.check_recorded()
                numbers = raised(work, work.moved_tenants)
        except StoreUnavailable:
            if numbers:
                self.epochs.doubt()
            raise
        self.epochs.show(numbers.items())


def _file_of(engine: Engine) -> Path | None:
    """The file of an embedded store."""
    name = engine.url.database
    return Path(name) if engine.dialect.name == "sqlite" and name else None
