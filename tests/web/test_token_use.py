"""What is asked about tokens: UserInfo, introspection, revocation; and what is no token there."""

import json

import pytest

from gatepost.model.errors import StoreUnavailable
from tests.flows import Application, Person, new_application, new_person, signed_in_tokens
from tests.interop import verifier
from tests.served import Served
from tests.web.granting import (
    ALL_SCOPES,
    CONNECT,
    ask,
    bearer,
    challenged,
    is_active,
    new_code,
    refreshed,
    rest,
    userinfo,
)
from tests.web.oauth import basic, journal, refused

USERINFO = CONNECT + "userinfo"


class Use:
    """A person's use of a client that may refresh, and the tokens of it."""

    def __init__(self, served: Served, scope: str = ALL_SCOPES, **parameters: str) -> None:
        self.served = served
        self.person: Person = new_person(served, served.first)
        self.client: Application = new_application(served, served.first, AllowOfflineAccess=True)
        self.tokens = signed_in_tokens(served, self.client, self.person, scope=scope, **parameters)
        self.access: str = self.tokens["access_token"]

    @property
    def refresh(self) -> str:
        """The refresh token."""
        return str(self.tokens["refresh_token"])


@pytest.mark.requirement("R-12", "R-41")
@pytest.mark.parametrize(
    ("scope", "names"),
    [
        ("openid", set()),
        ("openid email", {"email"}),
        (
            "openid profile",
            {"name", "given_name", "family_name", "preferred_username", "updated_at"},
        ),
        ("openid ocsapi", {"roles", "role_type"}),
    ],
)
def test_userinfo_tells_what_the_scopes_allow(served: Served, scope: str, names: set[str]) -> None:
    use = Use(served, scope)
    by_get = userinfo(served, use.access)
    by_post = served.http.post(USERINFO, headers=bearer(use.access))
    as_form = served.http.post(USERINFO, headers=bearer(use.access), data={"foo": "bar"})
    lower = served.http.get(USERINFO, headers={"Authorization": f"bearer  {use.access}"})
    head = served.http.head(USERINFO, headers=bearer(use.access))
    told = by_get.json()
    assert set(told) == {"sub", "tid"} | names
    assert (told["sub"], told["tid"]) == (use.person.id, served.first.id)
    assert told["sub"] == verifier.id_token(served, use.tokens["id_token"], use.client.id)["sub"]
    for answer in (by_get, by_post, as_form, lower):
        assert answer.json() == told
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-type"] == "application/json"
    assert (head.status_code, head.content) == (200, b"")


def test_userinfo_tells_who_somebody_is(served: Served) -> None:
    use = Use(served)
    told = userinfo(served, use.access).json()
    assert (told["name"], told["given_name"], told["family_name"]) == ("Kim Lee", "Kim", "Lee")
    assert told["email"] == use.person.email
    assert "email_verified" not in told
    assert type(told["updated_at"]) is int
    roles = f"{served.api()}/Users/{use.person.id}/Roles"
    held = served.http.get(roles, headers=served.admin()).json()
    assert told["roles"] == [role["Id"] for role in held]
    assert told["role_type"] == [role["RoleTypeId"] for role in held]


def test_claims_can_be_asked_for_by_name(served: Served) -> None:
    wanted = {"userinfo": {"email": {"essential": True}, "given_name": None, "shoe_size": None}}
    use = Use(served, "openid", claims=json.dumps(wanted))
    told = userinfo(served, use.access).json()
    assert set(told) == {"sub", "tid", "email", "given_name"}
    assert "email" not in verifier.id_token(served, use.tokens["id_token"], use.client.id)


@pytest.mark.requirement("R-33", "R-34")
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_without_a_token_userinfo_says_that_one_is_needed(on_sqlite: Served, method: str) -> None:
    answer = on_sqlite.http.request(method, USERINFO)
    assert answer.headers["www-authenticate"] == 'Bearer realm="gatepost"'
    challenged(answer, 401, None)


@pytest.mark.requirement("R-33")
def test_a_token_stands_in_the_header_and_nowhere_else(served: Served) -> None:
    use = Use(served)
    form = {"access_token": use.access}
    challenged(served.http.get(USERINFO, params=form), 401, None)
    challenged(served.http.post(USERINFO, data=form), 401, None)
    cookies = {"Cookie": f"access_token={use.access}"}
    challenged(served.http.get(USERINFO, headers=cookies), 401, None)
    api = served.api()
    assert served.http.get(api, params=form).status_code == 401


