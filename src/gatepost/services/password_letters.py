"""The letter with a link to set a password: what it says, and which names may stand in it.

Names are chosen by administrators, and the letter comes from the operator's mail server. A name
must not make another letter of it: nothing that a mail program turns into a link is repeated.
"""

import re
from datetime import datetime
from typing import NamedTuple

from gatepost.model.people import User
from gatepost.model.text import fold, refused_character

NAME_MAX = 40
_SOMEBODY = "An administrator"
_MARKS = ("/", "\\", "@", "www.")
_DOMAIN = re.compile(r"\w\.[^\W\d_]{2}")  # many mail programs need no more to make a link


class Letter(NamedTuple):
    """What the person is told by mail, but for the address."""

    user: User
    email: str
    tenant: str
    by: str
    expires_at: datetime


def written(letter: Letter, address: str) -> tuple[str, str]:
    """Subject and text."""
    subject, asked, ignored = _again(letter) if letter.user.has_password else _first(letter)
    name = told(letter.user.given_name or "")
    until = letter.expires_at.strftime("%Y-%m-%d %H:%M UTC")
    return (
        subject,
        f"""{f"Hello {name}," if name else "Hello,"}

{asked}
Open this address to do so:

{address}

It works once, until {until}. You sign in with {letter.email}.

{ignored}
""",
    )


def told(name: str) -> str:
    """A name as it may stand in a letter: cut, or empty when it could be read as an address."""
    plain = fold(name)
    is_address = any(mark in plain for mark in _MARKS) or _DOMAIN.search(plain)
    return "" if is_address or refused_character(name) else name[:NAME_MAX].strip()


def _first(letter: Letter) -> tuple[str, str, str]:
    """Subject, first sentence and last for somebody who has no password yet."""
    where = _where(letter)
    return (
        f"Choose your password{where}",
        f"{told(letter.by) or _SOMEBODY} asks you to choose a password{where}.",
        "If you did not expect this letter, you need not do anything.",
    )


def _again(letter: Letter) -> tuple[str, str, str]:
    """The same for somebody who has one."""
    where, by = _where(letter), told(letter.by)
    who = f"{by}, an administrator," if by else _SOMEBODY
    return (
        f"Choose a new password{where}",
        f"""{who} asked that you choose a new password{where}.
When you do, you are signed out everywhere, and your passkeys are removed.""",
        "If you ignore this letter, nothing happens: your password stays as it is.",
    )


def _where(letter: Letter) -> str:
    tenant = told(letter.tenant)
    return f" for {tenant}" if tenant else ""
