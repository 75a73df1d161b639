"""What docs/protocol.md says is where, is there: each path of its tables, and each name in it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PAPER = ROOT / "docs/protocol.md"
BELOW = {"Code": ROOT / "src/gatepost", "Test": ROOT / "tests"}
_PATH = re.compile(r"[\w/]+\.(?:py|js)\Z|[\w/]+/\Z")
_NAME = re.compile(r"[A-Za-z]\w*(?:\.\w+)?\Z")


class Cell(NamedTuple):
    """What a row says of one column: the paths, each with the names that follow it."""

    column: str
    row: str
    places: tuple[tuple[Path, tuple[str, ...]], ...]


def rows(text: str) -> Iterator[dict[str, str]]:
    """The rows of all tables, by the titles of their columns."""
    titles: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line[:1] == "|" else []
        if cells and titles and not set(cells[0]) <= {"-"}:
            yield dict(zip(titles, cells, strict=True))
        titles = titles or cells if cells else []


def cells(text: str) -> Iterator[Cell]:
    """The cells that name places."""
    for row in rows(text):
        for column in BELOW.keys() & row.keys():
            yield Cell(column, next(iter(row.values())), tuple(_places(column, row[column])))


def _places(column: str, cell: str) -> Iterator[tuple[Path, tuple[str, ...]]]:
    path = ""
    names: list[str] = []
    for span in re.findall(r"`([^`]+)`", cell):
        if _PATH.match(span):
            if path:
                yield BELOW[column] / path, tuple(names)
            path, names = span, []
        else:
            assert path, f"{span} stands before any path"
            assert _NAME.match(span), f"{span} is neither a path nor a name"
            names.append(span)
    assert path, f"no path in: {cell}"
    yield BELOW[column] / path, tuple(names)


def defined(source: str) -> set[str]:
    """The names that a module makes, those of its classes as Class.name and as name."""
    found: set[str] = set()
    for node in ast.parse(source).body:
        mine = {*_made_by(node)}
        found |= mine
        if isinstance(node, ast.ClassDef):
            inner = {name for child in node.body for name in _made_by(child)}
            found |= inner | {f"{node.name}.{name}" for name in inner}
    return found


def _made_by(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name


def missing(text: str) -> list[str]:
    """What the tables name and is not there."""
    found = []
    for cell in cells(text):
        for path, names in cell.places:
            if not path.exists():
                found.append(f"{cell.row}: no {path.relative_to(ROOT)}")
            elif path.suffix == ".py":
                known = defined(path.read_text())
                found += [f"{cell.row}: no {n} in {path.name}" for n in names if n not in known]
            else:
                assert not names, f"{cell.row}: names of what is no module"
    return found


def modules(text: str) -> dict[str, tuple[str, ...]]:
    """The tests that answer each module of certification."""
    return {
        row["Module"]: tuple(n for _, names in _places("Test", row["Test"]) for n in names)
        for row in rows(text)
        if "Module" in row
    }


def test_every_place_is_there() -> None:
    assert missing(PAPER.read_text()) == []


def test_every_row_names_code_and_test() -> None:
    found = [*cells(PAPER.read_text())]
    assert len(found) > 150
    assert {cell.column for cell in found} == {"Code", "Test"}


def test_every_module_has_the_test_that_is_named_after_it() -> None:
    found = modules(PAPER.read_text())
    assert len(found) == 54
    for module, tests in found.items():
        assert tests == ("test_" + module.removeprefix("oidcc-").replace("-", "_"),)


def test_every_test_of_certification_is_of_a_module() -> None:
    """A longer name says which part of the module it is."""
    named = {
        name for cell in cells(PAPER.read_text()) for _, names in cell.places for name in names
    }
    for path in (ROOT / "tests/web/conformance").glob("test_*.py"):
        for test in (name for name in defined(path.read_text()) if name.startswith("test_")):
            assert any(test == name or test.startswith(f"{name}_of_") for name in named), test


@pytest.mark.parametrize(
    ("planted", "named"),
    [
        ("| x | `protocol/nothing.py` | `law/test_paper.py` |", "x: no src/gatepost/protocol/noth"),
        ("| x | `protocol/pkce.py` `nothing` | `law/test_paper.py` |", "x: no nothing in pkce.py"),
        ("| x | `protocol/pkce.py` | `law/test_nothing.py` |", "x: no tests/law/test_nothing.py"),
        ("| x | `services/issuing.py` `Mint.nothing` | `law/` |", "x: no Mint.nothing in issuing"),
    ],
)
def test_what_is_not_there_is_named(planted: str, named: str) -> None:
    (found,) = missing(f"| What | Code | Test |\n|---|---|---|\n{planted}\n")
    assert found.startswith(named)


def test_what_is_there_is_not() -> None:
    planted = "| x | `services/issuing.py` `Mint.read_hint` `Mint` | `law/` |"
    assert missing(f"| What | Code | Test |\n|---|---|---|\n{planted}\n") == []
