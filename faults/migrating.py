"""L-13: a store of every earlier schema, full of rows, goes up and down, and nothing is changed."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, NamedTuple

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, Select, column, inspect, select, table, text

from bench import fill
from bench.fill import Filled, Shape
from bench.served import NotServedError
from faults.nodes import Node
from faults.outcome import Outcome, Row, at_most, holds, told
from faults.postgresql import cluster
from faults.size import Size, Stage
from gatepost.model.errors import StoreUnavailable
from gatepost.storage import schema
from gatepost.storage.engine import make_engine, transaction
from tests.cli.program import Place

TITLE = "migrations up and down with data"
STORES = ("sqlite", "postgresql")
SHAPES: Mapping[Size, Shape] = {
    Size.WHOLE: Shape(100, 20_000, 10_000, 20_000),
    Size.QUICK: Shape(20, 2_000, 1_000, 2_000),
    Size.SHORT: Shape(3, 60, 30, 60),
}
LOCK_S = 1.0
ANEW: Mapping[str, frozenset[str]] = {
    "0001": frozenset(
        ("sign_ins", "pending_requests", "families", "codes", "refresh_tokens", "device_codes")
    )
}
"""Tables that nothing was kept in before the flows were there: they were made anew."""

STOPPED = frozenset({"0001", "0002"})
"""No release had these. The step up from them writes each client and person anew, with the servers
stopped (docs/deploy.md), so nobody reads meanwhile."""

_AT_ONCE = 5_000
_OF_THE_SCHEMA = "alembic_version"


class Sum(NamedTuple):
    """The rows of a table, and a sum over some of its columns that no order of rows changes."""

    rows: int
    total: int


class Way(NamedTuple):
    """Down to a schema and up again: what was not as before, and the wait of another reader."""

    revision: str
    wrong: list[str]
    waited: float


def run(stage: Stage) -> Outcome:
    """Down to each schema and up again, and in the end two servers that start together."""
    with _filled(stage) as filled:
        engine = make_engine(filled.first.url)
        steps = list(_revisions())
        ways = [_there_and_back(engine, revision) for revision in reversed(steps)]
        rows = sum(each.rows for each in _sums(engine, _columns(engine)).values())
        _walk(engine, command.downgrade, steps[-1])
        engine.dispose()
        together = _two_start(filled)
        doctor = _place(filled).run("doctor", "--journal")
    longest = max(way.waited for way in ways if way.revision not in STOPPED)
    wrong = [each for way in ways for each in way.wrong]
    return Outcome(
        "L-13",
        stage.store,
        f"{len(steps)} earlier schemas ({', '.join(steps)}), {rows:,} rows",
        Row(longest_gap=longest),
        (
            holds("what both schemas know is the same", said="; ".join(wrong[:3])),
            at_most("another reader waits, from 0003 on", longest, LOCK_S, " s"),
            holds("two servers that start together migrate once", said=together),
            holds("the store is sound", said="" if doctor.status == 0 else doctor.out[-300:]),
            told("waits by schema", ", ".join(f"{w.revision} {w.waited:.2f} s" for w in ways)),
        ),
    )


def _there_and_back(engine: Engine, revision: str) -> Way:
    """Down to a schema and up to the newest.

    Rows are compared by the columns of the older schema.
    """
    full = _sums(engine, _columns(engine))
    _walk(engine, command.downgrade, revision)
    anew = ANEW.get(revision, frozenset())
    kept = {name: some for name, some in _columns(engine).items() if name not in anew}
    before = _sums(engine, kept)
    with _reader(engine) as longest:
        schema.migrate(engine)
    after = _sums(engine, kept)
    wrong = [f"{name} from {revision}" for name in kept if before[name] != after[name]]
    fewer = [name for name in kept if before[name].rows != full[name].rows]
    wrong += [f"rows of {name} down to {revision}" for name in fewer]
    return Way(revision, wrong, longest())


def _revisions() -> Iterator[str]:
    """All schemas but the newest, oldest first."""
    scripts = ScriptDirectory(str(schema.MIGRATIONS))
    for script in sorted(scripts.walk_revisions(), key=lambda script: script.revision):
        if script.revision != schema.HEAD:
            yield script.revision


def _columns(engine: Engine) -> dict[str, tuple[str, ...]]:
    """Of each table as it is laid now its columns."""
    with transaction(engine, writing=False) as connection:
        found = inspect(connection)
        return {
            name: tuple(sorted(str(each["name"]) for each in found.get_columns(name)))
            for name in found.get_table_names()
            if name != _OF_THE_SCHEMA
        }


def _sums(engine: Engine, columns: Mapping[str, Sequence[str]]) -> dict[str, Sum]:
    """Of each table its rows and a sum over these columns of them."""
    with transaction(engine, writing=False) as connection:
        return {name: _sum(connection, name, wanted) for name, wanted in columns.items()}


def _sum(connection: Connection, name: str, columns: Sequence[str]) -> Sum:
    rows = total = 0
    question: Select[*tuple[Any, ...]] = select(*(column(each) for each in columns)).select_from(
        table(name)
    )
    for row in connection.execution_options(yield_per=_AT_ONCE).execute(question):
        digest = hashlib.blake2b(repr(tuple(row)).encode(), digest_size=8).digest()
        rows, total = rows + 1, (total + int.from_bytes(digest)) % 2**64
    return Sum(rows, total)


def _walk(engine: Engine, walk: Callable[[Config, str], None], revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    with transaction(engine, writing=True) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = 0"))
        config.attributes["connection"] = connection
        walk(config, revision)


@contextmanager
def _reader(engine: Engine) -> Iterator[Callable[[], float]]:
    """Somebody who reads a client again and again; tells the longest that a look took."""
    over, taken = threading.Event(), [0.0]

    def read() -> None:
        while not over.wait(0.01):
            began = time.monotonic()
            # who waits too long is refused by the database, which is a wait too
            with suppress(StoreUnavailable), transaction(engine, writing=False) as connection:
                connection.execute(text("SELECT name FROM clients LIMIT 1")).all()
            taken.append(time.monotonic() - began)

    with ThreadPoolExecutor(1) as thread:
        going = thread.submit(read)
        try:
            yield lambda: max(taken)
        finally:
            over.set()
            going.result()


def _two_start(filled: Filled) -> str:
    """Two servers on a store that is one schema behind; what goes wrong."""
    place = _place(filled)
    nodes = [Node(place), Node(place)]
    try:
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(lambda node: node.start(), nodes))
    except NotServedError as fault:
        return str(fault)
    finally:
        for node in nodes:
            node.kill()
    engine = make_engine(filled.first.url)
    found = schema.revision(engine)
    engine.dispose()
    return "" if found == schema.HEAD else f"the schema is {found}"


def _place(filled: Filled) -> Place:
    settings = {
        "GATEPOST_DATABASE_URL": filled.first.url,
        "GATEPOST_MASTER_KEY_FILE": str(filled.first.key_file),
    }
    return Place(filled.first.folder, settings)


@contextmanager
def _filled(stage: Stage) -> Iterator[Filled]:
    with ExitStack() as stack:
        url = None
        if stage.store == "postgresql":
            url = stack.enter_context(cluster()).fresh()
        yield fill.house(stage.folder / "store", url, SHAPES[stage.size])
