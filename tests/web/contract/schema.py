"""Judges an answer by the contract's own schema language: every member there, and no other."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from tests.web.contract.contract import SCHEMAS

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
_INT32 = range(-(2**31), 2**31)
ABSENT_WHEN_EMPTY = {
    "ErrorResponse": {"DynamicProperties"},
}
"""Members that stand in no answer: this one only says that others may stand beside the four."""


def faults(value: Any, schema: str, place: str = "$") -> list[str]:
    """What is wrong with a value; empty when it keeps the contract."""
    return list(_faults(value, schema, place))


def _faults(value: Any, schema: str, place: str) -> Iterator[str]:
    if schema.endswith("[]"):
        if not isinstance(value, list):
            yield f"{place} is no list: {value!r}"
            return
        for index, item in enumerate(value):
            yield from _faults(item, schema.removesuffix("[]"), f"{place}[{index}]")
    elif schema in _PLAIN:
        if not _PLAIN[schema](value):
            yield f"{place} is no {schema}: {value!r}"
    elif "enum" in SCHEMAS[schema]:
        if not _is_int32(value) or value not in SCHEMAS[schema]["enum"].values():
            yield f"{place} is no {schema}: {value!r}"
    else:
        yield from _object_faults(value, schema, place)


def _object_faults(value: Any, schema: str, place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{place} is no {schema}: {value!r}"
        return
    members = SCHEMAS[schema]
    expected = members.keys() - ABSENT_WHEN_EMPTY.get(schema, set())
    yield from (f"{place}.{name} is missing" for name in sorted(expected - value.keys()))
    yield from (f"{place}.{name} is unknown" for name in sorted(value.keys() - expected))
    for name in sorted(expected & value.keys()):
        member = members[name]
        if value[name] is not None:
            yield from _faults(value[name], member["type"], f"{place}.{name}")
        elif not member["nullable"]:
            yield f"{place}.{name} is null"


def _is_int32(value: Any) -> bool:
    return type(value) is int and value in _INT32


def _is_moment(value: Any) -> bool:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return False
    return datetime.fromisoformat(value).utcoffset() is not None


def _matches(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


_PLAIN: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "int32": _is_int32,
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "guid": _matches(_GUID),
    "email": _matches(_EMAIL),
    "date-time": _is_moment,
}
