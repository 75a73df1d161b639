"""What must be so after all that was acknowledged: a pure function of the journal."""

from collections.abc import Iterable
from functools import singledispatch
from typing import NamedTuple

from faults.journal import (
    Attempt,
    ClientAdded,
    CodeRedeemed,
    Entry,
    Gone,
    RoleGiven,
    Rotated,
    SecretAdded,
    SecretRemoved,
    SignedIn,
    Twice,
    Unsure,
)


class Standing(NamedTuple):
    """What must be there, and what must not."""

    names: dict[str, str]
    """Of each client, its name."""
    secrets: dict[str, str]
    """Secrets that work, each with its client."""
    dead_secrets: dict[str, str]
    roles: dict[str, tuple[str, ...]]
    """Of each client whose roles are certain, all that it has."""
    codes: set[str]
    """Codes that are used up."""
    tokens: set[str]
    """Refresh tokens that work."""
    rotated: dict[str, str]
    """Refresh tokens that are used up, each with its successor."""
    sign_ins: dict[str, str]
    """Cookies that are signed in, each with its person."""
    operations: set[str]
    """Requests of which the product's own journal must have an event."""
    twice: list[str]
    gone: list[str]


def standing(entries: Iterable[Entry]) -> Standing:
    """What the journal comes to."""
    found = Standing({}, {}, {}, {}, set(), set(), {}, {}, set(), [], [])
    for entry in entries:
        _add(entry, found)
    return found


@singledispatch
def _add(entry: Entry, found: Standing) -> None:
    raise TypeError(f"{type(entry)} means nothing for {type(found)}")


@_add.register
def _(_entry: Attempt, _found: Standing) -> None:
    """It says nothing of what is kept."""


@_add.register
def _(entry: ClientAdded, found: Standing) -> None:
    found.operations.add(entry.operation)
    found.names[entry.client_id] = entry.name
    found.secrets[entry.secret] = entry.client_id


@_add.register
def _(entry: SecretAdded, found: Standing) -> None:
    found.operations.add(entry.operation)
    found.secrets[entry.secret] = entry.client_id


@_add.register
def _(entry: SecretRemoved, found: Standing) -> None:
    found.operations.add(entry.operation)
    found.secrets.pop(entry.secret, None)
    found.dead_secrets[entry.secret] = entry.client_id


@_add.register
def _(entry: RoleGiven, found: Standing) -> None:
    found.operations.add(entry.operation)
    found.roles[entry.client_id] = entry.role_ids


@_add.register
def _(entry: CodeRedeemed, found: Standing) -> None:
    found.codes.add(entry.code)
    found.tokens.add(entry.refresh_token)


@_add.register
def _(entry: Rotated, found: Standing) -> None:
    found.tokens.discard(entry.before)
    found.rotated[entry.before] = entry.after
    found.tokens.add(entry.after)


@_add.register
def _(entry: SignedIn, found: Standing) -> None:
    found.sign_ins[entry.cookie] = entry.person


@_add.register
def _(entry: Twice, found: Standing) -> None:
    found.twice.append(f"{entry.what} {_shown(entry.value)}")


@_add.register
def _(entry: Gone, found: Standing) -> None:
    found.gone.append(f"{entry.what} {_shown(entry.value)}")


@_add.register
def _(entry: Unsure, found: Standing) -> None:
    """A client's roles, a secret or a refresh token of which nothing can be demanded."""
    found.roles.pop(entry.value, None)
    found.secrets.pop(entry.value, None)
    found.tokens.discard(entry.value)


def _shown(value: str) -> str:
    """Enough to find it in the journal."""
    return value[:12]
