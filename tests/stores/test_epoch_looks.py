"""What is read of epochs: seen by a whole node at once, and good for less than a second."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from gatepost.model.errors import StoreUnavailable
from gatepost.storage import epochs
from gatepost.storage import sql_store as sql_store_module
from gatepost.storage.engine import make_engine, transaction
from gatepost.storage.epochs import GOOD_FOR_S, Board, StoreEpochs, number_of
from gatepost.storage.sql_store import SqlStore
from tests.stores.examples import (
    SECRETS,
    add_clients,
    client,
    found_tenant,
    guid,
    recorded,
    role,
)

pytestmark = pytest.mark.requirement("R-27")


def seen(store: SqlStore, tenant_id: str) -> bytes:
    """The epoch of a tenant after a look."""
    store.look()
    found = store.epochs.of(tenant_id)
    assert found is not None
    return found


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        """The moment it was set to."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the epochs, to be moved."""
    made = Clock()
    monkeypatch.setattr(epochs, "time", made)
    return made


@contextmanager
def worker(store: SqlStore, board: Board | None = None, number: int = 0) -> Iterator[SqlStore]:
    """Another worker at the same store, on a board of its own unless one is shared."""
    url = store._engine.url.render_as_string(hide_password=False)
    made = SqlStore(make_engine(url), SECRETS, StoreEpochs(board or Board(), number))
    try:
        yield made
    finally:
        made.close()


def test_workers_of_a_board_see_each_other_at_once(sql_store: SqlStore) -> None:
    board, here = Board(2), found_tenant(sql_store)
    with worker(sql_store, board, 0) as one, worker(sql_store, board, 1) as other:
        one.look()
        other.look()
        assert one.epochs.of(here) == other.epochs.of(here)
        for changing in (one, other):
            known = other.epochs.of(here)
            add_clients(changing, here, client())
            assert one.epochs.of(here) == other.epochs.of(here) != known


def test_a_change_of_another_process_is_seen_after_a_look(sql_store: SqlStore) -> None:
    here = found_tenant(sql_store)
    with worker(sql_store) as other:
        before = seen(other, here)
        add_clients(sql_store, here, client())
        assert other.epochs.of(here) == before
        assert seen(other, here) != before


def test_nothing_is_good_for_long_without_a_look(sql_store: SqlStore, clock: Clock) -> None:
    here = found_tenant(sql_store)
    with worker(sql_store) as other:
        assert other.epochs.of(here) is None, "before the first look"
        known = seen(other, here)
        clock.now += GOOD_FOR_S - 0.01
        assert other.epochs.of(here) == known
        clock.now += 0.01
        assert other.epochs.of(here) is None
        assert seen(other, here) == known
    assert GOOD_FOR_S < 1


def test_a_look_is_good_from_its_beginning(sql_store: SqlStore, clock: Clock) -> None:
    own, opened = StoreEpochs(Board()), sql_store._engine.connect()

    @contextmanager
    def slow() -> Iterator[Connection]:
        yield opened
        clock.now += GOOD_FOR_S

    own.look(slow())
    opened.close()
    assert own.of(guid()) is None


def test_a_look_that_fails_prolongs_nothing(sql_store: SqlStore, clock: Clock) -> None:
    own = StoreEpochs(Board())
    with sql_store._engine.connect() as opened:
        own.look(nullcontext(opened))
    clock.now += GOOD_FOR_S / 2
    lost = make_engine("postgresql://postgres@127.0.0.1:1/none")
    with pytest.raises(StoreUnavailable):
        own.look(transaction(lost, writing=False))
    assert own.of(guid()) is not None
    clock.now += GOOD_FOR_S / 2
    assert own.of(guid()) is None


def losing_the_answer(engine: Engine, *, writing: bool) -> AbstractContextManager[Connection]:
    """A transaction that is kept, and whose keeper does not learn of it."""

    @contextmanager
    def opened() -> Iterator[Connection]:
        with transaction(engine, writing=writing) as connection:
            yield connection
        if writing:
            raise StoreUnavailable("the connection was lost")

    return opened()


