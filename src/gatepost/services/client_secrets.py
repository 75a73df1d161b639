"""Client secrets: made here, told once, kept as digests; their expiry; their removal."""

from datetime import datetime
from typing import NamedTuple

from msgspec import UNSET
from msgspec.structs import replace

from gatepost.model.client_kinds import ClientKind
from gatepost.model.clients import Secret, SecretDraft, StoredClient
from gatepost.model.errors import Code, NotFound, Refused
from gatepost.model.events import Action, changed_members
from gatepost.model.secret_values import compose
from gatepost.model.tenants import SECRET_LIMIT
from gatepost.ports import PageOf, Tenancy
from gatepost.services.digests import is_one_of
from gatepost.services.named_clients import existing, managed
from gatepost.services.principals import writing_as
from gatepost.services.world import Act, World, event

_SECRET_BYTES = 32
_EVENTS_AT_ONCE = 100


class NewSecret(NamedTuple):
    """A secret with its value, which is told now and never again."""

    secret: Secret
    value: str

    def __repr__(self) -> str:
        return f"NewSecret(secret={self.secret!r}, value=***)"


class SecretChange(NamedTuple):
    """What is to become of a secret, and its description and expiry as they were seen before."""

    secret_id: int
    draft: SecretDraft
    seen: tuple[str | None, datetime | None]


def add(world: World, act: Act, kind: ClientKind, client_id: str, draft: SecretDraft) -> NewSecret:
    """Give the client one more secret."""
    expires_at = expiry_of(draft, None)
    _check_future(world, expires_at)
    with writing_as(world, act) as tenancy:
        client = existing(tenancy, kind, client_id)
        _check_room(tenancy, client)
        label = (_description(draft), expires_at)
        return keep_new(world, act, tenancy, client.settings.id, label)


def add_prepared(
    world: World, act: Act, kind: ClientKind, client_id: str, prepared: tuple[SecretDraft, datetime]
) -> Secret | None:
    """Give the client a secret whose value was made before, or find it there already.

    `prepared` is the draft with its value, and when that was made. None when a secret of the client
    was removed since: it may have been this one, and what was removed does not come back.
    """
    draft, made_at = prepared
    value = draft.value or new_value(world)
    with writing_as(world, act) as tenancy:
        client = existing(tenancy, kind, client_id)
        known = _with_value(world, tenancy, client, value)
        if known is not None:
            return known
        if _removed_since(tenancy, client, made_at):
            return None
        expires_at = expiry_of(draft, None)
        _check_future(world, expires_at)
        _check_room(tenancy, client)
        given = (value, _description(draft), expires_at)
        return keep_given(world, act, tenancy, client.settings.id, given)


def change(
    world: World, act: Act, kind: ClientKind, client_id: str, change_of: tuple[int, SecretDraft]
) -> Secret:
    """Change description or expiry; the value can never be changed."""
    secret_id, draft = change_of
    with writing_as(world, act) as tenancy:
        client = existing(tenancy, kind, client_id)
        secret = _secret(tenancy, client, secret_id)
        return _change(world, act, tenancy, (client, secret), draft)


def change_seen(
    world: World, act: Act, kind: ClientKind, client_id: str, change_of: SecretChange
) -> Secret:
    """The same, unless description or expiry are not as they were seen any more."""
    with writing_as(world, act) as tenancy:
        client = existing(tenancy, kind, client_id)
        secret = _secret(tenancy, client, change_of.secret_id)
        if (secret.description or None, secret.expires_at) != change_of.seen:
            raise Refused(
                Code.CHANGED_MEANWHILE,
                "Somebody else changed this secret meanwhile.",
                "Look at the secret again and repeat the change.",
            )
        return _change(world, act, tenancy, (client, secret), change_of.draft)


def remove(world: World, act: Act, kind: ClientKind, client_id: str, secret_id: int) -> None:
    """Remove a secret; it stops working at once."""
    with writing_as(world, act) as tenancy:
        client = existing(tenancy, kind, client_id)
        secret = _secret(tenancy, client, secret_id)
        tenancy.clients.remove_secret(client.settings.id, secret_id)
        target = _target(client.settings.id, secret_id)
        tenancy.journal.append(
            event(world, act, Action.SECRET_REMOVED, target, before=_told(secret))
        )


def find(
    world: World, tenant_id: str, kind: ClientKind, client_id: str, page: PageOf
) -> tuple[tuple[Secret, ...], int]:
    """A page of the client's secrets, and how many there are."""
    with world.store.reading(tenant_id) as tenancy:
        client = existing(tenancy, kind, client_id)
        secrets = tenancy.clients.secrets(client.settings.id)
        return secrets[page.skip : page.skip + page.count], len(secrets)


def get(world: World, tenant_id: str, kind: ClientKind, client_id: str, secret_id: int) -> Secret:
    """One secret."""
    with world.store.reading(tenant_id) as tenancy:
        return _secret(tenancy, existing(tenancy, kind, client_id), secret_id)


def made_of(world: World, tenant_id: str, client_id: str, value: str) -> Secret | None:
    """The secret of the client that has this value."""
    with world.store.reading(tenant_id) as tenancy:
        return _with_value(world, tenancy, managed(tenancy, client_id), value)