@pytest.mark.requirement("R-30", "R-31", "R-32", "R-34")
def test_what_is_no_access_token_opens_nothing(served: Served) -> None:
    use = Use(served)
    head, body, signature = use.access.split(".")
    forged = signature[:-8] + "AAAAAAAA"
    wrong = [
        use.tokens["id_token"],
        use.refresh,
        new_code(served, use.client, use.person).value,
        f"{head}.{body}.{forged}",
        f"{head}.{body}.",
        f"{head}.{body}",
        "x" * 9_000,
        "a.b.c",
        ".",
        "\u00ff".encode().decode("latin-1"),
    ]
    for shown in wrong:
        headers = [(b"authorization", b"Bearer " + shown.encode("latin-1"))]
        challenged(served.http.get(USERINFO, headers=headers), 401, "invalid_token")
        assert served.http.get(served.api(), headers=headers).status_code == 401
    for header in (basic(use.client.id, use.client.secret or ""), {"Authorization": use.access}):
        challenged(served.http.get(USERINFO, headers=header), 401, "invalid_token")


@pytest.mark.requirement("R-29", "R-34")
def test_a_token_without_openid_is_not_enough(served: Served) -> None:
    own = served.token(served.first.client_id, served.first.secret)
    for shown in (own, Use(served, "ocsapi").access):
        answer = userinfo(served, shown)
        challenged(answer, 403, "insufficient_scope")
        assert 'scope="openid"' in answer.headers["www-authenticate"]


@pytest.mark.requirement("R-31", "R-34")
def test_a_token_without_the_api_does_not_open_it(served: Served) -> None:
    use = Use(served, "openid profile")
    assert userinfo(served, use.access).status_code == 200
    answer = rest(served, served.first, use.access)
    assert answer.status_code == 403
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.requirement("R-29")
def test_introspection_tells_what_a_token_is_worth(served: Served) -> None:
    use = Use(served)
    said = verifier.access_token(served, use.access)
    for asking in (use.client, new_application(served, served.first)):
        answer = ask(served, asking, "introspect", token=use.access, token_type_hint="foo")
        assert answer.headers["cache-control"] == "no-store"
        told = answer.json()
        assert (told.pop("active"), told.pop("token_type")) == (True, "Bearer")
        assert told == {name: said[name] for name in told}
        assert {"sub", "client_id", "scope", "exp", "iat", "iss", "aud", "jti"} <= set(told)
    own = served.token(served.first.client_id, served.first.secret)
    mine = ask(served, use.client, "introspect", token=own).json()
    assert mine["sub"] == f"client:{served.first.client_id}"
    kept = ask(served, use.client, "introspect", token=use.refresh).json()
    assert (kept["active"], kept["client_id"], kept["sub"]) == (True, use.client.id, use.person.id)
    assert kept["scope"] == ALL_SCOPES


@pytest.mark.requirement("R-32", "R-63")
def test_introspection_tells_strangers_nothing(served: Served) -> None:
    use = Use(served)
    abroad = new_application(served, served.second)
    neighbour = new_application(served, served.first)
    for shown in (use.access, use.refresh):
        assert not is_active(served, abroad, shown)
    assert not is_active(served, neighbour, use.refresh)
    for shown in (use.tokens["id_token"], use.access + "x", "x" * 9_000, "\u00fc"):
        assert not is_active(served, use.client, shown)


@pytest.mark.requirement("R-19", "R-21")
def test_who_may_introspect(served: Served) -> None:
    use = Use(served)
    for collection in ("AuthorizationCodeClients", "DeviceCodeClients"):
        public = new_application(served, served.first, collection)
        refused(ask(served, public, "introspect", token=use.access), 400, "unauthorized_client")
        assert journal(served, public.id)[-1].event.reason == "introspect_refused"
    form = {"token": use.access}
    refused(served.http.post(CONNECT + "introspect", data=form), 401, "invalid_client")
    wrong = ask(served, use.client, "introspect", token=use.access, client_secret="wrong")
    refused(wrong, 401, "invalid_client")
    refused(ask(served, use.client, "introspect"), 400, "invalid_request")
    query = f"{CONNECT}introspect?client_id={use.client.id}&client_secret={use.client.secret}"
    refused(served.http.post(query, data=form), 400, "invalid_request")
    header = basic(use.client.id, use.client.secret or "")
    assert served.http.post(CONNECT + "introspect", data=form, headers=header).json()["active"]


