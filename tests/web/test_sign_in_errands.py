"""What a browser was sent here for is its own: no other browser, tenant or time can use it."""

from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.flows import Landing, Visitor, form_of, new_application, new_person
from tests.served import Served
from tests.web.forms import FORMS, Stage, hidden_of
from tests.web.indoors import indoors

PAGES = ("resume", "signin", "code", "enrol", "password", "choose", "consent", "device/confirm")
OTHER_BROWSER = "This page belongs to another browser"
OVER = "This sign-in is over"
EVIL = "https://attacker.example"


def errand_of(landing: Landing) -> str:
    """The id of the errand that a page is part of."""
    return str(landing.response.url.params["request"])


def shows(landing: Landing, heading: str) -> bool:
    """Whether the browser stands on an error page of ours with this heading, and has no code."""
    right = landing.is_page and landing.response.status_code == 400
    return right and f"<h1>{heading}</h1>" in landing.response.text and "gpc_" not in repr(landing)


@pytest.mark.requirement("R-39")
def test_an_errand_is_of_the_browser_that_began_it(served: Served) -> None:
    """Dex in 2022: the attacker begins, the victim signs in, the attacker comes for the code."""
    tenant = served.new_tenant()
    client, person = new_application(served, tenant), new_person(served, tenant)
    attacker, victim = Visitor(served), Visitor(served)
    errand = errand_of(attacker.authorize(client))
    assert victim.through(victim.authorize(client), person).answer["code"]
    for visitor in (victim, Visitor(served)):
        for page in PAGES:
            assert shows(visitor.get(f"/identity/{page}?request={errand}"), OTHER_BROWSER)
    assert attacker.get(f"/identity/resume?request={errand}").path == "/identity/signin"


@pytest.mark.requirement("R-39")
def test_an_errand_that_waits_for_its_end_waits_in_its_own_browser(served: Served) -> None:
    """Signed in and allowed, and only to be fetched: by nobody else."""
    tenant = served.new_tenant()
    client, person = new_application(served, tenant), new_person(served, tenant)
    victim, attacker = Visitor(served), Visitor(served)
    question = victim.sign_in(victim.authorize(client), person)
    action, fields = form_of(question.response.text, "allow")
    assert attacker.through(attacker.authorize(client), new_person(served, tenant)).answer["code"]
    allowed = victim.http.post(action, data=fields)
    assert allowed.headers["location"] == f"/identity/resume?request={errand_of(question)}"
    assert shows(attacker.get(allowed.headers["location"]), OTHER_BROWSER)
    assert victim.get(allowed.headers["location"]).answer["code"]


@pytest.mark.requirement("R-39")
def test_an_errand_is_finished_once(served: Served) -> None:
    tenant = served.new_tenant()
    client, person = new_application(served, tenant), new_person(served, tenant)
    visitor = Visitor(served)
    page = visitor.authorize(client)
    question = visitor.sign_in(page, person)
    assert visitor.submit(question, "allow").answer["code"]
    for name in PAGES:
        assert shows(visitor.get(f"/identity/{name}?request={errand_of(page)}"), OVER)
    assert shows(visitor.submit(question, "allow"), OVER)
    assert shows(visitor.submit(question, "deny"), OVER)
    assert shows(visitor.sign_in(page, person), OVER)


@pytest.mark.requirement("R-39")
def test_two_tabs_finish_their_own_errands(served: Served) -> None:
    tenant = served.new_tenant()
    client, person = new_application(served, tenant), new_person(served, tenant)
    visitor = Visitor(served)
    first, second = (visitor.authorize(client, state=state) for state in ("first", "second"))
    assert visitor.through(second, person).answer["state"] == "second"
    landing = visitor.through(visitor.sign_in(first, person), person)
    assert landing.answer["state"] == "first"
    assert landing.answer["code"]


@pytest.mark.requirement("R-37", "R-39")
def test_an_account_that_was_chosen_is_the_one_that_goes_on() -> None:
    stage = Stage(indoors())
    choice = stage.errand(prompt="select_account")
    assert choice.path == "/identity/choose"
    fields = hidden_of(choice, "/identity/choose") | {"choice": "same"}
    chosen = stage.visitor.http.post("/identity/choose", data=fields)
    other = new_person(stage.served, stage.tenant)
    page = stage.visitor.authorize(stage.client, prompt="login")
    assert stage.visitor.through(page, other).answer["code"]
    again = stage.visitor.get(chosen.headers["location"])
    assert again.path == "/identity/choose"
    assert other.email in again.response.text
    fields = hidden_of(again, "/identity/choose") | {"choice": "other"}
    page = stage.visitor._settle(stage.visitor.http.post("/identity/choose", data=fields))
    assert page.path == "/identity/signin"
    assert stage.visitor.sign_in(page, stage.person).answer["code"]


