"""Refresh tokens over HTTP: rotation, the lost answer, replay, whose they are, how long."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gatepost.model.grants import Family, RefreshToken
from gatepost.protocol.grants import refresh_token as grant
from tests.flows import Application, Person, new_application, new_person, signed_in_tokens
from tests.interop import verifier
from tests.served import Served, Tenant, serve, sqlite_settings
from tests.web.granting import (
    ALL_SCOPES,
    is_active,
    new_code,
    refreshed,
    rest,
    tokens_for,
    userinfo,
)
from tests.web.indoors import indoors
from tests.web.oauth import basic, journal, refused

HYBRID, PUBLIC = "HybridClients", "AuthorizationCodeClients"
each_kind = pytest.mark.parametrize("collection", [HYBRID, PUBLIC])


def offline(
    served: Served, collection: str = HYBRID, tenant: Tenant | None = None
) -> tuple[Application, Person, dict[str, Any]]:
    """A client that may refresh, a person, and the tokens of the one's use by the other."""
    owner = tenant or served.first
    person = new_person(served, owner)
    client = new_application(served, owner, collection, AllowOfflineAccess=True)
    return client, person, signed_in_tokens(served, client, person, scope=ALL_SCOPES)


def kept(served: Served, client: Application, value: str) -> tuple[RefreshToken, Family]:
    """A refresh token and its family as the store knows them."""
    digest = served.house.world.secrets.digest_of("refresh-token", value)
    with served.house.world.store.reading(client.tenant.id) as tenancy:
        token = tenancy.grants.refresh_token(digest)
        family = tenancy.grants.family(token.family_id) if token else None
    assert token is not None
    assert family is not None
    return token, family


@pytest.mark.requirement("R-12", "R-24", "R-29", "R-41")
@each_kind
def test_a_refresh_gives_new_tokens_of_the_same_sign_in(served: Served, collection: str) -> None:
    client, person, first = offline(served, collection)
    answer = refreshed(served, client, first["refresh_token"])
    assert answer.headers["cache-control"] == "no-store"
    second = answer.json()
    assert set(second) == set(first)
    assert second["scope"] == ALL_SCOPES
    assert len({first["refresh_token"], second["refresh_token"]}) == 2
    before, after = (verifier.id_token(served, t["id_token"], client.id) for t in (first, second))
    same = ("iss", "sub", "aud", "auth_time", "sid", "acr", "amr", "tid")
    assert [before[name] for name in same] == [after[name] for name in same]
    assert "nonce" not in after
    assert after["at_hash"] == verifier.half_hash(second["access_token"])
    said = [verifier.access_token(served, t["access_token"]) for t in (first, second)]
    assert said[0]["jti"] != said[1]["jti"]
    assert said[1]["sub"] == person.id
    for tokens in (first, second):
        assert rest(served, served.first, tokens["access_token"]).status_code == 200


def test_parameters_that_mean_nothing_here_are_ignored(served: Served) -> None:
    """One of the original's connectors repeats redirect_uri."""
    client, _, first = offline(served)
    more = {"redirect_uri": "https://app.example.com/signin-oidc", "foo": "bar"}
    assert refreshed(served, client, first["refresh_token"], **more).status_code == 200


@pytest.mark.requirement("R-20", "R-24")
@each_kind
def test_a_refresh_token_is_its_clients_alone(served: Served, collection: str) -> None:
    client, _, first = offline(served, collection)
    others = [
        new_application(served, served.first, HYBRID, AllowOfflineAccess=True),
        new_application(served, served.first, PUBLIC, AllowOfflineAccess=True),
        new_application(served, served.second, HYBRID, AllowOfflineAccess=True),
    ]
    value = first["refresh_token"]
    for other in others:
        refused(refreshed(served, other, value), 400, "invalid_grant")
    assert refreshed(served, client, value).status_code == 200
    for other in others:
        refused(refreshed(served, other, value), 400, "invalid_grant")
    again = refreshed(served, client, value)
    assert again.status_code == 200, "no stranger's attempt counts as a replay"


