"""The portal's door: who may use which page, forms of other sites, and forms that came too late."""

import re

import pytest

from gatepost.model.events import Action
from gatepost.web.portal.table import ROUTES
from gatepost.web.portal.visits import Allowed, Route
from tests.flows import new_application
from tests.web.portal.desk import CLIENTS, Office, Worker, hidden_fields

WRITING = [route for route in ROUTES if route.method == "POST"]
# What anybody who is signed in may do is about themselves.
OF_ONESELF = {"/signout"}


def filled(route: Route) -> str:
    return "/portal" + re.sub(r"\{[a-z_]+\}", "1", route.path)


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.mark.requirement("R-64")
def test_every_change_needs_an_administrator() -> None:
    others = {route.path for route in WRITING if route.allowed is not Allowed.ADMINISTRATOR}
    assert others == OF_ONESELF


@pytest.mark.requirement("R-64")
def test_secrets_and_the_journal_are_for_administrators() -> None:
    secret = [r for r in ROUTES if "secret" in r.path or "activity" in r.path or "/try" in r.path]
    assert len(secret) > 5
    assert {route.allowed for route in secret} == {Allowed.ADMINISTRATOR}


@pytest.mark.requirement("R-64")
def test_a_member_is_refused_every_page_of_administrators(portal: Office) -> None:
    worker = portal.member()
    kept = [route for route in ROUTES if route.allowed is Allowed.ADMINISTRATOR]
    for route in kept:
        if route.method == "POST":
            answer = worker.send(filled(route))
        else:
            answer = worker.visitor.http.get(filled(route))
        assert answer.status_code == 403, named(route)
        assert "Only an administrator may do this." in answer.text, named(route)


def test_a_member_sees_clients_and_whom_to_ask(portal: Office) -> None:
    portal.administrator()
    worker, served = portal.member(), portal.inside.served
    client = new_application(served, served.first, Name="Visible")
    page = worker.get(f"{CLIENTS}?type=hybrid&client={client.id}")
    assert page.status_code == 200
    assert "Visible" in page.text
    assert re.search(r"ask [^<]*admin@example\.com", page.text)
    for word in ("Add Client", "Edit Client", "Remove Client", "Disable Client", "Add Secret"):
        assert word not in page.text


@pytest.mark.requirement("R-76")
def test_a_refused_change_is_in_the_journal(portal: Office) -> None:
    worker = portal.member()
    worker.send(f"{CLIENTS}/add")
    with worker.inside.world.store.reading(worker.tenant.id) as tenancy:
        last = tenancy.journal.entries(0, 1000)[-1].event
    assert last.action is Action.ACCESS_REFUSED
    assert last.actor.id == worker.person.id


@pytest.mark.requirement("R-54")
@pytest.mark.parametrize("route", WRITING, ids=named)
def test_a_form_without_proof_changes_nothing(administrator: Worker, route: Route) -> None:
    before = len(events(administrator))
    answer = administrator.send(filled(route), proof="x", name="Mallory", op="save")
    # A try-out that is not there has nothing to prove for: its pages lead back.
    assert answer.status_code in ((303, 400, 404) if "/try/" in route.path else (403, 404))
    assert len(events(administrator)) == before


@pytest.mark.requirement("R-54")
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example.com"},
        {"Origin": "http://localhost:8081"},
    ],
    ids=["cross-site", "same-site", "origin", "port"],
)
def test_a_form_of_another_site_is_refused_even_with_its_proof(
    administrator: Worker, headers: dict[str, str]
) -> None:
    fields = hidden_fields(administrator.get(f"{CLIENTS}/add?type=device-code"), f"{CLIENTS}/add")
    sent = fields | {"name": "Mallory", "op": "next"}
    answer = administrator.visitor.http.post(f"{CLIENTS}/add", data=sent, headers=headers)
    assert answer.status_code == 403
    assert "came from another site" in answer.text
    assert "Successfully" not in answer.text


