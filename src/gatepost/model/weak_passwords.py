"""Passwords that are guessed first: common ones, trivial variants of them, names (R-45).

What is compared is never the password alone but its readings: what is left when capitals, blanks,
digits around it, signs for letters and repetition are taken away.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from itertools import pairwise

from gatepost.model.people import User
from gatepost.model.tenants import Tenant
from gatepost.model.text import fold

PRODUCT = "gatepost"
_JOINTS = str.maketrans("", "", " -_.,")
# Two ways to read a 1 and a !, one table each.
_LETTERS = (str.maketrans("013457@$!", "oleastasi"), str.maketrans("013457@$!", "oieastasl"))
_END = r"[^a-z\u0080-\U0010ffff]{0,6}"
_CORE = re.compile(rf"{_END}(.*?){_END}", re.DOTALL)
_REPEATED = re.compile(r"(.+?)\1+", re.DOTALL)
_SHORTEST = 3


class Weakness(StrEnum):
    """Why a password is guessed first."""

    COMMON = "common"
    VARIANT = "variant"
    PATTERN = "pattern"
    NAME = "name"


SENTENCES = {
    Weakness.COMMON: "This is one of the passwords that are used most, and so guessed first.",
    Weakness.VARIANT: "This is a small change of one of the passwords that are used most, and such "
    "changes are guessed too.",
    Weakness.PATTERN: "This is one row or repetition of characters, and so guessed first.",
    Weakness.NAME: "This is your own name or address, or that of the organisation or the product, "
    "and so guessed first.",
}
MEND = "Choose another; a few words that do not belong together are good."


def weak_fault(password: str, names: Iterable[str], is_common: Callable[[str], bool]) -> str | None:
    """What is wrong with a password that is guessed first, as a sentence; None for others."""
    found = weakness(password, names, is_common)
    return None if found is None else SENTENCES[found]


def weakness(
    password: str, names: Iterable[str], is_common: Callable[[str], bool]
) -> Weakness | None:
    """Why a password is guessed first. `is_common` knows what is used most, folded."""
    read = readings(password)
    known = {form for name in names for form in (fold(name), _joined(fold(name))) if form}
    if known.intersection(read):
        return Weakness.NAME
    if any(_is_pattern(text) for text in read[:2]):
        return Weakness.PATTERN
    if is_common(read[0]):
        return Weakness.COMMON
    return Weakness.VARIANT if any(map(is_common, read)) else None


def readings(password: str) -> tuple[str, ...]:
    """What a password is compared as: first itself, folded, then what is left without trifles."""
    whole = fold(password)
    found = [whole, _joined(whole)]
    found += [letters for text in found for letters in _spelled(text)]
    found += [text for text in map(_core, found) if len(text) >= _SHORTEST]
    found += [letters for text in found for letters in _spelled(text)]
    found += [text for text in map(_unit, found) if len(text) >= _SHORTEST]
    return tuple(dict.fromkeys(found))


def names_of(user: User, tenant: Tenant | None) -> tuple[str, ...]:
    """The names that no password of a person may be."""
    first, last = user.given_name or "", user.surname or ""
    of_person = (user.name, user.email, user.contact_email, first, last, f"{last} {first}")
    return (*_parts(of_person), *names_around(tenant.name if tenant else None))


def names_around(tenant_name: str | None, *more: str | None) -> tuple[str, ...]:
    """The same of a tenant and the product, where the person is not known yet."""
    return (*_parts((tenant_name, *more)), PRODUCT)


def _parts(names: Iterable[str | None]) -> Iterator[str]:
    """Each name, and of an address what stands before the @."""
    for name in names:
        if name:
            yield name
            yield name.partition("@")[0]


def _joined(text: str) -> str:
    return text.translate(_JOINTS)


def _spelled(text: str) -> Iterator[str]:
    return (text.translate(letters) for letters in _LETTERS)


def _core(text: str) -> str:
    """What stands between digits and signs, of which up to six at each end are a trifle."""
    met = _CORE.fullmatch(text)
    return met[1] if met else text


def _unit(text: str) -> str:
    """What is repeated, where the whole text is a repetition."""
    met = _REPEATED.fullmatch(text)
    return met[1] if met else text


def _is_pattern(text: str) -> bool:
    """A repetition of up to three characters, or a row such as 4567890 and gfedcba."""
    if len(_unit(text)) <= _SHORTEST and len(text) > _SHORTEST:
        return True
    row = text.replace("90", "9:")
    steps = {ord(after) - ord(before) for before, after in pairwise(row)}
    return len(text) > _SHORTEST and steps in ({1}, {-1})