@pytest.mark.requirement("R-19", "R-21")
def test_a_hybrid_client_shows_its_secret_each_time(served: Served) -> None:
    client, _, first = offline(served)
    value = first["refresh_token"]
    refused(refreshed(served, client, value, client_secret=None), 401, "invalid_client")
    refused(refreshed(served, client, value, client_secret="wrong"), 401, "invalid_client")
    form = {"grant_type": "refresh_token", "refresh_token": value}
    answer = served.http.post(
        "/identity/connect/token", data=form, headers=basic(client.id, client.secret or "")
    )
    assert answer.status_code == 200


@pytest.mark.requirement("R-25")
@pytest.mark.parametrize(
    "value", ["", "x", "gpr_", "gpr_" + "x" * 43, "x" * 501, "x" * 9_000, "\u00fc", "a b"]
)
def test_what_is_no_refresh_token_is_refused(served: Served, value: str) -> None:
    client = new_application(served, served.first, HYBRID, AllowOfflineAccess=True)
    error = "invalid_grant" if value else "invalid_request"
    refused(refreshed(served, client, value), 400, error)


@pytest.mark.requirement("R-25")
@each_kind
def test_a_lost_answer_is_given_again(served: Served, collection: str) -> None:
    client, _, first = offline(served, collection)
    second = refreshed(served, client, first["refresh_token"]).json()
    again = refreshed(served, client, first["refresh_token"]).json()
    assert again["refresh_token"] == second["refresh_token"]
    assert again["access_token"] != second["access_token"]
    verifier.access_token(served, again["access_token"])
    verifier.id_token(served, again["id_token"], client.id)
    third = refreshed(served, client, again["refresh_token"])
    assert third.status_code == 200
    assert userinfo(served, second["access_token"]).status_code == 200


