"""Who calls: every standing that the contract tells apart, each with a token of its own."""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from gatepost.model.client_kinds import CLIENT_CREDENTIALS
from gatepost.model.events import OPERATOR, Action, Event, Origin
from tests.web.contract.contract import Promise
from tests.web.contract.estate import Estate, Target
from tests.web.contract.tokens import bearer, user_token

ADMINISTRATOR = "2dc742ab-39ea-4fc0-a39e-2bcb71c26a5f"
CONTRIBUTOR = "f1439595-e5a2-487f-8a4f-0627fefe75df"
DATA_STEWARD = "45b66433-5f57-420b-bbdf-8bbd60c1cd9d"
VIEWER = "e6cbf91e-0be8-4858-92b5-f88ecafd5574"
AS_ADMINISTRATOR = frozenset({"Tenant Administrator", "Tenant Member"})
AS_MEMBER = frozenset({"Tenant Member"})
AS_NOBODY: frozenset[str] = frozenset()
AS_SELF = frozenset({"Self"})


class Player(NamedTuple):
    """A caller by name: the header of their calls, and who the contract says they are.

    `standing` is None for a caller without a valid token.
    """

    name: str
    header: dict[str, str]
    standing: frozenset[str] | None


class Cast(NamedTuple):
    """The callers that are the same for all operations, and an app through which people act."""

    players: tuple[Player, ...]
    app_id: str


def cast_of(estate: Estate) -> Cast:
    """The callers of a tenant. Machines get their tokens over HTTP."""
    roles, app_id = estate.roles, estate.app()
    custom = estate.role()
    bystander = user_token(estate.served, estate.tenant.id, estate.person(), app_id)
    boss_id = estate.person()
    estate.send("PUT", f"/Users/{boss_id}/Roles", [roles[ADMINISTRATOR]])
    boss = user_token(estate.served, estate.tenant.id, boss_id, app_id)
    rows = [
        ("no token", {}, None),
        ("garbage", bearer("e30.e30.e30"), None),
        ("contributor", bearer(estate.token(roles[CONTRIBUTOR])), AS_MEMBER),
        ("data steward", bearer(estate.token(roles[DATA_STEWARD])), AS_MEMBER),
        ("viewer", bearer(estate.token(roles[VIEWER])), AS_MEMBER),
        ("member", bearer(estate.token()), AS_MEMBER),
        ("custom and member", bearer(estate.token(custom)), AS_MEMBER),
        ("custom alone", bearer(_without_member(estate, custom)), AS_NOBODY),
        ("another user", bearer(bystander), AS_MEMBER),
        ("administrating user", bearer(boss), AS_ADMINISTRATOR),
        ("administrator", estate.header, AS_ADMINISTRATOR),
    ]
    return Cast(tuple(Player(*row) for row in rows), app_id)


def selves(estate: Estate, cast: Cast, promise: Promise, target: Target) -> Iterator[Player]:
    """Those who are themselves what the route names."""
    if "clientId" in promise.names:
        client_id = target.params["clientId"]
        if target.collection == "ClientCredentialClients":
            token = estate.served.token(client_id, target.secret)
        else:
            token = user_token(estate.served, estate.tenant.id, estate.person(), client_id)
        yield Player("self, the client", bearer(token), AS_MEMBER | AS_SELF)
    if "userId" in promise.names:
        user_id = target.params["userId"]
        token = user_token(estate.served, estate.tenant.id, user_id, cast.app_id)
        yield Player("self, the user", bearer(token), AS_MEMBER | AS_SELF)


def strip(estate: Estate, client_id: str, *role_ids: str) -> None:
    """Leave a machine with these roles alone, behind the product's back: HTTP keeps member."""
    world = estate.served.house.world
    with world.store.writing(estate.tenant.id) as tenancy:
        client = tenancy.clients.get(CLIENT_CREDENTIALS.name, client_id)
        assert client is not None
        settings = replace(client.settings, role_ids=role_ids)
        changed = replace(client, settings=settings, version=client.version + 1)
        assert tenancy.clients.save(changed, client.version)
        tenancy.journal.append(
            Event(
                at=world.clock.now(),
                action=Action.CLIENT_CHANGED,
                actor=OPERATOR,
                origin=Origin(world.dice.guid(), ""),
                target=client_id,
            )
        )


def _without_member(estate: Estate, custom: str) -> str:
    client_id, secret = estate.machine(custom)
    token = estate.served.token(client_id, secret)
    strip(estate, client_id, custom)
    return token
