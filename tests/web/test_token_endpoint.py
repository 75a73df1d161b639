"""The token endpoint over HTTP: who gets a token, what it says, and how everybody else is told."""

from datetime import UTC, datetime
from urllib.parse import quote

import jwt
import pytest
from joserfc import jwt as jose_jwt
from joserfc.jwk import KeySet

from tests.served import Served
from tests.web.oauth import (
    FORM,
    GRANT,
    TOKEN,
    add_client,
    basic,
    counted,
    expire,
    form_of,
    journal,
    refused,
)


@pytest.mark.requirement("R-19", "R-41")
def test_both_methods_of_authentication_give_a_token(served: Served) -> None:
    client = add_client(served)
    encoded = "".join(f"%{ord(c):02x}" for c in client.client_id), quote(client.secret, safe="")
    for answer in (
        served.http.post(TOKEN, data=form_of(client.client_id, client.secret)),
        served.http.post(TOKEN, data=form_of(client.client_id.upper(), client.secret)),
        served.http.post(TOKEN, data=GRANT, headers=basic(client.client_id, client.secret)),
        served.http.post(TOKEN, data=GRANT, headers=basic(*encoded)),
        served.http.post(
            TOKEN,
            content=f"grant%5Ftype=client%5fcredentials&client_id={encoded[0]}"
            f"&client_secret={encoded[1]}",
            headers={"Content-Type": FORM + "; charset=UTF-8"},
        ),
    ):
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert set(body) == {"access_token", "expires_in", "scope", "token_type"}
        assert (body["token_type"], body["scope"]) == ("Bearer", "ocsapi")
        assert body["expires_in"] == 3600
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["pragma"] == "no-cache"


@pytest.mark.requirement("R-29")
def test_the_token_says_what_the_product_promises(served: Served) -> None:
    client = add_client(served, AccessTokenLifetime=61)
    before = int(datetime.now(UTC).timestamp())
    token = served.token(client.client_id, client.secret)
    after = int(datetime.now(UTC).timestamp())
    said = jwt.decode(token, options={"verify_signature": False})
    header = jwt.get_unverified_header(token)
    roles = served.http.get(
        f"{served.api()}/Clients/{client.client_id}/Roles", headers=served.admin()
    ).json()
    assert set(header) == {"alg", "kid", "typ"}
    assert header["typ"] == "at+jwt"
    assert before <= said["iat"] <= after
    assert said["exp"] - said["iat"] == 61
    assert said["nbf"] == said["iat"]
    assert len(said.pop("jti")) >= 22
    assert {name: said[name] for name in said if name not in {"exp", "iat", "nbf"}} == {
        "iss": f"{served.url}/identity",
        "aud": "ocsapi",
        "client_id": client.client_id,
        "sub": f"client:{client.client_id}",
        "tid": served.first.id,
        "scope": "ocsapi",
        "roles": [role["Id"] for role in roles],
        "role_type": [role["RoleTypeId"] for role in roles],
    }
    assert token != served.token(client.client_id, client.secret)


@pytest.mark.requirement("R-30", "R-42")
def test_two_libraries_verify_the_token_by_the_served_keys(served: Served) -> None:
    token = served.token(served.first.client_id, served.first.secret)
    document = served.http.get("/identity/.well-known/openid-configuration").json()
    keys = served.http.get(document["jwks_uri"]).json()
    kid = jwt.get_unverified_header(token)["kid"]
    key = jwt.PyJWK(next(k for k in keys["keys"] if k["kid"] == kid))
    seen = jwt.decode(
        token, key, algorithms=["RS256"], audience="ocsapi", issuer=document["issuer"]
    )
    decoded = jose_jwt.decode(token, KeySet.import_key_set(keys), algorithms=["RS256"])
    assert decoded.claims == seen


@pytest.mark.requirement("R-21", "R-41", "R-27")
def test_whoever_fails_is_told_the_same(served: Served) -> None:
    client, disabled = add_client(served), add_client(served, Enabled=False)
    expired = add_client(served)
    expire(served, expired)
    wrong = client.secret[:-7] + "x" + client.secret[-6:]
    cases = [
        form_of("5b2a9a0e-6f0c-4c39-9d43-6a3f0a0f5d11", client.secret),
        form_of("no such client", client.secret),
        form_of(client.client_id, wrong),
        form_of(client.client_id, client.secret + "x"),
        form_of(client.client_id, served.first.secret),
        form_of(expired.client_id, expired.secret),
        form_of(disabled.client_id, disabled.secret),
    ]
    answers = [served.http.post(TOKEN, data=case) for case in cases]
    answers += [
        served.http.post(TOKEN, data=GRANT, headers=basic(c["client_id"], c["client_secret"]))
        for c in cases
    ]
    for answer in answers:
        refused(answer, 401, "invalid_client")
        assert answer.headers["www-authenticate"] == 'Basic realm="gatepost"'
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(sorted(set(answer.headers) - {"date"})) for answer in answers}) == 1
    assert [link.event.reason for link in journal(served, expired.client_id)][
        -1
    ] == "expired_secret"
    assert [link.event.reason for link in journal(served, disabled.client_id)][-1] == (
        "client_disabled"
    )


