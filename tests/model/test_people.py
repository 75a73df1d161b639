"""People: addresses, passwords, names and how far somebody has come on the way in."""

from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.model.people import (
    INVITATION_STATUS_NAMES,
    LOCAL_PROVIDER,
    InvitationStatus,
    User,
    email_fault,
    password_fault,
)

THEN = datetime(2026, 1, 1, tzinfo=UTC)


def person(**members: Any) -> User:
    """A user with these members."""
    fixed: dict[str, Any] = {
        "id": "u",
        "provider_id": LOCAL_PROVIDER,
        "email": "kim@example.com",
        "incarnation": "i",
        "role_ids": (),
        "created_at": THEN,
        "updated_at": THEN,
    }
    return User(**(fixed | members))


@pytest.mark.parametrize(
    "address",
    [
        "kim@example.com",
        "k.i+m@sub.example.com",
        "o'hara@example.com",
        "k@localhost",
        "\u00fc@b\u00fc.example",
    ],
)
def test_addresses_that_may_be(address: str) -> None:
    assert email_fault(address) is None


@pytest.mark.parametrize(
    "address",
    [
        "",
        "kim",
        "@",
        "kim@",
        "@example.com",
        "kim@@example.com",
        "kim@a@b",
        "kim @example.com",
        "kim@exa mple.com",
        "kim@.example.com",
        "kim@example.com.",
        "kim@example..com",
        "kim@example.com\n",
        "kim\t@example.com",
        "kim\u00a0@example.com",
    ],
)
def test_addresses_that_never_are(address: str) -> None:
    assert email_fault(address) is not None


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=40) | st.from_regex(r"[a-z@. ]{0,12}", fullmatch=True))
def test_an_accepted_address_has_two_sides(address: str) -> None:
    if email_fault(address) is None:
        local, domain = address.split("@")
        assert local
        assert all(domain.split("."))
        assert address == "".join(address.split())


@settings(deadline=None, max_examples=50)
@given(st.from_regex(r"[a-z]{1,8}@[a-z]{1,8}\.[a-z]{2,4}", fullmatch=True))
def test_plain_addresses_are_taken_as_the_mail_library_takes_them(address: str) -> None:
    assert email_fault(address) is None
    assert parseaddr(address)[1] == address


@pytest.mark.requirement("R-45")
@pytest.mark.parametrize(
    ("length", "good"), [(7, False), (8, True), (64, True), (128, True), (129, False)]
)
def test_only_the_length_of_a_password_is_bounded(length: int, good: bool) -> None:
    for character in "a \u00fc\U0001f600\0":
        assert (password_fault(character * length) is None) == good


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"given_name": "Kim", "surname": "Lee"}, "Kim Lee"),
        ({"given_name": "Kim"}, "Kim"),
        ({"surname": "Lee", "given_name": ""}, "Lee"),
        ({}, "kim@example.com"),
        ({"email": None}, None),
    ],
)
def test_the_name_is_made_of_what_is_known(members: dict[str, Any], name: str | None) -> None:
    assert person(**members).name == name


def test_who_has_a_password_has_arrived() -> None:
    assert person(has_password=True).invitation_status is InvitationStatus.ACCEPTED
    assert person().invitation_status is InvitationStatus.NO_INVITATION


def test_every_status_has_a_name() -> None:
    assert sorted(INVITATION_STATUS_NAMES.values()) == sorted(InvitationStatus) == [0, 1, 2, 3, 4]
