"""The authorization request: first the address, then what may be asked for and how."""

from itertools import permutations

import pytest

from gatepost.model.clients import HybridClient, StoredClient
from gatepost.protocol.authorization import ShowError, no_longer_fits, target
from gatepost.protocol.parameters import OAuthError
from gatepost.protocol.redirects import Target
from gatepost.protocol.request_lengths import MOST_NONCE
from gatepost.protocol.scopes import MAX_SCOPE
from tests.protocol.asking import (
    CALLBACK,
    CHALLENGE,
    CODE,
    DEVICE,
    HYBRID,
    IN_BROWSER,
    LOOPBACK,
    MACHINE,
    OFFLINE,
    STRICT,
    TYPES,
    URIS,
    accepted,
    asked,
    refused,
    stored,
)


@pytest.mark.requirement("R-01", "R-03")
@pytest.mark.parametrize("client", [HYBRID, CODE])
def test_a_registered_address_is_a_target(client: StoredClient) -> None:
    assert target({"redirect_uri": CALLBACK}, client) == Target("c", CALLBACK)
    ported = "http://127.0.0.1:54567/cb"
    assert target({"redirect_uri": ported}, client) == Target("c", ported)


ELSEWHERE = stored("hybrid", HybridClient(id="c", name="n", redirect_uris=(LOOPBACK,)))
NO_PKCE: dict[str, str | None] = {"code_challenge": None, "code_challenge_method": None}
WITH_TOKEN: dict[str, str | None] = {"response_type": "code token"}
TO_STAY: dict[str, str | None] = {"scope": "openid offline_access"}


@pytest.mark.requirement("R-01")
@pytest.mark.parametrize(
    ("then", "sent", "now", "fits"),
    [
        (HYBRID, {}, HYBRID, True),
        (HYBRID, {}, STRICT, True),
        (HYBRID, {}, OFFLINE, True),
        (HYBRID, {}, IN_BROWSER, True),
        (HYBRID, {"redirect_uri": "http://127.0.0.1:54567/cb"}, ELSEWHERE, True),
        (HYBRID, {}, ELSEWHERE, False),
        (HYBRID, {}, MACHINE, False),
        (HYBRID, {}, DEVICE, False),
        (HYBRID, {"response_type": "code id_token"}, CODE, False),
        (HYBRID, NO_PKCE, STRICT, False),
        (IN_BROWSER, WITH_TOKEN, IN_BROWSER, True),
        (IN_BROWSER, WITH_TOKEN, HYBRID, False),
        (OFFLINE, TO_STAY, OFFLINE, True),
        (OFFLINE, TO_STAY, HYBRID, False),
    ],
)
def test_a_request_fits_the_client_as_it_is_registered_now(
    then: StoredClient, sent: dict[str, str | None], now: StoredClient, fits: bool
) -> None:
    found = no_longer_fits(accepted(then, **sent), now)
    assert (found is None) is fits
    assert found is None or found.error.reason == "registration_changed"


@pytest.mark.requirement("R-01", "R-03")
@pytest.mark.parametrize(
    ("client", "sent", "error", "reason"),
    [
        (HYBRID, {}, "invalid_request", "redirect_uri_missing"),
        (CODE, {}, "invalid_request", "redirect_uri_missing"),
        (HYBRID, {"redirect_uri": CALLBACK + "/"}, "invalid_request", "redirect_uri_unknown"),
        (CODE, {"redirect_uri": LOOPBACK + "?"}, "invalid_request", "redirect_uri_unknown"),
        (MACHINE, {"redirect_uri": CALLBACK}, "unauthorized_client", "kind_without_browser"),
        (DEVICE, {"redirect_uri": CALLBACK}, "unauthorized_client", "kind_without_browser"),
        (MACHINE, {}, "unauthorized_client", "kind_without_browser"),
    ],
)
def test_without_a_registered_address_there_is_no_target(
    client: StoredClient, sent: dict[str, str], error: str, reason: str
) -> None:
    found = target(sent, client)
    assert isinstance(found, ShowError)
    assert (found.error.error, found.error.reason) == (error, reason)


@pytest.mark.requirement("R-01")
def test_what_is_known_of_a_wrong_address_is_told_to_the_journal() -> None:
    found = target({"redirect_uri": "https://app.example.com/CB" + "x" * 3_000}, HYBRID)
    assert isinstance(found, ShowError)
    sent = found.known["Sent"]
    assert sent == ("https://app.example.com/CB" + "x" * 3_000)[:2001]
    assert {name: found.known[name] for name in found.known if name != "Sent"} == {
        "Registered": list(URIS),
        "Nearest": CALLBACK,
        "FirstDifference": len("https://app.example.com/C"),
        "Mend": "Register the address that was sent, or correct it in the application.",
    }
    alone = target({"redirect_uri": CALLBACK}, stored("hybrid", HybridClient(id="c", name="n")))
    assert isinstance(alone, ShowError)
    assert set(alone.known) == {"Sent", "Registered", "Mend"}


OF_BROWSER = TYPES[2:]
IMPLICIT = ("id_token", "token", "id_token token", "none", "code none", "CODE", "password")
NOT_SUPPORTED = ("unsupported_response_type", "response_type_not_supported")
NOT_ALLOWED = ("unauthorized_client", "response_type_not_allowed")
NO_TOKEN = ("unauthorized_client", "token_via_browser_not_allowed")


