"""Signing in to the portal through our own identity server, and out again."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from gatepost.model.sign_ins import ABSOLUTE_LIMIT, IDLE_LIMIT
from gatepost.services import tenants
from gatepost.services.portal_client import client_id_of
from gatepost.services.portal_sessions import MOST_SESSIONS
from gatepost.services.tenants import Founding
from tests.flows import new_person
from tests.web.indoors import HTTPS, set_enabled
from tests.web.portal.desk import (
    CLIENTS,
    Office,
    Worker,
    alias_of,
    hidden_fields,
    office,
    signed_in,
)

SIGN_IN = "/identity/signin"
CHOOSE = "/portal/choose"
CALLBACK = "/portal/callback"


def test_the_first_page_is_the_list_of_clients(administrator: Worker) -> None:
    page = administrator.get("/portal/")
    assert page.url.path == CLIENTS
    assert page.status_code == 200


def test_with_several_tenants_the_organisation_is_asked(portal: Office) -> None:
    visitor = portal.inside.visitor()
    landing = visitor.get("/portal/")
    assert landing.path == CHOOSE
    wrong = visitor.submit(landing, "choose", alias="nobody at all")
    assert wrong.response.status_code == 400
    assert "No organisation has this alias." in wrong.response.text
    assert 'value="nobody at all"' in wrong.response.text


def test_the_page_that_was_asked_for_comes_after_the_sign_in(portal: Office) -> None:
    worker = portal.administrator()
    worker.inside.forward(hours=9)
    landing = worker.visitor.get(f"{CLIENTS}?type=hybrid&q=boiler+house")
    assert landing.path == SIGN_IN
    landing = worker.visitor.sign_in(landing, worker.person)
    assert str(landing.response.url).endswith(f"{CLIENTS}?type=hybrid&q=boiler+house")


@pytest.mark.requirement("R-54")
@pytest.mark.parametrize("whose", ["nobody's", "another browser's", "none", "a cookie alone"])
def test_the_choice_of_an_organisation_must_be_this_browsers(portal: Office, whose: str) -> None:
    visitor, other = portal.inside.visitor(), portal.inside.visitor()
    mine, theirs = visitor.get("/portal/").response, other.get("/portal/").response
    if whose == "none":
        visitor.http.cookies.clear()
    proofs = {
        "nobody's": "",
        "another browser's": hidden_fields(theirs, CHOOSE)["proof"],
        "none": hidden_fields(mine, CHOOSE)["proof"],
        "a cookie alone": "x" * 43,
    }
    fields = {"alias": alias_of(portal.inside, portal.inside.served.first)}
    refused = visitor.http.post(CHOOSE, data=fields | {"proof": proofs[whose]})
    assert refused.status_code == 403
    assert "Open the page again and choose once more." in refused.text
    assert "gatepost-portal-signin" not in refused.headers.get("set-cookie", "")
    proof = hidden_fields(visitor.get(CHOOSE).response, CHOOSE)["proof"]
    assert visitor.http.post(CHOOSE, data=fields | {"proof": proof}).status_code == 303


@pytest.mark.parametrize(
    "path", ["/portal//evil.example.com/x", "/portal/%0d%0aSet-Cookie:x", "/portal/%2e%2e/x"]
)
def test_an_odd_address_leads_to_the_first_page(portal: Office, path: str) -> None:
    worker = portal.administrator()
    worker.inside.forward(hours=9)
    landing = worker.visitor.sign_in(worker.visitor.get(path), worker.person)
    assert landing.path == CLIENTS


def test_the_portal_asks_with_pkce_and_state(portal: Office) -> None:
    worker = portal.administrator()
    worker.inside.forward(hours=9)
    away = worker.visitor.http.get(CLIENTS)
    asked = parse_qs(urlsplit(away.headers["location"]).query)
    assert asked["client_id"] == [client_id_of(worker.tenant.id)]
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["state"][0]) >= 40


@pytest.mark.requirement("R-39")
def test_an_answer_to_another_browser_is_refused(portal: Office) -> None:
    worker = portal.administrator()
    worker.inside.forward(hours=9)
    away = worker.visitor.http.get(CLIENTS)
    asked = parse_qs(urlsplit(away.headers["location"]).query)
    stranger = worker.inside.visitor()
    issuer = f"{worker.inside.served.url}/identity"
    query = {"code": "gpc_stolen", "state": asked["state"][0], "iss": issuer}
    answer = stranger.http.get(CALLBACK, params=query)
    assert answer.status_code == 400
    assert "You are not signed in" in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "changed",
    [{"state": "other"}, {"iss": "https://evil.example.com"}, {"iss": ""}, {"code": "gpc_other"}],
    ids=["state", "issuer", "no issuer", "code"],
)
def test_a_wrong_answer_opens_no_session(portal: Office, changed: dict[str, str]) -> None:
    worker = portal.administrator()
    http = worker.visitor.http
    http.cookies.delete("gatepost-portal")
    proof = hidden_fields(worker.get(CHOOSE), CHOOSE)["proof"]
    alias = alias_of(worker.inside, worker.tenant)
    landing = http.post(CHOOSE, data={"alias": alias, "proof": proof})
    back = http.get(http.get(landing.headers["location"]).headers["location"])
    query = dict(parse_qs(urlsplit(str(back.url)).query))
    sent = {name: values[0] for name, values in query.items()}
    answer = http.get(CALLBACK, params=sent | changed)
    assert answer.status_code in (303, 400)
    if answer.status_code == 303:
        pytest.fail("a session was opened")


def test_without_the_cookie_of_the_sign_in_it_says_so_and_does_not_loop(portal: Office) -> None:
    worker = portal.administrator()
    answer = worker.inside.visitor().http.get(CALLBACK, params={"code": "x", "state": "y"})
    assert answer.status_code == 400
    assert "keeps no cookies" in answer.text


@pytest.mark.requirement("R-53")
def test_the_cookies_are_ours_alone() -> None:
    worker = office(HTTPS).administrator()
    names = {cookie.name: cookie for cookie in worker.visitor.http.cookies.jar}
    cookie = names["__Host-portal"]
    assert cookie.secure
    assert cookie.path == "/"
    rest = {name.lower(): value for name, value in cookie._rest.items()}  # type: ignore[attr-defined]
    assert "httponly" in rest
    assert rest["samesite"] == "Lax"


@pytest.mark.requirement("R-50")
def test_the_store_has_only_a_digest_of_the_session(administrator: Worker) -> None:
    token = administrator.visitor.http.cookies["gatepost-portal"]
    kept = repr(administrator.inside.store._tables)
    assert len(token.partition("~")[2]) >= 40
    assert token.partition("~")[2] not in kept


@pytest.mark.requirement("R-51")
@pytest.mark.parametrize("later", [IDLE_LIMIT, ABSOLUTE_LIMIT])
def test_the_session_ends_with_the_sign_in(administrator: Worker, later: timedelta) -> None:
    administrator.inside.forward(seconds=later.total_seconds() + 1)
    assert administrator.visitor.get(CLIENTS).path == SIGN_IN


def test_whoever_works_on_is_not_idle(administrator: Worker) -> None:
    for _ in range(3):
        administrator.inside.forward(minutes=60)
        assert administrator.visitor.get(CLIENTS).path == CLIENTS


@pytest.mark.requirement("R-27")
def test_who_is_switched_off_is_out_at_once(administrator: Worker) -> None:
    inside, tenant = administrator.inside, administrator.tenant
    set_enabled(inside.world, tenant.id, administrator.person.id, enabled=False)
    assert administrator.visitor.get(CLIENTS).path == SIGN_IN


@pytest.mark.requirement("R-27")
def test_ending_the_sign_in_elsewhere_ends_the_session(portal: Office) -> None:
    worker = portal.administrator()
    url = f"{worker.inside.served.api(worker.tenant)}/Users/{worker.person.id}/SignIns"
    headers = worker.inside.served.admin(worker.tenant)
    assert worker.inside.served.http.delete(url, headers=headers).status_code == 204
    assert worker.visitor.get(CLIENTS).path == SIGN_IN


@pytest.mark.requirement("R-50")
def test_signing_out_ends_portal_and_identity_server(administrator: Worker) -> None:
    before = administrator.visitor.http.cookies["gatepost-portal"]
    page = administrator.post("/portal/signout", on=CLIENTS)
    landing = administrator.visitor.get(page.headers["location"])
    assert landing.path == "/portal/signed-out"
    assert "You are signed out" in landing.response.text
    administrator.visitor.http.cookies.set("gatepost-portal", before, path="/")
    assert administrator.visitor.get(CLIENTS).path == SIGN_IN


def test_signing_out_everywhere_ends_other_browsers_too(portal: Office) -> None:
    worker = portal.administrator()
    other = signed_in(worker.inside, worker.tenant, worker.person)
    worker.post("/portal/signout", on=CLIENTS, everywhere="true")
    assert other.get(CLIENTS).path == SIGN_IN


def test_signing_out_here_leaves_other_browsers(portal: Office) -> None:
    worker = portal.administrator()
    other = signed_in(worker.inside, worker.tenant, worker.person)
    worker.post("/portal/signout", on=CLIENTS)
    assert other.get(CLIENTS).path == CLIENTS


def test_one_browser_may_work_in_two_organisations(portal: Office) -> None:
    worker = portal.administrator()
    second = worker.inside.served.second
    person = new_person(worker.inside.served, second, ContactGivenName="Robin")
    landing = worker.visitor.get(CHOOSE)
    assert "Go on in" in landing.response.text
    landing = worker.visitor.submit(landing, "choose", alias=alias_of(worker.inside, second))
    landing = worker.visitor.sign_in(landing, person)
    assert "Robin Lee" in landing.response.text
    proof = hidden_fields(worker.get(CHOOSE), CHOOSE)["proof"]
    chosen = {"tenant": worker.tenant.id, "proof": proof}
    back = worker.visitor.http.post(CHOOSE, data=chosen)
    assert back.status_code == 303
    assert "Kim Lee" in worker.get(CLIENTS).text


def test_a_cookie_with_many_sessions_is_read_up_to_a_bound(portal: Office) -> None:
    worker = portal.administrator()
    token = worker.visitor.http.cookies["gatepost-portal"]
    worker.visitor.http.cookies.set("gatepost-portal", ".".join([token] * 50), path="/")
    page = worker.get(CHOOSE)
    assert page.text.count('name="tenant"') <= MOST_SESSIONS


@pytest.mark.requirement("R-38")
def test_the_portal_asks_for_no_consent(portal: Office) -> None:
    worker = portal.administrator()
    with worker.inside.world.store.reading(worker.tenant.id) as tenancy:
        assert tenancy.sign_ins.consents_of(worker.person.id) == ()


@pytest.mark.requirement("R-83")
def test_nobody_can_take_the_id_of_a_portal(portal: Office) -> None:
    served = portal.inside.served
    made = served.http.post(
        f"{served.api(served.first)}/HybridClients",
        json={"Name": "Mine", "Id": client_id_of(served.second.id).upper()},
        headers=served.admin(served.first),
    )
    assert made.status_code == 400
    assert "begins as the ids of portals do" in made.json()["Reason"]


@pytest.mark.parametrize("collection", ["HybridClients", "AuthorizationCodeClients"])
def test_the_portal_stands_in_no_list_of_rest(portal: Office, collection: str) -> None:
    served = portal.inside.served
    headers = served.admin(served.first)
    listed = served.http.get(f"{served.api(served.first)}/{collection}", headers=headers)
    assert listed.json() == []
    one = f"{served.api(served.first)}/{collection}/{client_id_of(served.first.id)}"
    assert served.http.get(one, headers=headers).status_code == 404
    assert served.http.delete(one, headers=headers).status_code == 404


def test_two_tenants_of_one_name_can_be_told_apart(portal: Office) -> None:
    world = portal.inside.world
    found = [tenants.found(world, Founding(tenant_name="Twin")).tenant for _ in range(3)]
    assert [tenant.alias for tenant in found] == ["Twin", "Twin-2", "Twin-3"]
    assert [tenants.chosen(world, tenant.alias) for tenant in found] == [t.id for t in found]


def test_an_organisation_may_be_named_by_its_id(portal: Office) -> None:
    world, tenant = portal.inside.world, portal.inside.served.first
    assert tenants.chosen(world, tenant.id.upper()) == tenant.id
    assert tenants.chosen(world, "") is None
    assert tenants.chosen(world, "nobody") is None
