"""Trying clients out from the portal: the browser's way, the steps on the page, the clean-up."""

import html
import re

import httpx
import pytest

from gatepost.model import client_kinds
from gatepost.model.portal import TRY_OUT_LIFETIME
from gatepost.protocol.id_tokens import PERSON_CLAIMS, TOKEN_CLAIMS
from gatepost.services import clients
from gatepost.services.tenants import operator_act
from gatepost.services.try_out_flows import CALLBACK_PATH
from gatepost.web.portal import try_views
from gatepost.web.portal.words import catalogue
from tests.flows import CALLBACK, Application, Landing, new_application
from tests.web.portal.desk import CLIENTS, Office, Worker, hidden_fields, office

KINDS = {kind.collection: kind for kind in client_kinds.CLIENT_KINDS}
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
    at = client.tenant.id
    with portal.inside.world.store.reading_all() as deployment:
        later = portal.inside.world.clock.now() + TRY_OUT_LIFETIME
        found = [one for where, one in deployment.overdue_try_outs(later, 10) if where == at]
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
