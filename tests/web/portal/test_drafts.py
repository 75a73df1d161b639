"""Drafts: the same form sent twice makes one secret, and nobody else's form makes any."""

import pytest

from gatepost.model import base64url
from gatepost.web.portal.drafts import Draft
from tests.services.world import START
from tests.web.portal.desk import Office, Worker, office
from tests.web.portal.secret_desk import DESCRIPTION, Drawer, drawer, field, value_in


@pytest.fixture
def portal() -> Office:
    return office()


@pytest.fixture
def worker(portal: Office) -> Worker:
    return portal.administrator()


@pytest.fixture
def boiler(worker: Worker) -> Drawer:
    return drawer(worker)


def test_the_same_form_sent_twice_makes_one_secret(boiler: Drawer) -> None:
    page = boiler.get("add")
    first = value_in(boiler.add(page))
    boiler.worker.inside.forward(seconds=59)
    assert first
    assert value_in(boiler.add(page)) == first
    assert len(boiler.secrets()) == 2


@pytest.mark.requirement("R-60")
def test_after_a_minute_the_value_is_not_shown_again(boiler: Drawer) -> None:
    page = boiler.get("add")
    first = value_in(boiler.add(page))
    boiler.worker.inside.forward(seconds=60)
    again = boiler.add(page)
    assert first
    assert value_in(again) is None
    assert first not in again.text
    assert "cannot be shown again" in again.text
    assert len(boiler.secrets()) == 2


def test_two_forms_make_two_secrets(boiler: Drawer) -> None:
    pages = [boiler.get("add"), boiler.get("add")]
    values = {value_in(boiler.add(page)) for page in pages}
    assert len(values) == 2
    assert len(boiler.secrets()) == 3


def test_the_form_sent_twice_shows_its_window_when_the_client_is_full(boiler: Drawer) -> None:
    for _ in range(8):
        boiler.keep(30)
    page = boiler.get("add")
    first = value_in(boiler.add(page))
    assert first
    assert value_in(boiler.add(page)) == first
    assert len(boiler.secrets()) == 10


def test_a_form_that_was_open_for_an_hour_is_shown_again(boiler: Drawer) -> None:
    page = boiler.get("add")
    boiler.worker.inside.forward(hours=1)
    again = boiler.add(page)
    assert again.status_code == 400
    assert "too old" in again.text
    assert field(again, "secret_description") == DESCRIPTION
    assert len(boiler.secrets()) == 1
    assert value_in(boiler.add(again))
    assert len(boiler.secrets()) == 2


def test_a_form_that_was_open_for_almost_an_hour_counts(boiler: Drawer) -> None:
    page = boiler.get("add")
    boiler.worker.inside.forward(minutes=59)
    assert value_in(boiler.add(page))


def _flipped(draft: str) -> str:
    octets = base64url.decoded(draft)
    assert octets
    return base64url.encoded(octets[:-1] + bytes([octets[-1] ^ 1]))


@pytest.mark.requirement("R-62")
@pytest.mark.parametrize("make", [_flipped, lambda _: "", lambda _: "gps_mine", lambda _: "é"],
                         ids=["flipped", "empty", "plain", "not base64"])  # fmt: skip
def test_a_draft_that_we_did_not_seal_makes_nothing(boiler: Drawer, make: object) -> None:
    assert callable(make)
    page = boiler.get("add")
    refused = boiler.add(page, draft=make(field(page, "draft")))
    assert refused.status_code == 400
    assert len(boiler.secrets()) == 1
    assert value_in(boiler.add(refused))


@pytest.mark.requirement("R-54")
def test_a_draft_of_another_person_makes_nothing(portal: Office, boiler: Drawer) -> None:
    theirs = boiler._replace(worker=portal.administrator())
    stolen = field(boiler.get("add"), "draft")
    assert theirs.add(theirs.get("add"), draft=stolen).status_code == 400
    assert len(boiler.secrets()) == 1


def test_a_draft_of_another_client_makes_nothing(boiler: Drawer, worker: Worker) -> None:
    other = drawer(worker)
    refused = boiler.add(boiler.get("add"), draft=field(other.get("add"), "draft"))
    assert refused.status_code == 400
    assert (len(boiler.secrets()), len(other.secrets())) == (1, 1)


@pytest.mark.requirement("R-60")
def test_the_form_does_not_show_the_value_that_it_carries(boiler: Drawer) -> None:
    page = boiler.get("add")
    value = value_in(boiler.add(page))
    assert value
    assert value not in page.text
    assert "gps_" not in page.text
    assert page.headers["cache-control"] == "no-store"


def test_a_removed_secret_does_not_come_back_with_its_form(boiler: Drawer) -> None:
    page = boiler.get("add")
    first = value_in(boiler.add(page))
    boiler.remove(boiler.secrets()[-1].id)
    boiler.worker.inside.forward(seconds=1)
    again = boiler.add(page)
    assert again.status_code == 400
    assert len(boiler.secrets()) == 1
    assert value_in(boiler.add(again)) not in (None, first)


def test_a_draft_does_not_tell_its_value() -> None:
    assert "gps_" not in repr(Draft("boiler", "gps_secret", START))
