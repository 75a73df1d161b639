"""Clients of every kind: add, change, remove, and the roles of those that have roles."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from gatepost.model import client_kinds, reading
from gatepost.model.client_kinds import ClientKind
from gatepost.model.clients import Secret, SecretDraft, StoredClient
from gatepost.model.errors import Code, Refused
from gatepost.model.events import Action, changed_members
from gatepost.model.tenants import CLIENT_LIMIT
from gatepost.ports import PageOf, Tenancy
from gatepost.services import client_secrets, portal_client
from gatepost.services.grants_of_roles import (
    count_administrators,
    keep_an_administrator,
    roles_to_give,
)
from gatepost.services.named_clients import existing, folded_id, managed
from gatepost.services.principals import writing_as
from gatepost.services.world import Act, World, event, incarnation

_SOME_EVENTS = 20
_UNREACHABLE_IDS = frozenset({".", ".."})


class Added(NamedTuple):
    """A new client, with its first secret where the kind has secrets: the value is told once."""

    client: StoredClient
    secret: Secret | None
    value: str | None

    def __repr__(self) -> str:
        return f"Added(client={self.client.settings.id!r}, value=***)"


class Selection(NamedTuple):
    """Which clients of a kind are wanted: by ids, or by tags and a page."""

    ids: tuple[str, ...]
    tags: tuple[str, ...]
    page: PageOf


class Found(NamedTuple):
    """Clients found, how many there are in all, and the ids that led to none."""

    clients: tuple[StoredClient, ...]
    total: int
    missing: tuple[str, ...]


def add(
    world: World, act: Act, kind: ClientKind, members: Mapping[str, Any], draft: SecretDraft
) -> Added:
    """Add a client; one of a kind with secrets gets its first secret at once."""
    known = reading.members_of(kind.settings)
    reading.refuse(reading.required(known, kind.required_on_create, members))
    wanted = {**members, "id": client_id(members.get("id")) or world.dice.guid()}
    expires_at = client_secrets.first_expiry(world, draft)
    with writing_as(world, act) as tenancy:
        _check_limit(tenancy)
        _check_not_removed_since(tenancy, wanted["id"], draft.made_at)
        if kind.has_roles:
            wanted["role_ids"] = roles_to_give(tenancy, act.caller, wanted.get("role_ids", ()))
        now = world.clock.now()
        client = StoredClient(
            kind=kind.name,
            settings=kind.settings(**wanted),
            incarnation=incarnation(world),
            created_at=now,
            updated_at=now,
            version=1,
        )
        is_free = tenancy.directory.reserve_id("client", client.settings.id)
        if not is_free or not tenancy.clients.add(client):
            raise Refused(
                Code.CLIENT_ID_TAKEN,
                f"The client id {client.settings.id} is in use, or was used before.",
                "Choose another id, or leave Id out to have one generated.",
            )
        after = told(client)
        tenancy.journal.append(
            event(world, act, Action.CLIENT_ADDED, client.settings.id, after=after)
        )
        if not kind.has_secret:
            return Added(client, None, None)
        value = draft.value or client_secrets.new_value(world)
        given = (value, draft.description or None, expires_at)
        secret = client_secrets.keep_given(world, act, tenancy, client.settings.id, given)
        return Added(client, secret, value)


def find(world: World, tenant_id: str, kind: ClientKind, wanted: Selection) -> Found:
    """The clients wanted. Ids given as a list ignore paging."""
    with world.store.reading_calmly(tenant_id) as tenancy:
        clients = tenancy.clients
        if not wanted.ids:
            page = clients.page(kind.name, wanted.tags, wanted.page)
            return Found(page, clients.count(kind.name, wanted.tags), ())
        ids = tuple(dict.fromkeys(folded_id(id_) for id_ in wanted.ids))
        some = clients.some(kind.name, ids, wanted.tags)
        seen = {client.settings.id for client in some}
        missing = tuple(id_ for id_ in ids if id_ not in seen)
        return Found(some, len(some), missing)


def get(world: World, tenant_id: str, kind: ClientKind, client_id_: str) -> StoredClient:
    """One client."""
    with world.store.reading(tenant_id) as tenancy:
        return existing(tenancy, kind, client_id_)


def edit(
    world: World, act: Act, client_id_: str, members: Mapping[str, Any], seen_version: int
) -> StoredClient:
    """Change a client of whatever kind as it was seen; refused when it was changed since."""
    with writing_as(world, act) as tenancy:
        client = managed(tenancy, client_id_)
        if client.version != seen_version:
            raise _changed_meanwhile()
        return _change(world, act, tenancy, client, members)


def of_any_kind(world: World, tenant_id: str, client_id_: str) -> StoredClient:
    """One client that people manage, whatever its kind."""
    with world.store.reading(tenant_id) as tenancy:
        return managed(tenancy, client_id_)


def change(
    world: World, act: Act, kind: ClientKind, client_id_: str, members: Mapping[str, Any]
) -> StoredClient:
    """Change the members that were sent; what was not sent stays as it is."""
    with writing_as(world, act) as tenancy:
        client = existing(tenancy, kind, client_id_)
        return _change(world, act, tenancy, client, members)


def remove(world: World, act: Act, kind: ClientKind, client_id_: str) -> None:
    """Remove the client with its secrets."""
    with writing_as(world, act) as tenancy:
        client = existing(tenancy, kind, client_id_)
        administrators = count_administrators(tenancy)
        tenancy.clients.remove(client.settings.id)
        keep_an_administrator(tenancy, administrators)
        before = told(client)
        tenancy.journal.append(
            event(world, act, Action.CLIENT_REMOVED, client.settings.id, before=before)
        )


def replace_roles(world: World, act: Act, client_id_: str, role_ids: Sequence[str]) -> StoredClient:
    """Give a client-credentials client these roles and the member role, and no others."""
    kind = client_kinds.CLIENT_CREDENTIALS
    return change(world, act, kind, client_id_, {"role_ids": tuple(role_ids)})


def roles_of(world: World, tenant_id: str, client_id_: str) -> tuple[str, ...]:
    """The ids of the roles of a client-credentials client."""
    client = get(world, tenant_id, client_kinds.CLIENT_CREDENTIALS, client_id_)
    role_ids: tuple[str, ...] = getattr(client.settings, "role_ids", ())
    return role_ids


def told(client: StoredClient) -> dict[str, Any]:
    """The settings as the journal and REST tell them."""
    settings: dict[str, Any] = msgspec.to_builtins(client.settings)
    return settings


def client_id(text: str | None) -> str | None:
    """The id that a caller chose, as it is kept."""
    if text in _UNREACHABLE_IDS:
        raise Refused(
            Code.INVALID_MEMBER,
            f'Id "{text}" could not be reached at any address.',
            "Choose an id with a letter or digit in it, or leave it out to get a GUID.",
        )
    if text is not None and text.lower().startswith(portal_client.RESERVED_PREFIX):
        raise Refused(
            Code.INVALID_MEMBER,
            f'Id "{text}" begins as the ids of portals do.',
            "Choose an id that begins otherwise, or leave it out to get a GUID.",
        )
    return None if text is None else folded_id(text)


def _check_limit(tenancy: Tenancy) -> None:
    if tenancy.clients.count_all() >= CLIENT_LIMIT:
        raise Refused(
            Code.LIMIT_REACHED,
            f"The tenant has {CLIENT_LIMIT} clients, which is the most it can have.",
            "Remove clients that are no longer used.",
        )


def _check_not_removed_since(tenancy: Tenancy, client_id_: str, made_at: datetime | None) -> None:
    """What was removed does not come back by a form, or a secret, that was made before."""
    newest = tenancy.journal.about(client_id_, None, _SOME_EVENTS) if made_at else ()
    for link in newest:
        if link.event.action is Action.CLIENT_REMOVED and made_at and link.event.at >= made_at:
            raise _changed_meanwhile()


def _check_same_id(client: StoredClient, sent: str | None) -> None:
    if sent is not None and folded_id(sent) != client.settings.id:
        raise Refused(
            Code.INVALID_MEMBER,
            f"Id in the body is {sent}, and the address names {client.settings.id}.",
            "Send the id of the address, or leave Id out; an id cannot be changed.",
        )


def _change(
    world: World, act: Act, tenancy: Tenancy, client: StoredClient, members: Mapping[str, Any]
) -> StoredClient:
    wanted = dict(members)
    _check_same_id(client, wanted.pop("id", None))
    if "role_ids" in wanted:
        held = frozenset(getattr(client.settings, "role_ids", ()))
        wanted["role_ids"] = roles_to_give(tenancy, act.caller, wanted["role_ids"], held)
    settings = msgspec.structs.replace(client.settings, **wanted)
    if settings == client.settings:
        return client
    return _save(world, act, tenancy, client, settings)


def _changed_meanwhile() -> Refused:
    return Refused(
        Code.CHANGED_MEANWHILE,
        "Somebody else changed this client meanwhile.",
        "Read the client again and repeat the change.",
    )


def _save(
    world: World, act: Act, tenancy: Tenancy, client: StoredClient, settings: Any
) -> StoredClient:
    administrators = count_administrators(tenancy)
    changed = msgspec.structs.replace(
        client,
        settings=settings,
        updated_at=world.clock.now(),
        version=client.version + 1,
    )
    if not tenancy.clients.save(changed, client.version):
        raise _changed_meanwhile()
    keep_an_administrator(tenancy, administrators)
    before, after = changed_members(told(client), told(changed))
    tenancy.journal.append(
        event(world, act, Action.CLIENT_CHANGED, client.settings.id, before=before, after=after)
    )
    return changed
