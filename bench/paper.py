"""Writes tables into a document between marks, so that it tells what was measured.

A place begins with the line `<!-- bench:NAME -->` and ends with the line `<!-- /bench -->`.
"""

_END = "<!-- /bench -->"


class NoPlaceError(ValueError):
    """The document has no place of that name, or one without an end."""


def placed(document: str, name: str, tables: str) -> str:
    """The document with the tables in the place of that name, instead of what was there."""
    lines = document.splitlines()
    mark = f"<!-- bench:{name} -->"
    if mark not in lines:
        raise NoPlaceError(f"there is no line {mark}")
    first = lines.index(mark)
    if _END not in lines[first:]:
        raise NoPlaceError(f"no line {_END} follows {mark}")
    last = lines.index(_END, first)
    if any(line.startswith("<!-- bench:") for line in lines[first + 1 : last]):
        raise NoPlaceError(f"another place begins before {mark} has its end")
    return "\n".join([*lines[: first + 1], "", tables.strip(), "", *lines[last:]]) + "\n"
