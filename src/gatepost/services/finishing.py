"""The end of an authorization request: a family, a code, and what else the answer carries."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from gatepost.model.clients import StoredClient
from gatepost.model.grants import CODE_LIFETIME, AuthorizationCode, Family, Grounds
from gatepost.model.requests import AuthorizationRequest, RequestedClaims
from gatepost.model.sign_ins import SignIn
from gatepost.ports import Tenancy
from gatepost.protocol import response, scopes
from gatepost.protocol.claims import Principal
from gatepost.protocol.id_tokens import Beside, Person
from gatepost.protocol.interaction import NONE
from gatepost.protocol.parameters import OAuthError
from gatepost.protocol.response import Answer
from gatepost.services.browsers import Browser, state_for, touch
from gatepost.services.flows import Flow
from gatepost.services.keys import LONGEST_TOKEN
from gatepost.services.principals import person

_CODE_BYTES = 32
# The longest that a device code may live; an authorization code lives shorter.
LONGEST_WAIT = timedelta(hours=1)


class Granted(NamedTuple):
    """What is kept already, and only waits to be signed and sent."""

    request: AuthorizationRequest
    family: Family
    principal: Principal
    person: Person
    code: str | None
    lifetime: int


def keep(
    flow: Flow,
    tenancy: Tenancy,
    tenant_id: str,
    request: AuthorizationRequest,
    by: tuple[StoredClient, SignIn],
) -> Granted | OAuthError:
    """Keep the grant of a person who is signed in and said yes."""
    client, sign_in = by
    family = new_family(flow, (client, sign_in), request.scopes, request.claims)
    stands = person(tenancy, tenant_id, family)
    if stands is None:
        return OAuthError("access_denied", "the person may not act any more", "principal_inactive")
    tenancy.grants.add_family(family)
    touch(flow.world, tenancy, sign_in)
    code = None
    if response.CODE in response.parts_of(request.response_type):
        code = "gpc_" + flow.world.dice.token(_CODE_BYTES)
        tenancy.grants.add_code(
            AuthorizationCode(
                digest=flow.world.secrets.digest_of("code", code),
                family_id=family.id,
                redirect_uri=request.redirect_uri,
                challenge=request.challenge,
                nonce=request.nonce,
                created_at=family.created_at,
                expires_at=family.created_at + CODE_LIFETIME,
            )
        )
    return Granted(request, family, *stands, code, client.settings.access_token_lifetime)


def new_family(
    flow: Flow,
    by: tuple[StoredClient, SignIn],
    granted: tuple[str, ...],
    claims: RequestedClaims = RequestedClaims(),  # noqa: B008  (frozen, so one serves all)
) -> Family:
    """The family of a new grant. It lives as long as anything that could come of it."""
    client, sign_in = by
    now = flow.world.clock.now()
    return Family(
        id=flow.world.dice.guid(),
        client_id=client.settings.id,
        user_id=sign_in.user_id,
        sign_in_id=sign_in.id,
        grounds=Grounds(
            scopes=granted,
            auth_time=int(sign_in.signed_in_at.timestamp()),
            method=sign_in.method,
            claims=claims,
        ),
        created_at=now,
        expires_at=_end(flow, sign_in, now, granted),
    )


def answer(flow: Flow, granted: Granted, browser: Browser) -> Answer:
    """Sign what the response type asks for and place it (R-10, R-12; RFC 9207)."""
    request = granted.request
    parts = response.parts_of(request.response_type)
    fields: dict[str, str | None] = {"code": granted.code}
    token = None
    if response.TOKEN in parts:
        token = flow.mint.access_token(granted.principal, request.scopes, granted.lifetime)
        fields |= {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": str(granted.lifetime),
            "scope": " ".join(request.scopes),
        }
    if response.ID_TOKEN in parts:
        beside = Beside(request.nonce, granted.code, token, request.state)
        fields["id_token"] = flow.mint.id_token(granted.family, granted.person, beside)
    fields |= {"state": request.state, "iss": flow.mint.issuer}
    if scopes.OPENID in request.scopes:
        fields["session_state"] = state_for(
            flow.world, browser, request.client_id, request.redirect_uri
        )
    return placed(request.redirect_uri, request.response_mode, fields, request.prompts)


def error_answer(flow: Flow, request: AuthorizationRequest, error: OAuthError) -> Answer:
    """The error of a request that is in order."""
    fields = error_fields(flow, error, request.state)
    return placed(request.redirect_uri, request.response_mode, fields, request.prompts)


def error_fields(flow: Flow, error: OAuthError, state: str | None) -> dict[str, str | None]:
    """What an application is told of an error (RFC 6749, 4.1.2.1; RFC 9207)."""
    return {
        "error": error.error,
        "error_description": error.description,
        "state": state,
        "iss": flow.mint.issuer,
    }


def placed(
    uri: str, mode: str, fields: Mapping[str, str | None], prompts: tuple[str, ...]
) -> Answer:
    """The answer with those of its fields that have a value."""
    told = tuple((name, value) for name, value in fields.items() if value is not None)
    return Answer(uri, mode, told, silent=NONE in prompts)


def _end(flow: Flow, sign_in: SignIn, now: datetime, granted: tuple[str, ...]) -> datetime:
    """After this nothing of the family is alive, and nobody needs to be told of a sign-out.

    The client's own lifetimes may be changed while it lives, so the longest ones count.
    """
    refresh = flow.rules.refresh.absolute if scopes.OFFLINE in granted else timedelta(0)
    return max(now + LONGEST_WAIT + refresh + LONGEST_TOKEN, sign_in.expires_at)