@pytest.mark.requirement("R-09", "R-22")
@pytest.mark.parametrize(
    ("client", "type_", "outcome"),
    [
        *((HYBRID, type_, None) for type_ in ("code", "code id_token")),
        *((HYBRID, type_, NO_TOKEN) for type_ in OF_BROWSER),
        *((IN_BROWSER, type_, None) for type_ in TYPES),
        (CODE, "code", None),
        *((CODE, type_, NOT_ALLOWED) for type_ in TYPES[1:]),
        *(
            (client, type_, NOT_SUPPORTED)
            for client in (HYBRID, IN_BROWSER, CODE)
            for type_ in IMPLICIT
        ),
    ],
)
def test_who_may_ask_for_what(
    client: StoredClient, type_: str, outcome: tuple[str, str] | None
) -> None:
    for order in permutations(type_.split(" ")):
        found = asked(client, response_type=" ".join(order))
        if isinstance(found, OAuthError):
            assert (found.error, found.reason) == outcome
        else:
            assert outcome is None
            assert found.response_type == type_


@pytest.mark.requirement("R-09")
@pytest.mark.parametrize("type_", [None, "", " "])
def test_a_request_says_what_it_wants(type_: str | None) -> None:
    assert refused(response_type=type_) == ("invalid_request", "response_type_missing")


@pytest.mark.requirement("R-10")
@pytest.mark.parametrize(
    ("type_", "mode", "outcome"),
    [
        ("code", None, "query"),
        ("code id_token", None, "fragment"),
        ("code token", None, "fragment"),
        ("code id_token token", None, "fragment"),
        *((type_, mode, mode) for type_ in TYPES for mode in ("fragment", "form_post")),
        ("code", "query", "query"),
        *((type_, "query", "token_in_query") for type_ in TYPES[1:]),
        *(
            (type_, mode, "response_mode_not_supported")
            for type_ in TYPES
            for mode in ("QUERY", "jwt", "query.jwt", "form_post.jwt", "web_message", "x")
        ),
    ],
)
def test_every_mode_with_every_type(type_: str, mode: str | None, outcome: str) -> None:
    found = asked(IN_BROWSER, response_type=type_, response_mode=mode)
    if isinstance(found, OAuthError):
        assert (found.error, found.reason) == ("invalid_request", outcome)
    else:
        assert found.response_mode == outcome


@pytest.mark.requirement("R-11")
@pytest.mark.parametrize(
    ("type_", "needed"),
    [
        ("code", False),
        ("code token", False),
        ("code id_token", True),
        ("code id_token token", True),
    ],
)
def test_a_nonce_goes_with_every_id_token_of_the_browser(type_: str, needed: bool) -> None:
    found = asked(IN_BROWSER, response_type=type_, nonce=None)
    assert isinstance(found, OAuthError) is needed
    assert not isinstance(found, OAuthError) or found.reason == "nonce_missing"
    nonce = "n \u00e9\U0001f511=&%"
    assert accepted(IN_BROWSER, response_type=type_, nonce=nonce).nonce == nonce
    assert accepted(IN_BROWSER, response_type=type_, nonce="n" * MOST_NONCE).nonce
    too_long = refused(IN_BROWSER, response_type=type_, nonce="n" * (MOST_NONCE + 1))
    assert too_long == ("invalid_request", "nonce_too_long")


@pytest.mark.requirement("R-13", "R-15")
@pytest.mark.parametrize(
    ("client", "type_", "required"),
    [
        (CODE, "code", True),
        (STRICT, "code", True),
        (STRICT, "code id_token", True),
        (HYBRID, "code", False),
        (HYBRID, "code id_token", False),
        (IN_BROWSER, "code token", False),
    ],
)
def test_who_must_send_a_challenge(client: StoredClient, type_: str, required: bool) -> None:
    bare = {"code_challenge": None, "code_challenge_method": None}
    found = asked(client, response_type=type_, **bare)
    assert isinstance(found, OAuthError) is required
    assert not isinstance(found, OAuthError) or found.reason == "pkce_missing"
    assert accepted(client, response_type=type_).challenge == CHALLENGE
    plain = refused(client, response_type=type_, code_challenge_method="plain")
    assert plain == ("invalid_request", "pkce_method_not_supported")
    cut = refused(client, response_type=type_, code_challenge=CHALLENGE[:-1])
    assert cut == ("invalid_request", "pkce_malformed_challenge")


@pytest.mark.requirement("R-23", "R-24")
@pytest.mark.parametrize(
    ("client", "scope", "scopes"),
    [
        (HYBRID, None, ("ocsapi",)),
        (HYBRID, "openid", ("openid",)),
        (HYBRID, "ocsapi openid", ("openid", "ocsapi")),
        (HYBRID, "openid phone address unknown", ("openid",)),
        (HYBRID, "openid ocsapi offline_access", ("openid", "ocsapi")),
        (OFFLINE, "openid ocsapi offline_access", ("openid", "ocsapi", "offline_access")),
        (HYBRID, "openid".ljust(MAX_SCOPE), ("openid",)),
    ],
)
def test_scopes_are_those_that_the_client_may_have(
    client: StoredClient, scope: str | None, scopes: tuple[str, ...]
) -> None:
    assert accepted(client, scope=scope).scopes == scopes


@pytest.mark.requirement("R-23", "R-68")
@pytest.mark.parametrize(
    ("type_", "scope", "reason"),
    [
        ("code", "profile", "scope_without_use"),
        ("code", "offline_access", "scope_without_use"),
        ("code", "OPENID", "scope_without_use"),
        ("code", " ", "scope_without_use"),
        ("code", "openid".ljust(MAX_SCOPE + 1), "scope_too_long"),
        ("code id_token", None, "openid_missing"),
        ("code id_token", "ocsapi", "openid_missing"),
        ("code id_token token", "profile ocsapi", "openid_missing"),
    ],
)
def test_a_scope_that_leads_nowhere_is_refused(type_: str, scope: str | None, reason: str) -> None:
    assert refused(IN_BROWSER, response_type=type_, scope=scope) == ("invalid_scope", reason)
