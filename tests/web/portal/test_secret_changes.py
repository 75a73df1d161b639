"""Changing and removing secrets of a client in the portal."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gatepost.model.client_kinds import HYBRID
from gatepost.model.extensions import OfHybrid
from gatepost.services import client_secrets
from tests.web.keyed import jwk
from tests.web.portal.desk import office
from tests.web.portal.secret_desk import DESCRIPTION, LONG, Drawer, drawer, field, words


@pytest.fixture
def boiler() -> Drawer:
    return drawer(office().administrator())


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_description_is_changed_and_the_expiry_stays_to_the_microsecond(boiler: Drawer) -> None:
    ends = boiler.worker.inside.world.clock.now() + timedelta(days=9, seconds=7, microseconds=3)
    secret = boiler.keep(9)
    boiler.change(secret.id, expires=True, expiration=ends)
    page = boiler.get("2/edit")
    answer = boiler.submit(
        "2/edit",
        page,
        secret_description="New",
        secret_expiration=field(page, "secret_expiration"),
    )
    assert answer.status_code == 303
    assert answer.headers["location"].endswith("&tab=secrets&done=secret-changed")
    assert (boiler.secrets()[1].description, boiler.secrets()[1].expires_at) == ("New", ends)


def test_a_description_can_be_taken_away(boiler: Drawer) -> None:
    boiler.keep(9, DESCRIPTION)
    page = boiler.get("2/edit")
    assert field(page, "secret_description") == DESCRIPTION
    kept = field(page, "secret_expiration")
    answer = boiler.submit("2/edit", page, secret_description="", secret_expiration=kept)
    assert answer.status_code == 303
    assert not boiler.secrets()[1].description
    assert "No description" in boiler.tab()


def test_an_expired_secret_can_be_described(boiler: Drawer) -> None:
    boiler.keep(1)
    boiler = boiler.later(days=2)
    page = boiler.get("2/edit")
    kept = field(page, "secret_expiration")
    answer = boiler.submit("2/edit", page, secret_description="Old", secret_expiration=kept)
    assert answer.status_code == 303
    assert boiler.secrets()[1].description == "Old"


def test_an_expiry_that_comes_sooner_is_saved(boiler: Drawer) -> None:
    boiler.keep(90)
    answer = boiler.submit("2/edit", secret_expiration="2026-06-01T10:00")
    assert answer.status_code == 303
    assert boiler.secrets()[1].expires_at == _at("2026-06-01T10:00")


def test_a_secret_that_never_ends_is_given_an_end(boiler: Drawer) -> None:
    page = boiler.get("1/edit")
    assert "checked" in page.text
    assert boiler.submit("1/edit", page, secret_expiration="2027-01-01T10:00").status_code == 303
    assert boiler.secrets()[0].expires_at == _at("2027-01-01T10:00")


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ({"secret_expiration": "2028-01-01T10:00"}, _at("2028-01-01T10:00")),
        ({"secret_never": "true"}, None),
    ],
    ids=["later", "never"],
)
def test_an_expiry_that_is_pushed_out_is_saved_only_on_second_thought(
    boiler: Drawer, typed: dict[str, Any], wanted: datetime | None
) -> None:
    before = boiler.keep(90)
    page = boiler.submit("2/edit", secret_description="Mine", **typed)
    assert page.status_code == 400
    assert "Better add a new secret" in page.text
    assert f'href="{boiler.base}/add"' in page.text
    assert field(page, "secret_description") == "Mine"
    assert boiler.secrets()[1] == before
    assert boiler.submit("2/edit", page, op="anyway", **typed).status_code == 303
    assert boiler.secrets()[1].expires_at == wanted


def test_a_change_by_somebody_else_is_shown_and_nothing_is_lost(boiler: Drawer) -> None:
    boiler.keep(90, "First")
    page = boiler.get("2/edit")
    boiler.change(2, description="Theirs")
    typed: dict[str, Any] = {
        "secret_description": "Mine",
        "secret_expiration": "2026-06-01T10:00",
    }
    answer = boiler.submit("2/edit", page, **typed)
    assert answer.status_code == 409
    assert "Theirs" in answer.text
    assert field(answer, "secret_description") == "Mine"
    assert field(answer, "secret_expiration") == "2026-06-01T10:00"
    assert boiler.secrets()[1].description == "Theirs"
    assert boiler.submit("2/edit", answer, **typed).status_code == 303
    assert boiler.secrets()[1].description == "Mine"


def test_a_change_at_the_same_moment_is_shown_too(
    boiler: Drawer, monkeypatch: pytest.MonkeyPatch
) -> None:
    boiler.keep(90, "First")
    page = boiler.get("2/edit")
    change_seen = client_secrets.change_seen

    def second(*arguments: Any) -> Any:
        monkeypatch.undo()
        boiler.change(2, description="Theirs")
        return change_seen(*arguments)

    monkeypatch.setattr(client_secrets, "change_seen", second)
    kept = field(page, "secret_expiration")
    answer = boiler.submit("2/edit", page, secret_description="Mine", secret_expiration=kept)
    assert answer.status_code == 409
    assert "Theirs" in answer.text
    assert field(answer, "secret_description") == "Mine"
    assert boiler.secrets()[1].description == "Theirs"


def test_a_use_of_the_secret_is_no_change_of_it(boiler: Drawer) -> None:
    boiler.keep(90)
    page = boiler.get("2/edit")
    boiler.use(2)
    answer = boiler.submit("2/edit", page, secret_expiration="2026-06-01T10:00")
    assert answer.status_code == 303


def test_the_caution_comes_after_what_is_wrong(boiler: Drawer) -> None:
    boiler.keep(90)
    page = boiler.submit("2/edit", secret_description=LONG, secret_expiration="2028-01-01T10:00")
    assert page.status_code == 400
    assert "Enter at most 500 characters" in page.text
    assert "Better add a new secret" not in page.text


def test_the_question_names_the_secret_and_what_depends_on_it(boiler: Drawer) -> None:
    boiler.keep(10, "Of spring")
    boiler.use(2)
    boiler.worker.inside.forward(hours=1)
    boiler.keep(20)
    text = words(boiler.get("2/remove"))
    for told in ("Remove secret 2 of the client Boiler?", "Of spring", "Expires in 10 days",
                 "Used once, on 1 May 2026, 12:00 UTC", "Secret 3 takes its place",
                 "Not safe to remove yet"):  # fmt: skip
        assert told in text, told
    assert "the last valid secret" not in text


def test_the_last_valid_secret_is_named_as_such(boiler: Drawer) -> None:
    boiler.keep(1)
    boiler = boiler.later(days=2)
    assert "the last valid secret" in words(boiler.get("1/remove"))
    assert "the last valid secret" not in words(boiler.get("2/remove"))


def test_a_client_with_keys_does_not_need_its_last_secret() -> None:
    keyed = OfHybrid(jwks={"keys": [jwk("ES256")]})
    mine = drawer(office().administrator(), HYBRID, extensions=keyed)
    assert "by its keys alone" in words(mine.get("1/remove"))
    mine.remove(1)
    assert "by its keys" in mine.tab()


def test_a_removed_secret_is_gone_and_sent_twice_it_is_so_too(boiler: Drawer) -> None:
    boiler.keep(10)
    page = boiler.get("2/remove")
    answers = [boiler.submit("2/remove", page) for _ in range(2)]
    for answer in answers:
        assert answer.status_code == 303
        assert answer.headers["location"].endswith("&tab=secrets&done=secret-removed")
    assert [secret.id for secret in boiler.secrets()] == [1]
    assert boiler.get("2/remove").status_code == 404
