"""Who owes a second step, and how recovery codes are written and read."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.model.factors import (
    RECOVERY_BYTES,
    Factors,
    Owed,
    is_demanded,
    owed,
    recovery_code,
    typed_recovery_code,
)
from gatepost.model.sign_ins import (
    METHOD_CONTEXTS,
    METHOD_REFERENCES,
    PASSKEY,
    PASSWORD,
    RECOVERY,
    TOTP,
)
from gatepost.model.tenants import SecondFactor

NOTHING, STEP, FACTOR = Owed.NOTHING, Owed.A_SECOND_STEP, Owed.A_FACTOR


@pytest.mark.parametrize(
    ("demanded", "administrator", "app", "passkey", "expected"),
    [
        ("none", False, False, False, NOTHING),
        ("none", True, False, False, NOTHING),
        ("none", False, False, True, NOTHING),  # a passkey alone demands nothing
        ("none", False, True, False, STEP),
        ("none", True, True, True, STEP),
        ("administrators", False, False, False, NOTHING),
        ("administrators", False, False, True, NOTHING),
        ("administrators", False, True, False, STEP),
        ("administrators", True, False, False, FACTOR),
        ("administrators", True, False, True, STEP),
        ("administrators", True, True, False, STEP),
        ("everybody", False, False, False, FACTOR),
        ("everybody", True, False, False, FACTOR),
        ("everybody", False, False, True, STEP),
        ("everybody", False, True, True, STEP),
    ],
)
def test_what_is_owed_after_a_password(
    demanded: SecondFactor, administrator: bool, app: bool, passkey: bool, expected: Owed
) -> None:
    assert owed(PASSWORD, Factors(demanded, administrator, app, passkey)) is expected


@pytest.mark.parametrize("method", [PASSKEY, TOTP, RECOVERY])
def test_who_did_both_steps_owes_nothing(method: str) -> None:
    flags = itertools.product([False, True], repeat=3)
    for each in flags:
        assert owed(method, Factors("everybody", *each)) is NOTHING


def test_the_tenant_demands_it_of_whom_it_says() -> None:
    found = {
        (demanded, is_administrator): is_demanded(demanded, is_administrator=is_administrator)
        for demanded in ("none", "administrators", "everybody")
        for is_administrator in (False, True)
    }
    assert [pair for pair, is_so in found.items() if is_so] == [
        ("administrators", True),
        ("everybody", False),
        ("everybody", True),
    ]


def test_tokens_say_how_somebody_signed_in_and_never_more() -> None:
    assert METHOD_REFERENCES.keys() == METHOD_CONTEXTS.keys()
    for method, references in METHOD_REFERENCES.items():
        is_strong = method != PASSWORD
        assert ("mfa" in references) == is_strong
        assert ("otp" in references) == (method in {TOTP, RECOVERY})
        assert ("pwd" in references) == (method != PASSKEY)
    assert METHOD_CONTEXTS[PASSWORD] not in {METHOD_CONTEXTS[m] for m in (TOTP, PASSKEY)}


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("ABCDE-FGH23", "ABCDEFGH23"),
        ("abcde-fgh23", "ABCDEFGH23"),
        ("  abcde fgh 23 ", "ABCDEFGH23"),
        ("0BCDE-1GH28", "OBCDEIGH2B"),  # what is read for a letter of ours
        ("", None),
        ("-", None),
        ("ABCDE-FGH2", None),
        ("ABCDE-FGH234", None),
        ("ABCDE-FGH29", None),
        ("ABCDE_FGH23", None),
        ("ABCDE-FGH2é", None),
        ("ABCDE-FGH2٣", None),
        ("123456", None),
    ],
)
def test_a_recovery_code_is_read_as_people_type_it(typed: str, read: str | None) -> None:
    assert typed_recovery_code(typed) == read


@given(st.binary(min_size=RECOVERY_BYTES, max_size=RECOVERY_BYTES))
def test_what_is_printed_can_be_typed(octets: bytes) -> None:
    printed = recovery_code(octets)
    assert len(printed) == 11
    assert typed_recovery_code(printed) == printed.replace("-", "")
