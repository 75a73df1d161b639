"""What a grant decides about, and what it may decide.

A refusal is an `OAuthError`. `Replay` is one that must leave a mark, and so is a value like any.
"""

from typing import NamedTuple

from gatepost.model.grants import AuthorizationCode, DeviceCode, Family, RefreshToken
from gatepost.protocol.parameters import OAuthError


class Evidence(NamedTuple):
    """What the store knows of the code or token that was presented.

    `superseded` is for a refresh token: a later one of its family was used already.
    """

    thing: AuthorizationCode | RefreshToken | DeviceCode
    family: Family | None
    superseded: bool = False


class Issue(NamedTuple):
    """An access token with these scopes is to be issued, and what goes with it.

    Without a family the client acts for itself.
    """

    scopes: tuple[str, ...]
    family: Family | None = None
    nonce: str | None = None
    with_id_token: bool = False
    with_refresh_token: bool = False


class Again(NamedTuple):
    """The answer to a redemption was lost: give the same successor once more (D-06)."""

    issue: Issue
    sealed_successor: bytes


class Replay(NamedTuple):
    """What was used already is presented again: the family ends with it."""

    family_id: str
    error: OAuthError


Decision = Issue | Again | Replay | OAuthError


def invalid_grant(description: str, reason: str) -> OAuthError:
    """The code or token is not good, or not good any more (RFC 6749, 5.2)."""
    return OAuthError("invalid_grant", description, reason)
