"""What a try-out adds to its client for ten minutes, and how that is taken away again.

A redirect address and a secret stand in the client as any others would, so that the real flow runs.
They come and go in one transaction with the row that remembers them. Try-outs that are under way at
once share the address: it goes with the last of them, and stays if somebody else registered it.
"""

from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from gatepost.model.callers import Caller
from gatepost.model.client_kinds import BY_NAME
from gatepost.model.clients import StoredClient
from gatepost.model.errors import Code, Refused
from gatepost.model.events import Action, Origin, changed_members
from gatepost.model.fields import MAX_LIST_ITEMS
from gatepost.model.portal import TRY_OUT_LIFETIME, TryOut
from gatepost.model.tenants import ADMINISTRATOR, MEMBER, SECRET_LIMIT
from gatepost.ports import Tenancy
from gatepost.services import client_secrets
from gatepost.services.clients import told
from gatepost.services.named_clients import managed
from gatepost.services.principals import confirmed
from gatepost.services.try_out_state import Kept, families_of, opened, sealed
from gatepost.services.world import Act, World, event

SECRET_DESCRIPTION = "Try it in the portal"
ADDRESSES_FULL, SECRETS_FULL, DISABLED = "addresses_full", "secrets_full", "disabled"
_MOST = 1_000
_BECAUSE = "try_out_ended"


class Begun(NamedTuple):
    """A try-out with what it was given."""

    try_out: TryOut
    client: StoredClient
    secret: str

    def __repr__(self) -> str:
        return f"Begun({self.try_out.id!r}, ***)"


def obstacles(client: StoredClient, secrets: int, redirect_uri: str) -> tuple[str, ...]:
    """Why a client cannot be tried out as it is now."""
    kind, uris = BY_NAME[client.kind], getattr(client.settings, "redirect_uris", ())
    full = kind.response_types and redirect_uri not in uris and len(uris) >= MAX_LIST_ITEMS
    found = {
        DISABLED: not client.settings.enabled,
        ADDRESSES_FULL: full,
        SECRETS_FULL: kind.has_secret and secrets >= SECRET_LIMIT,
    }
    return tuple(name for name, stands in found.items() if stands)


def add(world: World, act: Act, client_id: str, redirect_uri: str) -> Begun:
    """Begin a try-out; an earlier one of the same person with the same client ends."""
    with world.store.writing(act.tenant_id) as tenancy:
        _check_still_administers(tenancy, act)
        client = managed(tenancy, client_id)
        for earlier in tenancy.grants.try_outs_of(client.settings.id):
            if earlier.user_id == act.caller.id:
                end(world, act, tenancy, earlier)
                tenancy.grants.remove_try_out(earlier.id)
        return _added(world, act, tenancy, redirect_uri, managed(tenancy, client_id))


def finish(world: World, act: Act, try_out_id: str, kept: Kept | None = None) -> TryOut | None:
    """End a try-out and keep what is to be seen of it; None when there is none any more."""
    with world.store.writing(act.tenant_id) as tenancy:
        try_out = tenancy.grants.try_out(try_out_id)
        return end(world, act, tenancy, try_out, kept) if try_out else None


def end(
    world: World, act: Act, tenancy: Tenancy, try_out: TryOut, kept: Kept | None = None
) -> TryOut:
    """Take away what was added; what is gone already, or the whole client, does no harm."""
    now = kept or opened(world, try_out)
    was = opened(world, try_out).stage
    over = replace(
        try_out,
        redirect_uri=None,
        secret_id=None,
        sealed_state=sealed(world, try_out.id, now.ended()),
    )
    tenancy.grants.remove_try_out(try_out.id)
    tenancy.grants.add_try_out(over)
    _revoke_grants(world, act, tenancy, try_out, now)
    if try_out.redirect_uri and not _is_shared(tenancy, try_out.client_id, try_out.redirect_uri):
        _take_address(world, act, tenancy, try_out)
    if try_out.secret_id is not None:
        _take_secret(world, act, tenancy, try_out)
    if was != "ended" or try_out.redirect_uri or try_out.secret_id:
        tenancy.journal.append(event(world, act, Action.TRY_OUT_ENDED, try_out.client_id))
    return over


def sweep(world: World, now: datetime) -> int:
    """End and forget the try-outs that nobody ended in time; how many there were."""
    with world.store.reading_all() as deployment:
        overdue = deployment.overdue_try_outs(now, _MOST)
    for tenant_id, try_out in overdue:
        act = _portal_itself(world, tenant_id)
        with world.store.writing(tenant_id) as tenancy:
            # another process may have been here meanwhile
            kept = tenancy.grants.try_out(try_out.id)
            if kept is not None:
                end(world, act, tenancy, kept)
                tenancy.grants.remove_try_out(kept.id)
    return len(overdue)


