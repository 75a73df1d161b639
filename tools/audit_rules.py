"""What an audit judges: licences against those we know, weaknesses against recorded exceptions.

Functions of values. `tools/audit.py` reads the files, asks the database, and prints.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import IntEnum
from typing import Any, NamedTuple

import msgspec

_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?: *; *(?P<marker>[^\\]+))?"
)
_WORD = re.compile(r"\(|\)|[A-Za-z0-9.+-]+")
_LONGEST_NAME = 60


class Kind(IntEnum):
    """What a licence asks of whoever ships what is under it; the higher, the more."""

    PERMISSIVE = 0
    WEAK = 1
    STRONG = 2
    UNKNOWN = 3


_PERMISSIVE = (
    "0BSD Apache-2.0 BSD-2-Clause BSD-3-Clause ISC MIT MIT-0 PSF-2.0 PostgreSQL Python-2.0 "
    "Unlicense Zlib"
)
_WEAK = "LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0-only LGPL-3.0-or-later MPL-2.0 EPL-2.0"
_STRONG = (
    "AGPL-3.0-only AGPL-3.0-or-later GPL-2.0-only GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later "
    "SSPL-1.0 EUPL-1.2 OSL-3.0"
)
KNOWN: dict[str, Kind] = {
    name.lower(): kind
    for names, kind in ((_PERMISSIVE, Kind.PERMISSIVE), (_WEAK, Kind.WEAK), (_STRONG, Kind.STRONG))
    for name in names.split()
}
"""Licences by their SPDX names."""

_OLDER: dict[str, str] = {
    "apache software license": "Apache-2.0",
    "bsd license": "BSD-2-Clause OR BSD-3-Clause",
    "gnu affero general public license v3": "AGPL-3.0-only",
    "gnu general public license v2 (gplv2)": "GPL-2.0-only",
    "gnu general public license v3 (gplv3)": "GPL-3.0-only",
    "gnu lesser general public license v3 (lgplv3)": "LGPL-3.0-only",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
}
"""What classifiers say, by SPDX names. "BSD License" leaves open which of the two it is."""


class Locked(NamedTuple):
    """A package of a lock."""

    name: str
    version: str
    marker: str | None
    wanted_by: tuple[str, ...]


class WeaknessException(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A known weakness that is lived with: why, since when, and until when at the latest."""

    id: str
    package: str
    reason: str
    recorded: date
    until: date


