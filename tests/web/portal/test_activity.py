"""Activity: what happened, told to administrators, and refusals mended with a click."""

import re
from datetime import timedelta
from html import unescape
from typing import Any, cast
from urllib.parse import quote

import httpx
import pytest

from gatepost.model.client_kinds import BY_COLLECTION
from gatepost.model.events import ANONYMOUS, OPERATOR, Action, Event, Origin
from gatepost.services import clients
from gatepost.services.tenants import operator_act
from gatepost.web.portal import activity_pages, client_details
from tests.flows import CALLBACK, SIGNED_OUT, Application, new_application, new_person
from tests.served import Tenant
from tests.web.indoors import set_enabled
from tests.web.portal.desk import Office, Worker, make_administrator, office

ACTIVITY = "/portal/activity"
SUPPORT = "5b2a9a0e-6f0c-4c39-9d43-6a3f0a0f5d11"
SENT = CALLBACK + "2"
HOSTILE = [
    "https://a.example/<script>alert(1)</script>",
    "https://a.example/{{7*7}}{% raw %}",
    "https://a.example/\"><img src=x onerror='alert(1)'>",
    "https://a.example/\u202egnihton\u2066",
    "javascript:alert(1)",
    "https://a.example/" + "a" * 10_000,
]


@pytest.fixture
def portal() -> Office:
    return office()


@pytest.fixture
def worker(portal: Office) -> Worker:
    return portal.administrator()


