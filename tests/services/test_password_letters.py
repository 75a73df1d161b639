"""What stands in a letter with a link, and that names make no other letter of it (R-82)."""

from datetime import UTC, datetime

import pytest

from gatepost.model.people import LOCAL_PROVIDER, User
from gatepost.services.password_letters import NAME_MAX, Letter, told, written

pytestmark = pytest.mark.requirement("R-82")

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ADDRESS = "https://id.example.com/identity/welcome?link=t.x"
EMAIL = "kim@example.com"
PHISH = "Your account will be closed. Open https://evil.example/keep"


def letter(
    *,
    given_name: str | None = "Kim",
    tenant: str = "Boilers",
    by: str = "Robin Roe",
    has_password: bool = False,
) -> Letter:
    user = User(
        id="u",
        provider_id=LOCAL_PROVIDER,
        email=EMAIL,
        given_name=given_name,
        has_password=has_password,
        incarnation="i",
        role_ids=(),
        created_at=NOW,
        updated_at=NOW,
    )
    return Letter(user, EMAIL, tenant, by, NOW)


def test_the_first_letter() -> None:
    assert written(letter(), ADDRESS) == (
        "Choose your password for Boilers",
        f"""Hello Kim,

Robin Roe asks you to choose a password for Boilers.
Open this address to do so:

{ADDRESS}

It works once, until 2026-05-01 12:00 UTC. You sign in with {EMAIL}.

If you did not expect this letter, you need not do anything.
""",
    )


def test_the_letter_to_somebody_who_has_a_password() -> None:
    assert written(letter(has_password=True), ADDRESS) == (
        "Choose a new password for Boilers",
        f"""Hello Kim,

Robin Roe, an administrator, asked that you choose a new password for Boilers.
When you do, you are signed out everywhere, and your passkeys are removed.
Open this address to do so:

{ADDRESS}

It works once, until 2026-05-01 12:00 UTC. You sign in with {EMAIL}.

If you ignore this letter, nothing happens: your password stays as it is.
""",
    )


@pytest.mark.parametrize(
    ("has_password", "subject", "sentence"),
    [
        (False, "Choose your password", "An administrator asks you to choose a password."),
        (True, "Choose a new password", "An administrator asked that you choose a new password."),
    ],
)
@pytest.mark.parametrize("name", [PHISH, ""])
def test_a_letter_without_names(has_password: bool, subject: str, sentence: str, name: str) -> None:
    bare = letter(given_name=name, tenant=name, by=name, has_password=has_password)
    headline, text = written(bare, ADDRESS)
    assert headline == subject
    assert text.startswith(f"Hello,\n\n{sentence}\n")
    assert "evil" not in text


def test_nobody_is_called_by_no_name() -> None:
    assert written(letter(given_name=None), ADDRESS)[1].startswith("Hello,\n")


@pytest.mark.parametrize("member", ["given_name", "tenant", "by"])
@pytest.mark.parametrize("has_password", [False, True])
def test_every_name_is_cut(member: str, has_password: bool) -> None:
    names = {member: "n" * 300}
    headline, text = written(letter(has_password=has_password, **names), ADDRESS)
    assert "n" * NAME_MAX in text
    assert "n" * (NAME_MAX + 1) not in headline + text


@pytest.mark.parametrize(
    "name",
    [
        PHISH,
        "https://evil.example",
        "//evil",
        "evil/keep",
        "evil\\keep",
        "www.evil",
        "WWW.evil",
        "\uff57\uff57\uff57\uff0eevil",
        "w\u200bww.evil",
        "evil\uff0fkeep",
        "call me@once",
        "call me\uff20once",
        "evil.example",
        "Open evil.com now",
        "a\nb",
        "a\rb",
        "a\u2028b",
        "a\x0bb",
        "a\u202eb",
        "x" * 60 + " https://evil.example",
        "",
        "  ",
    ],
    ids=ascii,
)
def test_what_could_be_read_as_an_address_or_a_line_is_left_out(name: str) -> None:
    assert told(name) == ""


@pytest.mark.parametrize(
    ("name", "as_told"),
    [
        ("Kim", "Kim"),
        (" Kim ", "Kim"),
        ("Jürgen O'Neil-Müller", "Jürgen O'Neil-Müller"),
        ("J.R. Smith", "J.R. Smith"),
        ("Mr. Moss: Boilers & Co. (north)", "Mr. Moss: Boilers & Co. (north)"),
        ("Version 1.10", "Version 1.10"),
        ("選択", "選択"),
        ("n" * 40, "n" * 40),
        ("n" * 41, "n" * 40),
        ("n" * 39 + " more", "n" * 39),
    ],
)
def test_other_names_stand_as_they_are_and_cut(name: str, as_told: str) -> None:
    assert told(name) == as_told
