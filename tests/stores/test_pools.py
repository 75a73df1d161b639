"""The pool tells how many connections are used, and how many threads wait for one."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine

from gatepost.model.errors import StoreUnavailable
from gatepost.storage import engine as module
from gatepost.storage.engine import make_engine, transaction
from gatepost.storage.pools import PoolLoad, load_of
from tests import postgres

LIMITS = {"sqlite": 48, "postgresql": 16}


@pytest.fixture(params=LIMITS)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database of each kind."""
    url = f"sqlite:///{tmp_path / 'gatepost.db'}"
    if request.param == "postgresql":
        url = postgres.fresh_database(postgres.shared_server())
    made = make_engine(url)
    yield made
    made.dispose()


def test_connections_are_used_and_then_free(engine: Engine) -> None:
    limit = LIMITS["postgresql" if engine.dialect.name == "postgresql" else "sqlite"]
    assert load_of(engine) == PoolLoad(used=0, free=0, wanted=0, limit=limit)
    with transaction(engine, writing=False), transaction(engine, writing=False):
        assert load_of(engine) == PoolLoad(used=2, free=0, wanted=0, limit=limit)
    assert load_of(engine) == PoolLoad(used=0, free=2, wanted=0, limit=limit)


def test_who_waits_is_counted_until_the_wait_ends(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "POOL_WAIT_S", 20.0)
    engine = make_engine(f"sqlite:///{tmp_path / 'gatepost.db'}")
    done: list[bool] = []

    def wait() -> None:
        with transaction(engine, writing=False):
            done.append(True)

    with ExitStack() as held:
        for _ in range(LIMITS["sqlite"]):
            held.enter_context(transaction(engine, writing=False))
        threads = [threading.Thread(target=wait) for _ in range(3)]
        for thread in threads:
            thread.start()
        assert _soon(engine, wanted=3)
        assert done == []
    for thread in threads:
        thread.join(20)
    assert done == [True] * 3
    assert load_of(engine).wanted == 0
    engine.dispose()


def test_who_waited_in_vain_waits_no_more(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "POOL_WAIT_S", 0.01)
    engine = make_engine(f"sqlite:///{tmp_path / 'gatepost.db'}")
    with ExitStack() as held:
        for _ in range(LIMITS["sqlite"]):
            held.enter_context(transaction(engine, writing=False))
        with pytest.raises(StoreUnavailable), transaction(engine, writing=False):
            raise AssertionError
        assert load_of(engine).wanted == 0
    engine.dispose()


def _soon(engine: Engine, wanted: int) -> bool:
    for _ in range(400):
        if load_of(engine).wanted == wanted:
            return True
        time.sleep(0.02)
    return False