@pytest.mark.requirement("R-76")
def test_a_refusal_is_in_the_journal_without_the_secret(served: Served) -> None:
    client = add_client(served)
    wrong = "gps_this-secret-must-not-be-kept"
    answer = served.http.post(TOKEN, data=form_of(client.client_id, wrong))
    refused(answer, 401, "invalid_client")
    refused(
        served.http.post(TOKEN, data=form_of(client.client_id, client.secret, scope="openid")),
        400,
        "invalid_scope",
    )
    first, second = journal(served, client.client_id)[-2:]
    assert (first.event.action, first.event.reason) == ("token.refused", "wrong_secret")
    assert (first.event.actor.kind, first.event.actor.id) == ("anonymous", "")
    assert first.event.origin.operation_id == answer.headers["operation-id"]
    assert first.event.origin.address == "127.0.0.1"
    assert (second.event.reason, second.event.actor.kind) == ("scope_not_allowed", "client")
    assert wrong not in repr((first, second))
    assert client.secret not in repr((first, second))


@pytest.mark.requirement("R-05", "R-19", "R-68")
@pytest.mark.parametrize(
    ("more", "word"),
    [
        ("&client_id=x", "client_id"),
        ("&client_secret=", "client_secret"),
        ("&grant_type=client_credentials", "grant_type"),
        ("&scope=ocsapi&scope=ocsapi", "scope"),
        ("&unknown=1&unknown=1", "unknown"),
        ("&x=%zz", "form data"),
        ("&x=%ff", "form data"),
        ("&x=%00", "form data"),
        ("&" * 101, "100"),
        ("&" + "x" * 101 + "=1", "too long"),
        ("&x=" + "x" * 16_385, "too long"),
    ],
)
def test_a_bad_form_is_refused(served: Served, more: str, word: str) -> None:
    owner = served.first
    sent = f"grant_type=client_credentials&client_id={owner.client_id}&client_secret={owner.secret}"
    answer = served.http.post(TOKEN, content=sent + more, headers={"Content-Type": FORM})
    body = refused(answer, 400, "invalid_request")
    assert word in body["error_description"]
    assert owner.secret not in answer.text


def test_unknown_parameters_are_ignored(served: Served) -> None:
    form = form_of(served.first.client_id, served.first.secret, audience="x", empty="")
    assert served.http.post(TOKEN, data=form).status_code == 200
    assert served.http.post(TOKEN + "?x=1", data=form).status_code == 200


@pytest.mark.requirement("R-19")
def test_credentials_in_the_address_are_refused(served: Served) -> None:
    owner = served.first
    query = f"?client_id={owner.client_id}&client_secret={owner.secret}"
    for data in (GRANT, form_of(owner.client_id, owner.secret)):
        body = refused(served.http.post(TOKEN + query, data=data), 400, "invalid_request")
        assert "address" in body["error_description"]
    only_there = served.http.post(TOKEN + query.replace("_", "%5F"), data=GRANT)
    refused(only_there, 401, "invalid_client")


@pytest.mark.requirement("R-19")
def test_two_methods_are_refused(served: Served) -> None:
    owner = served.first
    answer = served.http.post(
        TOKEN,
        data=form_of(owner.client_id, owner.secret),
        headers=basic(owner.client_id, owner.secret),
    )
    refused(answer, 400, "invalid_request")


@pytest.mark.requirement("R-19", "R-22")
@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "implicit"}, 400, "unsupported_grant_type"),
        ({"grant_type": "x\ny\u00fc"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "scope": "openid"}, 400, "invalid_scope"),
        ({"grant_type": "client_credentials", "scope": "x" * 1001}, 400, "invalid_scope"),
        ({"grant_type": "client_credentials", "resource": "x"}, 400, "invalid_target"),
        (
            {"grant_type": "client_credentials", "scope": "ocsapi offline_access"},
            400,
            "invalid_scope",
        ),
    ],
)
def test_a_bad_wish_is_refused(
    served: Served, form: dict[str, str], status: int, error: str
) -> None:
    who = {"client_id": served.first.client_id, "client_secret": served.first.secret}
    body = refused(served.http.post(TOKEN, data=who | form), status, error)
    assert all(" " <= c <= "~" and c not in '"\\' for c in body["error_description"])


@pytest.mark.requirement("R-22")
def test_a_hybrid_client_may_not_act_for_itself(served: Served) -> None:
    client = add_client(served, "HybridClients")
    answer = served.http.post(TOKEN, data=form_of(client.client_id, client.secret))
    refused(answer, 400, "unauthorized_client")
    assert journal(served, client.client_id)[-1].event.reason == "grant_not_allowed"


@pytest.mark.parametrize("scope", ["", "ocsapi", " ocsapi ", "ocsapi ocsapi"])
def test_the_api_is_the_scope(served: Served, scope: str) -> None:
    form = form_of(served.first.client_id, served.first.secret, scope=scope)
    answer = served.http.post(TOKEN, data=form)
    assert answer.status_code == 200
    assert answer.json()["scope"] == "ocsapi"


def test_the_use_of_a_secret_is_counted(served: Served) -> None:
    client = add_client(served)
    for _ in range(3):
        served.token(client.client_id, client.secret)
    served.http.post(TOKEN, data=form_of(client.client_id, "wrong"))
    secret = counted(served, client, 3)
    assert secret.use_count == 3
    assert secret.first_used_at is not None
    assert secret.last_used_at is not None
    assert secret.created_at <= secret.first_used_at <= secret.last_used_at
