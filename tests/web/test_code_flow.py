"""Codes over HTTP: what a redemption gives, and that it gives it once, to the right client."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gatepost.model.grants import AuthorizationCode
from tests.flows import Visitor, new_application, new_person, redeem, token
from tests.interop import verifier
from tests.served import Served, serve, sqlite_settings
from tests.web.granting import (
    ALL_SCOPES,
    Code,
    is_active,
    new_code,
    redeemed,
    refreshed,
    rest,
    tokens_for,
    userinfo,
)
from tests.web.indoors import indoors
from tests.web.oauth import basic, journal, refused

HYBRID, PUBLIC = "HybridClients", "AuthorizationCodeClients"


def kept(served: Served, code: Code) -> AuthorizationCode:
    """A code as the store knows it."""
    digest = served.house.world.secrets.digest_of("code", code.value)
    with served.house.world.store.reading(code.client.tenant.id) as tenancy:
        found = tenancy.grants.code(digest)
    assert found is not None
    return found


@pytest.mark.requirement("R-12", "R-20", "R-29", "R-41")
@pytest.mark.parametrize("collection", [HYBRID, PUBLIC])
def test_a_code_gives_tokens_that_another_library_verifies(served: Served, collection: str) -> None:
    person = new_person(served, served.first)
    client = new_application(served, served.first, collection, AccessTokenLifetime=120)
    answer = redeemed(served, new_code(served, client, person))
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    body = answer.json()
    assert set(body) == {"access_token", "token_type", "expires_in", "scope", "id_token"}
    assert (body["token_type"], body["expires_in"], body["scope"]) == (
        "Bearer",
        120,
        "openid ocsapi",
    )
    said = verifier.access_token(served, body["access_token"])
    assert said["sub"] == person.id
    assert (said["client_id"], said["tid"]) == (client.id, served.first.id)
    assert said["exp"] - said["iat"] == 120
    told = verifier.id_token(served, body["id_token"], client.id)
    assert told["exp"] - told["iat"] == 300
    assert (told["nonce"], told["tid"], told["amr"]) == ("some-nonce", served.first.id, ["pwd"])
    assert told["at_hash"] == verifier.half_hash(body["access_token"])
    assert not {"c_hash", "s_hash", "email", "name"} & set(told)
    shared = ("iss", "sub", "sid", "auth_time")
    assert [told[name] for name in shared] == [said[name] for name in shared]


@pytest.mark.requirement("R-11", "R-12")
@pytest.mark.parametrize("mode", ["fragment", "form_post"])
@pytest.mark.parametrize("kind", ["code id_token", "code token", "code id_token token"])
def test_what_comes_by_the_browser_is_bound_together(served: Served, kind: str, mode: str) -> None:
    person = new_person(served, served.first)
    client = new_application(served, served.first, AllowAccessTokensViaBrowser=True)
    code = new_code(served, client, person, response_type=kind, response_mode=mode)
    front, back = code.answer, tokens_for(code)
    assert ("access_token" in front, "id_token" in front) == (
        "token" in kind.split(),
        "id_" in kind,
    )
    last = verifier.id_token(served, back["id_token"], client.id)
    if "access_token" in front:
        said = verifier.access_token(served, front["access_token"])
        assert (said["sub"], said["client_id"]) == (person.id, client.id)
    if "id_token" in front:
        first = verifier.id_token(served, front["id_token"], client.id)
        same = ("iss", "sub", "aud", "nonce", "sid", "auth_time", "tid")
        assert [first[name] for name in same] == [last[name] for name in same]
        assert first["nonce"] == "some-nonce"
        assert first["c_hash"] == verifier.half_hash(code.value)
        assert first["s_hash"] == verifier.half_hash("some-state")
        shown = front.get("access_token")
        assert first.get("at_hash") == (shown and verifier.half_hash(shown))


def test_without_nonce_and_state_none_is_told(served: Served) -> None:
    person = new_person(served, served.first)
    client = new_application(served, served.first)
    code = new_code(served, client, person, nonce=None, state=None)
    assert "state" not in code.answer
    told = verifier.id_token(served, tokens_for(code)["id_token"], client.id)
    assert not {"nonce", "s_hash"} & set(told)


@pytest.mark.requirement("R-23", "R-24")
@pytest.mark.parametrize(
    ("offline", "scope", "given"),
    [
        (True, ALL_SCOPES, ALL_SCOPES),
        (False, ALL_SCOPES, "openid profile email ocsapi"),
        (True, "openid ocsapi", "openid ocsapi"),
        (True, "ocsapi unknown", "ocsapi"),
    ],
)
def test_a_refresh_token_is_asked_for_and_allowed(
    served: Served, offline: bool, scope: str, given: str
) -> None:
    person = new_person(served, served.first)
    client = new_application(served, served.first, AllowOfflineAccess=offline)
    body = tokens_for(new_code(served, client, person, scope=scope))
    assert body["scope"] == given
    assert verifier.access_token(served, body["access_token"])["scope"] == given
    assert ("refresh_token" in body) == ("offline_access" in given)
    assert ("id_token" in body) == ("openid" in given)


@pytest.mark.requirement("R-16", "R-17", "R-76")
@pytest.mark.parametrize("collection", [HYBRID, PUBLIC])
def test_a_second_use_ends_all_that_came_of_the_first(served: Served, collection: str) -> None:
    person = new_person(served, served.first)
    client = new_application(served, served.first, collection, AllowOfflineAccess=True)
    asking = new_application(served, served.first)
    visitor = Visitor(served)
    other = tokens_for(new_code(served, client, person, visitor, scope=ALL_SCOPES))
    code = new_code(served, client, person, visitor, scope=ALL_SCOPES)
    body = tokens_for(code)
    newer = refreshed(served, client, body["refresh_token"]).json()
    refused(redeemed(served, code, code_verifier=None), 400, "invalid_grant")
    for dead in (body, newer):
        assert userinfo(served, dead["access_token"]).status_code == 401
        assert rest(served, served.first, dead["access_token"]).status_code == 401
        assert not is_active(served, asking, dead["access_token"])
        refused(refreshed(served, client, dead["refresh_token"]), 400, "invalid_grant")
    assert userinfo(served, other["access_token"]).status_code == 200
    family = journal(served, kept(served, code).family_id)[-1].event
    assert (family.action, family.reason) == ("grant.revoked", "code_reused")
    assert (family.actor.kind, family.actor.id) == ("client", client.id)


@pytest.mark.requirement("R-14", "R-18", "R-20")
def test_a_code_is_good_for_what_it_was_given_for_and_nothing_else(served: Served) -> None:
    person = new_person(served, served.first)
    client = new_application(served, served.first)
    others = [
        new_application(served, served.first),
        new_application(served, served.first, PUBLIC),
        new_application(served, served.second),
    ]
    code = new_code(served, client, person)
    wrong: list[dict[str, str | None]] = [
        {"redirect_uri": "https://app.example.com/signin-oidc/"},
        {"redirect_uri": None},
        {"code_verifier": None},
        {"code_verifier": "x" * 43},
        {"grant_type": "refresh_token", "refresh_token": code.value},
    ]
    for other in others:
        refused(redeemed(served, code._replace(client=other)), 400, "invalid_grant")
    for changes in wrong:
        refused(redeemed(served, code, **changes), 400, "invalid_grant")
    for value in (code.value[:-1], code.value.upper(), "x" * 501):
        refused(redeemed(served, code._replace(value=value)), 400, "invalid_grant")
    refused(redeemed(served, code._replace(value="")), 400, "invalid_request")
    refused(redeemed(served, code, client_secret=None), 401, "invalid_client")
    refused(redeemed(served, code, client_secret="wrong"), 401, "invalid_client")
    assert tokens_for(code), "no refusal used it up"


@pytest.mark.requirement("R-19", "R-20")
def test_the_client_that_authenticates_is_the_one_that_counts(served: Served) -> None:
    person = new_person(served, served.first)
    mine, thief = (new_application(served, served.first) for _ in range(2))
    code = new_code(served, mine, person)
    form = {
        "grant_type": "authorization_code",
        "code": code.value,
        "redirect_uri": "https://app.example.com/signin-oidc",
        "code_verifier": code.verifier,
    }
    headers = basic(thief.id, thief.secret or "")
    address = "/identity/connect/token"
    named = served.http.post(address, data=form | {"client_id": mine.id}, headers=headers)
    refused(named, 400, "invalid_request")
    refused(served.http.post(address, data=form, headers=headers), 400, "invalid_grant")
    answer = served.http.post(address, data=form, headers=basic(mine.id, mine.secret or ""))
    assert answer.status_code == 200


@pytest.mark.requirement("R-22")
@pytest.mark.parametrize("collection", ["DeviceCodeClients", "ClientCredentialClients"])
def test_other_kinds_of_client_redeem_no_codes(served: Served, collection: str) -> None:
    client = new_application(served, served.first, collection)
    refused(redeem(served, client, "gpc_x"), 400, "unauthorized_client")


@pytest.mark.requirement("R-18")
def test_a_code_lives_a_minute() -> None:
    product = indoors()
    served = product.served
    person = new_person(served, served.first)
    client = new_application(served, served.first)
    visitor = product.visitor()
    codes = [new_code(served, client, person, visitor) for _ in range(2)]
    for code in codes:
        row = kept(served, code)
        assert row.expires_at - row.created_at <= timedelta(seconds=60)
    product.forward(seconds=59)
    assert tokens_for(codes[0])
    product.forward(seconds=1)
    late = redeemed(served, codes[1])
    assert (late.status_code, late.json()["error"]) == (400, "invalid_grant")


@pytest.mark.requirement("R-16", "R-17")
def test_a_code_is_good_once_across_a_restart(tmp_path: Path) -> None:
    def start() -> Any:
        return serve(sqlite_settings(tmp_path))

    with start() as before:
        person = new_person(before, before.first)
        client = new_application(before, before.first, AllowOfflineAccess=True)
        used, unused = (new_code(before, client, person, scope=ALL_SCOPES) for _ in range(2))
        body = tokens_for(used)
    with start() as after:
        assert redeemed(after, unused).status_code == 200
        refused(redeemed(after, used), 400, "invalid_grant")
        refused(refreshed(after, client, body["refresh_token"]), 400, "invalid_grant")


@pytest.mark.requirement("R-18", "R-60")
def test_a_code_is_long_random_and_not_kept(served: Served) -> None:
    person = new_person(served, served.first)
    client = new_application(served, served.first)
    visitor = Visitor(served)
    values = {new_code(served, client, person, visitor).value for _ in range(3)}
    assert len(values) == 3
    assert all(value.startswith("gpc_") and len(value) >= 4 + 43 for value in values)
    with served.house.database.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM codes").all()
    assert rows
    assert not any(value[4:] in repr(rows) for value in values)


@pytest.mark.requirement("R-14", "R-15")
def test_pkce_cannot_be_left_out(served: Served) -> None:
    person = new_person(served, served.first)
    public = new_application(served, served.first, PUBLIC)
    assert Visitor(served).authorize(public).answer["error"] == "invalid_request"
    hybrid = new_application(served, served.first)
    plain = {"code_challenge": None, "code_challenge_method": None}
    code = new_code(served, hybrid, person, **plain)
    refused(redeemed(served, code), 400, "invalid_grant")
    assert redeemed(served, code, code_verifier=None).status_code == 200


@pytest.mark.requirement("R-19", "R-21")
def test_a_public_client_has_no_secret_to_show(served: Served) -> None:
    person = new_person(served, served.first)
    client = new_application(served, served.first, PUBLIC)
    code = new_code(served, client, person)
    refused(redeemed(served, code, client_secret="anything"), 401, "invalid_client")
    form = {"grant_type": "authorization_code", "code": code.value}
    refused(token(served, client._replace(id="nobody"), **form), 401, "invalid_client")
    assert tokens_for(code)
