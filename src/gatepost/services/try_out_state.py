"""What is kept of a try-out: how far it is, what only the portal may know, and what happened.

Values that open something are kept sealed and only as long as they are needed. What a step shows of
them is their beginning, and of a token what stands in it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from gatepost.model import base64url
from gatepost.model.portal import TryOut
from gatepost.protocol.parameters import OAuthError
from gatepost.services.principals import family_of
from gatepost.services.world import World

Stage = Literal["waiting", "busy", "ended"]
Pairs = tuple[tuple[str, str], ...]
MASK = "…"
_SHOWN = 8
_MASKED = frozenset(
    {
        "access_token",
        "client_secret",
        "code",
        "code_verifier",
        "device_code",
        "id_token",
        "refresh_token",
        "token",
    }
)


class ReadToken(Struct, frozen=True):
    """A token taken apart: its header, and what it says. The token itself is not kept."""

    name: str
    header: dict[str, Any]
    claims: dict[str, Any]


class Step(Struct, frozen=True, kw_only=True):
    """One exchange: where to, what was sent, what came back, and what the portal looked at."""

    key: str
    state: Literal["done", "failed", "waiting"]
    address: str
    sent: Pairs = ()
    came: Pairs = ()
    tokens: tuple[ReadToken, ...] = ()
    checks: tuple[tuple[str, bool], ...] = ()
    error: str | None = None
    description: str = ""


class Kept(Struct, frozen=True, kw_only=True):
    """All of a try-out that the store holds sealed."""

    stage: Stage = "waiting"
    steps: tuple[Step, ...] = ()
    state: str = ""
    verifier: str = ""
    nonce: str = ""
    secret: str = ""
    device_code: str = ""
    user_code: str = ""

    def __repr__(self) -> str:
        return f"Kept({self.stage!r}, ***)"

    def ended(self) -> "Kept":
        """The same when it is over: what happened, and nothing that opens anything."""
        return Kept(stage="ended", steps=self.steps)

    def with_step(self, step: Step) -> "Kept":
        """The same with one more step, in place of the last one when that waited for it."""
        waited = self.steps and self.steps[-1].key == step.key
        before = self.steps[:-1] if waited else self.steps
        return replace(self, steps=(*before, step))


def sealed(world: World, try_out_id: str, kept: Kept) -> bytes:
    """The state for the store."""
    return world.secrets.seal(place_of(try_out_id), msgspec.json.encode(kept).decode())


def opened(world: World, try_out: TryOut) -> Kept:
    """The state of a try-out; one that cannot be read any more is over."""
    plain = world.secrets.unseal(place_of(try_out.id), try_out.sealed_state)
    if plain is None:
        return Kept(stage="ended")
    return msgspec.json.decode(plain.encode(), type=Kept)


def shown(values: Mapping[str, object]) -> Pairs:
    """What was sent or came back, fit to be shown."""
    return tuple(
        (name, masked(str(value)) if name in _MASKED else str(value))
        for name, value in values.items()
        if value is not None
    )


def masked(value: str) -> str:
    """The beginning of a value, by which it is known again and never used."""
    return value[: min(_SHOWN, len(value) // 2)] + MASK


def failed(step: Step, error: OAuthError) -> Step:
    """The step with what went wrong."""
    came = shown({"error": error.error, "error_description": error.description})
    return replace(
        step, state="failed", came=came, error=error.error, description=error.description
    )


def families_of(steps: Iterable[Step]) -> tuple[str, ...]:
    """The grants that the access tokens of these steps rest on, each once."""
    marks = (
        token.claims.get("jti")
        for step in steps
        for token in step.tokens
        if token.name == "access_token"
    )
    return tuple(dict.fromkeys(family_of(mark) for mark in marks if isinstance(mark, str)))


def read_token(name: str, token: str) -> ReadToken | None:
    """What stands in a token; whether it is right is not asked. None for one that is no JWT."""
    parts = token.split(".")
    if len(parts) != _PARTS:
        return None
    header, claims = (_object(part) for part in parts[:2])
    return None if header is None or claims is None else ReadToken(name, header, claims)


def _object(part: str) -> dict[str, Any] | None:
    octets = base64url.decoded(part)
    try:
        return None if octets is None else msgspec.json.decode(octets, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def place_of(try_out_id: str) -> str:
    """What the state of a try-out is sealed for."""
    return f"try-out {try_out_id}"


_PARTS = 3
