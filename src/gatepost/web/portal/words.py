"""The words of the portal, by theme: all of them stand in `words/*.toml` (decision 0019).

A file has a table `words`, and tables `aveva` and `ocs` with what a theme says otherwise.
"""

from functools import cache
from importlib.resources import files
from typing import Protocol

import msgspec

from gatepost.model.tenants import Theme


class Say(Protocol):
    """Says a thing in words: `say("clients.add")`, `say("list.range", first=1, last=25)`."""

    def __call__(self, key: str, /, **values: object) -> str:
        """The words of a key, with values in their places."""


def sayer(theme: Theme) -> Say:
    """The words of a theme."""
    known = catalogue(theme)

    def say(key: str, /, **values: object) -> str:
        return known[key].format_map(values) if values else known[key]

    return say


@cache
def catalogue(theme: Theme) -> dict[str, str]:
    """All words of a theme, by key."""
    found: dict[str, str] = {}
    for entry in sorted((files("gatepost.web.portal") / "words").iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".toml"):
            tables = msgspec.toml.decode(entry.read_bytes(), type=dict[str, dict[str, str]])
            found |= tables.get("words", {}) | tables.get(theme, {})
    return found
