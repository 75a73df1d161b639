"""The tab Use of a client: what an application needs to know of it, and code filled in with it."""

from typing import Any
from urllib.parse import urlencode, urlsplit

from gatepost.model.client_kinds import BY_NAME
from gatepost.model.clients import StoredClient
from gatepost.ports import ListedClient
from gatepost.protocol.discovery import DISCOVERY_PATH
from gatepost.web.portal import client_snippets
from gatepost.web.portal.client_snippets import LANGUAGES, SECRET_VARIABLE, Place
from gatepost.web.portal.visits import PREFIX, Visit

_OF_KIND = {
    "hybrid": ("authorization_endpoint", "token_endpoint", "userinfo_endpoint",
               "end_session_endpoint", "revocation_endpoint"),
    "authorization_code": ("authorization_endpoint", "token_endpoint", "userinfo_endpoint",
                           "end_session_endpoint", "revocation_endpoint"),
    "client_credentials": ("token_endpoint", "introspection_endpoint", "revocation_endpoint"),
    "device_code": ("device_authorization_endpoint", "token_endpoint", "userinfo_endpoint"),
}  # fmt: skip


def tab(visit: Visit, listed: ListedClient) -> dict[str, Any]:
    """What the tab shows; `?snippet=` chooses the language."""
    client, place = listed.client, visit.place
    where = Place(place.url, place.issuer, visit.tenant_id)
    languages = LANGUAGES[client.kind]
    asked = visit.query().get("snippet")
    chosen = asked if asked in languages else languages[0]
    return {
        "facts": _facts(visit, client, where),
        "languages": [
            (_label(visit, key), _address(visit, key), key == chosen) for key in languages
        ],
        "label": _label(visit, chosen),
        "snippet": client_snippets.render(client, where, chosen),
        "secret": visit.say("use.secret", variable=SECRET_VARIABLE)
        if BY_NAME[client.kind].has_secret
        else None,
        "cautions": [visit.say(key, **values) for key, values in cautions(client, chosen)],
        "discovery": place.issuer + DISCOVERY_PATH,
        "try_href": f"{PREFIX}/security/clients/{client.settings.id}/try",
        "may_try": visit.may_change,
    }


def cautions(client: StoredClient, language: str) -> list[tuple[str, dict[str, str]]]:
    """What keeps a sample from working as the client is set up now, by its words."""
    found: list[tuple[str, dict[str, str]]] = []
    if not client.settings.enabled:
        found.append(("use.disabled", {}))
    redirect = client_snippets.redirect_uri_of(client)
    if not BY_NAME[client.kind].response_types:
        return found
    if redirect is None:
        return [*found, ("use.no_redirect", {"example": client_snippets.EXAMPLE_REDIRECT})]
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(redirect))
    allowed: tuple[str, ...] = getattr(client.settings, "allowed_cors_origins", (origin,))
    if language == "javascript" and origin not in allowed:
        found.append(("use.no_origin", {"origin": origin}))
    return found


def _facts(visit: Visit, client: StoredClient, where: Place) -> list[tuple[str, str, str]]:
    """Names and values, each with an id for its field."""
    endpoints = client_snippets.endpoints(where.issuer)
    values = {
        "client_id": client.settings.id,
        "issuer": where.issuer,
        "tenant_id": where.tenant_id,
        "scope": " ".join(client_snippets.scopes_for(client)),
        **{name: endpoints[name] for name in _OF_KIND[client.kind]},
    }
    return [(f"use-{name}", visit.say(f"use.fact.{name}"), value) for name, value in values.items()]


def _label(visit: Visit, language: str) -> str:
    return visit.say(f"use.language.{language}")


def _address(visit: Visit, language: str) -> str:
    """The same page with another sample; where the list stands is kept."""
    here = [(name, value) for name, value in visit.query().pairs if name not in _MOVING]
    path = "/" + "/".join(visit.call.segments)
    return f"{path}?{urlencode([*here, ('snippet', language)])}#use-sample"


_MOVING = frozenset({"snippet", "done"})
