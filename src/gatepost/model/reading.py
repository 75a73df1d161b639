"""Reading what a caller sent, member by member, so that every mistake is named at once.

The rules are the field types of `fields`; this file applies them. Both fronts use it: REST for
JSON members, the portal for form fields. Nothing is guessed: no string becomes a number.
"""

import difflib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

import msgspec

from gatepost.model import people, uris
from gatepost.model.errors import Code, Refused
from gatepost.model.key_sets import read_key_set
from gatepost.model.text import folded_fault, quoted, refused_character

_MAX_MOMENT_LENGTH = 40
_MAX_PROBLEMS = 10
_Structure = type[msgspec.Struct]


class Member(NamedTuple):
    """One member of a body: its name outside, its name inside, and its field type."""

    name: str
    attribute: str
    type: Any
    nullable: bool = True

    @property
    def meta(self) -> msgspec.Meta:
        """Words and bounds of the field type."""
        return _meta(self.type)

    @property
    def inner(self) -> _Structure | None:
        """The struct of a member that is an object with members of its own."""
        found = get_args(self.type)[0] if get_origin(self.type) is Annotated else self.type
        return found if isinstance(found, type) and issubclass(found, msgspec.Struct) else None


class Problem(NamedTuple):
    """What is wrong with one member, and what to send instead; the reason begins with its name."""

    member: str
    reason: str
    mend: str


@cache
def members_of(struct: _Structure) -> tuple[Member, ...]:
    """The members of a struct, by the names it has in JSON."""
    hints = get_type_hints(struct, include_extras=True)
    names = zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True)
    return tuple(Member(outside, inside, _without_none(hints[inside])) for inside, outside in names)


def read_members(
    members: Iterable[Member], raw: Mapping[str, object]
) -> tuple[dict[str, Any], list[Problem]]:
    """The values that were sent, by inside name, and everything that is wrong with the rest.

    A null says nothing, like an absent member (facts.md section 7, 10).
    """
    known = {member.name: member for member in members}
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in raw.items():
        member = known.get(name)
        if member is None:
            # Only what will be shown is worth a guess at what was meant.
            shown = len(problems) < _MAX_PROBLEMS
            problems.append(_unknown(name, tuple(known)) if shown else Problem(name, "", ""))
        elif value is not None:
            read = _read(member, value)
            if isinstance(read, list):
                problems += read
            else:
                values[member.attribute] = read
    return values, problems


def read_member(member: Member, value: object) -> Any | Problem:
    """The value in its field type, or what is wrong with it first of all."""
    read = _read(member, value)
    return read[0] if isinstance(read, list) else read


def _read(member: Member, value: object) -> Any | list[Problem]:
    """The value in its field type, or everything that is wrong with it; no value is a list."""
    if member.inner is not None:
        return _read_object(member, member.inner, value)
    if (member.meta.extra or {}).get("check") == "key_set":
        found = read_key_set(value)
        if isinstance(found, dict):
            return found
        places = [(f"{member.name}{fault.place}", fault) for fault in found]
        return [Problem(place, f"{place} {fault.problem}.", fault.mend) for place, fault in places]
    read = _read_plain(member, value)
    return [read] if isinstance(read, Problem) else read


def _read_object(
    member: Member, struct: _Structure, value: object
) -> msgspec.Struct | list[Problem] | None:
    """An object with members of its own; one that says nothing but defaults is None."""
    if not isinstance(value, dict):  # and it is not repeated: a private key may be in it
        mend = (member.meta.extra or {})["mend"]
        return [Problem(member.name, f"{member.name} is not an object.", mend)]
    values, problems = read_members(members_of(struct), value)
    if problems:
        name = member.name
        return [Problem(f"{name}.{p.member}", f"{name}.{p.reason}", p.mend) for p in problems]
    made = struct(**values)
    return None if made == struct() else made


def _read_plain(member: Member, value: object) -> Any | Problem:
    extra = member.meta.extra or {}
    if extra.get("check") == "instant":
        return _read_moment(member.name, value, extra["mend"])
    try:
        converted = msgspec.convert(value, member.type)
    except (msgspec.ValidationError, UnicodeError) as error:  # the latter for half a character
        return Problem(member.name, f"{member.name} is {quoted(value)}: {error}.", extra["mend"])
    if isinstance(converted, tuple):
        return _read_items(member, converted)
    return _checked(member.name, converted, extra)


def required(
    members: Iterable[Member], wanted: Iterable[str], values: Mapping[str, object]
) -> list[Problem]:
    """The members that must be sent and were not."""
    wanted = frozenset(wanted)
    return [
        Problem(member.name, f"{member.name} is missing.", (member.meta.extra or {})["mend"])
        for member in members
        if member.attribute in wanted and values.get(member.attribute) in (None, ())
    ]