@pytest.mark.requirement("R-39")
def test_an_errand_ends_after_half_an_hour() -> None:
    stage = Stage(indoors())
    page = stage.errand(prompt="login")
    stage.house.forward(minutes=29, seconds=59)
    assert stage.visitor.get(f"/identity/signin?request={errand_of(page)}").path == page.path
    stage.house.forward(seconds=1)
    for name in PAGES:
        assert shows(stage.visitor.get(f"/identity/{name}?request={errand_of(page)}"), OVER)
    assert shows(stage.visitor.sign_in(page, stage.person), OVER)


@pytest.mark.requirement("R-39", "R-63")
def test_an_errand_is_of_its_tenant(served: Served) -> None:
    tenant = served.new_tenant()
    client, person = new_application(served, tenant), new_person(served, tenant)
    visitor = Visitor(served)
    page = visitor.authorize(client)
    own, _, pending_id = errand_of(page).partition(".")
    assert own == tenant.id
    for other in (served.second.id, "00000000-0000-0000-0000-000000000000", tenant.id.upper()):
        moved = f"{other}.{pending_id}"
        assert shows(visitor.get(f"/identity/resume?request={moved}"), OVER)
        assert visitor.submit(page, request=moved).response.status_code == 403
    stranger = new_person(served, served.second)
    assert visitor.sign_in(page, stranger).response.status_code == 401
    assert visitor.sign_in(page, person).path == "/identity/consent"


@pytest.mark.requirement("R-27", "R-39")
@pytest.mark.parametrize("how", ["switched off", "removed"])
def test_an_errand_for_an_application_that_may_not_any_more_gives_nothing(
    served: Served, how: str
) -> None:
    tenant = served.new_tenant()
    client, person = new_application(served, tenant), new_person(served, tenant)
    visitor = Visitor(served)
    question = visitor.sign_in(visitor.authorize(client), person)
    address = f"{served.api(tenant)}/HybridClients/{client.id}"
    headers = served.admin(tenant)
    if how == "removed":
        assert served.http.delete(address, headers=headers).status_code == 204
        expected = OVER
    else:
        body = {"Name": "Boiler house", "Enabled": False}
        assert served.http.put(address, json=body, headers=headers).status_code == 200
        expected = "This application is switched off"
    assert shows(visitor.submit(question, "allow"), expected)
    assert shows(visitor.submit(question, "deny"), expected)


@pytest.mark.requirement("R-39", "R-72")
@settings(max_examples=150, deadline=None)
@given(
    text=st.text(max_size=250) | st.from_regex(r"[a-f0-9-]{0,40}\.[A-Za-z0-9_-]{0,50}"),
    page=st.sampled_from(PAGES),
)
def test_a_name_of_no_errand_is_one_that_is_over(text: str, page: str) -> None:
    answer = _HOUSE.visitor().http.get(f"/identity/{page}", params={"request": text})
    assert answer.status_code == 400
    assert not answer.is_redirect


@pytest.mark.requirement("R-03", "R-06")
@pytest.mark.parametrize("path", sorted(FORMS))
def test_no_form_sends_a_browser_elsewhere(path: str) -> None:
    """Where to go on is an errand's id; nothing that is sent along can be an address."""
    stage = Stage(indoors())
    named = ("redirect_uri", "returnUrl", "return_url", "next", "url", "target", "RelayState")
    extra = dict.fromkeys((*named, "post_logout_redirect_uri"), EVIL)
    query = "?" + "&".join(f"{name}={EVIL}" for name in named)
    fields = FORMS[path](stage)
    answer = stage.visitor.http.post(path + query, data=extra | fields)
    assert _stays(answer), answer.headers
    for _ in range(3):
        if answer.is_redirect and answer.headers["location"].startswith("/"):
            answer = stage.visitor.http.get(answer.headers["location"])
            assert _stays(answer), answer.headers


def _stays(answer: httpx.Response) -> bool:
    """A redirect is a 303 to a page of ours, or an answer at the registered address."""
    if not answer.is_redirect:
        return EVIL not in answer.headers.get("content-security-policy", "")
    target = urlsplit(answer.headers["location"])
    ours = not target.netloc and target.path.startswith("/identity/")
    return answer.status_code == 303 and (ours or target.netloc == "app.example.com")


_HOUSE = indoors()
