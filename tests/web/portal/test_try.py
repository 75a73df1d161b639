"""Trying clients out from the portal: the browser's way, the steps on the page, the clean-up."""

import html
import re

import httpx
import pytest

from gatepost.model import client_kinds
from gatepost.model.events import Action
from gatepost.model.sign_ins import Consent
from gatepost.protocol.id_tokens import PERSON_CLAIMS, TOKEN_CLAIMS
from gatepost.protocol.parameters import OAuthError
from gatepost.services import clients, try_out_flows
from gatepost.services.tenants import operator_act
from gatepost.services.token_use import TokenUse
from gatepost.services.try_out_flows import CALLBACK_PATH
from gatepost.web.portal import try_views
from gatepost.web.portal.words import catalogue
from tests.flows import CALLBACK, Application, Landing, new_application
from tests.web.portal.desk import CLIENTS, Office, Worker, hidden_fields, office

KINDS = {kind.collection: kind for kind in client_kinds.CLIENT_KINDS}
CONSENT = "/identity/consent"
WIDE = "openid ocsapi offline_access"
JWT = re.compile(r"eyJ[A-Za-z0-9_-]{20,}")


@pytest.fixture
def portal() -> Office:
    return office()


def path_of(client: Application) -> str:
    return f"{CLIENTS}/{client.id}/try"


def begin(worker: Worker, client: Application) -> Landing:
    """Press the button, and go where it leads, allowing what is asked."""
    path = path_of(client)
    return further(worker, worker.post(path))


def further(worker: Worker, response: httpx.Response) -> Landing:
    """Where the browser comes to rest, after consent and the form that posts itself."""
    landing = worker.visitor._settle(response)
    if 'id="allow"' in landing.response.text:
        landing = worker.visitor.submit(landing, "allow")
    if landing.mode == "form_post":
        assert landing.uri.endswith(CALLBACK_PATH)
        landing = worker.visitor._settle(worker.visitor.http.post(landing.uri, data=landing.answer))
    return landing


def press(worker: Worker, page: httpx.Response, what: str) -> httpx.Response:
    """Send the form of the page whose address ends so."""
    path = f"{page.url.path}/{what}"
    return worker.submit(page, path)


def titles(page: httpx.Response) -> list[tuple[str, str]]:
    """The steps on the page and how each went."""
    found = re.findall(
        r'<li class="step (\w+)".*?<p class="step-title">(.*?) <span', page.text, re.DOTALL
    )
    return [(html.unescape(title), state) for state, title in found]


def consent_of(worker: Worker, client: Application) -> Consent | None:
    """What the person lastingly allowed the client."""
    with worker.inside.world.store.reading(worker.tenant.id) as tenancy:
        return tenancy.sign_ins.consent(worker.person.id, client.id)


def families_of(worker: Worker, client: Application) -> list[bool]:
    """Of each grant to the client, whether it was revoked."""
    kept = worker.inside.store._tables.families.values()
    return [one.revoked_at is not None for one in kept if one.client_id == client.id]


def registered(portal: Office, client: Application) -> tuple[tuple[str, ...], int]:
    """The client's addresses, and how many secrets it has."""
    world = portal.inside.world
    kept = clients.of_any_kind(world, client.tenant.id, client.id)
    with world.store.reading(client.tenant.id) as tenancy:
        secrets = len(tenancy.clients.secrets(client.id))
    return getattr(kept.settings, "redirect_uris", ()), secrets


@pytest.mark.requirement("R-08", "R-11", "R-12", "R-13")
def test_a_hybrid_client_from_the_button_to_the_last_step(portal: Office) -> None:
    worker = portal.administrator()
    client = new_application(
        portal.inside.served, worker.tenant, AllowOfflineAccess=True, Name="Boiler"
    )
    asked = worker.get(path_of(client)).text
    assert f"http://localhost:8080{CALLBACK_PATH}" in asked
    landing = begin(worker, client)
    page = landing.response
    assert landing.path.startswith(f"{path_of(client)}/")
    assert titles(page) == [
        ("Ask for a sign-in", "done"),
        ("The answer comes back", "done"),
        ("Get tokens", "done"),
        ("Ask who the person is", "done"),
        ("Renew the tokens", "done"),
        ("Give the tokens back", "done"),
    ]
    assert "It works." in page.text
    assert worker.person.id in page.text
    for words in ("(state)", "(iss)", "(nonce)", "(c_hash)", "(s_hash)", "(at_hash)"):
        assert words in page.text
    assert "badge bad" not in page.text
    assert not JWT.search(page.text)
    assert not re.search(r"gps_[A-Za-z0-9_-]{5}|gpr_[A-Za-z0-9_-]{5}", page.text)
    assert page.headers["cache-control"] == "no-store"
    assert registered(portal, client) == ((CALLBACK,), 1)