class LicenceException(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A package whose own words on its licence are not clear, and what a person found there."""

    package: str
    licence: str
    reason: str
    recorded: date


class Exceptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that was recorded."""

    weakness: tuple[WeaknessException, ...] = ()
    licence: tuple[LicenceException, ...] = ()


class Weakness(NamedTuple):
    """A known weakness of a locked package, by all names that it has."""

    package: str
    version: str
    names: frozenset[str]
    mended_in: tuple[str, ...]


class Report(NamedTuple):
    """What the database said: how many packages it knew, whom it skipped, and the weaknesses."""

    asked: int
    skipped: tuple[str, ...]
    weaknesses: tuple[Weakness, ...]


def folded(name: str) -> str:
    """A package's name as an index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_lock(text: str) -> tuple[Locked, ...]:
    """The packages of a lock, each with those that want it."""
    found: list[Locked] = []
    for line in text.splitlines():
        match = _REQUIREMENT.match(line)
        if match:
            marker = (match["marker"] or "").strip() or None
            found.append(Locked(folded(match["name"]), match["version"], marker, ()))
        elif found and line.startswith("    # "):
            word = line.removeprefix("    # ").strip().removeprefix("via").split(" ")
            names = tuple(folded(each) for each in word if each and not each.startswith("("))
            found[-1] = found[-1]._replace(wanted_by=found[-1].wanted_by + names)
    return tuple(found)


def licence_words(metadata: Mapping[str, Sequence[str]]) -> str | None:
    """A package's licence in SPDX words, by the clearest that its metadata say."""
    for name in metadata.get("License-Expression", ()):
        return name
    classifiers = [
        _OLDER.get(each.rpartition(" :: ")[2].lower(), each.rpartition(" :: ")[2])
        for each in metadata.get("Classifier", ())
        if each.startswith("License :: ") and each != "License :: OSI Approved"
    ]
    if classifiers:
        return " AND ".join(f"({each})" if " " in each else each for each in classifiers)
    for name in metadata.get("License", ()):
        if 0 < len(name) <= _LONGEST_NAME and "\n" not in name:
            return _OLDER.get(name.lower(), name)
    return None


def kind_of(words: str | None) -> Kind:
    """The kind of an SPDX expression: the least of a choice, the most of what adds up."""
    if words is None:
        return Kind.UNKNOWN
    tokens = _WORD.findall(words)
    if re.sub(r"\s", "", words) != "".join(tokens):
        return Kind.UNKNOWN
    kind, rest = _either(tokens)
    return Kind.UNKNOWN if rest else kind


def read_report(text: str) -> Report | None:
    """What pip-audit printed as JSON; None when it is no report."""
    try:
        raw: Any = msgspec.json.decode(text)
        rows = raw["dependencies"]
        skipped = tuple(row["name"] for row in rows if "skip_reason" in row)
        weaknesses = tuple(_weakness(row, each) for row in rows for each in row.get("vulns", ()))
    except (msgspec.DecodeError, KeyError, TypeError):
        return None
    return Report(len(rows), skipped, weaknesses)


def open_weaknesses(
    found: Iterable[Weakness], recorded: Sequence[WeaknessException], today: date
) -> tuple[str, ...]:
    """A line for each weakness that no recorded exception covers today."""
    lines = []
    for each in found:
        covering = [one for one in recorded if _covers(one, each)]
        shown = f"{each.package} {each.version}: {', '.join(sorted(each.names))}"
        mend = f"mended in {', '.join(each.mended_in)}" if each.mended_in else "not mended yet"
        if not covering:
            lines.append(f"{shown} ({mend})")
        elif all(one.until < today for one in covering):
            lines.append(f"{shown} ({mend}; its exception ended on {covering[0].until})")
    return tuple(lines)


def idle_exceptions(
    found: Sequence[Weakness], recorded: Iterable[WeaknessException]
) -> tuple[str, ...]:
    """A line for each exception that covers nothing any more."""
    return tuple(
        f"{one.package}: {one.id} is not known of what is locked; remove its exception"
        for one in recorded
        if not any(_covers(one, each) for each in found)
    )


def _weakness(row: Mapping[str, Any], told: Mapping[str, Any]) -> Weakness:
    names = frozenset({told["id"], *told.get("aliases", ())})
    mended = tuple(told.get("fix_versions", ()))
    return Weakness(folded(row["name"]), row["version"], names, mended)


def _covers(one: WeaknessException, weakness: Weakness) -> bool:
    return folded(one.package) == weakness.package and one.id in weakness.names


def _either(tokens: list[str]) -> tuple[Kind, list[str]]:
    kind, rest = _both(tokens)
    while rest[:1] == ["OR"]:
        other, rest = _both(rest[1:])
        kind = min(kind, other)
    return kind, rest


def _both(tokens: list[str]) -> tuple[Kind, list[str]]:
    kind, rest = _one(tokens)
    while rest[:1] == ["AND"]:
        other, rest = _one(rest[1:])
        kind = max(kind, other)
    return kind, rest


def _one(tokens: list[str]) -> tuple[Kind, list[str]]:
    """A name, one with an exception to it, or what stands in parentheses."""
    if not tokens:
        return Kind.UNKNOWN, []
    if tokens[0] == "(":
        kind, rest = _either(tokens[1:])
        return (kind, rest[1:]) if rest[:1] == [")"] else (Kind.UNKNOWN, rest)
    kind, rest = KNOWN.get(tokens[0].lower(), Kind.UNKNOWN), tokens[1:]
    return (kind, rest[2:]) if rest[:1] == ["WITH"] and len(rest) > 1 else (kind, rest)
