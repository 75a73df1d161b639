"""The tab Use: values and samples of one client, safe whatever its name and addresses hold."""

import html
import json
import re
import subprocess
from datetime import UTC, datetime
from typing import Any

import pytest

from gatepost.model.client_kinds import BY_NAME, CLIENT_KINDS
from gatepost.model.clients import StoredClient
from gatepost.model.extensions import HybridExtensions
from gatepost.protocol.discovery import ENDPOINTS
from gatepost.web.portal import client_snippets, use_pages
from gatepost.web.portal.client_snippets import EXAMPLE_REDIRECT, LANGUAGES, Place
from tests.flows import new_application
from tests.web.portal.desk import CLIENTS, Office, office

PLACE = Place("https://id.example.com", "https://id.example.com/identity", "some-tenant")
HOSTILE = "https://app.example.com/cb/'$(x)';!z"
AT = datetime(2026, 5, 1, tzinfo=UTC)
EVERY = [(kind, language) for kind, languages in LANGUAGES.items() for language in languages]


def stored(kind: str, **members: Any) -> StoredClient:
    """A client of a kind."""
    known = {"id": "some-client", "name": 'Boiler "\n*/', **members}
    return StoredClient(
        kind=kind,
        settings=BY_NAME[kind].settings(**known),
        incarnation="one",
        created_at=AT,
        updated_at=AT,
        version=1,
    )


def with_address(kind: str, uri: str) -> dict[str, Any]:
    return {"redirect_uris": (uri,)} if BY_NAME[kind].response_types else {}


def endpoints_in(text: str) -> list[str]:
    return [path for path in ENDPOINTS.values() if PLACE.issuer + path in text]


@pytest.fixture(scope="module")
def portal() -> Office:
    return office()


def shown(page: str) -> str:
    """The sample on the page, as a person copies it."""
    found = re.search(r'<pre id="use-code"[^>]*>(.*?)</pre>', page, re.DOTALL)
    assert found is not None, page
    return html.unescape(found[1])


def test_every_kind_has_samples_in_the_languages_of_applications() -> None:
    assert set(LANGUAGES) == {kind.name for kind in CLIENT_KINDS}
    for languages in LANGUAGES.values():
        assert {"curl", "python", "javascript"} <= set(languages)
        assert {"dotnet", "aspnet"} & set(languages)


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_a_sample_has_the_values_of_the_client(kind: str, language: str) -> None:
    client = stored(kind, **with_address(kind, "https://app.example.com/signed-in"))
    text = client_snippets.render(client, PLACE, language)
    assert "some-client" in text
    assert PLACE.issuer in text
    assert "some-tenant" in text
    assert "Boiler" not in text
    assert not re.search(r"<<|>>|<%|%>|http://", text)
    if BY_NAME[kind].response_types:
        assert "/signed-in" in text
    assert ("GATEPOST_CLIENT_SECRET" in text) == BY_NAME[kind].has_secret


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_a_refresh_token_is_asked_for_only_where_it_is_allowed(kind: str, language: str) -> None:
    assert "offline_access" not in client_snippets.render(stored(kind), PLACE, language)
    if BY_NAME[kind].response_types:
        allowed = stored(kind, allow_offline_access=True)
        assert "offline_access" in client_snippets.render(allowed, PLACE, language)


@pytest.mark.requirement("R-58")
@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_an_address_is_a_literal_of_the_language(kind: str, language: str) -> None:
    usual, hostile = (
        client_snippets.render(stored(kind, **with_address(kind, uri)), PLACE, language)
        for uri in (EXAMPLE_REDIRECT, HOSTILE)
    )
    assert usual.count("\n") == hostile.count("\n")
    if language == "curl":
        shell = subprocess.run(["sh", "-n"], input=hostile, text=True, check=False)
        assert shell.returncode == 0
    elif BY_NAME[kind].response_types and language != "aspnet":
        assert json.dumps(HOSTILE) in hostile
    if language in {"python", "flask"}:
        compile(hostile, "sample.py", "exec")