@pytest.mark.requirement("R-38")
@pytest.mark.parametrize("rule", ["remember", "always"])
def test_a_yes_in_a_try_out_is_for_the_try_out_alone(rule: str) -> None:
    portal = office(consent=rule)
    worker = portal.administrator()
    client = new_application(portal.inside.served, worker.tenant, AllowOfflineAccess=True)
    for _ in range(2):
        landing = worker.visitor._settle(worker.post(path_of(client)))
        assert landing.path == CONSENT
        landing = worker.visitor.submit(landing, "allow")
        answered = worker.visitor.http.post(landing.uri, data=landing.answer)
        assert "It works." in worker.visitor._settle(answered).response.text
        assert consent_of(worker, client) is None
    for scope in ("openid", WIDE):
        silent = worker.visitor.authorize(client, scope=scope, prompt="none")
        assert silent.answer["error"] == "consent_required"
    assert worker.visitor.authorize(client).path == CONSENT


@pytest.mark.requirement("R-38")
def test_a_yes_to_the_application_is_no_wider_after_a_try_out(portal: Office) -> None:
    worker = portal.administrator()
    client = new_application(portal.inside.served, worker.tenant, AllowOfflineAccess=True)
    asked = worker.visitor.authorize(client, scope="openid")
    assert worker.visitor.submit(asked, "allow").answer["code"]
    before = consent_of(worker, client)
    assert before is not None
    assert before.scopes == ("openid",)
    assert "It works." in begin(worker, client).response.text
    assert consent_of(worker, client) == before
    assert worker.visitor.authorize(client, scope="openid", prompt="none").answer["code"]
    silent = worker.visitor.authorize(client, scope=WIDE, prompt="none")
    assert silent.answer["error"] == "consent_required"


def test_where_nobody_is_asked_a_try_out_does_not_ask() -> None:
    portal = office(consent="never")
    worker = portal.administrator()
    client = new_application(portal.inside.served, worker.tenant)
    landing = worker.visitor._settle(worker.post(path_of(client)))
    assert landing.mode == "form_post"
    assert landing.answer["code"]


@pytest.mark.requirement("R-28")
@pytest.mark.parametrize("offline", [True, False])
@pytest.mark.parametrize("kind", ["HybridClients", "AuthorizationCodeClients"])
def test_nothing_that_was_granted_outlives_a_try_out(
    portal: Office, kind: str, *, offline: bool
) -> None:
    worker = portal.administrator()
    client = new_application(portal.inside.served, worker.tenant, kind, AllowOfflineAccess=offline)
    assert "It works." in begin(worker, client).response.text
    assert families_of(worker, client) == [True]


@pytest.mark.requirement("R-28")
@pytest.mark.parametrize("offline", [True, False])
def test_tokens_are_given_back_where_something_in_them_is_wrong(
    portal: Office, monkeypatch: pytest.MonkeyPatch, *, offline: bool
) -> None:
    wrong = (("nonce", False),)
    monkeypatch.setattr(try_out_flows, "id_token_checks", lambda *_, **__: wrong)
    worker = portal.administrator()
    client = new_application(
        portal.inside.served,
        worker.tenant,
        "AuthorizationCodeClients",
        AllowOfflineAccess=offline,
    )
    page = begin(worker, client).response
    assert titles(page)[2:] == [("Get tokens", "failed"), ("Give the tokens back", "done")]
    assert "It works." not in page.text
    assert families_of(worker, client) == [True]


