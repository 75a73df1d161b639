"""Access tokens that speak for a person."""

import msgspec

from gatepost.protocol.claims import ACCESS_TOKEN_TYPE, AUDIENCE, Principal, access_claims
from gatepost.protocol.discovery import ISSUER_PATH
from gatepost.services.keys import KeyRing
from gatepost.services.principals import standing
from tests.served import Served


def user_token(served: Served, tenant_id: str, user_id: str, client_id: str) -> str:
    """A token for a user through a client, signed by the served house itself.

    There is no way to get one over HTTP before people can sign in; from then on tests of the
    sign-in get real ones, and this stays for calls that need a person and nothing of the way in.
    """
    world = served.house.world
    with world.store.reading(tenant_id) as tenancy:
        stands = standing(tenancy, user_id, client_id)
    key = KeyRing(world).signing()
    assert stands is not None
    assert key is not None
    claims = access_claims(
        served.url + ISSUER_PATH,
        Principal(tenant_id, user_id, client_id, *stands),
        (AUDIENCE,),
        (world.clock.now(), 600),
        world.dice.token(16),
    )
    return world.signer.sign(key, ACCESS_TOKEN_TYPE, msgspec.json.encode(claims))


def bearer(token: str) -> dict[str, str]:
    """The header of a call with a token."""
    return {"Authorization": f"Bearer {token}"}
