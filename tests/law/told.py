"""What events tell: read from the source, wherever an event is made, member by member.

What stands in `before` and `after` must be a dictionary whose names are written there, or come from
a function that is known to list its members. Anything else is a fault.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

MAKERS = frozenset({"Event", "event", "unasked_event", "replace"})
SIDES = frozenset({"before", "after"})
_WRAPPERS = frozenset({"dict", "changed_members"})


class Source(NamedTuple):
    """Where an event gets something from: a name that is written there, or a function."""

    place: str
    kind: str
    name: str


def sources(path: Path, place: str) -> Iterator[Source]:
    """All that the events that a file makes can tell."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for function in functions:
        known = _assigned(function)
        for call in _calls(function):
            for keyword in call.keywords:
                if keyword.arg in SIDES or (keyword.arg is None and _name(call.func) == "Event"):
                    yield from _of(keyword.value, known, f"{place}:{function.name}")


def fields_given(path: Path) -> set[str]:
    """The names that events are made with."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    made = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {
        keyword.arg or "**"
        for call in made
        if _name(call.func) in MAKERS - {"replace"}
        for keyword in call.keywords
    }


def _calls(function: ast.FunctionDef) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and _name(node.func) in MAKERS:
            yield node


def _assigned(function: ast.FunctionDef) -> Mapping[str, list[ast.expr]]:
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            targets = [part for target in node.targets for part in _parts(target)]
            for target in targets:
                found.setdefault(target, []).append(node.value)
        elif isinstance(node, ast.AnnAssign) and node.value and isinstance(node.target, ast.Name):
            found.setdefault(node.target.id, []).append(node.value)
    return found


def _parts(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple):
        for part in target.elts:
            yield from _parts(part)


def _of(value: ast.expr, known: Mapping[str, list[ast.expr]], place: str) -> Iterator[Source]:
    for part in _inner(value):
        if isinstance(part, ast.Dict):
            yield from _of_dict(part, known, place)
        elif isinstance(part, ast.Name) and part.id in known:
            rest = {name: values for name, values in known.items() if name != part.id}
            for assigned in known[part.id]:
                yield from _of(assigned, rest, place)
        elif isinstance(part, ast.Call):
            yield Source(place, "function", ast.unparse(part.func))
        elif not (isinstance(part, ast.Constant) and part.value is None):
            yield Source(place, "strange", ast.unparse(part))


def _of_dict(value: ast.Dict, known: Mapping[str, list[ast.expr]], place: str) -> Iterator[Source]:
    for key, inner in zip(value.keys, value.values, strict=True):
        if key is None:
            yield from _of(inner, known, place)
        elif isinstance(key, ast.Constant):
            yield Source(place, "member", str(key.value))
        else:
            yield Source(place, "strange", ast.unparse(key))


def _inner(value: ast.expr) -> Iterator[ast.expr]:
    """The expressions that a value is one of."""
    match value:
        case ast.IfExp():
            yield from (*_inner(value.body), *_inner(value.orelse))
        case ast.BoolOp():
            for each in value.values:
                yield from _inner(each)
        case ast.GeneratorExp():
            yield from _inner(value.elt)
        case ast.Call() if _name(value.func) in _WRAPPERS:
            for each in value.args:
                yield from _inner(each)
        case _:
            yield value


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
