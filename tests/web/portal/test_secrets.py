"""Secrets of a client in the portal: seen and added, and by whom."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from markupsafe import escape
from msgspec import json

from gatepost.model.client_kinds import (
    AUTHORIZATION_CODE,
    CLIENT_CREDENTIALS,
    DEVICE_CODE,
    HYBRID,
    ClientKind,
)
from tests.web.portal.desk import CLIENTS, Office, Worker, office
from tests.web.portal.secret_desk import LONG, Drawer, drawer, field, value_in, words

BERLIN = "Europe/Berlin"


@pytest.fixture
def portal() -> Office:
    return office()


@pytest.fixture
def worker(portal: Office) -> Worker:
    return portal.administrator()


@pytest.fixture
def boiler(worker: Worker) -> Drawer:
    return drawer(worker)


def _in(worker: Worker, zone: str) -> None:
    worker.visitor.http.cookies.set("gatepost-zone", zone)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_tab_tells_what_is_known_of_each_secret(boiler: Drawer) -> None:
    old = boiler.keep(10, "Of spring")
    boiler.use(old.id)
    boiler.worker.inside.forward(hours=1)
    boiler.keep(300)
    text = words(httpx.Response(200, text=boiler.tab()))
    for told in ("Secret 1", "Never expires", "Secret 2", "Of spring", "Expires in 10 days",
                 "Last used 1 May 2026, 12:00", "Times used 1", "Secret 3", "No description",
                 "Valid", "Secret 3 takes its place, but was not used yet"):  # fmt: skip
        assert told in text, told


@pytest.mark.parametrize(
    ("days", "told"),
    [(0.9, "within a day"), (1, "in 1 day"), (1.4, "in 1 day"), (1.6, "in 2 days"),
     (13.99, "in 14 days"), (89.9, "in 90 days")],
)  # fmt: skip
def test_the_badge_counts_the_days(boiler: Drawer, days: float, told: str) -> None:
    boiler.keep(days)
    assert f"Expires {told}<" in boiler.tab()


@pytest.mark.parametrize("kind", [CLIENT_CREDENTIALS, HYBRID], ids=lambda kind: kind.name)
def test_the_tab_leads_to_the_pages_of_each_secret(worker: Worker, kind: ClientKind) -> None:
    mine = drawer(worker, kind)
    text = mine.tab()
    for rest in ("add", "1/edit", "1/remove"):
        assert f'href="{mine.base}/{rest}"' in text
        assert mine.get(rest).status_code == 200


def test_a_client_without_secrets_is_told(boiler: Drawer) -> None:
    boiler.remove(1)
    assert "No secrets" in boiler.tab()


@pytest.mark.requirement("R-61")
def test_the_limit_is_told_before_the_form(boiler: Drawer) -> None:
    for _ in range(9):
        boiler.keep(10)
    page = boiler.get("add")
    for text in (boiler.tab(), page.text):
        assert "10 secrets, which is the most" in text
    assert "secret_description" not in page.text
    assert f"{boiler.base}/add" not in boiler.tab()


@pytest.mark.requirement("R-61")
def test_the_limit_holds_when_it_is_reached_while_the_form_is_open(boiler: Drawer) -> None:
    page = boiler.get("add")
    for _ in range(9):
        boiler.keep(10)
    refused = boiler.add(page)
    assert refused.status_code == 400
    assert "10 secrets, which is the most" in refused.text
    assert len(boiler.secrets()) == 10


@pytest.mark.requirement("R-60")
def test_a_new_secret_works_and_is_shown_once(boiler: Drawer) -> None:
    page = boiler.add()
    value = value_in(page)
    assert value
    served = boiler.worker.inside.served
    assert served.token(boiler.id, value)
    assert boiler.id in page.text
    assert page.headers["cache-control"] == "no-store"
    assert f"client={boiler.id}&amp;tab=secrets" in page.text
    for later in (boiler.tab(), boiler.get("2/edit").text, boiler.get("2/remove").text):
        assert value not in later


@pytest.mark.requirement("R-60")
def test_the_journal_does_not_know_the_value(boiler: Drawer) -> None:
    value = value_in(boiler.add())
    world = boiler.worker.inside.world
    with world.store.reading(boiler.worker.tenant.id) as tenancy:
        newest = tenancy.journal.newest(None, 1)[0]
    assert value
    assert newest.event.target == f"{boiler.id}/secrets/2"
    assert newest.event.actor.id == boiler.worker.person.id
    assert value.encode() not in json.encode(newest)


def test_a_new_secret_ends_in_a_year_unless_said_otherwise(boiler: Drawer) -> None:
    page = boiler.get("add")
    assert field(page, "secret_expiration") == "2027-05-01T12:00"
    assert boiler.submit("add", page, secret_expiration="2027-05-01T12:00").status_code == 200
    secret = boiler.secrets()[-1]
    assert (secret.description, secret.expires_at) == (None, _at("2027-05-01T12:00"))


@pytest.mark.parametrize("typed", [{}, {"secret_expiration": "2020-01-01T00:00"}])
def test_a_secret_may_never_expire(boiler: Drawer, typed: dict[str, Any]) -> None:
    page = boiler.submit("add", secret_never="true", **typed)
    assert "It never expires" in page.text
    assert boiler.secrets()[-1].expires_at is None


def test_the_date_is_read_in_the_zone_that_the_form_shows(boiler: Drawer) -> None:
    _in(boiler.worker, BERLIN)
    page = boiler.get("add")
    assert "Europe/Berlin (UTC+02:00)" in page.text
    assert field(page, "secret_expiration") == "2027-05-01T14:00"
    _in(boiler.worker, "America/New_York")
    shown = boiler.add(page, secret_expiration="2027-01-10T12:00")
    assert value_in(shown)
    assert boiler.secrets()[-1].expires_at == _at("2027-01-10T11:00")
    assert "10 Jan 2027, 06:00 America/New_York (UTC-05:00)" in shown.text


@pytest.mark.requirement("R-62")
@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("secret_expiration", "", "Enter a date and time"),
        ("secret_expiration", "tomorrow", "There is no such date and time"),
        ("secret_expiration", "2027-02-29T12:00", "There is no such date and time"),
        ("secret_expiration", "99999-01-01T12:00", "There is no such date and time"),
        ("secret_expiration", "2027-03-28T02:30", "time zone Europe/Berlin"),
        ("secret_expiration", "2026-05-01T14:00", "This moment has passed"),
        ("secret_expiration", "0001-01-01T00:00", "There is no such date and time"),
        ("secret_description", LONG, "Enter at most 500 characters"),
        ("secret_description", "boiler\u202eesuoh", "U+202E"),
    ],
    ids=["no date", "a word", "no such day", "too far", "not on this clock", "past", "first day",
         "long", "turned round"],
)  # fmt: skip
def test_what_is_wrong_is_told_and_what_was_typed_stays(
    boiler: Drawer, name: str, text: str, told: str
) -> None:
    _in(boiler.worker, BERLIN)
    typed: dict[str, Any] = {name: text}
    page = boiler.add(**typed)
    assert page.status_code == 400
    assert told in words(page)
    assert field(page, name) == text
    assert f'aria-describedby="{name}-hint {name}-problem" aria-invalid="true"' in page.text
    assert f'<a href="#{name}">' in page.text
    assert len(boiler.secrets()) == 1
    assert value_in(boiler.add(page))


def test_all_problems_are_told_at_once(boiler: Drawer) -> None:
    page = boiler.add(secret_description=LONG, secret_expiration="")
    assert page.text.count('aria-invalid="true"') == 2


@pytest.mark.parametrize("kind", [AUTHORIZATION_CODE, DEVICE_CODE], ids=lambda kind: kind.name)
@pytest.mark.parametrize("rest", ["add", "1/edit", "1/remove"])
def test_a_client_of_a_kind_without_secrets_has_no_such_pages(
    worker: Worker, kind: ClientKind, rest: str
) -> None:
    members: dict[str, Any] = (
        {"redirect_uris": ("https://a.example/in",)} if kind is AUTHORIZATION_CODE else {}
    )
    assert drawer(worker, kind, **members).get(rest).status_code == 404


@pytest.mark.parametrize("number", ["2", "0", "-1", "x", "1.0", "²", "9" * 30])
@pytest.mark.parametrize("verb", ["edit", "remove"])
def test_a_secret_that_is_not_there_has_no_pages(boiler: Drawer, number: str, verb: str) -> None:
    assert boiler.get(f"{number}/{verb}").status_code == 404


@pytest.mark.requirement("R-64")
@pytest.mark.parametrize("rest", ["add", "1/edit", "1/remove"])
def test_a_member_may_do_none_of_this(portal: Office, boiler: Drawer, rest: str) -> None:
    member = portal.member()
    assert member.get(f"{boiler.base}/{rest}").status_code == 403
    proof = field(boiler.get(rest), "proof")
    assert member.send(f"{boiler.base}/{rest}", proof=proof).status_code == 403
    assert len(boiler.secrets()) == 1


@pytest.mark.requirement("R-63")
@pytest.mark.parametrize("rest", ["add", "1/edit", "1/remove"])
def test_a_client_of_another_tenant_is_not_there(portal: Office, worker: Worker, rest: str) -> None:
    theirs = drawer(portal.administrator(portal.inside.served.second))
    assert worker.get(f"{theirs.base}/{rest}").status_code == 404
    assert worker.send(f"{theirs.base}/{rest}", proof="").status_code == 404
    assert len(theirs.secrets()) == 1


@pytest.mark.requirement("R-54")
@pytest.mark.parametrize("rest", ["add", "1/edit", "1/remove"])
def test_a_form_of_another_client_does_nothing(worker: Worker, boiler: Drawer, rest: str) -> None:
    proof = field(drawer(worker).get(rest), "proof")
    before = boiler.secrets()
    assert boiler.submit(rest, proof=proof, secret_description="Mine").status_code == 403
    assert boiler.secrets() == before


@pytest.mark.requirement("R-58")
@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "{{7*7}}", '" onload="x'])
def test_names_come_out_as_they_are(worker: Worker, name: str) -> None:
    mine = drawer(worker, name=name)
    mine.keep(10, name)
    pages = [mine.get("2/edit"), mine.get("2/remove"), mine.get("add"), mine.add()]
    for text in [mine.tab(), *(page.text for page in pages)]:
        assert str(escape(name)) in text
        assert escape(name) == name or name not in text


@pytest.mark.parametrize(("theme", "title"), [("aveva", "Create Secret"), ("ocs", "Add Secret")])
def test_the_form_is_named_as_in_the_printed_procedure(theme: str, title: str) -> None:
    page = drawer(office(theme=theme).administrator()).get("add")
    assert f"<h1>{title}</h1>" in page.text
    assert f"{CLIENTS}/" in page.text
