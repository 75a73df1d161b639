"""What a reviewer found in the portal, and what holds against it now."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from gatepost.services.portal_client import client_id_of
from tests.flows import new_application, new_person, pkce
from tests.web.portal.desk import CLIENTS, Office, Worker, alias_of, hidden_fields
from tests.web.portal.test_client_add import ADD, REDIRECT, save, to_secret, token_status, value_of


@pytest.mark.requirement("R-38")
def test_a_code_of_the_portal_is_of_no_use_outside(administrator: Worker) -> None:
    """A signed-in administrator is sent by a stranger, who gets to see the address they land at."""
    proof, served = pkce(), administrator.inside.served
    back = f"{served.url}/portal/callback"
    asked = {
        "client_id": client_id_of(administrator.tenant.id),
        "redirect_uri": back,
        "response_type": "code",
        "scope": "openid ocsapi",
        "code_challenge": proof.challenge,
        "code_challenge_method": "S256",
    }
    away = administrator.visitor.http.get(f"/identity/connect/authorize?{urlencode(asked)}")
    (code,) = parse_qs(urlsplit(away.headers["location"]).query)["code"]
    form = {
        "grant_type": "authorization_code",
        "client_id": asked["client_id"],
        "code": code,
        "redirect_uri": back,
        "code_verifier": proof.verifier,
    }
    answer = served.http.post("/identity/connect/token", data=form)
    assert answer.status_code == 400
    assert answer.json()["error"] == "unauthorized_client"


@pytest.mark.requirement("R-72")
@pytest.mark.parametrize("zone", ["Pacific/Auckland", "Etc/GMT-14", "Europe/Berlin"])
def test_the_end_of_time_breaks_no_page(portal: Office, zone: str) -> None:
    worker, served = portal.administrator(), portal.inside.served
    end = "9999-12-31T23:59:59Z"
    client = new_application(served, served.first, SecretExpirationDate=end)
    worker.visitor.http.cookies.set("gatepost-zone", zone, path="/portal")
    one = f"{CLIENTS}?type=hybrid&client={client.id}"
    edit = f"{CLIENTS}/{client.id}/secrets/1/edit"
    for path in ("/portal/activity", one, f"{one}&tab=secrets", f"{one}&tab=activity", edit):
        assert worker.get(path).status_code == 200, path


@pytest.mark.requirement("R-60", "R-62")
def test_a_form_brings_back_no_secret_that_was_removed(administrator: Worker) -> None:
    page = to_secret(administrator)
    done = save(administrator, page)
    client_id, secret = value_of(done, "client_id"), value_of(done, "client_secret")
    where = f"{CLIENTS}/{client_id}/remove"
    administrator.submit(administrator.get(where), where)
    again = save(administrator, page)
    assert again.status_code == 400
    assert "was removed after the form was made" in again.text
    assert token_status(administrator, client_id, secret) == 401
    done = save(administrator, administrator.submit(again, ADD, op="next", name="Boiler house"))
    assert "Client Successfully Created" in done.text
    assert value_of(done, "client_secret") != secret


@pytest.mark.requirement("R-60")
def test_one_form_gives_no_two_clients_the_same_secret(administrator: Worker) -> None:
    page = to_secret(administrator)
    one, two = (save(administrator, page, id=f"boiler-{n}") for n in (1, 2))
    assert value_of(one, "client_id") != value_of(two, "client_id")
    assert value_of(one, "client_secret") != value_of(two, "client_secret")


@pytest.mark.requirement("R-72")
def test_a_deeply_nested_base_is_no_fault(portal: Office) -> None:
    worker, served = portal.administrator(), portal.inside.served
    where = f"{CLIENTS}/{new_application(served, served.first).id}/edit"
    sent: dict[str, Any] = {"op": "save", "version": "7", "name": "x", "redirect_uris": REDIRECT}
    sent |= {"access_token_lifetime": "60", "base": '{"name":' + "[" * 4000 + "]" * 4000 + "}"}
    assert worker.submit(worker.get(where), where, **sent).status_code == 409


@pytest.mark.parametrize("odd", ["a%0d%0aX-Evil:%20yes", "%e9%00", "%D9%A3", "a%3fb%23c"])
@pytest.mark.requirement("R-72")
def test_an_odd_address_gets_into_no_header(administrator: Worker, odd: str) -> None:
    http = administrator.visitor.http
    for what in ("", "/check", "/finish"):
        method = "POST" if what else "GET"
        answer = http.request(method, f"{CLIENTS}/{odd}/try/x{what}", data={"proof": "x"})
        assert answer.status_code == 404
        assert "location" not in answer.headers


def test_who_signs_out_is_told_where_they_are_still_signed_in(portal: Office) -> None:
    worker = portal.administrator()
    second = worker.inside.served.second
    person = new_person(worker.inside.served, second)
    landing = worker.visitor.get("/portal/choose")
    landing = worker.visitor.submit(landing, "choose", alias=alias_of(worker.inside, second))
    worker.visitor.sign_in(landing, person)
    page: httpx.Response = worker.get(CLIENTS)
    out = worker.send("/portal/signout", **hidden_fields(page, "/portal/signout"))
    landing = worker.visitor.get(out.headers["location"])
    assert "You are signed out" in landing.response.text
    assert f"still signed in at {alias_of(worker.inside, worker.tenant)}" in landing.response.text
    assert "Sign out of all" in landing.response.text
