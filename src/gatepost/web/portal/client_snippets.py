"""Code samples for one client, in the languages that fit its kind, filled in with its values.

The texts stand in `snippets/<kind>.<language>.txt`. A value enters a text only as a literal of its
language, quoted here: ids and addresses may hold quotes and dollar signs. Names enter nowhere.
The tests run the samples in sh, Python, Node and Chromium. Those in C# were only read: no test
here can run .NET. Flask is not among the packages of the tests, so its sample is compiled only.
"""

import json
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from gatepost.model.client_kinds import BY_NAME
from gatepost.model.clients import StoredClient
from gatepost.protocol import scopes
from gatepost.protocol.discovery import DISCOVERY_PATH, ENDPOINTS

if TYPE_CHECKING:
    from jinja2 import Environment

SECRET_VARIABLE = "GATEPOST_CLIENT_SECRET"
EXAMPLE_REDIRECT = "https://app.example.com/signin-oidc"
LANGUAGES: Mapping[str, tuple[str, ...]] = {
    "client_credentials": ("curl", "python", "dotnet", "javascript"),
    "authorization_code": ("javascript", "python", "dotnet", "aspnet", "flask", "curl"),
    "hybrid": ("aspnet", "python", "javascript", "flask", "curl"),
    "device_code": ("curl", "python", "dotnet", "javascript"),
}
_WITH_PERSON = (scopes.OPENID, scopes.PROFILE, scopes.EMAIL, scopes.API_SCOPE, scopes.OFFLINE)
_DEVICE = (scopes.OPENID, scopes.PROFILE, scopes.API_SCOPE)


class Place(NamedTuple):
    """Where the samples are to go: the server's address, its issuer, the tenant."""

    url: str
    issuer: str
    tenant_id: str


def endpoints(issuer: str) -> dict[str, str]:
    """The addresses that applications call, by the names that discovery gives them."""
    return {name: issuer + path for name, path in ENDPOINTS.items()}


def scopes_for(client: StoredClient) -> tuple[str, ...]:
    """What an application of this client would ask for, and may be given."""
    kind = BY_NAME[client.kind]
    if kind.response_types:
        return scopes.allowed(client.settings, _WITH_PERSON)
    return (scopes.API_SCOPE,) if kind.has_roles else scopes.allowed(client.settings, _DEVICE)


def redirect_uri_of(client: StoredClient) -> str | None:
    """The first address that the client may be answered at."""
    uris: tuple[str, ...] = getattr(client.settings, "redirect_uris", ())
    return next(iter(uris), None)


def render(client: StoredClient, place: Place, language: str) -> str:
    """One sample, filled in."""
    environment = _environment(_QUOTES.get(language, json.dumps))
    return environment.get_template(f"{client.kind}.{language}").render(**_values(client, place))


def _values(client: StoredClient, place: Place) -> dict[str, Any]:
    settings = client.settings
    redirect = redirect_uri_of(client) or EXAMPLE_REDIRECT
    signed_out = next(iter(getattr(settings, "post_logout_redirect_uris", ())), None)
    return {
        "client_id": settings.id,
        "tenant_id": place.tenant_id,
        "acr_values": f"tenant:{place.tenant_id}",
        "issuer": place.issuer,
        "discovery": place.issuer + DISCOVERY_PATH,
        "over_http": place.issuer.startswith("http:"),
        "tenant_address": f"{place.url}/api/v1/Tenants/{place.tenant_id}",
        "redirect_uri": redirect,
        "redirect_path": urlsplit(redirect).path or "/",
        "signed_out_uri": signed_out,
        "signed_out_path": urlsplit(signed_out).path if signed_out else None,
        "require_pkce": getattr(getattr(settings, "extensions", None), "require_pkce", False),
        "scopes": scopes_for(client),
        "scope": " ".join(scopes_for(client)),
        "offline": scopes.OFFLINE in scopes_for(client),
        "lifetime": settings.access_token_lifetime,
        "authorize_code": _request(client, place, "code"),
        "authorize_code_id_token": _request(client, place, "code id_token"),
        **endpoints(place.issuer),
    }


def _request(client: StoredClient, place: Place, response_type: str) -> str:
    """An authorization request, but for what is new each time."""
    asked = {
        "client_id": client.settings.id,
        "redirect_uri": redirect_uri_of(client) or EXAMPLE_REDIRECT,
        "response_type": response_type,
        "scope": " ".join(scopes_for(client)),
        "acr_values": f"tenant:{place.tenant_id}",
        "code_challenge_method": "S256",
    }
    return f"{endpoints(place.issuer)['authorization_endpoint']}?{urlencode(asked)}"


def in_shell(value: str) -> str:
    """A value as sh takes it word for word."""
    return "'" + value.replace("'", "'\\''") + "'"


_QUOTES: Mapping[str, Callable[[str], str]] = {"curl": in_shell}


@cache
def _environment(quote: Callable[[str], str]) -> "Environment":
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # noqa: PLC0415  (start-up)

    def load(name: str) -> str:
        return (files("gatepost.web.portal") / "snippets" / f"{name}.txt").read_text()

    # Not a page but source code: the page that shows it escapes it whole.
    return Environment(  # noqa: S701  (see above)
        loader=FunctionLoader(load),
        finalize=lambda value: quote(value) if isinstance(value, str) else value,
        undefined=StrictUndefined,
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
