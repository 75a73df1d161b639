"""The portal as a client of the identity server: one in each tenant (decision 0019)."""

from msgspec.structs import replace

from gatepost.model.client_kinds import PORTAL
from gatepost.model.clients import AuthorizationCodeClient, StoredClient
from gatepost.model.events import OPERATOR, Action, Actor, Event, Origin
from gatepost.ports import Tenancy
from gatepost.services.world import Act, World, event, incarnation

RESERVED_PREFIX = "gatepost-portal-"
CALLBACK_PATH = "/portal/callback"
SIGNED_OUT_PATH = "/portal/signed-out"


def client_id_of(tenant_id: str) -> str:
    """The id of the portal's client in a tenant."""
    return RESERVED_PREFIX + tenant_id


def add(world: World, act: Act, tenancy: Tenancy, redirect_uris: tuple[str, ...]) -> None:
    """Make the client, in the transaction that founds its tenant."""
    client = _new(world, act.tenant_id, redirect_uris)
    tenancy.clients.add(client)
    after = {"Name": client.settings.name}
    tenancy.journal.append(event(world, act, Action.CLIENT_ADDED, client.settings.id, after=after))


def ready(world: World, tenant_id: str, public_url: str, origin: Origin) -> str | None:
    """The client's id, once its addresses are those of this deployment; None without a tenant."""
    client_id, wanted = client_id_of(tenant_id), (public_url + CALLBACK_PATH,)
    with world.store.reading(tenant_id) as tenancy:
        client = tenancy.clients.get(PORTAL.name, client_id)
        if tenancy.directory.tenant() is None:
            return None
    if client is not None and getattr(client.settings, "redirect_uris", ()) == wanted:
        return client_id
    with world.store.writing(tenant_id) as tenancy:
        _set_right(world, tenancy, tenant_id, public_url, origin)
    return client_id


def _set_right(
    world: World, tenancy: Tenancy, tenant_id: str, public_url: str, origin: Origin
) -> None:
    uris = (public_url + CALLBACK_PATH,)
    client = tenancy.clients.get(PORTAL.name, client_id_of(tenant_id))
    if client is None:
        tenancy.clients.add(_new(world, tenant_id, uris))
        action = Action.CLIENT_ADDED
    else:
        settings = replace(
            client.settings,
            redirect_uris=uris,
            post_logout_redirect_uris=(public_url + SIGNED_OUT_PATH,),
        )
        now = world.clock.now()
        changed = replace(client, settings=settings, updated_at=now, version=client.version + 1)
        tenancy.clients.save(changed, client.version)
        action = Action.CLIENT_CHANGED
    tenancy.journal.append(
        Event(
            at=world.clock.now(),
            action=action,
            actor=Actor(OPERATOR.kind, "portal"),
            origin=origin,
            target=client_id_of(tenant_id),
            after={"RedirectUris": uris},
        )
    )


def _new(world: World, tenant_id: str, redirect_uris: tuple[str, ...]) -> StoredClient:
    now = world.clock.now()
    signed_out = tuple(uri.removesuffix(CALLBACK_PATH) + SIGNED_OUT_PATH for uri in redirect_uris)
    return StoredClient(
        kind=PORTAL.name,
        settings=AuthorizationCodeClient(
            id=client_id_of(tenant_id),
            name="Gatepost portal",
            redirect_uris=redirect_uris,
            post_logout_redirect_uris=signed_out,
        ),
        incarnation=incarnation(world),
        created_at=now,
        updated_at=now,
        version=1,
    )
