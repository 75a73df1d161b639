"""Passwords that are guessed first: what a password is read as, and which are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.model.people import LOCAL_PROVIDER, PASSWORD_MAX
from gatepost.model.tenants import Tenant
from gatepost.model.weak_passwords import (
    SENTENCES,
    Weakness,
    names_around,
    names_of,
    readings,
    weak_fault,
    weakness,
)
from tests.stores.examples import NOW, user

USED_MOST = frozenset(
    {"password", "monkey", "sunshine", "password1", "iloveyou", "abc", "12345678"}
)
KIM = user(
    "k",
    provider_id=LOCAL_PROVIDER,
    email="kim.lee@mill.example",
    contact_email="kim@home.example",
    given_name="Kimberly",
    surname="Léger",
)
MILL = Tenant(id="t", name="Old Mill", alias="old-mill", created_at=NOW, updated_at=NOW)
COMMON, VARIANT, PATTERN, NAME = (
    Weakness.COMMON,
    Weakness.VARIANT,
    Weakness.PATTERN,
    Weakness.NAME,
)


def found(password: str) -> Weakness | None:
    """Why Kim of the Old Mill may not have this password."""
    return weakness(password, names_of(KIM, MILL), USED_MOST.__contains__)


@pytest.mark.requirement("R-45")
@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("password", COMMON),
        ("PASSWORD", COMMON),
        ("ｐａｓｓｗｏｒｄ", COMMON),  # noqa: RUF001  (written wide)
        ("password1", COMMON),
        (" password ", COMMON),
        ("password!", VARIANT),
        ("Password123!", VARIANT),
        ("2026password", VARIANT),
        ("!!monkey!!", VARIANT),
        ("monkey2026!!", VARIANT),
        ("123456monkey123456", VARIANT),
        ("p@ssw0rd", VARIANT),
        ("P@$$w0rd!", VARIANT),
        ("$unsh1ne", VARIANT),
        ("sunsh!ne", VARIANT),
        ("m0nk3y99", VARIANT),
        ("i love you", VARIANT),
        ("i-love-you", VARIANT),
        ("I_Love.You!", VARIANT),
        ("monkeymonkey", VARIANT),
        ("abcabcabcabc", PATTERN),
        ("aaaaaaaaaaaa", PATTERN),
        ("a a a a a a", PATTERN),
        ("12121212", PATTERN),
        ("abcdefghij", PATTERN),
        ("jihgfedcba", PATTERN),
        ("4567890", PATTERN),
        ("23456789", PATTERN),
        ("αβγδεζηθ", PATTERN),
        ("gatepost", NAME),
        ("Gatepost2026!", NAME),
        ("g@tep0st", NAME),
        ("kim.lee@mill.example", NAME),
        ("KIM.LEE@MILL.EXAMPLE", NAME),
        ("kim.lee12345", NAME),
        ("kimlee2026", NAME),
        ("kim@home.example", NAME),
        ("kimberly1990", NAME),
        ("léger2026!", NAME),
        ("Kimberly Léger", NAME),
        ("kimberlyléger", NAME),
        ("légerkimberly1", NAME),
        ("old mill", NAME),
        ("oldmill2026", NAME),
        ("OldMillOldMill", NAME),
        # what is left is not guessed first
        ("correct horse battery staple", None),
        ("monkey business in the mill", None),
        ("passwordmonkey", None),
        ("mypassword", None),
        ("monkey1234567", None),  # seven digits are more than a trifle
        ("kimberly of the old mill", None),
        ("8394712056", None),
        ("zqx!7Kp2", None),
        ("a", None),
        ("", None),
        ("!!!!!!!x", None),
    ],
)
def test_which_passwords_are_guessed_first(password: str, why: Weakness | None) -> None:
    assert found(password) is why


@pytest.mark.parametrize(
    ("password", "among"),
    [
        ("Pass Word1", {"pass word1", "password1", "pass word", "password"}),
        ("M0nk3y!!", {"m0nk3y!!", "m0nk3y", "monkey"}),
        ("abcabc12", {"abcabc", "abc"}),
        ("ÜBER-mut7", {"über-mut7", "übermut7", "übermut"}),
    ],
)
def test_what_a_password_is_read_as(password: str, among: set[str]) -> None:
    assert among <= set(readings(password))


def test_a_one_may_stand_for_either_letter() -> None:
    assert {"little", "iittie"} <= set(readings("1itt1e"))
    assert "mill" in readings("mi11")


@given(st.text(max_size=PASSWORD_MAX))
def test_every_text_is_read_and_read_first_as_itself(password: str) -> None:
    read = readings(password)
    assert len(read) == len(set(read)) <= 40
    assert weakness(password, (), lambda word: word == read[0]) in {COMMON, PATTERN}
    assert weakness(password, (password,), lambda _: False) in {NAME, PATTERN, None}


def test_a_reason_is_a_sentence() -> None:
    assert SENTENCES.keys() == set(Weakness)
    for why, password in ((COMMON, "password"), (NAME, "gatepost"), (PATTERN, "aaaaaaaa")):
        assert weak_fault(password, ("gatepost",), USED_MOST.__contains__) == SENTENCES[why]
    assert weak_fault("zqx!7Kp2", (), USED_MOST.__contains__) is None


def test_names_that_are_missing_are_no_names() -> None:
    nobody = user("n", email=None)
    assert set(names_of(nobody, None)) <= {"gatepost", " "}
    assert weakness("correct horse", names_of(nobody, None), lambda _: False) is None
    assert names_around(None) == ("gatepost",)
    assert set(names_around("Mill", "kim@mill.example", None)) == {
        "Mill",
        "kim@mill.example",
        "kim",
        "gatepost",
    }
