"""Scopes: which there are, which a client may be given, and what each means to a person."""

from typing import NamedTuple

from gatepost.model.clients import Client
from gatepost.protocol.parameters import OAuthError

OPENID, PROFILE, EMAIL = "openid", "profile", "email"
API_SCOPE = "ocsapi"
OFFLINE = "offline_access"
MAX_SCOPE = 1_000


class Scope(NamedTuple):
    """One scope, and how the consent page says it."""

    name: str
    title: str
    text: str


SCOPES = (
    Scope(OPENID, "Know who you are", "The application learns an id that stands for you."),
    Scope(PROFILE, "See your name and roles", "Your name, and the roles you have here."),
    Scope(EMAIL, "See your e-mail address", "The address that you sign in with."),
    Scope(
        API_SCOPE,
        "Work with the platform's data as you",
        "The application may read and change what your roles let you read and change.",
    ),
    Scope(
        OFFLINE,
        "Stay signed in while you are away",
        "The application may go on without you until you take this back.",
    ),
)
NAMES = tuple(scope.name for scope in SCOPES)


def split(text: str) -> tuple[str, ...]:
    """The scopes of a parameter, each once, in the order sent."""
    return tuple(dict.fromkeys(part for part in text.split(" ") if part))


def length_fault(text: str) -> OAuthError | None:
    """What is wrong with a parameter that nobody would need so long."""
    if len(text) <= MAX_SCOPE:
        return None
    return OAuthError("invalid_scope", "the scope is too long", "scope_too_long")


def use_fault(asked: tuple[str, ...]) -> OAuthError | None:
    """What is wrong with scopes by which a person gives nothing."""
    if OPENID in asked or API_SCOPE in asked:
        return None
    return OAuthError(
        "invalid_scope", "ask for openid, for ocsapi, or for both", "scope_without_use"
    )


def allowed(client: Client, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Those that the client may be given, in our order.

    What we do not know is left out (OpenID Connect Core, 3.1.2.1), and so is a refresh token for a
    client that may have none (facts.md section 7, 4).
    """
    offline = getattr(client, "allow_offline_access", False)
    return tuple(name for name in NAMES if name in asked and (name != OFFLINE or offline))


def described(scopes: tuple[str, ...]) -> tuple[Scope, ...]:
    """What to tell a person about these scopes."""
    return tuple(scope for scope in SCOPES if scope.name in scopes)
