"""Filled SQLite stores that are kept for the next run, in bench/.stores, by schema and shape.

A store that was served goes on from where it was left, with the codes and tokens of that run in it.
Stores of another schema are removed when a new one is made. To make all anew, remove the folder.
"""

import json
import shutil
from pathlib import Path
from zlib import crc32

from sqlalchemy import Index, Table

from bench import fill, stores
from bench.fill import Filled, Shape
from gatepost.storage.schema import HEAD
from gatepost.storage.tables import metadata

PLACE = Path(__file__).parent / ".stores"
_NOTE = "filled.json"


def sqlite(shape: Shape, place: Path = PLACE) -> Filled:
    """The store of this shape, filled now if there is none."""
    folder = place / called(shape)
    note = folder / _NOTE
    if note.exists():
        return _read(note, shape)
    place.mkdir(exist_ok=True, mode=0o700)
    (place / ".gitignore").write_text("*\n")
    for other in place.glob("sqlite-*"):
        if not other.name.startswith(_schema()) or other == folder:
            shutil.rmtree(other)
    filled = fill.house(folder, None, shape)
    note.touch(mode=0o600)
    note.write_text(_written(filled))
    return filled


def called(shape: Shape) -> str:
    """The name of a store's folder."""
    return "-".join((_schema(), *map(str, shape)))


def _schema() -> str:
    """The revision, and the tables themselves: while one is worked on, its number stays."""
    tables = [
        (
            table.name,
            [(column.name, str(column.type)) for column in table.columns],
            [(index.name, [column.name for column in index.columns]) for index in _indexes(table)],
        )
        for table in metadata.sorted_tables
    ]
    return f"sqlite-{HEAD}-{crc32(repr(tables).encode()):08x}"


def _indexes(table: Table) -> list[Index]:
    return sorted(table.indexes, key=lambda index: str(index.name))


def _written(filled: Filled) -> str:
    first = filled.first._asdict()
    paths = {name: str(value) for name, value in first.items() if isinstance(value, Path)}
    return json.dumps({"first": first | paths, "roles": filled.names.first_roles})


def _read(note: Path, shape: Shape) -> Filled:
    told = json.loads(note.read_text())
    paths = {name: Path(told["first"][name]) for name in ("folder", "key_file")}
    first = stores.Filled(**told["first"] | paths)
    return fill.known(first, shape, tuple(told["roles"]))