@pytest.mark.parametrize(
    ("text", "literal"),
    [("", "''"), ("a b", "'a b'"), ("it's", "'it'\\''s'"), ("$(x)`y`", "'$(x)`y`'")],
)
def test_a_text_in_the_shell(text: str, literal: str) -> None:
    assert client_snippets.in_shell(text) == literal
    told = subprocess.run(["sh", "-c", f"printf %s {literal}"], capture_output=True, check=True)
    assert told.stdout.decode() == text


@pytest.mark.requirement("R-15")
@pytest.mark.parametrize(("is_required", "part"), [(False, "CodeIdToken"), (True, "Code;")])
def test_a_web_server_uses_pkce_where_the_client_demands_it(is_required: bool, part: str) -> None:
    """ASP.NET Core sends a challenge with the response type code only."""
    client = stored("hybrid", extensions=HybridExtensions(require_pkce=is_required))
    text = client_snippets.render(client, PLACE, "aspnet")
    assert f"options.ResponseType = OpenIdConnectResponseType.{part}" in text


@pytest.mark.parametrize(
    ("kind", "members", "language", "keys"),
    [
        ("client_credentials", {}, "curl", []),
        ("client_credentials", {"enabled": False}, "curl", ["use.disabled"]),
        ("hybrid", {}, "curl", ["use.no_redirect"]),
        ("hybrid", {"redirect_uris": (HOSTILE,)}, "javascript", []),
        (
            "authorization_code",
            {"redirect_uris": (EXAMPLE_REDIRECT,)},
            "javascript",
            ["use.no_origin"],
        ),
        ("authorization_code", {"redirect_uris": (EXAMPLE_REDIRECT,)}, "python", []),
        (
            "authorization_code",
            {
                "redirect_uris": (EXAMPLE_REDIRECT,),
                "allowed_cors_origins": ("https://app.example.com",),
            },
            "javascript",
            [],
        ),
        ("device_code", {}, "python", []),
    ],
)
def test_what_keeps_a_sample_from_working_is_said(
    kind: str, members: dict[str, Any], language: str, keys: list[str]
) -> None:
    found = use_pages.cautions(stored(kind, **members), language)
    assert [key for key, _ in found] == keys


def test_the_tab_shows_a_sample_and_a_link_for_each_language(portal: Office) -> None:
    worker = portal.administrator()
    made = new_application(portal.inside.served, worker.tenant)
    here = f"{CLIENTS}?type=hybrid&client={made.id}&tab=use"
    page = worker.get(here)
    assert page.status_code == 200
    assert "AddOpenIdConnect" in shown(page.text)
    for language in LANGUAGES["hybrid"]:
        assert f"snippet={language}" in page.text
    sample = shown(worker.get(f"{here}&snippet=python").text)
    compile(sample, "sample.py", "exec")
    assert made.id in sample
    assert str(made.secret) not in page.text
    assert f'href="{CLIENTS}/{made.id}/try"' in page.text
    assert 'href="/api/docs"' in page.text
    assert "/identity/.well-known/openid-configuration" in page.text


def test_an_unknown_language_shows_the_first(portal: Office) -> None:
    worker = portal.administrator()
    made = new_application(portal.inside.served, worker.tenant)
    here = f"{CLIENTS}?type=hybrid&client={made.id}&tab=use"
    page = worker.get(f"{here}&snippet=../../words/use")
    assert shown(page.text) == shown(worker.get(here).text)


def test_a_member_sees_the_samples_and_cannot_try_the_client(portal: Office) -> None:
    worker = portal.member()
    made = new_application(portal.inside.served, worker.tenant)
    page = worker.get(f"{CLIENTS}?type=hybrid&client={made.id}&tab=use")
    assert made.id in shown(page.text)
    assert "/try" not in page.text


@pytest.mark.requirement("R-58")
def test_a_hostile_name_and_address_stay_text(portal: Office) -> None:
    worker = portal.administrator()
    name = "<script>alert(1)</script>{{7*7}}"
    members: dict[str, Any] = {"Name": name, "RedirectUris": [HOSTILE]}
    made = new_application(portal.inside.served, worker.tenant, **members)
    for language in LANGUAGES["hybrid"]:
        page = worker.get(f"{CLIENTS}?type=hybrid&client={made.id}&tab=use&snippet={language}")
        assert "<script>alert" not in page.text
        assert "alert(1)" not in shown(page.text)
