"""The authorization request (RFC 6749, 4.1.1; OpenID Connect Core, 3.1.2.1, 3.3.2.1; RFC 9207).

First the address: as long as client and redirect address are not known to belong together, there
is nobody to tell an error to but the person (R-03). Only `target` makes a `Target`, and every
later error goes to one.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from gatepost.model.client_kinds import BY_NAME
from gatepost.model.clients import StoredClient, extension
from gatepost.model.requests import AuthorizationRequest
from gatepost.model.uris import MAX_LENGTH
from gatepost.protocol import pkce, redirects, request_lengths, resources, response, scopes
from gatepost.protocol.interaction import NONE, PROMPTS
from gatepost.protocol.parameters import OAuthError, invalid_request, printable
from gatepost.protocol.redirects import Target
from gatepost.protocol.requested_claims import read_claims

# One character more than can be registered, so that what is told whole could be.
_MAX_TOLD = MAX_LENGTH + 1
_MAX_AGE_DIGITS = 10
_TENANT = "tenant:"


class ShowError(NamedTuple):
    """What only the person can be told. `known` is for the journal: what is registered."""

    error: OAuthError
    known: Mapping[str, Any] = {}


class Expected(NamedTuple):
    """What a request is compared with besides its client."""

    tenant_id: str
    resources: frozenset[str]


def target(parameters: Mapping[str, str], client: StoredClient) -> Target | ShowError:
    """Where the answer may go, if it may go anywhere."""
    if not BY_NAME[client.kind].response_types:
        return ShowError(
            OAuthError(
                "unauthorized_client",
                "this kind of client does not sign people in with a browser",
                "kind_without_browser",
            )
        )
    asked = parameters.get("redirect_uri")
    if asked is None:
        return ShowError(invalid_request("redirect_uri is missing", "redirect_uri_missing"))
    registered = getattr(client.settings, "redirect_uris", ())
    if redirects.is_registered(registered, asked):
        return Target(client.settings.id, asked)
    known: dict[str, Any] = {"Sent": asked[:_MAX_TOLD], "Registered": list(registered)}
    found = redirects.difference(registered, asked)
    if found is not None:
        known |= {"Nearest": found.nearest, "FirstDifference": found.position + 1}
    known["Mend"] = "Register the address that was sent, or correct it in the application."
    return ShowError(
        invalid_request("redirect_uri is not registered for this client", "redirect_uri_unknown"),
        known,
    )


def read(
    parameters: Mapping[str, str], target: Target, client: StoredClient, expected: Expected
) -> AuthorizationRequest | OAuthError:
    """The request, or the first error to tell the application."""
    refused = _not_supported(parameters)
    if refused:
        return refused
    parts = response.parts_of(parameters.get("response_type", ""))
    mode = parameters.get("response_mode", response.default_mode(parts))
    scope = parameters.get("scope", scopes.API_SCOPE)
    asked = scopes.split(scope)
    for fault in (
        request_lengths.fault(parameters),
        _response_fault(parts, client),
        _mode_fault(mode, parts),
        scopes.length_fault(scope),
        _openid_fault(asked, parts),
        scopes.use_fault(asked),
        _nonce_fault(parameters, parts),
        _tenant_fault(parameters, expected),
        resources.fault(parameters, expected.resources),
    ):
        if fault:
            return fault
    extras = _extras(parameters, client)
    if isinstance(extras, OAuthError):
        return extras
    return AuthorizationRequest(
        client_id=target.client_id,
        redirect_uri=target.uri,
        response_type=response.canonical(parts),
        response_mode=mode,
        scopes=scopes.allowed(client.settings, asked),
        state=parameters.get("state"),
        nonce=parameters.get("nonce"),
        login_hint=parameters.get("login_hint", "")[:254] or None,
        **extras,
    )


def no_longer_fits(request: AuthorizationRequest, client: StoredClient) -> ShowError | None:
    """Why a request that was read before may not be answered as its client is registered now.

    Whoever changed the registration meant it for what is under way too. No address is trusted then,
    so it is told on a page of ours.
    """
    registered: tuple[str, ...] = getattr(client.settings, "redirect_uris", ())
    fits = (
        redirects.is_registered(registered, request.redirect_uri)
        and _response_fault(response.parts_of(request.response_type), client) is None
        and request.scopes == scopes.allowed(client.settings, request.scopes)
        and (request.challenge is not None or not _must_prove(client))
    )
    return None if fits else _CHANGED


def _must_prove(client: StoredClient) -> bool:
    return BY_NAME[client.kind].needs_pkce or bool(extension(client.settings, "require_pkce"))


_CHANGED = ShowError(
    OAuthError(
        "unauthorized_client",
        "the application was registered anew while you were signing in; go back to it and start "
        "again",
        "registration_changed",
    )
)


def _not_supported(parameters: Mapping[str, str]) -> OAuthError | None:
    """Parameters that we refuse by name; ignoring them would change what was asked (R-35).

    A `request` that is still here is one of a client that registered no keys.
    """
    for name, error in (
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
    ):
        if name in parameters:
            return OAuthError(error, f"the parameter {name} is not supported", error)
    return None


def _response_fault(parts: frozenset[str], client: StoredClient) -> OAuthError | None:
    if not parts:
        return invalid_request("response_type is missing", "response_type_missing")
    asked = response.canonical(parts)
    known = {kind for row in BY_NAME.values() for kind in row.response_types}
    if not parts <= frozenset(response.PARTS) or asked not in known:
        return OAuthError(
            "unsupported_response_type",
            f"this response_type is not supported; supported: {', '.join(sorted(known))}",
            "response_type_not_supported",
        )
    if asked not in BY_NAME[client.kind].response_types:
        return OAuthError(
            "unauthorized_client",
            "this kind of client may not use this response_type",
            "response_type_not_allowed",
        )
    if response.TOKEN in parts and not getattr(
        client.settings, "allow_access_tokens_via_browser", False
    ):
        return OAuthError(
            "unauthorized_client",
            "an access token in the browser needs AllowAccessTokensViaBrowser on the client",
            "token_via_browser_not_allowed",
        )
    return None


def _mode_fault(mode: str, parts: frozenset[str]) -> OAuthError | None:
    if response.may_use(mode, parts):
        return None
    if mode in response.RESPONSE_MODES:
        return invalid_request(
            "tokens are not sent in the query; use fragment or form_post", "token_in_query"
        )
    return invalid_request(
        f"this response_mode is not supported; supported: {', '.join(response.RESPONSE_MODES)}",
        "response_mode_not_supported",
    )


def _openid_fault(asked: tuple[str, ...], parts: frozenset[str]) -> OAuthError | None:
    if response.ID_TOKEN in parts and scopes.OPENID not in asked:
        return OAuthError("invalid_scope", "an id token needs the scope openid", "openid_missing")
    return None


def _nonce_fault(parameters: Mapping[str, str], parts: frozenset[str]) -> OAuthError | None:
    if response.ID_TOKEN in parts and "nonce" not in parameters:
        return invalid_request("nonce is missing; this response_type needs it", "nonce_missing")
    return None


def _tenant_fault(parameters: Mapping[str, str], expected: Expected) -> OAuthError | None:
    """`acr_values=tenant:{id}` names the tenant; it must be the client's (facts.md section 3).

    Any other value is a wish that changes nothing (OpenID Connect Core, 3.1.2.1).
    """
    asked = parameters.get("acr_values", "")
    named = {
        value[len(_TENANT) :].lower()
        for value in asked.split()
        if value.lower().startswith(_TENANT)
    }
    if named <= {expected.tenant_id}:
        return None
    return invalid_request(
        "acr_values names another tenant than the one that this client belongs to",
        "tenant_mismatch",
    )


def _extras(parameters: Mapping[str, str], client: StoredClient) -> dict[str, Any] | OAuthError:
    """What is read in a way of its own, by the name of its field."""
    found: dict[str, Any] = {
        "challenge": pkce.read_challenge(parameters, required=_must_prove(client)),
        "prompts": _prompts(parameters),
        "max_age": _max_age(parameters),
        "claims": read_claims(parameters.get("claims")),
    }
    for value in found.values():
        if isinstance(value, OAuthError):
            return value
    return found


def _prompts(parameters: Mapping[str, str]) -> tuple[str, ...] | OAuthError:
    asked = scopes.split(parameters.get("prompt", ""))
    unknown = [prompt for prompt in asked if prompt not in PROMPTS]
    if unknown:
        return invalid_request(
            f"the prompt {printable(unknown[0])} is not supported", "prompt_not_supported"
        )
    if NONE in asked and len(asked) > 1:
        return invalid_request("prompt none stands alone", "prompt_none_with_others")
    return asked


def _max_age(parameters: Mapping[str, str]) -> int | OAuthError | None:
    text = parameters.get("max_age")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_AGE_DIGITS):
        return invalid_request("max_age is not a number of seconds", "max_age_malformed")
    return int(text)
