"""Access tokens that speak for a person."""

from gatepost.protocol.claims import AUDIENCE
from gatepost.protocol.discovery import ISSUER_PATH
from gatepost.services.issuing import Mint
from gatepost.services.keys import KeyRing
from gatepost.services.principals import person
from tests.flows import new_grant
from tests.served import Served


def user_token(served: Served, tenant_id: str, user_id: str, client_id: str) -> str:
    """A token for a user through a client, minted by the served house itself.

    It rests on a grant in the store, without a sign-in: the contract's people come from other
    providers, and some of its clients sign nobody in. Tests of the sign-in get real ones.
    """
    world = served.house.world
    family = new_grant(world, tenant_id, user_id, client_id)
    with world.store.reading(tenant_id) as tenancy:
        stands = person(tenancy, tenant_id, family)
    assert stands is not None
    mint = Mint(world, served.url + ISSUER_PATH, KeyRing(world))
    return mint.access_token(stands[0], (AUDIENCE,), 600)


def bearer(token: str) -> dict[str, str]:
    """The header of a call with a token."""
    return {"Authorization": f"Bearer {token}"}
