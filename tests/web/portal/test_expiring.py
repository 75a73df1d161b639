"""The page of all secrets that need attention."""

import re

import pytest
from markupsafe import escape

from gatepost.model.client_kinds import HYBRID
from tests.web.portal.desk import Office, Worker, office
from tests.web.portal.secret_desk import drawer, words

PAGE = "/portal/security/secrets"


@pytest.fixture
def portal() -> Office:
    return office()


@pytest.fixture
def worker(portal: Office) -> Worker:
    return portal.administrator()


def _listed(text: str) -> list[str]:
    """The names of the clients, in the order of the rows."""
    return re.findall(r'<th scope="row"[^>]*>\s*<a [^>]*>([^<]*)</a>', text)


def test_without_such_secrets_the_page_says_so(worker: Worker) -> None:
    drawer(worker).keep(90)
    page = worker.get(PAGE)
    assert page.status_code == 200
    assert "No secret needs attention" in page.text
    assert "<table" not in page.text


def test_secrets_stand_in_the_order_of_their_expiry(worker: Worker) -> None:
    drawer(worker, name="Third").keep(89)
    drawer(worker, HYBRID, name="First").keep(1)
    drawer(worker, name="Second").keep(20)
    drawer(worker, name="Much later").keep(91)
    page = drawer(worker, name="Never").later(days=2).worker.get(PAGE)
    assert _listed(page.text) == ["First", "Second", "Third", "Much later"]
    for badge in ("Expired", "Expires in 18 days", "Expires in 87 days", "1 to 4 of 4"):
        assert badge in page.text


def test_a_row_says_what_is_known_and_leads_on(worker: Worker) -> None:
    boiler = drawer(worker, HYBRID, name="Boiler")
    old = boiler.keep(10, "Of spring")
    boiler.use(old.id)
    worker.inside.forward(minutes=9)
    new = boiler.keep(300)
    worker.inside.forward(minutes=9)
    boiler.use(new.id)
    page = worker.get(PAGE)
    for text in ("Hybrid client", "Of spring", "Expires in 10 days", "1 May 2026, 12:00",
                 "Safe to remove. It was not used again after secret 3"):  # fmt: skip
        assert text in words(page), text
    for address in (f"{boiler.base}/{old.id}/remove", f"{boiler.base}/add",
                    f"client={boiler.id}&amp;tab=secrets#secret-{new.id}"):  # fmt: skip
        assert f'{address}"' in page.text, address


def test_a_client_with_all_its_secrets_is_not_offered_another(worker: Worker) -> None:
    boiler = drawer(worker)
    for _ in range(9):
        boiler.keep(10)
    page = worker.get(PAGE)
    assert f'{boiler.base}/2/remove"' in page.text
    assert f"{boiler.base}/add" not in page.text


def test_a_long_list_has_pages_of_25(worker: Worker) -> None:
    for number in range(4):
        full = drawer(worker, name=f"Client {number}")
        for _ in range(9):
            full.keep(10 + number)
    first, second = worker.get(PAGE), worker.get(f"{PAGE}?page=2")
    assert (len(_listed(first.text)), len(_listed(second.text))) == (25, 11)
    assert "26 to 36 of 36" in second.text
    assert f'href="{PAGE}?page=2"' in first.text
    assert f'href="{PAGE}"' in second.text


@pytest.mark.parametrize("asked", ["0", "-1", "x", "99999999999", "²", "2"])
def test_a_page_that_is_not_there_leads_to_one_that_is(worker: Worker, asked: str) -> None:
    drawer(worker, name="Boiler").keep(10)
    page = worker.get(f"{PAGE}?page={asked}")
    assert page.status_code == 200
    assert _listed(page.text) == ["Boiler"]


@pytest.mark.requirement("R-64")
def test_a_member_does_not_see_the_page(portal: Office) -> None:
    drawer(portal.administrator(), name="Boiler").keep(10)
    page = portal.member().get(PAGE)
    assert page.status_code == 403
    assert "Boiler" not in page.text


@pytest.mark.requirement("R-63")
def test_secrets_of_another_tenant_are_not_there(portal: Office, worker: Worker) -> None:
    drawer(portal.administrator(portal.inside.served.second), name="Theirs").keep(10)
    assert "Theirs" not in worker.get(PAGE).text


@pytest.mark.requirement("R-58")
@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "{{7*7}}", '" onload="x'])
def test_names_come_out_as_they_are(worker: Worker, name: str) -> None:
    boiler = drawer(worker, name=name)
    boiler.keep(10, name)
    page = worker.get(PAGE)
    assert words(page).count(name) >= 2
    assert page.text.count(str(escape(name))) >= 2
    assert escape(name) == name or name not in page.text
