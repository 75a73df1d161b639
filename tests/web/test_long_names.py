"""Names and addresses as long as they may be, in letters that take four octets, on each store."""

import random
from typing import Any

import pytest

from gatepost.model.people import LOCAL_PROVIDER
from tests.served import Served
from tests.web.rest import refused

pytestmark = pytest.mark.requirement("R-71")
DICE = random.Random(1)  # what is alike, PostgreSQL would keep in less


def letters(number: int) -> str:
    """So many letters of four octets each."""
    return "".join(chr(DICE.randrange(0x20000, 0x2A6D0)) for _ in range(number))


def spread(number: int) -> str:
    """So many signs, each of which is compared as eighteen letters."""
    return "\ufdfa" * number


def person(**members: str) -> dict[str, Any]:
    """Somebody whose names and address are as long as they may be."""
    address = letters(197) + "@b.example.c"
    names = {"ContactGivenName": letters(200), "ContactSurname": letters(200)}
    return {"IdentityProviderId": LOCAL_PROVIDER, "ContactEmail": address, **names, **members}


KEPT: list[tuple[str, dict[str, Any]]] = [
    ("Users", person()),
    ("Roles", {"Name": letters(200)}),
    ("HybridClients", {"Name": letters(200), "Id": "x" * 100}),
    ("ClientCredentialClients", {"Name": spread(24), "Id": "y" * 100}),
    ("DeviceCodeClients", {"Name": " ".join(letters(100)), "Tags": [letters(100)]}),
]
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("Users", person(ContactEmail=letters(240) + "@b.example"), "ContactEmail"),
    ("Users", person(ContactEmail=spread(30) + "@b.example"), "ContactEmail"),
    ("Users", person(ContactGivenName=spread(25)), "ContactGivenName"),
    ("Users", person(ContactSurname=spread(200)), "ContactSurname"),
    ("Roles", {"Name": spread(30)}, "Name"),
    ("HybridClients", {"Name": spread(200)}, "Name"),
]


@pytest.mark.parametrize(("collection", "body"), KEPT)
def test_the_longest_names_are_kept(served: Served, collection: str, body: dict[str, Any]) -> None:
    tenant = served.new_tenant()
    address, headers = f"{served.api(tenant)}/{collection}", served.admin(tenant)
    made = served.http.post(address, json=body, headers=headers)
    assert made.status_code == 201, made.text
    assert body.get("Name", body.get("ContactSurname", "")) in made.text


@pytest.mark.parametrize(("collection", "body", "member"), REFUSED)
def test_what_does_not_fit_is_named(
    served: Served, collection: str, body: dict[str, Any], member: str
) -> None:
    tenant = served.new_tenant()
    address, headers = f"{served.api(tenant)}/{collection}", served.admin(tenant)
    told = refused(served.http.post(address, json=body, headers=headers))
    assert told["Reason"].startswith(member)
    assert "octets when it is compared with others, and may have 800" in told["Reason"]