def new_value(world: World) -> str:
    """A value of 256 random bits; nobody chooses it (R-60, R-62)."""
    return compose(world.dice.token(_SECRET_BYTES))


def keep_new(
    world: World,
    act: Act,
    tenancy: Tenancy,
    client_id: str,
    label: tuple[str | None, datetime | None],
) -> NewSecret:
    """Make and keep a secret within a transaction that is under way; `label` is (text, expiry)."""
    value = new_value(world)
    return NewSecret(keep_given(world, act, tenancy, client_id, (value, *label)), value)


def keep_given(
    world: World,
    act: Act,
    tenancy: Tenancy,
    client_id: str,
    given: tuple[str, str | None, datetime | None],
) -> Secret:
    """Keep a secret whose value is known, as the operator's first one may be."""
    value, description, expires_at = given
    draft = Secret(
        id=0,
        description=description,
        expires_at=expires_at,
        created_at=world.clock.now(),
        created_by=f"{act.actor.kind}:{act.actor.id}",
    )
    secret = tenancy.clients.add_secret(client_id, draft, world.secrets.digest(value))
    target = _target(client_id, secret.id)
    tenancy.journal.append(event(world, act, Action.SECRET_ADDED, target, after=_told(secret)))
    return secret


def first_expiry(world: World, draft: SecretDraft) -> datetime | None:
    """The expiry of a new client's first secret: a date, or none for never."""
    _check_future(world, draft.expiration, "SecretExpirationDate")
    return draft.expiration


def expiry_of(draft: SecretDraft, stored: Secret | None) -> datetime | None:
    """The expiry that a draft asks for; Expires and Expiration must agree.

    What a change leaves out is taken from the stored secret, before the pair is judged.
    """
    expires, expiration = draft.expires, draft.expiration
    if expires is False:
        if expiration is not None:
            raise _disagree("Expires is false, and Expiration is set.")
        return None
    if expiration is not None:
        return expiration
    if stored is not None and (expires is None or stored.expires_at is not None):
        return stored.expires_at
    raise _disagree("The secret is to expire, and Expiration is not set.")


def _change(
    world: World,
    act: Act,
    tenancy: Tenancy,
    of: tuple[StoredClient, Secret],
    draft: SecretDraft,
) -> Secret:
    client, secret = of
    expires_at = expiry_of(draft, secret)
    if expires_at != secret.expires_at:
        _check_future(world, expires_at)
    kept = secret.description if draft.description in (UNSET, None) else draft.description
    changed = replace(secret, description=kept, expires_at=expires_at)
    if changed == secret:
        return secret
    tenancy.clients.save_secret(client.settings.id, changed)
    before, after = changed_members(_told(secret), _told(changed))
    target = _target(client.settings.id, secret.id)
    tenancy.journal.append(
        event(world, act, Action.SECRET_CHANGED, target, before=before, after=after)
    )
    return changed


def _with_value(world: World, tenancy: Tenancy, client: StoredClient, value: str) -> Secret | None:
    digests = world.secrets.digests(value)
    for known in tenancy.clients.digests(client.settings.id):
        if is_one_of(known.digest, digests):
            return tenancy.clients.secret(client.settings.id, known.id)
    return None


def _removed_since(tenancy: Tenancy, client: StoredClient, moment: datetime) -> bool:
    if client.created_at > moment:  # so this is another client than the one that was prepared for
        return True
    target, before = f"{client.settings.id}/secrets", None
    while page := tenancy.journal.about(target, before, _EVENTS_AT_ONCE):
        since = [entry.event.action for entry in page if entry.event.at >= moment]
        if Action.SECRET_REMOVED in since:
            return True
        if len(since) < len(page):
            return False
        before = page[-1].seq
    return False


def _check_room(tenancy: Tenancy, client: StoredClient) -> None:
    if len(tenancy.clients.secrets(client.settings.id)) >= SECRET_LIMIT:
        raise Refused(
            Code.LIMIT_REACHED,
            f"The client has {SECRET_LIMIT} secrets, which is the most it can have.",
            "Remove a secret that is no longer used.",
        )


def _description(draft: SecretDraft) -> str | None:
    return None if draft.description is UNSET else draft.description


def _disagree(reason: str) -> Refused:
    return Refused(
        Code.INVALID_MEMBER,
        reason,
        "Send Expiration with a future date, or Expires false without Expiration for a secret "
        "that never expires.",
    )


def _check_future(world: World, moment: datetime | None, member: str = "Expiration") -> None:
    if moment is not None and moment <= world.clock.now():
        raise Refused(
            Code.INVALID_MEMBER,
            f"{member} {moment.isoformat()} is in the past.",
            "Send a future date; to end a secret now, remove it.",
        )


def _secret(tenancy: Tenancy, client: StoredClient, secret_id: int) -> Secret:
    secret = tenancy.clients.secret(client.settings.id, secret_id)
    if secret is None:
        raise NotFound(Code.SECRET_NOT_FOUND, "secret", secret_id)
    return secret


def _target(client_id: str, secret_id: int) -> str:
    return f"{client_id}/secrets/{secret_id}"


def _told(secret: Secret) -> dict[str, object]:
    """What the journal may know of a secret: never its value or digest."""
    expires_at = secret.expires_at
    return {
        "Description": secret.description,
        "Expiration": None if expires_at is None else expires_at.isoformat(),
    }
