"""The rest of an authorization request: how people are to sign in, what we refuse by name."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.model.clients import StoredClient
from gatepost.model.requests import AuthorizationRequest, RequestedClaims
from gatepost.protocol.authorization import ShowError, read, target
from gatepost.protocol.parameters import OAuthError
from gatepost.protocol.request_lengths import MOST_ACR_VALUES, MOST_STATE, MOST_TOGETHER
from gatepost.protocol.response import Answer, address, mode_for_errors, parts_of
from gatepost.protocol.scopes import NAMES
from tests.protocol.asking import (
    CALLBACK,
    CHALLENGE,
    CODE,
    EXPECTED,
    GOOD,
    HYBRID,
    IN_BROWSER,
    LOOPBACK,
    OFFLINE,
    STRICT,
    TENANT,
    TYPES,
    URIS,
    accepted,
    asked,
    refused,
)

OTHER_TENANT = TENANT[:-1] + "2"


@pytest.mark.requirement("R-37")
@pytest.mark.parametrize(
    ("prompt", "prompts"),
    [
        (None, ()),
        (" ", ()),
        ("none", ("none",)),
        ("none none", ("none",)),
        ("login", ("login",)),
        ("consent  login", ("consent", "login")),
        ("select_account consent login", ("select_account", "consent", "login")),
    ],
)
def test_prompts_are_read(prompt: str | None, prompts: tuple[str, ...]) -> None:
    assert accepted(prompt=prompt).prompts == prompts


@pytest.mark.requirement("R-37")
@pytest.mark.parametrize(
    ("prompt", "reason"),
    [
        ("none login", "prompt_none_with_others"),
        ("consent none", "prompt_none_with_others"),
        ("None", "prompt_not_supported"),
        ("create", "prompt_not_supported"),
        ("login,consent", "prompt_not_supported"),
        ("login\tconsent", "prompt_not_supported"),
        ('"x\\\u00fc\r\n', "prompt_not_supported"),
        ("x" * 9_000, "prompt_not_supported"),
    ],
)
def test_a_prompt_that_cannot_be_met_is_an_error(prompt: str, reason: str) -> None:
    assert refused(prompt=prompt) == ("invalid_request", reason)


@pytest.mark.requirement("R-37", "R-70")
@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("0", 0),
        ("1", 1),
        ("0010", 10),
        ("10000", 10_000),
        ("9999999999", 9_999_999_999),
    ],
)
def test_max_age_is_a_number_of_seconds(text: str | None, seconds: int | None) -> None:
    assert accepted(max_age=text).max_age == seconds


@pytest.mark.requirement("R-37", "R-70", "R-72")
@pytest.mark.parametrize(
    "text",
    [
        "-1", "+1", "1.0", "1e3", "0x10", " 1", "1 ", "1\n", "1_000", "true", "NaN", "\u0661",
        "\u00b2", "12345678901", "9" * 16_000,
    ],
)  # fmt: skip
def test_another_max_age_is_an_error(text: str) -> None:
    assert refused(max_age=text) == ("invalid_request", "max_age_malformed")


@pytest.mark.requirement("R-37")
@pytest.mark.parametrize(
    "text",
    [
        "1 phr",
        "phr",
        f"tenant:{TENANT}",
        f"phr tenant:{TENANT} tenant:{TENANT}",
        f"TENANT:{TENANT.upper()}",
        f"idp:tenant:{OTHER_TENANT}",
        "x" * MOST_ACR_VALUES,
    ],
)
def test_acr_values_may_name_the_tenant_and_change_nothing(text: str) -> None:
    """Only the claims parameter can insist on how the person signs in (Core, 3.1.2.1)."""
    assert accepted(acr_values=text) == accepted()


@pytest.mark.requirement("R-37")
@pytest.mark.parametrize(
    "text",
    [
        f"tenant:{OTHER_TENANT}",
        f"Tenant:{OTHER_TENANT}",
        f"tenant:{TENANT} tenant:{OTHER_TENANT}",
        f"phr tenant:{OTHER_TENANT}",
        f"tenant:{TENANT}x",
        "tenant:",
        "tenant:*",
    ],
)
def test_another_tenant_is_an_error(text: str) -> None:
    assert refused(acr_values=text) == ("invalid_request", "tenant_mismatch")


@pytest.mark.requirement("R-68")
def test_too_many_acr_values_are_an_error_and_not_cut() -> None:
    """What is cut off could be the name of another tenant."""
    hidden = "x" * MOST_ACR_VALUES + f" tenant:{OTHER_TENANT}"
    assert refused(acr_values=hidden) == ("invalid_request", "acr_values_too_long")


@pytest.mark.parametrize(
    "resource",
    [
        None,
        "https://id.example.com",
        "https://id.example.com/",
        "https://id.example.com/api",
        "https://id.example.com/api/v1/",
        "https://id.example.com/api/v1-preview",
    ],
)
def test_our_api_is_a_resource(resource: str | None) -> None:
    assert accepted(resource=resource).scopes == ("openid",)


@pytest.mark.parametrize(
    "resource",
    [
        "https://other.example.com",
        "https://id.example.com/api/v2",
        "https://id.example.com/identity",
        "https://id.example.com/api?x",
        "https://ID.example.com",
        "https://id.example.com//",
        "http://id.example.com",
        "urn:x",
        "/",
        "",
    ],
)
def test_no_tokens_are_given_for_another(resource: str) -> None:
    assert refused(resource=resource) == ("invalid_target", "resource_unknown")


@pytest.mark.requirement("R-37")
def test_claims_are_read_with_the_request() -> None:
    claims = {"id_token": {"acr": {"essential": True, "value": "phr"}, "name": None}}
    assert accepted(claims=json.dumps(claims)).claims == RequestedClaims(
        id_token=("acr", "name"), acr_values=("phr",)
    )
    assert refused(claims="[]") == ("invalid_request", "claims_malformed")


@pytest.mark.requirement("R-35")
@pytest.mark.parametrize("client", [HYBRID, IN_BROWSER, CODE])
@pytest.mark.parametrize("name", ["request", "request_uri", "registration"])
def test_what_is_not_supported_is_refused_by_name(client: StoredClient, name: str) -> None:
    error = f"{name}_not_supported"
    for value in ("x", "https://evil.example/request.jwt"):
        assert refused(client, **{name: value}) == (error, error)
        # whatever else is wrong
        assert refused(client, **{name: value, "response_type": "x"}) == (error, error)


def test_what_is_not_judged_is_kept_as_it_was_sent() -> None:
    state = "\u00e9 &=%\r\n#?/".ljust(MOST_STATE, "x")
    found = accepted(state=state, login_hint="kim@example.com", ui_locales="de", display="popup")
    assert found.state == state
    assert found.login_hint == "kim@example.com"
    assert accepted(login_hint="k" * 999).login_hint == "k" * 254
    assert accepted(state=None).state is None
    assert refused(state=state + "x") == ("invalid_request", "state_too_long")


@pytest.mark.requirement("R-68")
@pytest.mark.parametrize(
    "long",
    [
        {"prompt": "login " * 3_000},
        {"id_token_hint": "x" * MOST_TOGETHER},
        {"response_type": "code id_token " * 1_200},
        {"id_token_hint": "x" * 13_000, "state": "x" * 4_000},
    ],
)
def test_a_request_that_is_too_long_as_a_whole_is_refused(long: dict[str, Any]) -> None:
    assert refused(**long) == ("invalid_request", "request_too_long")
    assert accepted(ui_locales="x" * MOST_TOGETHER) == accepted()


def test_unknown_parameters_change_nothing() -> None:
    assert accepted(foobar="x", id_token="x", code="x", iss="x") == accepted()


values = st.one_of(
    st.text(max_size=20),
    st.sampled_from([*TYPES, "id_token", "query", "fragment", "form_post", "none", "login"]),
    st.sampled_from([*NAMES, "openid ocsapi offline_access", CHALLENGE, "S256", "plain", "0"]),
    st.sampled_from([*URIS, "http://127.0.0.1:1/cb", CALLBACK + "/", f"tenant:{TENANT}", "{}"]),
)
names = st.sampled_from(
    [
        *GOOD, "response_mode", "state", "prompt", "max_age", "acr_values", "claims", "resource",
        "login_hint", "request", "request_uri", "registration",
    ]
)  # fmt: skip
requests = st.dictionaries(names, values, max_size=6)
clients = st.sampled_from([HYBRID, IN_BROWSER, OFFLINE, STRICT, CODE])


def tokens_in_query(uri: str, found: AuthorizationRequest) -> set[str]:
    """Which tokens the answer to a request would show to servers on the way."""
    parts = parts_of(found.response_type)
    fields = [(name, "secret") for name in ("code", "id_token", "token") if name in parts]
    if found.response_mode == "form_post":
        return set()
    query = address(Answer(uri, found.response_mode, tuple(fields))).partition("#")[0]
    return {name for name in ("id_token", "token") if f"{name}=secret" in query}


@pytest.mark.requirement("R-03", "R-09", "R-10", "R-11", "R-15", "R-23", "R-72")
@settings(deadline=None, max_examples=600)
@given(clients, requests, st.booleans())
def test_whatever_is_sent_is_in_order_or_refused(
    client: StoredClient, sent: dict[str, str], on_good: bool
) -> None:
    parameters = GOOD | sent if on_good else sent
    found = target(parameters, client)
    if isinstance(found, ShowError):
        assert parameters.get("redirect_uri") not in URIS
        return
    assert found.uri == parameters["redirect_uri"]
    assert found.uri == CALLBACK or found.uri.startswith(LOOPBACK[:-3])
    request = read(parameters, found, client, EXPECTED)
    if isinstance(request, OAuthError):
        assert request.status == 400
        assert all(" " <= c <= "~" and c not in '"\\' for c in request.description)
        assert mode_for_errors(parameters) in {"query", "fragment", "form_post"}
        return
    assert_in_order(client, parameters, request)


def assert_in_order(
    client: StoredClient, parameters: dict[str, Any], request: AuthorizationRequest
) -> None:
    """What holds of every request that was taken."""
    parts = parts_of(request.response_type)
    assert not tokens_in_query(request.redirect_uri, request)
    assert set(request.scopes) <= set(parameters.get("scope", "ocsapi").split(" "))
    assert "offline_access" not in request.scopes or client is OFFLINE
    assert request.nonce is not None or "id_token" not in parts
    assert request.challenge is not None or client not in (CODE, STRICT)
    assert "token" not in parts or client is IN_BROWSER
    assert parts == {"code"} or client is not CODE
    assert request.state == parameters.get("state")
    assert request.nonce == parameters.get("nonce")


def test_the_property_sees_both_outcomes() -> None:
    assert isinstance(asked(), AuthorizationRequest)
    assert isinstance(asked(response_mode="x"), OAuthError)
