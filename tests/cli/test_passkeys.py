"""Passkeys at the command line: seen, removed, and gone with a password that an operator sets."""

import pytest

from tests.cli.program import Place
from tests.cli.test_second_factors import Founded, added, events

pytestmark = pytest.mark.requirement("R-52")


def given_passkey(place: Place, tenant_id: str, user_id: str, name: str) -> None:
    """A row as the server keeps it; nobody signs in with it here."""
    place.rows(
        "INSERT INTO passkeys (tenant_id, id, user_id, name, public_key, sign_count, created_at) "
        f"VALUES ('{tenant_id}', '-{name}-{user_id}', '{user_id}', '{name}', '', 0, 0) "
        "RETURNING user_id"
    )


def somebody(place: Place, tenant_id: str) -> tuple[str, str]:
    """The id and address of somebody with two passkeys."""
    email = added(place, tenant_id)
    ((user_id,),) = place.rows(f"SELECT id FROM users WHERE email = '{email}'")
    for name in ("Phone", "Ring"):
        given_passkey(place, tenant_id, user_id, name)
    return user_id, email


@pytest.mark.requirement("R-76")
def test_they_are_listed_and_removed(founded_place: Founded) -> None:
    place, first = founded_place
    tenant_id = first["TenantId"]
    user_id, email = somebody(place, tenant_id)
    who = ("--tenant-id", tenant_id, "--email", email, "--json")
    listed = place.run("user", "passkeys", "list", *who).json()
    assert listed[0] == {
        "Id": f"-Phone-{user_id}",
        "Name": "Phone",
        "Added": "1970-01-01T00:00:00Z",
        "LastUsed": None,
    }
    asked = place.run("user", "passkeys", "remove", *who)
    assert asked.status == 130, "nobody said yes"
    assert "loses all 2 passkeys" in asked.err
    of = (*who, "--yes")
    (told,) = place.run("user", "passkeys", "remove", *of, "--id", f"-Phone-{user_id}").json()
    assert told == {"Id": user_id, "TenantId": tenant_id, "Email": email, "Passkeys": 1}
    assert [row["Id"] for row in place.run("user", "passkeys", "list", *who).json()] == [
        f"-Ring-{user_id}"
    ]
    gone = place.run("user", "passkeys", "remove", *of, "--id", f"-Phone-{user_id}")
    assert "The person has no passkey with the id" in gone.refusal()
    assert place.run("user", "passkeys", "remove", *of).json()[0]["Passkeys"] == 1
    assert place.run("user", "passkeys", "list", *who).json() == []
    assert events(place, user_id)[-2:] == [("passkey.removed",), ("passkey.removed",)]
    nobody = ("--tenant-id", tenant_id, "--email", "no@example.com")
    missing = place.run("user", "passkeys", "list", *nobody)
    assert "There is no user no@example.com" in missing.refusal()


def test_a_password_that_an_operator_sets_removes_them(founded_place: Founded) -> None:
    place, first = founded_place
    user_id, email = somebody(place, first["TenantId"])
    of = ("--tenant-id", first["TenantId"], "--email", email, "--json")
    place.run("user", "set-password", *of).json()
    assert place.run("user", "passkeys", "list", *of).json() == []
    assert ("passkey.removed",) in events(place, user_id)