@pytest.fixture(autouse=True)
def _has_tab(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Details pane with the tab, wherever it stands among the others."""
    tab = client_details.Tab(activity_pages.tab, for_administrators=True)
    monkeypatch.setitem(cast("dict[str, Any]", client_details.TABS), "activity", tab)


@pytest.fixture
def client(worker: Worker) -> Application:
    return new_application(worker.inside.served, worker.tenant)


@pytest.mark.requirement("R-76")
def test_a_refused_sign_in_is_opened_out_and_mended(worker: Worker, client: Application) -> None:
    refuse(worker, client, SENT)
    page = worker.get(ACTIVITY)
    assert page.status_code == 200
    event = newest_event(page)
    for text in (
        "A sign-in for <a ",
        "not registered",
        f"{CALLBACK}<mark>2</mark>",
        f'{CALLBACK}<mark><span class="end-of-text">',
        "Support id",
        "Add this redirect URL",
    ):
        assert text in event, text
    mend = mend_in(page)
    asked = worker.get(mend)
    assert asked.status_code == 200
    for text in (
        "Only add an address that you know",
        f"<code>{SENT}</code>",
        f"{CALLBACK}<mark>2</mark>",
        "<strong><code>https://app.example.com</code></strong>",
    ):
        assert text in asked.text, text
    done = worker.post(mend)
    assert done.status_code == 303
    assert settings(worker, client).redirect_uris == (CALLBACK, SENT)
    told = worker.get(done.headers["location"])
    assert told.status_code == 200
    assert 'role="status"' in told.text
    assert SENT in told.text
    assert "Mended" in events(worker.get(ACTIVITY))[1]


def test_the_application_can_sign_in_after_the_mend(worker: Worker, client: Application) -> None:
    refuse(worker, client, SENT)
    worker.post(mend_in(worker.get(ACTIVITY)))
    landing = worker.inside.visitor().authorize(client, redirect_uri=SENT)
    assert 'id="password"' in landing.response.text


def test_what_was_mended_already_is_told_and_done_once(worker: Worker, client: Application) -> None:
    refuse(worker, client, SENT)
    mend = mend_in(worker.get(ACTIVITY))
    page = worker.get(mend)
    for _ in range(2):
        assert worker.submit(page, mend).status_code == 303
    assert settings(worker, client).redirect_uris == (CALLBACK, SENT)
    again = worker.get(mend)
    assert "Mended already" in again.text
    assert f'action="{mend}"' not in again.text


def test_a_sign_out_that_leads_nowhere_is_mended(worker: Worker, client: Application) -> None:
    sent = SIGNED_OUT + "/"
    address = f"client_id={client.id}&post_logout_redirect_uri={quote(sent, safe='')}"
    worker.inside.visitor().get(f"/identity/connect/endsession?{address}")
    event = newest_event(worker.get(ACTIVITY))
    assert "A sign-out could not lead back to" in event
    assert f"{SIGNED_OUT}<mark>/</mark>" in event
    assert worker.post(mend_in(worker.get(ACTIVITY))).status_code == 303
    assert settings(worker, client).post_logout_redirect_uris == (SIGNED_OUT, sent)


def test_a_disabled_client_is_enabled(worker: Worker, client: Application) -> None:
    change(worker, client, enabled=False)
    refuse(worker, client, CALLBACK)
    mend = mend_in(worker.get(ACTIVITY))
    assert "Enable Boiler house?" in worker.get(mend).text
    worker.post(mend)
    assert settings(worker, client).enabled


def test_a_full_list_cannot_be_mended(worker: Worker, client: Application) -> None:
    refuse(worker, client, SENT)
    mend = mend_in(worker.get(ACTIVITY))
    page = worker.get(mend)
    change(worker, client, redirect_uris=tuple(f"{CALLBACK}/{n}" for n in range(10)))
    refused = worker.submit(page, mend)
    assert refused.status_code == 400
    assert "which is the most" in refused.text
    assert 'role="alert"' in refused.text


@pytest.mark.parametrize(
    ("reason", "words", "leads"),
    [
        ("token_via_browser_not_allowed", "Be careful", "/edit"),
        ("wrong_secret", "a secret that this client does not have", "/secrets/add"),
    ],
)
def test_other_refusals_lead_to_where_they_are_mended(
    worker: Worker, client: Application, reason: str, words: str, leads: str
) -> None:
    if reason == "wrong_secret":
        worker.inside.visitor().http.post(
            "/identity/connect/token",
            data={"grant_type": "x", "client_id": client.id, "client_secret": "wrong"},
        )
    else:
        landing = worker.inside.visitor().authorize(client, response_type="code token")
        assert landing.answer["error"] == "unauthorized_client"
    event = newest_event(worker.get(ACTIVITY))
    assert words in event
    assert f'href="/portal/security/clients/{client.id}{leads}"' in event
    assert "/mend" not in event


@pytest.mark.requirement("R-04", "R-54")
@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ("https://*.example.com/cb", "wildcard"),
        ("http://app.example.com/cb", "http on a host that is not this machine"),
        ("javascript:alert(1)", "scheme javascript"),
    ],
)
def test_an_address_that_can_never_be_registered_has_no_button(
    worker: Worker, client: Application, sent: str, why: str
) -> None:
    refuse(worker, client, sent)
    page = worker.get(ACTIVITY)
    assert why in newest_event(page)
    assert "/mend" not in newest_event(page)
    mend = f"{ACTIVITY}/{newest_seq(page)}/mend"
    shown = worker.get(mend)
    assert shown.status_code == 200
    assert why in shown.text
    assert f'action="{mend}"' not in shown.text
    assert worker.send(mend, proof=proof_of(worker, mend)).status_code == 400
    assert settings(worker, client).redirect_uris == (CALLBACK,)


@pytest.mark.requirement("R-55", "R-69")
@pytest.mark.parametrize("sent", HOSTILE, ids=lambda text: ascii(text[18:40]))
@pytest.mark.parametrize("way", ["sign in", "sign out"])
def test_what_anybody_sent_is_shown_safely(
    worker: Worker, client: Application, sent: str, way: str
) -> None:
    if way == "sign in":
        refuse(worker, client, sent)
    else:
        address = f"client_id={client.id}&post_logout_redirect_uri={quote(sent[:8_000], safe='')}"
        worker.inside.visitor().get(f"/identity/connect/endsession?{address}")
    page = worker.get(ACTIVITY)
    mend = worker.get(f"{ACTIVITY}/{newest_seq(page)}/mend")
    tab = worker.get(tab_of(client))
    for shown in (newest_event(page), mend.text, tab.text):
        assert "<script>alert" not in shown
        assert "<img" not in shown
        assert "49" not in re.findall(r"<code>(.*?)</code>", shown)
        assert not set(shown) & set("\u202e\u2066")
        assert 'href="javascript' not in shown
    assert len(newest_event(page)) < 6_000
    assert len(mend.text) < 30_000


@pytest.mark.requirement("R-55")
def test_names_of_clients_and_people_are_escaped(portal: Office) -> None:
    served = portal.inside.served
    name = "<script>alert(1)</script>{{7*7}}"
    person = new_person(served, served.first, ContactGivenName=name)
    worker = portal.administrator()
    client = new_application(served, served.first, Name=name)
    refuse(worker, client, SENT)
    make_administrator(portal.inside, served.first, person)
    page = worker.get(ACTIVITY)
    assert page.text.count("&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}") >= 3
    assert "<script>alert" not in page.text
    assert "<script>alert" not in worker.get(mend_in(page)).text


@pytest.mark.requirement("R-64")
def test_members_see_no_activity(portal: Office, worker: Worker, client: Application) -> None:
    refuse(worker, client, SENT)
    mend = mend_in(worker.get(ACTIVITY))
    member = portal.member()
    for path in (ACTIVITY, mend):
        shown = member.get(path)
        assert shown.status_code == 403
        assert SENT not in shown.text
    assert member.send(mend, proof="x").status_code == 403
    assert SENT not in member.get(tab_of(client)).text
    assert settings(worker, client).redirect_uris == (CALLBACK,)


@pytest.mark.requirement("R-83")
def test_another_tenants_events_are_not_found(
    portal: Office, worker: Worker, client: Application
) -> None:
    for _ in range(15):
        refuse(worker, client, SENT)
    page = worker.get(ACTIVITY)
    mend, support = mend_in(page), support_in(page)
    other = portal.administrator(portal.inside.served.second)
    assert other.get(mend).status_code == 404
    assert other.send(mend, proof=proof_of(other, mend)).status_code == 404
    for address in (f"?support={support}", f"?about={client.id}"):
        found = other.get(ACTIVITY + address)
        assert found.status_code == 200
        assert SENT not in found.text
        assert "Boiler house" not in found.text
    assert settings(worker, client).redirect_uris == (CALLBACK,)


@pytest.mark.requirement("R-54")
def test_a_mend_needs_the_proof_of_its_own_form(worker: Worker, client: Application) -> None:
    refuse(worker, client, SENT)
    first = mend_in(worker.get(ACTIVITY))
    refuse(worker, client, SENT + "3")
    second = mend_in(worker.get(ACTIVITY))
    for proof in ("", "x", proof_of(worker, second), proof_of(worker, "/portal/signout")):
        assert worker.send(first, proof=proof).status_code == 403
    assert settings(worker, client).redirect_uris == (CALLBACK,)


@pytest.mark.parametrize("seq", ["0", "-1", "1", "999", "x", "1e3", "٣", "9" * 18, "9" * 30, "%00"])
def test_what_is_no_refusal_cannot_be_mended(worker: Worker, seq: str) -> None:
    path = f"{ACTIVITY}/{seq}/mend"
    assert worker.visitor.http.get(path).status_code in (400, 404)
    assert worker.send(path, proof="x").status_code in (400, 403, 404)


@pytest.mark.requirement("R-77")
def test_a_support_id_leads_to_its_events(worker: Worker, client: Application) -> None:
    refuse(worker, client, SENT)
    refuse(worker, client, SENT + "3")
    support = support_in(worker.get(ACTIVITY))
    for written in (support, support.upper(), f"%20{support}%20"):
        found = worker.get(f"{ACTIVITY}?support={written}")
        assert len(events(found)) == 1
        assert SENT + "<mark>3</mark>" in found.text or "<mark>2</mark>3" in found.text


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (SUPPORT, "Nothing of this organisation has this id"),
        ("abc", "This is not a support id"),
        ("<script>alert(1)</script>", "This is not a support id"),
        ("%E2%80%AE" * 50, "This is not a support id"),
        ("' or 1=1 --", "This is not a support id"),
    ],
)
def test_a_support_id_that_leads_nowhere_says_so(worker: Worker, written: str, said: str) -> None:
    found = worker.get(f"{ACTIVITY}?support={written}")
    assert found.status_code == 200
    assert said in found.text
    assert "<script>alert" not in found.text
    assert events(found) == []


def test_refusals_alone_can_be_shown(worker: Worker, client: Application) -> None:
    refuse(worker, client, SENT)
    found = worker.get(f"{ACTIVITY}?show=refusals")
    assert len(events(found)) == 1
    assert len(events(worker.get(ACTIVITY))) > 5


def test_without_refusals_the_page_says_so(worker: Worker) -> None:
    assert "Nothing was refused" in worker.get(f"{ACTIVITY}?show=refusals").text


def test_long_activity_goes_over_pages(worker: Worker, client: Application) -> None:
    for number in range(120):
        journal(worker, client, Action.CLIENT_CHANGED, after={"Name": f"Boiler {number}"})
    seen: list[int] = []
    address: str | None = f"{ACTIVITY}?about={client.id}"
    pages = 0
    while address:
        page = worker.get(address)
        seen += [int(seq) for seq in re.findall(r'id="event-(\d+)"', page.text)]
        assert len(events(page)) <= 50
        older = re.search(r'href="([^"]*)" rel="next"', page.text)
        address = unescape(older[1]) if older else None
        pages += 1
        assert ("Newest" in page.text) == (pages > 1)
    assert pages == 3
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 122


@pytest.mark.parametrize("before", ["x", "-1", "0", "9" * 30, "", "1.5", "<script>"])
def test_an_odd_place_to_go_on_from_is_the_beginning(worker: Worker, before: str) -> None:
    page = worker.get(f"{ACTIVITY}?before={before}&show=nothing&about=%E2%80%AE")
    assert page.status_code == 200
    assert len(events(page)) > 3


def test_events_are_grouped_by_the_day_in_the_zone_of_the_browser(
    worker: Worker, client: Application
) -> None:
    early = worker.inside.world.clock.now() - timedelta(hours=1)
    journal(worker, client, Action.CLIENT_CHANGED, at=early, after={"Name": "Early"})
    assert days(worker.get(f"{ACTIVITY}?about={client.id}")) == ["1 May 2026"]
    # Eleven in UTC is before midnight there, and twelve is midnight.
    worker.visitor.http.cookies.set("gatepost-zone", "Pacific/Auckland")
    page = worker.get(f"{ACTIVITY}?about={client.id}")
    assert days(page) == ["1 May 2026", "2 May 2026"]
    assert "1 May 2026, 23:00 Pacific/Auckland (UTC+12:00)" in page.text


def test_the_tab_shows_the_newest_of_a_client(worker: Worker, client: Application) -> None:
    refuse(worker, client, SENT)
    page = worker.get(tab_of(client))
    assert page.status_code == 200
    assert len(events(page)) == 3
    assert f"{CALLBACK}<mark>2</mark>" in page.text
    assert mend_in(page)
    assert "All activity of this client" not in page.text
    for number in range(30):
        journal(worker, client, Action.CLIENT_CHANGED, after={"Name": f"Boiler {number}"})
    page = worker.get(tab_of(client))
    assert len(events(page)) == 20
    assert f'href="{ACTIVITY}?about={client.id}"' in page.text


def test_a_removed_client_is_still_told_of(worker: Worker, client: Application) -> None:
    kind = BY_COLLECTION[client.kind]
    refuse(worker, client, SENT)
    act = operator_act(worker.tenant.id, SUPPORT)
    clients.remove(worker.inside.world, act, kind, client.id)
    page = worker.get(f"{ACTIVITY}?about={client.id}")
    assert page.status_code == 200
    assert "removed the client Boiler house" in text_of(events(page)[0])
    assert "/mend" not in page.text


def test_counted_refusals_are_told(worker: Worker, client: Application) -> None:
    journal(
        worker,
        client,
        Action.TOKEN_REFUSED,
        reason="wrong_secret",
        after={"NotWrittenBefore": 17},
    )
    assert "17 more like this" in newest_event(worker.get(ACTIVITY))


def test_an_administrator_who_was_switched_off_mends_nothing(
    worker: Worker, client: Application
) -> None:
    refuse(worker, client, SENT)
    mend = mend_in(worker.get(ACTIVITY))
    page = worker.get(mend)
    set_enabled(worker.inside.world, worker.tenant.id, worker.person.id, enabled=False)
    assert worker.submit(page, mend).status_code == 403
    assert settings(worker, client).redirect_uris == (CALLBACK,)


def refuse(worker: Worker, client: Application, redirect_uri: str) -> None:
    """Somebody begins a sign-in that is refused."""
    landing = worker.inside.visitor().authorize(client, redirect_uri=redirect_uri)
    assert landing.response.status_code == 400


def journal(worker: Worker, client: Application, action: Action, **members: Any) -> None:
    world = worker.inside.world
    reason = members.get("reason")
    event = Event(
        at=members.pop("at", world.clock.now()),
        action=action,
        actor=ANONYMOUS if reason else OPERATOR,
        origin=Origin(SUPPORT, ""),
        target=client.id,
        **members,
    )
    with world.store.writing(worker.tenant.id) as tenancy:
        tenancy.journal.append(event)


def change(worker: Worker, client: Application, **members: Any) -> None:
    act = operator_act(worker.tenant.id, SUPPORT)
    clients.change(worker.inside.world, act, BY_COLLECTION[client.kind], client.id, members)


def settings(worker: Worker, client: Application) -> Any:
    tenant: Tenant = client.tenant
    return clients.of_any_kind(worker.inside.world, tenant.id, client.id).settings


def proof_of(worker: Worker, path: str) -> str:
    """The proof that the session has for a form, whether or not a page shows it."""
    kept = worker.visitor.http.cookies["gatepost-portal"]
    purpose = f"mend {path.split('/')[3]}" if path.startswith(ACTIVITY) else "signout"
    return worker.inside.world.secrets.proof("portal form", kept.split(".")[0], purpose)


def tab_of(client: Application) -> str:
    return f"/portal/security/clients?type=hybrid&client={client.id}&tab=activity"


def events(page: httpx.Response) -> list[str]:
    return re.findall(
        r'<li class="event\b.*?(?=<li class="event\b|</ol>\s*</section>)', page.text, re.DOTALL
    )


def newest_event(page: httpx.Response) -> str:
    return events(page)[0]


def newest_seq(page: httpx.Response) -> str:
    found = re.search(r'id="event-(\d+)"', page.text)
    assert found
    return found[1]


def mend_in(page: httpx.Response) -> str:
    found = re.search(r'href="(/portal/activity/\d+/mend)"', page.text)
    assert found, page.text
    return found[1]


def support_in(page: httpx.Response) -> str:
    found = re.search(r"Support id <code>([0-9a-f-]{36})</code>", page.text)
    assert found
    return found[1]


def days(page: httpx.Response) -> list[str]:
    return re.findall(r'class="day-name">([^<]*)<', page.text)


def text_of(markup: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", "", markup)).split())
