"""Text fields of a form: what was typed, what it means, and what is wrong with each of them."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import msgspec

from gatepost.model import reading
from gatepost.model.reading import Member, Problem
from gatepost.model.text import quoted
from gatepost.web.portal.visits import Fields

_MAX_DIGITS = 9


class Typed(NamedTuple):
    """The texts as they were typed, their values, and problems; all by the names of the fields.

    What was left empty has no value.
    """

    texts: Mapping[str, str]
    values: Mapping[str, Any]
    problems: Mapping[str, str]


def read(
    struct: type[msgspec.Struct], names: Collection[str], required: Collection[str], fields: Fields
) -> Typed:
    """The text fields of these names, each judged as the member of the same name in the body."""
    texts = {name: fields.get(name).strip() for name in names}
    values, problems = {}, {}
    for member in reading.members_of(struct):
        text = texts.get(member.attribute, "")
        if text:
            found = reading.read_member(member, text)
            if isinstance(found, Problem):
                problems[member.attribute] = _in_words(member, text, found)
            else:
                values[member.attribute] = found
        elif member.attribute in required:
            problems[member.attribute] = _entering((member.meta.extra or {})["mend"])
    return Typed(texts, values, problems)


def seen_version(fields: Fields) -> int:
    """The version that the form was made of; none that there is when the form does not say."""
    text = fields.get("seen")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else 0


def _in_words(member: Member, text: str, problem: Problem) -> str:
    """The problem as it stands at its field, where neither name nor text need be said again."""
    rest = problem.reason.removeprefix(f"{member.name} {quoted(text)} ")
    mend = _entering(problem.mend)
    return mend if rest == problem.reason else f"It {rest} {mend}"


def _entering(mend: str) -> str:
    """What callers are told to send, people are told to enter."""
    return mend.replace("Send ", "Enter ")
