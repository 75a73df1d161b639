"""Lines: connections for the few statements of the hot path, taken past SQLAlchemy.

A line is a connection of the driver, opened by the engine with all its settings and then kept. A
line on which something went wrong is closed, and the others with it: what broke one, such as a
database that was started anew, broke them all.
"""

import re
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Engine

from gatepost.model.errors import StoreUnavailable

# two colons are a cast of PostgreSQL
_NAME = re.compile(r"(?<!:):([a-z_]+)")

Values = Mapping[str, object]


class Lines:
    """The lines of one process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._free: deque[Any] = deque()
        self._is_closed = False
        self._is_postgresql = engine.dialect.name == "postgresql"
        faults = engine.dialect.loaded_dbapi
        self._faults = (faults.OperationalError, faults.InterfaceError)

    def written(self, statement: str) -> str:
        """A statement with `:name` parameters in the words of the driver."""
        return _NAME.sub(r"%(\1)s", statement) if self._is_postgresql else statement

    def one(self, statement: str, values: Values) -> Any:
        """The first row that answers a question, if any."""
        rows = self.all(statement, values)
        return rows[0] if rows else None

    def all(self, statement: str, values: Values) -> list[Any]:
        """The rows that answer a question; asked once more when the line was found broken."""
        if not self._free:
            return self._asked(statement, values)
        try:
            return self._asked(statement, values)
        except StoreUnavailable:
            return self._asked(statement, values)

    @contextmanager
    def taken(self) -> Iterator[Any]:
        """A line for one caller."""
        try:
            line = self._free.pop()
        except IndexError:
            line = self._opened()
        try:
            yield line
        except BaseException as error:
            self._drop(line)
            if isinstance(error, self._faults):
                raise StoreUnavailable(str(error).partition("\n")[0]) from error
            raise
        self._free.append(line)
        if self._is_closed:
            self._close_free()

    def close(self) -> None:
        """Close what nobody uses, and what is in use when it is given back."""
        self._is_closed = True
        self._close_free()

    def _close_free(self) -> None:
        while True:
            try:
                line = self._free.pop()
            except IndexError:
                return
            with suppress(*self._faults):
                line.close()

    def _asked(self, statement: str, values: Values) -> list[Any]:
        with self.taken() as line:
            found: list[Any] = line.execute(statement, values).fetchall()
            return found

    def _drop(self, line: Any) -> None:
        with suppress(*self._faults):
            line.close()
        self._close_free()

    def _opened(self) -> Any:
        try:
            pooled = self._engine.raw_connection()
        except self._faults as error:
            raise StoreUnavailable(str(error).partition("\n")[0]) from error
        pooled.detach()
        line = pooled.dbapi_connection
        if self._is_postgresql:
            line.autocommit = True  # type: ignore[union-attr]  # psycopg's, not of the protocol
        return line