@pytest.mark.requirement("R-27", "R-76")
def test_an_access_token_is_revoked_alone(served: Served) -> None:
    use = Use(served)
    newer = refreshed(served, use.client, use.refresh).json()
    for _ in range(2):
        answer = ask(served, use.client, "revocation", token=use.access)
        assert (answer.status_code, answer.content) == (200, b"")
        assert "content-type" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"
    challenged(userinfo(served, use.access), 401, "invalid_token")
    assert rest(served, served.first, use.access).status_code == 401
    assert not is_active(served, use.client, use.access)
    assert userinfo(served, newer["access_token"]).status_code == 200
    assert refreshed(served, use.client, newer["refresh_token"]).status_code == 200
    noted = [link.event for link in journal(served, use.person.id)]
    assert [e.actor.id for e in noted if e.action == "token.revoked"] == [use.client.id]


@pytest.mark.requirement("R-17", "R-27", "R-76")
def test_with_a_refresh_token_the_whole_grant_ends(served: Served) -> None:
    use, other = Use(served), Use(served)
    newer = refreshed(served, use.client, use.refresh).json()
    assert ask(served, use.client, "revocation", token=use.refresh).status_code == 200
    for tokens in (use.tokens, newer):
        assert userinfo(served, tokens["access_token"]).status_code == 401
        assert not is_active(served, use.client, tokens["refresh_token"])
        refused(refreshed(served, use.client, tokens["refresh_token"]), 400, "invalid_grant")
    assert userinfo(served, other.access).status_code == 200


@pytest.mark.requirement("R-20", "R-28", "R-63")
def test_what_is_not_the_clients_is_not_revoked(served: Served) -> None:
    """It is answered as if it had been, as for a token that nobody knows (RFC 7009, 2.2)."""
    use = Use(served)
    strangers = [
        new_application(served, served.first),
        new_application(served, served.first, "AuthorizationCodeClients"),
        new_application(served, served.second),
    ]
    for client in strangers:
        for shown in (use.access, use.refresh):
            answer = ask(served, client, "revocation", token=shown)
            assert (answer.status_code, answer.content) == (200, b"")
    for shown in ("unknown", "x" * 9_000, use.access + "x", use.tokens["id_token"], "\u00fc"):
        assert ask(served, use.client, "revocation", token=shown).status_code == 200
    assert userinfo(served, use.access).status_code == 200
    assert is_active(served, use.client, use.refresh)
    refused(ask(served, use.client, "revocation"), 400, "invalid_request")
    wrong = ask(served, use.client, "revocation", token=use.access, client_secret="wrong")
    refused(wrong, 401, "invalid_client")


def test_a_public_client_revokes_its_own(served: Served) -> None:
    person = new_person(served, served.first)
    client = new_application(
        served, served.first, "AuthorizationCodeClients", AllowOfflineAccess=True
    )
    tokens = signed_in_tokens(served, client, person, scope=ALL_SCOPES)
    assert ask(served, client, "revocation", token=tokens["refresh_token"]).status_code == 200
    assert userinfo(served, tokens["access_token"]).status_code == 401
    refused(refreshed(served, client, tokens["refresh_token"]), 400, "invalid_grant")


@pytest.mark.requirement("R-28", "R-79")
@pytest.mark.parametrize("door", ["reading", "reading_all", "writing"])
def test_while_the_store_is_away_nothing_is_said_to_be_done(
    served: Served, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use = Use(served)

    def away(*_: object) -> None:
        raise StoreUnavailable("away")

    with monkeypatch.context() as broken:
        for broken_one in (door, "redemptions", "client_facts", "person_facts"):
            broken.setattr(served.house.store, broken_one, away)
        # what is kept of clients ends its use within a second of losing the store
        broken.setattr(served.house.store.epochs, "of", lambda _tenant_id: None)
        answers = [
            ask(served, use.client, "revocation", token=t) for t in (use.access, use.refresh)
        ]
        if door != "writing":
            answers.append(ask(served, use.client, "introspect", token=use.access))
        answers.append(refreshed(served, use.client, use.refresh))
        if door == "reading":
            answers += [userinfo(served, use.access), rest(served, served.first, use.access)]
    assert {answer.status_code for answer in answers} == {503}
    assert {answer.headers["retry-after"] for answer in answers} == {"1"}
    assert userinfo(served, use.access).status_code == 200
    assert refreshed(served, use.client, use.refresh).status_code == 200