@pytest.mark.requirement("R-28")
def test_what_was_granted_ends_though_giving_back_fails(
    portal: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = OAuthError("invalid_client", "the secret was removed", "secret_removed")
    monkeypatch.setattr(TokenUse, "revoke", lambda *_: fault)
    worker = portal.administrator()
    client = new_application(portal.inside.served, worker.tenant, AllowOfflineAccess=True)
    page = begin(worker, client).response
    assert titles(page)[-1] == ("Give the tokens back", "failed")
    assert families_of(worker, client) == [True]
    with worker.inside.world.store.reading(worker.tenant.id) as tenancy:
        events = [link.event for link in tenancy.journal.entries(0, 1_000)]
    revoked = [one.actor.id for one in events if one.action is Action.GRANT_REVOKED]
    assert revoked == [worker.person.id]


@pytest.mark.requirement("R-13", "R-14")
def test_an_authorization_code_client(portal: Office) -> None:
    worker = portal.administrator()
    client = new_application(portal.inside.served, worker.tenant, "AuthorizationCodeClients")
    page = begin(worker, client).response
    assert [state for _, state in titles(page)] == ["done"] * 5
    assert "client_secret" not in page.text
    assert registered(portal, client) == ((CALLBACK,), 0)


def test_a_client_by_itself(portal: Office) -> None:
    worker = portal.administrator()
    client = new_application(portal.inside.served, worker.tenant, "ClientCredentialClients")
    page = begin(worker, client).response
    assert titles(page) == [("Get tokens", "done"), ("Read the organisation", "done")]
    assert "at+jwt" in page.text
    assert not JWT.search(page.text)
    assert registered(portal, client) == ((), 1)


def test_a_device_that_is_let_in(portal: Office) -> None:
    worker = portal.administrator()
    client = new_application(portal.inside.served, worker.tenant, "DeviceCodeClients")
    page = begin(worker, client).response
    code = re.search(r'id="user_code"[^>]*value="([A-Z]{4}-[A-Z]{4})"', page.text)
    assert code is not None
    page = worker.visitor._settle(press(worker, page, "check")).response
    assert titles(page)[-1] == ("The device asks for its tokens", "now")
    assert "authorization_pending" in page.text
    page = worker.visitor._settle(press(worker, page, "check")).response
    assert "slow_down" in page.text
    landing = worker.visitor.submit(worker.visitor.get("/identity/device"), user_code=code[1])
    worker.visitor.submit(landing, "allow")
    portal.inside.forward(seconds=11)
    page = worker.visitor._settle(press(worker, page, "check")).response
    assert [state for _, state in titles(page)] == ["done"] * 4
    assert "It works." in page.text
    assert "gpd_" not in page.text.replace(masked("gpd_", page.text), "")


def masked(start: str, text: str) -> str:
    """What is shown of a value: its beginning and three dots."""
    found = re.search(rf"{start}[A-Za-z0-9_-]{{0,4}}…", text)
    assert found is not None, text
    return found[0]


def test_what_is_refused_at_the_consent_page_is_explained(portal: Office) -> None:
    worker = portal.administrator()
    client = new_application(portal.inside.served, worker.tenant)
    landing = worker.visitor._settle(worker.post(path_of(client)))
    landing = worker.visitor.submit(landing, "deny")
    assert landing.mode == "form_post"
    answered = worker.visitor.http.post(landing.uri, data=landing.answer)
    page = worker.visitor._settle(answered).response
    assert titles(page)[-1] == ("The answer comes back", "failed")
    assert "access_denied" in page.text
    assert "Begin again and allow the application." in page.text
    assert registered(portal, client) == ((CALLBACK,), 1)


def test_a_sign_in_that_is_left_can_be_gone_on_with_or_finished(portal: Office) -> None:
    worker = portal.administrator()
    client = new_application(portal.inside.served, worker.tenant)
    worker.post(path_of(client))
    assert registered(portal, client) == ((CALLBACK, f"http://localhost:8080{CALLBACK_PATH}"), 2)
    with portal.inside.world.store.reading(client.tenant.id) as tenancy:
        found = tenancy.grants.try_outs_of(client.id)
    page = worker.get(f"{path_of(client)}/{found[0].id}")
    assert "Under way." in page.text
    go_on = re.search(r'href="([^"]*/identity/connect/authorize[^"]*)"', page.text)
    assert go_on is not None
    answer = press(worker, page, "finish")
    assert answer.headers["location"].endswith("tab=use&done=tried")
    assert registered(portal, client) == ((CALLBACK,), 1)
    over = worker.get(f"{path_of(client)}/{found[0].id}")
    assert "Ended before it was finished." in over.text
    late = further(worker, worker.visitor.http.get(html.unescape(go_on[1])))
    assert late.response.status_code == 400


def test_a_try_out_that_is_over_leads_back_to_the_beginning(portal: Office) -> None:
    worker = portal.administrator()
    client = new_application(portal.inside.served, worker.tenant, "ClientCredentialClients")
    landing = begin(worker, client)
    portal.inside.forward(minutes=11)
    page = worker.get(landing.path)
    assert page.url.path == path_of(client)
    assert "That try-out is over." in page.text
    assert worker.get(f"{path_of(client)}/no-such").url.path == path_of(client)


@pytest.mark.parametrize("state", ["", "no-such.state", "x" * 500])
def test_an_answer_to_nothing_is_refused(portal: Office, state: str) -> None:
    worker = portal.administrator()
    answer = {"code": "some-code", "state": state}
    by_address = worker.visitor.http.get(CALLBACK_PATH, params=answer)
    assert by_address.status_code == 400
    assert "belongs to no try-out" in by_address.text
    assert worker.send(CALLBACK_PATH, **answer).status_code == 400


@pytest.mark.requirement("R-54")
def test_another_site_cannot_send_an_answer(portal: Office) -> None:
    worker = portal.administrator()
    headers = {"Sec-Fetch-Site": "cross-site"}
    sent = worker.visitor.http.post(CALLBACK_PATH, data={"state": "a.b"}, headers=headers)
    assert sent.status_code == 403


@pytest.mark.requirement("R-54")
def test_it_begins_only_by_its_own_form(portal: Office) -> None:
    worker = portal.administrator()
    client = new_application(portal.inside.served, worker.tenant)
    other = new_application(portal.inside.served, worker.tenant)
    proof = hidden_fields(worker.get(path_of(other)), path_of(other))["proof"]
    for fields in ({"other": "x"}, {"proof": "made-up"}, {"proof": proof}):
        assert worker.send(path_of(client), **fields).status_code == 403
    assert registered(portal, client) == ((CALLBACK,), 1)


@pytest.mark.requirement("R-64")
def test_members_try_nothing(portal: Office) -> None:
    worker = portal.member()
    client = new_application(portal.inside.served, worker.tenant)
    assert worker.get(path_of(client)).status_code == 403
    assert worker.send(path_of(client)).status_code == 403
    assert worker.get(f"{path_of(client)}/some-id").status_code == 403
    assert worker.get(f"{CALLBACK_PATH}?state=a.b").status_code == 403
    for what in ("check", "finish"):
        assert worker.send(f"{path_of(client)}/some-id/{what}").status_code == 403


@pytest.mark.requirement("R-63")
def test_clients_of_another_tenant_and_the_portal_s_own_are_not_there(portal: Office) -> None:
    worker = portal.administrator()
    foreign = new_application(portal.inside.served, portal.inside.served.second)
    assert worker.get(path_of(foreign)).status_code == 404
    own = f"{CLIENTS}/gatepost-portal-{worker.tenant.id}/try"
    assert worker.get(own).status_code == 404


@pytest.mark.requirement("R-06")
@pytest.mark.parametrize("what", ["", "/check", "/finish"])
@pytest.mark.parametrize("id_", ["no-such", "%0d%0aSet-Cookie:x=y", "%2f%2fevil.example.com"])
def test_a_client_that_is_not_there_is_led_nowhere(portal: Office, what: str, id_: str) -> None:
    worker = portal.administrator()
    path = f"{CLIENTS}/{id_}/try/some-id{what}"
    answer = worker.send(path) if what else worker.visitor.http.get(path)
    assert answer.status_code == 404
    assert "location" not in answer.headers


@pytest.mark.requirement("R-06")
@pytest.mark.parametrize("what", ["", "/check", "/finish"])
@pytest.mark.parametrize("id_", ["no-such", "%0d%0aSet-Cookie:x=y", "..%2f..%2fsignout"])
def test_a_try_out_that_is_not_there_is_over(portal: Office, what: str, id_: str) -> None:
    worker = portal.administrator()
    client = new_application(portal.inside.served, worker.tenant)
    path = f"{path_of(client)}/{id_}{what}"
    answer = worker.send(path) if what else worker.visitor.http.get(path)
    assert answer.status_code == 303
    use = f"{CLIENTS}?type=hybrid&client={client.id}&tab=use&done=tried"
    over = f"{path_of(client)}?done=over"
    assert answer.headers["location"] == (use if what == "/finish" else over)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("what", ["", "/check", "/finish"])
def test_a_try_out_of_another_client_is_over(portal: Office, what: str) -> None:
    worker = portal.administrator()
    one, other = (
        new_application(portal.inside.served, worker.tenant, "DeviceCodeClients") for _ in "ab"
    )
    try_id = begin(worker, one).path.rpartition("/")[2]
    path = f"{path_of(other)}/{try_id}{what}"
    answer = worker.send(path) if what else worker.visitor.http.get(path)
    assert answer.headers["location"].startswith(CLIENTS)
    assert try_id not in answer.headers["location"]
    assert "Under way." in worker.get(f"{path_of(one)}/{try_id}").text


def test_an_id_in_capitals_leads_to_the_same_pages(portal: Office) -> None:
    worker = portal.administrator()
    client = new_application(portal.inside.served, worker.tenant, "ClientCredentialClients")
    proof = hidden_fields(worker.get(path_of(client)), path_of(client))["proof"]
    shouted = path_of(client).replace(client.id, client.id.upper())
    landing = worker.visitor._settle(worker.send(shouted, proof=proof))
    assert landing.path.startswith(f"{path_of(client)}/")
    again = landing.path.replace(path_of(client), shouted)
    assert "It works." in worker.get(again).text


@pytest.mark.requirement("R-39")
def test_the_steps_of_another_administrator_are_not_shown(portal: Office) -> None:
    first, second = portal.administrator(), portal.administrator()
    client = new_application(portal.inside.served, first.tenant, "ClientCredentialClients")
    landing = begin(first, client)
    assert second.get(landing.path).url.path == path_of(client)
    assert "It works." in first.get(landing.path).text


def test_a_full_client_is_told_beforehand(portal: Office) -> None:
    worker = portal.administrator()
    uris = [f"https://app.example.com/{number}" for number in range(10)]
    client = new_application(portal.inside.served, worker.tenant, RedirectUris=uris)
    page = worker.get(path_of(client))
    assert "ten redirect URLs" in page.text
    assert 'id="begin"' not in page.text
    answer = worker.post(path_of(client))
    assert answer.status_code == 400
    assert "ten redirect URLs" in answer.text
    assert registered(portal, client) == (tuple(uris), 1)


def test_a_disabled_client_is_told_beforehand(portal: Office) -> None:
    worker = portal.administrator()
    client = new_application(portal.inside.served, worker.tenant, Enabled=False)
    assert "Enable it, and then try it." in worker.get(path_of(client)).text


@pytest.mark.requirement("R-58")
def test_a_hostile_name_stays_text(portal: Office) -> None:
    worker = portal.administrator()
    name = "<script>alert(1)</script>{{7*7}}{name}"
    client = new_application(portal.inside.served, worker.tenant, Name=name)
    for page in (worker.get(path_of(client)), begin(worker, client).response):
        assert "<script>alert" not in page.text
        assert "{{7*7}}{name}" in page.text


def test_a_client_that_is_removed_meanwhile(portal: Office) -> None:
    worker = portal.administrator()
    client = new_application(portal.inside.served, worker.tenant)
    answer = worker.post(path_of(client))
    kind, act = KINDS[client.kind], operator_act(client.tenant.id, "test")
    clients.remove(portal.inside.world, act, kind, client.id)
    assert further(worker, answer).response.status_code == 400
    assert worker.get(path_of(client)).status_code == 404


def test_every_claim_and_error_has_words() -> None:
    known = catalogue("aveva")
    access = {"iss", "aud", "exp", "iat", "nbf", "jti", "client_id", "sub", "tid", "scope"}
    claims = {*TOKEN_CLAIMS, *PERSON_CLAIMS, *access}
    assert claims <= set(try_views.CLAIMS)
    for area, names in (
        ("claim", try_views.CLAIMS),
        ("header", try_views.HEADERS),
        ("error", try_views.ERRORS),
    ):
        words = {key.removeprefix(f"try.{area}.") for key in known if f"try.{area}." in key}
        assert words == {*names, "other"}