def _added(
    world: World, act: Act, tenancy: Tenancy, redirect_uri: str, client: StoredClient
) -> Begun:
    client_id, kind = client.settings.id, BY_NAME[client.kind]
    in_the_way = obstacles(client, len(tenancy.clients.secrets(client_id)), redirect_uri)
    if in_the_way:
        raise Refused(Code.LIMIT_REACHED, *_IN_THE_WAY[in_the_way[0]])
    expires_at = world.clock.now() + TRY_OUT_LIFETIME
    lent = None
    if kind.response_types and _lends(tenancy, client, redirect_uri):
        lent = redirect_uri
        client = _with_address(world, act, tenancy, client, redirect_uri)
    label = (SECRET_DESCRIPTION, expires_at)
    new = (
        client_secrets.keep_new(world, act, tenancy, client_id, label) if kind.has_secret else None
    )
    try_out_id, secret = world.dice.guid(), new.value if new else ""
    try_out = TryOut(
        id=try_out_id,
        client_id=client_id,
        user_id=act.caller.id,
        redirect_uri=lent,
        secret_id=new.secret.id if new else None,
        sealed_state=sealed(world, try_out_id, Kept(secret=secret)),
        created_at=world.clock.now(),
        expires_at=expires_at,
    )
    tenancy.grants.add_try_out(try_out)
    tenancy.journal.append(event(world, act, Action.TRY_OUT_BEGUN, client_id))
    return Begun(try_out, client, secret)


def _lends(tenancy: Tenancy, client: StoredClient, redirect_uri: str) -> bool:
    """Whether the address is there for try-outs alone, and not because somebody registered it."""
    if redirect_uri not in getattr(client.settings, "redirect_uris", ()):
        return True
    return _is_shared(tenancy, client.settings.id, redirect_uri)


def _is_shared(tenancy: Tenancy, client_id: str, redirect_uri: str) -> bool:
    """Whether a try-out of the client that is kept at this moment was lent the address."""
    others = tenancy.grants.try_outs_of(client_id)
    return any(other.redirect_uri == redirect_uri for other in others)


def _revoke_grants(world: World, act: Act, tenancy: Tenancy, try_out: TryOut, kept: Kept) -> None:
    """Nothing of a try-out goes on, also where giving back a token ended that token alone."""
    for family_id in families_of(kept.steps):
        family = tenancy.grants.family(family_id)
        is_its_own = family is not None and family.client_id == try_out.client_id
        if is_its_own and tenancy.grants.revoke_family(family_id, world.clock.now(), _BECAUSE):
            tenancy.journal.append(event(world, act, Action.GRANT_REVOKED, family_id))


def _with_address(
    world: World, act: Act, tenancy: Tenancy, client: StoredClient, redirect_uri: str
) -> StoredClient:
    uris = getattr(client.settings, "redirect_uris", ())
    if redirect_uri in uris:
        return client
    return _save(world, act, tenancy, client, (*uris, redirect_uri))


def _take_address(world: World, act: Act, tenancy: Tenancy, try_out: TryOut) -> None:
    client = tenancy.clients.find(try_out.client_id)
    uris = getattr(client.settings, "redirect_uris", ()) if client else ()
    if client is not None and try_out.redirect_uri in uris:
        left = tuple(uri for uri in uris if uri != try_out.redirect_uri)
        _save(world, act, tenancy, client, left)


def _take_secret(world: World, act: Act, tenancy: Tenancy, try_out: TryOut) -> None:
    client_id, number = try_out.client_id, try_out.secret_id or 0
    if tenancy.clients.secret(client_id, number) is not None:
        tenancy.clients.remove_secret(client_id, number)
        target = f"{client_id}/secrets/{number}"
        before = {"Description": SECRET_DESCRIPTION}
        tenancy.journal.append(event(world, act, Action.SECRET_REMOVED, target, before=before))


def _save(
    world: World, act: Act, tenancy: Tenancy, client: StoredClient, uris: tuple[str, ...]
) -> StoredClient:
    changed = replace(
        client,
        settings=replace(client.settings, redirect_uris=uris),
        updated_at=world.clock.now(),
        version=client.version + 1,
    )
    if not tenancy.clients.save(changed, client.version):
        raise Refused(Code.CHANGED_MEANWHILE, "The client was just changed.", "Try once more.")
    before, after = changed_members(told(client), told(changed))
    target = client.settings.id
    tenancy.journal.append(
        event(world, act, Action.CLIENT_CHANGED, target, before=before, after=after)
    )
    return changed


def _check_still_administers(tenancy: Tenancy, act: Act) -> None:
    now = confirmed(tenancy, act.caller)
    if isinstance(now, str) or not now.is_administrator:
        raise Refused(
            Code.ROLE_MISSING,
            "You may not change clients any more.",
            "Ask an administrator of the tenant.",
        )


def _portal_itself(world: World, tenant_id: str) -> Act:
    roles = frozenset({ADMINISTRATOR, MEMBER})
    caller = Caller(tenant_id, "operator", "portal", "", frozenset(), roles)
    return Act(caller, Origin(world.dice.guid(), ""))


_IN_THE_WAY = {
    DISABLED: ("The client is disabled.", "Enable it, and then try it."),
    ADDRESSES_FULL: (
        f"The client has {MAX_LIST_ITEMS} redirect URLs, which is the most it can have.",
        "Remove one that is no longer used, and then try it.",
    ),
    SECRETS_FULL: (
        f"The client has {SECRET_LIMIT} secrets, which is the most it can have.",
        "Remove one that is no longer used, and then try it.",
    ),
}