def test_a_commit_in_doubt_ends_all_use_until_a_look(
    sql_store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = found_tenant(sql_store)
    with worker(sql_store) as own:
        before = seen(own, here)
        monkeypatch.setattr(sql_store_module, "transaction", losing_the_answer)
        with pytest.raises(StoreUnavailable), own.writing(here):
            pass
        assert own.epochs.of(here) == before, "nothing was changed"
        with pytest.raises(StoreUnavailable), recorded(own, here) as unit:
            assert unit.directory.add_role(role())
        assert own.epochs.of(here) is None
        monkeypatch.undo()
        assert seen(own, here) != before


def test_a_look_from_before_a_doubt_does_not_end_it(sql_store: SqlStore) -> None:
    here, own = found_tenant(sql_store), StoreEpochs(Board())

    @contextmanager
    def crossed() -> Iterator[Connection]:
        with sql_store._engine.connect() as opened:
            yield opened
        own.doubt()

    own.look(crossed())
    assert own.of(here) is None
    with sql_store._engine.connect() as opened:
        own.look(nullcontext(opened))
    assert own.of(here) is not None


def test_the_cells_only_go_up(sql_store: SqlStore) -> None:
    board = Board(2)
    here, own, other = guid(), StoreEpochs(board, 0), StoreEpochs(board, 1)
    with sql_store._engine.connect() as opened:
        own.look(nullcontext(opened))
    number = number_of(here)
    rows = [own.of(here)]
    for n in (2**40, 7, 6, 2**40, 2**62):
        own.show([(number, n)])
        rows.append(own.of(here))
        own.show([(number, n)])
        assert own.of(here) == rows[-1], "the same number again is no news"
    other.show([(number, 7)])
    rows.append(own.of(here))
    assert len(set(rows)) == len(rows), "each is another than all before"
    cells = [int.from_bytes(row[:8], "little") for row in rows if row]
    assert cells == sorted(cells)


def test_a_store_that_went_back_is_noticed(sql_store: SqlStore) -> None:
    """A standby that was promoted without the last changes, or a backup that was restored."""
    here = found_tenant(sql_store)
    looks = [seen(sql_store, here)]
    for statement in (
        "UPDATE epochs SET n = n - 1",
        "UPDATE epochs SET n = 0",
        "DELETE FROM epochs",
    ):
        with sql_store._engine.begin() as opened:
            opened.exec_driver_sql(statement)
        looks.append(seen(sql_store, here))
        assert seen(sql_store, here) == looks[-1], "once"
        with recorded(sql_store, here) as unit:
            assert unit.directory.add_role(role())
        looks.append(_now(sql_store, here))
    assert len(set(looks)) == len(looks)


def test_a_look_from_before_our_own_change_does_not_go_back(sql_store: SqlStore) -> None:
    here = found_tenant(sql_store)
    changed: list[object] = []

    @contextmanager
    def crossed() -> Iterator[Any]:
        with sql_store._engine.connect() as opened:
            yield _Early(opened, lambda: changed.append(_changed(sql_store, here)))

    sql_store.look()
    sql_store.epochs.look(crossed())
    assert changed == [sql_store.epochs.of(here)]


def _changed(store: SqlStore, tenant_id: str) -> bytes:
    with recorded(store, tenant_id) as unit:
        assert unit.directory.add_role(role())
    return _now(store, tenant_id)


def _now(store: SqlStore, tenant_id: str) -> bytes:
    """The epoch without a look."""
    found = store.epochs.of(tenant_id)
    assert found is not None
    return found


class _Early:
    """A connection that answers with what was there before something else happened."""

    def __init__(self, opened: Connection, then: Callable[[], object]) -> None:
        self._opened, self._then = opened, then

    def exec_driver_sql(self, statement: str) -> Any:
        found = self._opened.exec_driver_sql(statement).all()
        self._opened.rollback()
        self._then()
        return found


def test_two_stores_that_part_do_not_come_to_the_same_number(sql_store: SqlStore) -> None:
    here = found_tenant(sql_store)
    numbers = set()
    for _ in range(20):
        with recorded(sql_store, here) as unit:
            assert unit.directory.add_role(role())
        with sql_store._engine.begin() as opened:
            numbers.add(opened.exec_driver_sql("SELECT max(n) FROM epochs").scalar_one())
            opened.exec_driver_sql("UPDATE epochs SET n = 1")
    assert len(numbers) > 1