@pytest.mark.requirement("R-17", "R-25", "R-76")
@each_kind
def test_a_replay_after_the_grace_ends_the_family(
    served: Served, collection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _, first = offline(served, collection)
    asking = [new_application(served, served.first), *([client] if client.secret else [])]
    second = refreshed(served, client, first["refresh_token"]).json()
    assert all(is_active(served, one, second["access_token"]) for one in asking)
    monkeypatch.setattr(grant, "REFRESH_GRACE", timedelta(0))
    refused(refreshed(served, client, first["refresh_token"]), 400, "invalid_grant")
    refused(refreshed(served, client, second["refresh_token"]), 400, "invalid_grant")
    for tokens in (first, second):
        assert userinfo(served, tokens["access_token"]).status_code == 401
        assert rest(served, served.first, tokens["access_token"]).status_code == 401
        for shown in ("access_token", "refresh_token"):
            assert not any(is_active(served, one, tokens[shown]) for one in asking)
    _, family = kept(served, client, first["refresh_token"])
    assert family.revoked_because == "refresh_token_reused"
    noted = journal(served, family.id)[-1].event
    assert (noted.action, noted.actor.id) == ("grant.revoked", client.id)


@pytest.mark.requirement("R-25")
def test_an_early_replay_ends_the_family_once_the_next_was_used(served: Served) -> None:
    client, _, first = offline(served)
    second = refreshed(served, client, first["refresh_token"]).json()
    third = refreshed(served, client, second["refresh_token"]).json()
    refused(refreshed(served, client, first["refresh_token"]), 400, "invalid_grant")
    refused(refreshed(served, client, third["refresh_token"]), 400, "invalid_grant")
    assert userinfo(served, third["access_token"]).status_code == 401


@pytest.mark.requirement("R-23")
@pytest.mark.parametrize(
    ("asked", "status", "given"),
    [
        ("ocsapi", 200, "ocsapi"),
        ("offline_access openid", 200, "openid offline_access"),
        (ALL_SCOPES, 200, ALL_SCOPES),
        ("ocsapi admin", 400, "invalid_scope"),
        (" ", 400, "invalid_scope"),
        ("x" * 1001, 400, "invalid_scope"),
    ],
)
def test_a_refresh_may_ask_for_less_and_never_for_more(
    on_sqlite: Served, asked: str, status: int, given: str
) -> None:
    client, _, first = offline(on_sqlite)
    answer = refreshed(on_sqlite, client, first["refresh_token"], scope=asked)
    if status != 200:
        refused(answer, status, given)
        return
    body = answer.json()
    assert body["scope"] == given
    assert verifier.access_token(on_sqlite, body["access_token"])["scope"] == given
    assert ("id_token" in body) == ("openid" in given)
    whole = refreshed(on_sqlite, client, body["refresh_token"]).json()
    assert whole["scope"] == ALL_SCOPES, "the grant itself stays as wide as it was"


@pytest.mark.requirement("R-23", "R-24")
def test_scopes_that_were_not_granted_are_not_given_later(on_sqlite: Served) -> None:
    person = new_person(on_sqlite, on_sqlite.first)
    client = new_application(on_sqlite, on_sqlite.first, AllowOfflineAccess=True)
    first = signed_in_tokens(on_sqlite, client, person, scope="ocsapi offline_access")
    value = first["refresh_token"]
    wider = refreshed(on_sqlite, client, value, scope="openid ocsapi")
    refused(wider, 400, "invalid_scope")
    second = refreshed(on_sqlite, client, value).json()
    assert second["scope"] == "ocsapi offline_access"
    assert "id_token" not in second


@pytest.mark.requirement("R-26")
def test_the_operator_sets_how_long_refresh_tokens_live() -> None:
    product = indoors(refresh_token_lifetime=600)
    served = product.served
    person = new_person(served, served.first)
    client = new_application(served, served.first, AllowOfflineAccess=True)
    began = product.world.clock.now()
    visitor = product.visitor()
    first = tokens_for(new_code(served, client, person, visitor, scope=ALL_SCOPES))["refresh_token"]
    token, family = kept(served, client, first)
    assert token.expires_at == began + timedelta(seconds=300)
    product.forward(seconds=299)
    second = refreshed(served, client, first).json()["refresh_token"]
    product.forward(seconds=299)
    third = refreshed(served, client, second).json()["refresh_token"]
    assert kept(served, client, third)[0].expires_at == family.created_at + timedelta(seconds=600)
    product.forward(seconds=2)
    late = refreshed(served, client, third)
    assert (late.status_code, late.json()["error"]) == (400, "invalid_grant")
    idle = tokens_for(new_code(served, client, person, visitor, scope=ALL_SCOPES))["refresh_token"]
    product.forward(seconds=300)
    assert refreshed(served, client, idle).json()["error"] == "invalid_grant"


@pytest.mark.requirement("R-25")
def test_a_replay_is_known_across_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(sqlite_settings(tmp_path)) as before:
        client, _, first = offline(before)
        second = refreshed(before, client, first["refresh_token"]).json()
    with serve(sqlite_settings(tmp_path)) as after:
        again = refreshed(after, client, first["refresh_token"]).json()
        assert again["refresh_token"] == second["refresh_token"]
        monkeypatch.setattr(grant, "REFRESH_GRACE", timedelta(0))
        refused(refreshed(after, client, first["refresh_token"]), 400, "invalid_grant")
        refused(refreshed(after, client, second["refresh_token"]), 400, "invalid_grant")


@pytest.mark.requirement("R-25", "R-60")
def test_refresh_tokens_are_long_random_and_not_kept(served: Served) -> None:
    client, _, first = offline(served)
    second = refreshed(served, client, first["refresh_token"]).json()
    values = [tokens["refresh_token"] for tokens in (first, second)]
    assert all(value.startswith("gpr_") and len(value) >= 4 + 43 for value in values)
    with served.house.database.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM refresh_tokens").all()
    kept_bytes = b"".join(bytes(cell) for row in rows for cell in row if isinstance(cell, bytes))
    assert kept_bytes
    for value in values:
        assert value[4:] not in repr(rows)
        assert value[4:].encode() not in kept_bytes
