"""Codes of authenticator apps: the vectors of RFC 6238 and RFC 4226, and the window."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.protocol import totp

KEY = b"12345678901234567890"  # of RFC 6238, appendix B
NOW = datetime(2026, 5, 1, 12, 0, 10, tzinfo=UTC)
HERE = totp.step_at(NOW)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_vectors_of_rfc_6238(seconds: int, code: str) -> None:
    step = totp.step_at(datetime.fromtimestamp(seconds, UTC))
    assert totp.code_at(KEY, step, digits=8) == code
    assert totp.code_at(KEY, step) == code[2:]


@pytest.mark.parametrize(
    ("count", "code"),
    [
        (0, "755224"), (1, "287082"), (2, "359152"), (3, "969429"), (4, "338314"),
        (5, "254676"), (6, "287922"), (7, "162583"), (8, "399871"), (9, "520489"),
    ],
)  # fmt: skip
def test_the_vectors_of_rfc_4226(count: int, code: str) -> None:
    assert totp.code_at(KEY, count) == code


@pytest.mark.parametrize(
    ("by", "matches"),
    [(-2, False), (-1, True), (0, True), (1, True), (2, False), (3, False)],
)
def test_a_step_to_either_side_is_taken(by: int, matches: bool) -> None:
    found = totp.matched_step(KEY, totp.code_at(KEY, HERE + by), NOW)
    assert found == (HERE + by if matches else None)


def test_a_step_ends_on_the_second() -> None:
    begin = datetime(2026, 5, 1, 12, tzinfo=UTC)
    steps = [totp.step_at(begin + timedelta(seconds=at)) for at in (0, 29.999, 30, 59)]
    assert [step - steps[0] for step in steps] == [0, 0, 1, 1]


def test_of_two_steps_with_one_code_the_earlier_is_meant() -> None:
    codes: dict[str, int] = {}
    for step in range(3, 4_000):
        known = codes.setdefault(totp.code_at(KEY, step), step)
        if 0 < step - known <= 2:
            moment = datetime.fromtimestamp((known + 1) * totp.STEP_SECONDS, UTC)
            assert totp.matched_step(KEY, totp.code_at(KEY, step), moment) == known
    assert len(codes) > 3_900


def test_at_the_beginning_of_time_there_is_no_step_before() -> None:
    begin = datetime.fromtimestamp(0, UTC)
    assert totp.matched_step(KEY, "755224", begin) == 0
    assert totp.matched_step(KEY, "000000", begin) is None


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("123456", "123456"),
        (" 123 456 ", "123456"),
        ("123\t456", "123456"),
        ("", None),
        (" ", None),
        ("12345", None),
        ("1234567", None),
        ("12345a", None),
        ("-12345", None),
        ("+12345", None),
        ("1e2345", None),
        ("٠١٢٣٤٥", None),
        ("\uff11\uff12\uff13\uff14\uff15\uff16", None),
        ("²23456", None),
    ],
)
def test_only_six_digits_are_a_code(typed: str, read: str | None) -> None:
    assert totp.typed_code(typed) == read


@given(st.text(max_size=200))
def test_nothing_typed_is_an_error(typed: str) -> None:
    assert totp.matched_step(KEY, typed, NOW) in {None, HERE - 1, HERE, HERE + 1}


def test_the_key_is_shown_in_groups_and_without_padding() -> None:
    assert totp.key_text(KEY) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert totp.shown_key(KEY) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
    assert totp.key_text(b"\x00") == "AA"


def test_the_address_says_what_apps_read() -> None:
    parts = urlsplit(totp.address(KEY, "Acme & Söhne: Mill", "kim+1@example.com"))
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    issuer, _, account = parts.path.removeprefix("/").partition(":")
    assert (unquote(issuer), unquote(account)) == ("Acme & Söhne  Mill", "kim+1@example.com")
    assert parse_qs(parts.query) == {
        "secret": ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"],
        "issuer": ["Acme & Söhne  Mill"],
        "algorithm": ["SHA1"],
        "digits": ["6"],
        "period": ["30"],
    }


@given(st.text(max_size=300), st.text(max_size=300))
def test_an_address_is_always_short_enough_for_a_picture(issuer: str, account: str) -> None:
    assert len(totp.address(KEY, issuer, account)) <= 400
    assert totp.address(KEY, issuer, account).isascii()
