"""`gatepost init`, `tenant` and `user`: what is founded, what is told, what is refused."""

import json
import re
import stat
from uuid import uuid4

import pytest
from argon2 import PasswordHasher

from tests.cli.program import Place

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TOLD = [
    "TenantId",
    "TenantName",
    "AdminEmail",
    "AdminPassword",
    "AdminClientId",
    "AdminClientSecret",
]
Founded = tuple[Place, dict[str, str]]


def test_what_is_not_given_is_generated_and_told_in_one_object(place: Place) -> None:
    done = place.run("init", "--json")
    told = done.json()
    assert list(told) == TOLD
    assert done.out.count("\n") == 1
    assert done.err == ""
    assert all(GUID.fullmatch(told[name]) for name in ("TenantId", "AdminClientId"))
    key_file = place.folder / "store/master.key"
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert place.rows("SELECT id, name FROM tenants") == [(told["TenantId"], told["TenantName"])]
    assert place.rows("SELECT must_change FROM passwords") == [(True,)]


@pytest.mark.parametrize("base", ["", "https://id.example.com"])
def test_it_says_where_the_one_time_password_is_changed(embedded: Place, base: str) -> None:
    place = embedded.with_settings(GATEPOST_PUBLIC_URL=base) if base else embedded
    *_, last = place.run("init").out.splitlines()
    assert last.startswith(f"The one-time password is changed at {base}/identity/account")
    (place.folder / "password").write_text("a long enough password")
    added = ("tenant", "add", "--name", "B", "--admin-password-file", "password")
    assert "/identity/account" not in place.run(*added).out


def test_everything_can_be_given(place: Place) -> None:
    password, secret = "a long enough password", "s" * 40
    (place.folder / "password").write_text(f"{password}\nsecond line\n")
    (place.folder / "secret").write_text(secret)
    tenant_id, client_id = str(uuid4()), str(uuid4())
    told = place.init(
        *("--tenant-id", tenant_id.upper(), "--tenant-name", "Süd AG"),
        *("--admin-email", "kim@example.com", "--admin-password-file", "password"),
        *("--admin-client-id", client_id, "--admin-client-secret-file", "secret"),
    )
    assert told == {
        "TenantId": tenant_id,
        "TenantName": "Süd AG",
        "AdminEmail": "kim@example.com",
        "AdminClientId": client_id,
    }
    ((phc, must_change),) = place.rows("SELECT phc, must_change FROM passwords")
    assert PasswordHasher().verify(phc, password)
    assert not must_change
    with place.serving() as server:
        assert server.token(client_id, secret)


@pytest.mark.requirement("R-81")
def test_where_a_tenant_exists_another_must_be_named(founded_place: Founded) -> None:
    place, first = founded_place
    assert "--tenant-id" in place.run("init").refusal(3)
    assert first["TenantId"] in place.run("init", "--tenant-id", first["TenantId"]).refusal(3)
    second = place.init("--tenant-id", str(uuid4()), "--tenant-name", "Second")
    assert list(second) == TOLD
    listed = place.run("tenant", "list", "--json").json()
    assert {first["TenantId"], second["TenantId"]} <= {row["Id"] for row in listed}


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--tenant-id", "7", "--tenant-id"),
        ("--admin-email", "kim", "--admin-email"),
        ("--admin-client-id", "nonsense", "--admin-client-id"),
        ("--admin-password-file", "short", "at least 8 characters"),
        ("--admin-password-file", "missing", "missing cannot be read: No such file"),
        ("--admin-password-file", "empty", "empty is empty"),
        ("--admin-password-file", "bytes", "bytes is not UTF-8 text"),
        ("--admin-client-secret-file", "blanks", "without blanks"),
    ],
)
def test_a_bad_wish_is_refused_before_anything_is_made(
    embedded: Place, option: str, value: str, words: str
) -> None:
    contents = {"short": b"seven77", "empty": b"", "bytes": b"\xff" * 20, "blanks": b"a b" * 9}
    for name, content in contents.items():
        (embedded.folder / name).write_bytes(content)
    assert words in embedded.run("init", option, value).refusal()
    assert not (embedded.folder / "store").exists()


