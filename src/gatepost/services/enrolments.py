"""New authenticator apps: a key that waits for its first code, and what is kept then.

Nothing is written before the code. Until then the key travels sealed in the form that shows it,
good for one person at one browser for ten minutes (decision 0025).
"""

from datetime import datetime
from typing import NamedTuple

import msgspec

from gatepost.model import base64url
from gatepost.model.events import Action, Actor, Event
from gatepost.model.factors import (
    DRAFT_LIFETIME,
    KEY_BYTES,
    RECOVERY_BYTES,
    RECOVERY_CODES,
    Authenticator,
    recovery_code,
    typed_recovery_code,
)
from gatepost.model.people import User
from gatepost.model.tenants import Tenant
from gatepost.ports import Tenancy
from gatepost.protocol import totp
from gatepost.services.browsers import Browser
from gatepost.services.endings import Ending
from gatepost.services.world import World


class Draft(NamedTuple):
    """A new key: sealed for the form, as people type it, and as a QR code says it."""

    sealed: str
    shown: str
    address: str

    def __repr__(self) -> str:
        return "Draft(***)"


class Whose(NamedTuple):
    """Whom a key is for, where, and in which browser it is shown."""

    tenant: Tenant
    user: User
    browser: Browser


class _Kept(msgspec.Struct, frozen=True):
    key: bytes
    until: datetime


def new_draft(world: World, whose: Whose) -> Draft:
    """A new key."""
    key = base64url.decoded(world.dice.token(KEY_BYTES)) or b""
    kept = _Kept(key, world.clock.now() + DRAFT_LIFETIME)
    sealed = world.secrets.seal(_draft_place(whose), msgspec.json.encode(kept).decode())
    return _shown(whose, base64url.encoded(sealed), key)


def same_draft(world: World, whose: Whose, sealed: str) -> Draft:
    """The key of a form that is shown again, or a new one where that is too old or not ours."""
    key = key_of(world, whose, sealed)
    return new_draft(world, whose) if key is None else _shown(whose, sealed, key)


def key_of(world: World, whose: Whose, sealed: str) -> bytes | None:
    """The key that a form carries, while it is good for this person at this browser."""
    raw = base64url.decoded(sealed) if len(sealed) <= _MOST_SEALED else None
    plain = world.secrets.unseal(_draft_place(whose), raw) if raw else None
    if plain is None:
        return None
    kept = msgspec.json.decode(plain.encode(), type=_Kept)
    return kept.key if world.clock.now() < kept.until else None


def keep(
    ending: Ending, tenancy: Tenancy, whose: Whose, key: bytes, typed: str
) -> tuple[str, ...] | None:
    """Keep an app that showed its first code, which is used by that; the new recovery codes.

    None for a wrong code.
    """
    world, user_id = ending.world, whose.user.id
    now = world.clock.now()
    step = totp.matched_step(key, typed, now)
    if step is None:
        return None
    place = authenticator_place(whose.tenant.id, user_id)
    sealed = world.secrets.seal(place, base64url.encoded(key))
    tenancy.sign_ins.save_authenticator(
        Authenticator(user_id=user_id, sealed_key=sealed, used_step=step, created_at=now)
    )
    tenancy.journal.append(factor_event(ending, Action.AUTHENTICATOR_ADDED, user_id))
    return make_codes(ending, tenancy, whose.tenant.id, user_id)


def make_codes(ending: Ending, tenancy: Tenancy, tenant_id: str, user_id: str) -> tuple[str, ...]:
    """New recovery codes in place of the old ones; only their digests are kept."""
    world = ending.world
    codes = tuple(
        recovery_code(base64url.decoded(world.dice.token(RECOVERY_BYTES)) or b"")
        for _ in range(RECOVERY_CODES)
    )
    digests = [recovery_digests(world, tenant_id, user_id, code)[0] for code in codes]
    tenancy.sign_ins.set_recovery_codes(user_id, digests)
    tenancy.journal.append(factor_event(ending, Action.RECOVERY_CODES_MADE, user_id))
    return codes


def authenticator_key(
    world: World, tenant_id: str, authenticator: Authenticator | None
) -> bytes | None:
    """The key of a person's app; None where there is none that can be opened."""
    if authenticator is None:
        return None
    place = authenticator_place(tenant_id, authenticator.user_id)
    plain = world.secrets.unseal(place, authenticator.sealed_key)
    return base64url.decoded(plain) if plain else None


def authenticator_place(tenant_id: str, user_id: str) -> str:
    """Where the key of a person's app is sealed for."""
    return f"authenticator {tenant_id} {user_id}"


def recovery_digests(world: World, tenant_id: str, user_id: str, typed: str) -> tuple[bytes, ...]:
    """What a typed recovery code may be kept under; nothing for what cannot be one."""
    code = typed_recovery_code(typed)
    if code is None:
        return ()
    return world.secrets.digests_of("recovery-code", f"{tenant_id} {user_id} {code}")


def factor_event(ending: Ending, action: Action, user_id: str) -> Event:
    """The journal's entry about a factor of a person."""
    return Event(
        at=ending.world.clock.now(),
        action=action,
        actor=ending.actor,
        origin=ending.origin,
        target=user_id,
    )


def ending_by(world: World, issuer: str, user: User, browser: Browser) -> Ending:
    """Who changes a factor of their own, from where."""
    return Ending(world, issuer, Actor("user", user.id), browser.origin)


def _shown(whose: Whose, sealed: str, key: bytes) -> Draft:
    account = whose.user.email or whose.user.id
    return Draft(sealed, totp.shown_key(key), totp.address(key, whose.tenant.name, account))


def _draft_place(whose: Whose) -> str:
    return f"authenticator draft {whose.tenant.id} {whose.user.id} {whose.browser.binding}"


_MOST_SEALED = 1_000