@pytest.mark.requirement("R-54")
def test_the_proof_of_one_form_opens_no_other(portal: Office) -> None:
    worker, served = portal.administrator(), portal.inside.served
    one, other = (new_application(served, served.first) for _ in range(2))
    proof = hidden_fields(worker.get(f"{CLIENTS}/{one.id}/remove"), f"{CLIENTS}/{one.id}/remove")
    answer = worker.send(f"{CLIENTS}/{other.id}/remove", **proof)
    assert answer.status_code == 403
    assert worker.get(f"{CLIENTS}/{other.id}/edit").status_code == 200


@pytest.mark.requirement("R-54")
def test_the_proof_of_one_person_opens_nothing_for_another(portal: Office) -> None:
    one, other = portal.administrator(), portal.administrator()
    fields = hidden_fields(one.get(f"{CLIENTS}/add?type=device-code"), f"{CLIENTS}/add")
    answer = other.send(f"{CLIENTS}/add", **(fields | {"name": "x", "op": "next"}))
    assert answer.status_code == 403


def test_what_was_typed_before_the_session_ended_is_kept(administrator: Worker) -> None:
    add = f"{CLIENTS}/add"
    page = administrator.get(f"{add}?type=device-code")
    administrator.inside.forward(hours=9)
    over = administrator.submit(page, add, name="Typed long", op="next")
    assert over.status_code == 403
    assert "Your session has ended" in over.text
    assert hidden_fields(over, add)["name"] == "Typed long"
    landing = administrator.visitor.sign_in(
        administrator.visitor.get("/portal/"), administrator.person
    )
    assert landing.path == CLIENTS
    again = administrator.submit(over, add)
    assert again.status_code == 403
    assert "Send this again?" in again.text
    assert "Typed long" in again.text
    assert "<dt>Name</dt>" in again.text
    done = administrator.submit(again, add)
    assert "Client Successfully Created" in done.text


@pytest.mark.requirement("R-58")
def test_a_form_that_is_kept_is_escaped(administrator: Worker) -> None:
    add = f"{CLIENTS}/add"
    administrator.inside.forward(hours=9)
    over = administrator.send(add, name='"><script>alert(1)</script>', op="next")
    assert "<script>alert" not in over.text


@pytest.mark.requirement("R-80")
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_not_there(administrator: Worker, method: str) -> None:
    answer = administrator.visitor.http.request(method, CLIENTS)
    assert answer.status_code == 405


def test_head_is_answered_as_get(administrator: Worker) -> None:
    assert administrator.visitor.http.head(CLIENTS).status_code == 200


@pytest.mark.parametrize("path", ["/portal/nothing", "/portal/security/clients/a/b/c/d"])
def test_a_page_that_is_not_there_says_so_in_the_frame(administrator: Worker, path: str) -> None:
    page = administrator.get(path)
    assert page.status_code == 404
    assert "There is no page at this address." in page.text
    assert "Clients" in page.text


@pytest.mark.requirement("R-56", "R-57", "R-41")
def test_pages_may_not_be_framed_or_kept(administrator: Worker) -> None:
    headers = administrator.get(CLIENTS).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self';" in policy
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"


@pytest.mark.requirement("R-68")
def test_a_form_has_bounds(administrator: Worker) -> None:
    many = {f"field{n}": "x" for n in range(101)}
    assert administrator.send(f"{CLIENTS}/add", **many).status_code == 400


@pytest.mark.requirement("R-72")
@pytest.mark.parametrize("body", [b"%zz=1", b"\xff=\xfe", b"a=%00", b"name=%ff"])
def test_a_form_that_is_none_is_refused(administrator: Worker, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = administrator.visitor.http.post(f"{CLIENTS}/add", content=body, headers=headers)
    assert answer.status_code == 400


@pytest.mark.requirement("R-55")
def test_json_is_no_form(administrator: Worker) -> None:
    answer = administrator.visitor.http.post(f"{CLIENTS}/add", json={"name": "x"})
    assert answer.status_code == 415


@pytest.mark.requirement("R-55")
def test_the_portals_cookie_opens_nothing_of_rest(administrator: Worker) -> None:
    served = administrator.inside.served
    answer = administrator.visitor.http.get(f"{served.api(administrator.tenant)}/Roles")
    assert answer.status_code == 401


def events(worker: Worker) -> list[object]:
    with worker.inside.world.store.reading(worker.tenant.id) as tenancy:
        return [link.event for link in tenancy.journal.entries(0, 10_000)]
