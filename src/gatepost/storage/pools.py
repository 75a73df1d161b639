"""A pool of connections that can tell how many threads wait for one."""

from threading import get_ident
from typing import Any, NamedTuple

from sqlalchemy import Engine
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool


class PoolLoad(NamedTuple):
    """How many connections are used and free, how many threads want one, and the most."""

    used: int
    free: int
    wanted: int
    limit: int


class WatchedPool(QueuePool):
    """SQLAlchemy's pool, which says everything but who waits."""

    __module__ = QueuePool.__module__  # the name that it logs under, which is no log of ours

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.waiting: set[int] = set()

    def _do_get(self) -> ConnectionPoolEntry:
        self.waiting.add(get_ident())
        try:
            return super()._do_get()
        finally:
            self.waiting.discard(get_ident())


def load_of(engine: Engine) -> PoolLoad:
    """What the pool of an engine has to do."""
    pool = engine.pool
    if not isinstance(pool, WatchedPool):
        return PoolLoad(0, 0, 0, 0)
    limit = pool.size() + pool._max_overflow  # noqa: SLF001  (said nowhere else)
    return PoolLoad(pool.checkedout(), pool.checkedin(), len(pool.waiting), limit)