def test_a_taken_client_id_founds_nothing(founded_place: Founded) -> None:
    place, first = founded_place
    wanted = str(uuid4())
    taken = ("--admin-client-id", first["AdminClientId"])
    refusal = place.run("init", "--tenant-id", wanted, *taken).refusal()
    assert first["AdminClientId"] in refusal
    assert not place.rows(f"SELECT 1 FROM tenants WHERE id = '{wanted}'")


def test_tenants_are_added_and_listed(founded_place: Founded) -> None:
    place, _ = founded_place
    added = place.run("tenant", "add", "--name", "Third", "--json").json()
    assert list(added) == TOLD
    listed = {row["Id"]: row["Name"] for row in place.run("tenant", "list", "--json").json()}
    assert listed[added["TenantId"]] == "Third"
    head, *lines = place.run("tenant", "list").out.splitlines()
    assert head.split() == ["ID", "NAME", "ALIAS", "CREATED", "SECONDFACTOR"]
    assert len(lines) == len(listed)
    assert "--tenant-name" in place.run("tenant", "add").refusal(2)


def test_people_are_added_with_roles_by_name(founded_place: Founded) -> None:
    place, first = founded_place
    here = ("--tenant-id", first["TenantId"])
    person = (*here, "--email", "Lee@example.com", "--given-name", "Lee", "--json")
    added = place.run("user", "add", *person, "--role", "tenant ADMINISTRATOR").json()
    assert list(added) == ["Id", "TenantId", "Email", "Password"]
    roles = place.rows(
        "SELECT roles.name FROM user_roles JOIN roles ON roles.id = user_roles.role_id "
        f"WHERE user_roles.user_id = '{added['Id']}' ORDER BY roles.name"
    )
    assert len(roles) == 2
    assert roles[0][0].endswith("Administrator")
    vouched = f"SELECT email_verified FROM users WHERE id = '{added['Id']}'"
    assert [bool(row[0]) for row in place.rows(vouched)] == [True]
    assert roles[1][0].endswith("Member")
    assert "Lee@example.com" in place.run("user", "add", *person).refusal()
    nobody = (*here, "--email", "nobody@example.com")
    assert "Nonsense" in place.run("user", "add", *nobody, "--role", "Nonsense").refusal()
    assert "nobody@example.com" in place.run("user", "set-password", *nobody).refusal()


@pytest.mark.requirement("R-45", "R-46")
def test_passwords_are_generated_or_come_from_a_file(founded_place: Founded) -> None:
    place, first = founded_place
    person = ("--tenant-id", first["TenantId"], "--email", "noor@example.com")
    one_time = place.run("user", "add", *person, "--json").json()
    assert _kept(place, one_time["Id"], one_time["Password"]) == (True, True)
    (place.folder / "password").write_text("correct horse battery\n")
    given = place.run("user", "set-password", *person, "--password-file", "password", "--json")
    assert "Password" not in given.json()
    assert _kept(place, one_time["Id"], "correct horse battery") == (True, False)
    again = place.run("user", "set-password", *person)
    assert "not shown again" in again.out
    assert _kept(place, one_time["Id"], again.out.split("Password:")[1].split()[0]) == (True, True)


@pytest.mark.requirement("R-82", "R-60")
def test_a_link_is_printed_instead_of_a_password(founded_place: Founded) -> None:
    place, first = founded_place
    public = place.with_settings(GATEPOST_PUBLIC_URL="https://id.example.com")
    person = ("--tenant-id", first["TenantId"], "--email", "linked@example.com")
    added = public.run("user", "add", *person, "--link", "--json").json()
    start = f"https://id.example.com/identity/welcome?link={first['TenantId']}."
    assert added["Link"].startswith(start)
    assert added["LinkExpires"].endswith("Z")
    assert "Password" not in added
    assert not place.rows(f"SELECT 1 FROM passwords WHERE user_id = '{added['Id']}'")
    again = public.run("user", "set-password", *person, "--link")
    assert start in again.out
    assert "not shown again" in again.out
    kept = place.rows(f"SELECT digest FROM password_links WHERE user_id = '{added['Id']}'")
    assert len(kept) == 1
    assert added["Link"].removeprefix(start) not in repr(kept)


