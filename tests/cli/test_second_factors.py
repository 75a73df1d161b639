"""Second factors at the command line: what a tenant demands, and the way out."""

import secrets
from collections.abc import Sequence

import pytest

from tests.cli.program import Place

Founded = tuple[Place, dict[str, str]]


def added(place: Place, tenant_id: str, *more: str) -> str:
    """The address of a new person."""
    email = f"kim.{secrets.token_hex(4)}@example.com"
    place.run("user", "add", "--tenant-id", tenant_id, "--email", email, *more, "--json").json()
    return email


def given_app(place: Place, tenant_id: str, user_id: str) -> None:
    """A row as the server keeps it; nobody unseals it here."""
    place.rows(
        "INSERT INTO authenticators (tenant_id, user_id, sealed_key, used_step, created_at) "
        f"VALUES ('{tenant_id}', '{user_id}', '', 0, 0) RETURNING user_id"
    )


def events(place: Place, target: str) -> Sequence[tuple[str]]:
    """The actions of the journal about a thing."""
    return place.rows(f"SELECT action FROM events WHERE target = '{target}' ORDER BY seq")


def test_what_a_tenant_demands_is_set_and_listed(founded_place: Founded) -> None:
    place, first = founded_place
    tenant_id = place.run("tenant", "add", "--name", "Mill", "--json").json()["TenantId"]
    added(place, tenant_id)
    for demanded, without in (("everybody", 2), ("administrators", 1), ("none", 0)):
        command = ("tenant", "set", "--tenant-id", tenant_id, "--second-factor", demanded)
        (told,) = place.run(*command, "--json").json()
        assert told == {
            "Id": tenant_id,
            "Name": "Mill",
            "SecondFactor": demanded,
            "WithoutOne": without,
        }
        listed = {row["Id"]: row for row in place.run("tenant", "list", "--json").json()}
        assert listed[tenant_id]["SecondFactor"] == demanded
        assert listed[first["TenantId"]]["SecondFactor"] == "none"
    assert "is not one of" in place.run(
        "tenant", "set", "--tenant-id", tenant_id, "--second-factor", "some"
    ).refusal(2)
    assert (
        "There is no tenant"
        in place.run("tenant", "set", "--tenant-id", "none", "--second-factor", "none").refusal()
    )


@pytest.mark.requirement("R-52", "R-76")
def test_all_factors_of_a_person_are_removed(founded_place: Founded) -> None:
    place, first = founded_place
    tenant_id = first["TenantId"]
    email = added(place, tenant_id)
    ((user_id,),) = place.rows(f"SELECT id FROM users WHERE email = '{email}'")
    given_app(place, tenant_id, user_id)
    command = ("user", "remove-factors", "--tenant-id", tenant_id, "--email", email, "--json")
    asked = place.run(*command)
    assert asked.status == 130, "nobody said yes"
    assert f"{email} has an authenticator app, 0 passkeys and 0 recovery codes." in asked.err
    assert asked.out == ""
    assert place.rows(f"SELECT 1 FROM authenticators WHERE user_id = '{user_id}'")
    (told,) = place.run(*command, "--yes").json()
    assert told == {
        "Id": user_id,
        "TenantId": tenant_id,
        "Email": email,
        "Authenticator": True,
        "Passkeys": 0,
        "RecoveryCodes": 0,
    }
    assert not place.rows(f"SELECT 1 FROM authenticators WHERE user_id = '{user_id}'")
    assert events(place, user_id)[-1] == ("factors.removed",)
    # once more there is nothing to ask about, to do or to tell
    before = events(place, user_id)
    assert place.run(*command).json()[0]["Authenticator"] is False
    assert events(place, user_id) == before
    nobody = ("user", "remove-factors", "--tenant-id", tenant_id, "--email", "no@example.com")
    assert "There is no user no@example.com" in place.run(*nobody).refusal()


@pytest.mark.requirement("R-45")
@pytest.mark.parametrize("password", ["password1", "kim.lee2026", "gatepost!"])
def test_nobody_is_added_with_a_password_that_is_guessed_first(
    founded_place: Founded, password: str
) -> None:
    place, first = founded_place
    (place.folder / "weak").write_text(password)
    command = ("user", "add", "--tenant-id", first["TenantId"], "--email", "kim.lee@example.com")
    refusal = place.run(*command, "--password-file", "weak").refusal()
    assert "guessed" in refusal
    assert "Choose another" in refusal
    assert not place.rows("SELECT 1 FROM users WHERE email = 'kim.lee@example.com'")
    email = added(place, first["TenantId"])
    again = ("user", "set-password", "--tenant-id", first["TenantId"], "--email", email)
    assert ("guessed" in place.run(*again, "--password-file", "weak").err) == (
        password != "kim.lee2026"
    )
