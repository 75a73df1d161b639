"""What every service is handed: the ports, and who is acting."""

from typing import NamedTuple

from gatepost.model.callers import Caller
from gatepost.model.events import Action, Actor, Event, Origin
from gatepost.model.tenants import Theme
from gatepost.ports import (
    Clock,
    Dice,
    KeyVerifier,
    PasswordHasher,
    Secrets,
    Signer,
    Store,
)

_INCARNATION_BYTES = 6


class World(NamedTuple):
    """The outside, as the ports give it."""

    store: Store
    clock: Clock
    dice: Dice
    secrets: Secrets
    passwords: PasswordHasher
    signer: Signer
    client_keys: KeyVerifier
    theme: Theme = "aveva"


class Act(NamedTuple):
    """A change that somebody is making, within their own tenant."""

    caller: Caller
    origin: Origin

    @property
    def tenant_id(self) -> str:
        """The tenant that the change is in."""
        return self.caller.tenant_id

    @property
    def actor(self) -> Actor:
        """Who makes the change, as the journal names them."""
        return self.caller.actor


def incarnation(world: World) -> str:
    """What tells a new client or user from an earlier one of the same id (R-83)."""
    return world.dice.token(_INCARNATION_BYTES)


def event(world: World, act: Act, action: Action, target: str, **details: object) -> Event:
    """The journal's entry for a change, at this moment."""
    return _event(world, (act.actor, act.origin), action, target, details)


def unasked_event(
    world: World, actor: Actor, action: Action, target: str, **details: object
) -> Event:
    """The same for what no request asked for: the operator or the server itself did it."""
    return _event(world, (actor, Origin(world.dice.guid(), "")), action, target, details)


def _event(
    world: World, by: tuple[Actor, Origin], action: Action, target: str, details: dict[str, object]
) -> Event:
    told = {name: value for name, value in details.items() if value is not None}
    actor, origin = by
    return Event(
        at=world.clock.now(),
        action=action,
        actor=actor,
        origin=origin,
        target=target,
        **told,  # type: ignore[arg-type]  # only reason, before and after are ever told
    )