def test_a_link_needs_the_public_address(founded_place: Founded) -> None:
    place, first = founded_place
    person = ("--tenant-id", first["TenantId"], "--email", "unlinked@example.com")
    assert "GATEPOST_PUBLIC_URL is not set" in place.run("user", "add", *person, "--link").refusal()
    (place.folder / "password").write_text("correct horse battery\n")
    both = place.run("user", "add", *person, "--link", "--password-file", "password").refusal()
    assert "exclude each other" in both
    assert not place.rows("SELECT 1 FROM users WHERE folded_email = 'unlinked@example.com'")


@pytest.mark.requirement("R-45")
def test_a_short_password_is_refused_before_anything_is_written(founded_place: Founded) -> None:
    place, first = founded_place
    (place.folder / "short").write_text("seven77")
    person = ("--tenant-id", first["TenantId"], "--email", "short@example.com")
    refusal = place.run("user", "add", *person, "--password-file", "short").refusal()
    assert "at least 8" in refusal
    assert not place.rows("SELECT 1 FROM users WHERE folded_email = 'short@example.com'")


def test_the_tenant_must_be_named_where_there_are_two(founded_place: Founded) -> None:
    place, _ = founded_place
    place.run("tenant", "add", "--name", "One more")
    unnamed = place.run("user", "add", "--email", "a@example.com").refusal()
    assert "--tenant-id" in unnamed
    unknown = str(uuid4())
    stranger = ("--email", "a@example.com", "--tenant-id", unknown)
    assert unknown in place.run("user", "add", *stranger).refusal()


@pytest.mark.requirement("R-76", "R-60")
def test_nothing_that_was_issued_is_in_the_database_file(embedded: Place) -> None:
    told = embedded.init()
    person = embedded.run("user", "add", "--email", "kim@example.com", "--json").json()
    with embedded.serving() as server:
        answer = server.http.post(
            f"/api/v1/Tenants/{told['TenantId']}/ClientCredentialClients",
            json={"Name": "Stolen"},
            headers=server.admin(told),
        )
        assert answer.status_code == 201
        stolen = _octets(embedded)
        assert server.stop() == 0
    stolen += _octets(embedded)
    issued = (told["AdminPassword"], told["AdminClientSecret"], person["Password"])
    for secret in (*issued, answer.json()["Secret"]):
        assert secret.encode() not in stolen
        assert secret.removeprefix("gps_").encode() not in stolen
    assert b"kim@example.com" in stolen
    assert b"PRIVATE KEY" not in stolen
    assert b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01" not in stolen  # rsaEncryption, in any PKCS #8
    jwks = [json.loads(row[0]) for row in embedded.rows("SELECT public_jwk FROM signing_keys")]
    assert jwks
    assert not {"d", "p", "q", "dp", "dq", "qi"} & {name for jwk in jwks for name in jwk}


def _kept(place: Place, user_id: str, password: str) -> tuple[bool, bool]:
    """Whether this is the password that is kept, and whether it must be changed."""
    ((phc, must_change),) = place.rows(
        f"SELECT phc, must_change FROM passwords WHERE user_id = '{user_id}'"
    )
    return PasswordHasher().verify(phc, password), bool(must_change)


def _octets(place: Place) -> bytes:
    """The database files as a thief would have them, the write-ahead log too."""
    files = sorted((place.folder / "store").glob("gatepost.db*"))
    assert files
    return b"".join(file.read_bytes() for file in files)
