"""What the portal asks for and looks at as the application of a try-out: functions of values."""

import hmac
from collections.abc import Mapping
from typing import NamedTuple

from msgspec import to_builtins

from gatepost.model.client_kinds import BY_NAME
from gatepost.model.clients import StoredClient
from gatepost.protocol import discovery, id_tokens, pkce, response, scopes
from gatepost.services.token import Tokens
from gatepost.services.try_out_state import Kept, ReadToken, Step, read_token, shown

HYBRID_TYPE, CODE_TYPE = "code id_token", "code"
CALLBACK_PATH = "/portal/try/callback"
_WITH_PERSON = (scopes.OPENID, scopes.PROFILE, scopes.EMAIL, scopes.API_SCOPE, scopes.OFFLINE)


class Vouched(NamedTuple):
    """What an id token has to say: whose it is, which request it answers, what it comes with."""

    client_id: str
    nonce: str | None
    hashes: Mapping[str, str]


def response_type_of(client: StoredClient) -> str | None:
    """The response type that is tried, for kinds that sign people in with a browser."""
    types = BY_NAME[client.kind].response_types
    return next((name for name in (HYBRID_TYPE, CODE_TYPE) if name in types), None)


def scope_of(client: StoredClient) -> str:
    """All that the client may be given."""
    if BY_NAME[client.kind].has_roles:
        return scopes.API_SCOPE
    return " ".join(scopes.allowed(client.settings, _WITH_PERSON))


def authorization_request(
    client: StoredClient, kept: Kept, redirect_uri: str, tenant_id: str
) -> dict[str, str]:
    """The request that the browser carries to the identity server."""
    response_type = response_type_of(client) or CODE_TYPE
    mode = response.FORM_POST if response_type == HYBRID_TYPE else response.QUERY
    return {
        "client_id": client.settings.id,
        "redirect_uri": redirect_uri,
        "response_type": response_type,
        "response_mode": mode,
        "scope": scope_of(client),
        "state": kept.state,
        "nonce": kept.nonce,
        "code_challenge": pkce.challenge_of(kept.verifier),
        "code_challenge_method": "S256",
        "acr_values": f"tenant:{tenant_id}",
    }


def redemption(
    client: StoredClient, kept: Kept, code: str, redirect_uri: str
) -> dict[str, str | None]:
    """The request that gives a code for tokens."""
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": kept.verifier,
        **credentials(client, kept),
    }


def credentials(client: StoredClient, kept: Kept) -> dict[str, str | None]:
    """How the client says who it is."""
    return {"client_id": client.settings.id, "client_secret": kept.secret or None}


def answers(kept: Kept, answer: Mapping[str, str]) -> bool:
    """Whether an answer is to the request of this try-out."""
    said = answer.get("state", "")
    return bool(kept.state) and hmac.compare_digest(kept.state.encode(), said.encode())


def answer_checks(
    kept: Kept, answer: Mapping[str, str], issuer: str
) -> tuple[tuple[str, bool], ...]:
    """What an application looks at first: that it asked for this, and whom (RFC 9207)."""
    return (("state", answers(kept, answer)), ("issuer", answer.get("iss") == issuer))


def id_token_checks(
    token: ReadToken | None, vouched: Vouched, *, is_signed: bool
) -> tuple[tuple[str, bool], ...]:
    """What an application looks at in an id token (OpenID Connect Core, 3.1.3.7, 3.3.2.12)."""
    if token is None or not is_signed:
        return (("signature", False),)
    claims, algorithm = token.claims, token.header["alg"]
    nonce = () if vouched.nonce is None else (("nonce", claims.get("nonce") == vouched.nonce),)
    return (
        ("signature", True),
        ("audience", claims.get("aud") == vouched.client_id),
        *nonce,
        *(
            (name, claims.get(name) == id_tokens.half_hash(value, algorithm))
            for name, value in vouched.hashes.items()
        ),
    )


def tokens_step(key: str, form: Mapping[str, str | None], tokens: Tokens, issuer: str) -> Step:
    """The exchange at the token endpoint that gave tokens."""
    told = to_builtins(tokens)
    named = (("id_token", tokens.id_token), ("access_token", tokens.access_token))
    read = (read_token(name, token) for name, token in named if token)
    return Step(
        key=key,
        state="done",
        address=f"POST {issuer}{discovery.TOKEN_PATH}",
        sent=shown(form),
        came=shown(told),
        tokens=tuple(token for token in read if token is not None),
    )
