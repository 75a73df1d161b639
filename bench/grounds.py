"""Filled stores that are being served, two workers each, on the databases we know."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench import fill
from bench.fill import Filled, Shape
from bench.product import WORKERS
from bench.served import serving
from bench.workloads import CONNECTIONS, Ground
from tests import postgres

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"


@contextmanager
def on_both(shape: Shape) -> Iterator[Mapping[str, Ground]]:
    """The same shape on both databases, each under its name. PostgreSQL syncs to disk."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gatepost-bench-")))
        address = stack.enter_context(postgres.server(durable=True))
        filled = {
            SQLITE: fill.house(folder / "sqlite", None, shape),
            POSTGRESQL: fill.house(folder / "pg", postgres.fresh_database(address), shape),
        }
        yield {name: served(stack, each) for name, each in filled.items()}


def served(stack: ExitStack, filled: Filled, connections: int = CONNECTIONS) -> Ground:
    """The store, served until the stack ends."""
    return Ground(filled, stack.enter_context(serving(filled.first, *WORKERS)), connections)