def refuse(problems: list[Problem]) -> None:
    """Raise one refusal that names everything that is wrong, if anything is."""
    if not problems:
        return
    shown = problems[:_MAX_PROBLEMS]
    more = len(problems) - len(shown)
    tail = f" And {more} more." if more else ""
    raise Refused(
        Code.INVALID_MEMBER,
        " ".join(problem.reason for problem in shown) + tail,
        " ".join(dict.fromkeys(f"{problem.member}: {problem.mend}" for problem in shown)),
    )


def read_moment(text: str) -> datetime | str:
    """A moment in ISO 8601 with its zone, in UTC; or what is wrong with it."""
    if len(text) > _MAX_MOMENT_LENGTH:
        return "is too long for a date and time"
    character = refused_character(text)  # a NUL would end the text for the parser
    if character:
        return f"has the character {character}"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return "is not a date and time in ISO 8601"
    if moment.tzinfo is None:
        return "does not say its time zone"
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return "is outside the years 1 to 9999 in UTC"


def _read_moment(name: str, value: object, mend: str) -> datetime | Problem:
    if not isinstance(value, str):
        return Problem(name, f"{name} is {quoted(value)}, which is not a text.", mend)
    moment = read_moment(value)
    if isinstance(moment, str):
        return Problem(name, f"{name} {quoted(value)} {moment}.", mend)
    return moment


def _read_items(member: Member, items: tuple[Any, ...]) -> tuple[Any, ...] | Problem:
    item_type = get_args(get_args(member.type)[0])[0]
    item_extra = _meta(item_type).extra or {}
    mend = (member.meta.extra or {})["mend"]
    read = []
    for index, item in enumerate(items):
        value = _checked(f"{member.name}[{index}]", item, {"mend": mend} | item_extra)
        if isinstance(value, Problem):
            return value
        read.append(value)
    if (member.meta.extra or {}).get("check") == "unique":
        for index, item in enumerate(read):
            if item in read[:index]:
                reason = f"{member.name}[{index}] {quoted(item)} is there twice."
                return Problem(member.name, reason, "Send each entry once.")
    return tuple(read)


def _checked(name: str, value: Any, extra: Mapping[str, Any]) -> Any | Problem:
    """The value after the check that its field type names.

    No text has a refused character, whatever else it is: a pattern's `$` lets a last line break by.
    """
    character = refused_character(value) if isinstance(value, str) else None
    if character:
        shown = f"{name} {quoted(value)}"
        reason = f"{shown} has the character {character}, which may not stand in a text."
        return Problem(name, reason, extra["mend"])
    fault: str | None = None
    match extra.get("check"):
        case "guid":
            return value.lower()
        case "name":
            fault = folded_fault(value) if value.strip() else "is only blanks"
        case "person_name":
            fault = folded_fault(value)
        case "email":
            fault = people.email_fault(value) or folded_fault(value)
        case "redirect_uri" | "logout_uri" | "origin" | "page_uri" as check:
            found = _URI_CHECKS[check](value)
            if found:
                return Problem(name, f"{name} {quoted(value)} {found.problem}.", found.mend)
    return Problem(name, f"{name} {quoted(value)} {fault}.", extra["mend"]) if fault else value


_URI_CHECKS = {
    "redirect_uri": uris.redirect_uri_fault,
    "logout_uri": uris.logout_uri_fault,
    "origin": uris.origin_fault,
    "page_uri": uris.page_uri_fault,
}


def _unknown(name: str, known: tuple[str, ...]) -> Problem:
    near = difflib.get_close_matches(name[:60].lower(), [k.lower() for k in known], 1)
    meant = next((k for k in known if near and k.lower() == near[0]), None)
    hint = f"Did you mean {meant}? " if meant else ""
    shown = quoted(name)
    return Problem(shown, f"{shown} is not a known member.", f"{hint}Known: {', '.join(known)}.")


def _without_none(hint: Any) -> Any:
    """The annotated type within `X | None`."""
    if get_origin(hint) is Annotated:
        return hint
    inner = [argument for argument in get_args(hint) if argument is not type(None)]
    return inner[0] if inner and type(None) in get_args(hint) else hint


def _meta(annotated: Any) -> msgspec.Meta:
    if get_origin(annotated) is Annotated:
        for extra in annotated.__metadata__:
            if isinstance(extra, msgspec.Meta):
                return extra
    return msgspec.Meta(extra={"mend": "Send a value of the right type."})
