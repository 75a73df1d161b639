"""Form bodies: strict, bounded, without repair, and never an exception."""

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.protocol.parameters import (
    MAX_FIELDS,
    MAX_NAME,
    MAX_VALUE,
    OAuthError,
    parse_form,
    printable,
)

GOOD = [
    (b"", {}),
    (b"&&", {}),
    (b"a=1", {"a": "1"}),
    (b"a=1&b=2", {"a": "1", "b": "2"}),
    (b"a=", {}),
    (b"a", {}),
    (b"a==&b=c=d", {"a": "=", "b": "c=d"}),
    (b"a=+%20%2B", {"a": "  +"}),
    (b"a=%C3%BC&%62=%e2%82%ac", {"a": "\u00fc", "b": "\u20ac"}),
    (b"a=1;b=2", {"a": "1;b=2"}),
    (b"a=%26%3D", {"a": "&="}),
    (b"A=1&a=2", {"A": "1", "a": "2"}),
]
BAD = [
    (b"a=1&a=2", "repeated_parameter"),
    (b"a=1&a=1", "repeated_parameter"),
    (b"a=&a=1", "repeated_parameter"),
    (b"a=1&a=", "repeated_parameter"),
    (b"a&a", "repeated_parameter"),
    (b"a=1&%61=2", "repeated_parameter"),
    (b"a=%", "malformed_form"),
    (b"a=%4", "malformed_form"),
    (b"a=%zz", "malformed_form"),
    (b"a=%+1", "malformed_form"),
    (b"%=1", "malformed_form"),
    (b"a=%ff", "malformed_form"),
    (b"a=%C3", "malformed_form"),
    (b"a=%ED%A0%80", "malformed_form"),
    (b"a=%C0%AF", "malformed_form"),
    (b"a=\xc3\xbc", "malformed_form"),
    (b"a=\xff", "malformed_form"),
    (b"a=%00", "malformed_form"),
    (b"a=\0", "malformed_form"),
    (b"%00a=1", "malformed_form"),
    (b"&".join(b"a%d=1" % n for n in range(MAX_FIELDS + 1)), "too_many_parameters"),
    (b"&" * MAX_FIELDS, "too_many_parameters"),
    (b"a" * (MAX_NAME + 1) + b"=1", "parameter_too_long"),
    (b"a=" + b"b" * (MAX_VALUE + 1), "parameter_too_long"),
]
NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=MAX_NAME
)
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=50)


@pytest.mark.parametrize(("body", "found"), GOOD)
def test_good_forms_are_read(body: bytes, found: dict[str, str]) -> None:
    assert parse_form(body) == found


@pytest.mark.requirement("R-05", "R-68")
@pytest.mark.parametrize(("body", "reason"), BAD)
def test_bad_forms_are_refused(body: bytes, reason: str) -> None:
    refused = parse_form(body)
    assert isinstance(refused, OAuthError)
    assert (refused.error, refused.reason, refused.status) == ("invalid_request", reason, 400)


@pytest.mark.requirement("R-68")
def test_limits_are_reached_exactly() -> None:
    fields = {f"a{n}": "1" for n in range(MAX_FIELDS)}
    assert parse_form(urlencode(fields).encode()) == fields
    longest = {"a" * MAX_NAME: "\u20ac" * MAX_VALUE}
    assert parse_form(urlencode(longest).encode()) == longest


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(NAMES, VALUES, max_size=8))
def test_what_the_library_writes_is_read_back(fields: dict[str, str]) -> None:
    assert parse_form(urlencode(fields).encode()) == fields


@pytest.mark.requirement("R-05")
@settings(deadline=None, max_examples=100)
@given(NAMES, st.text("ab", max_size=2), st.text("ab", max_size=2), st.dictionaries(NAMES, VALUES))
def test_any_repetition_is_refused(
    name: str, first: str, second: str, others: dict[str, str]
) -> None:
    others.pop(name, None)
    pairs = [(name, first), *list(others.items())[:9], (name, second)]
    refused = parse_form(urlencode(pairs).encode())
    assert isinstance(refused, OAuthError)
    assert refused.reason == "repeated_parameter"


@pytest.mark.requirement("R-72")
@settings(deadline=None, max_examples=400)
@given(st.binary(max_size=60) | st.text("a=&%+0fFC3\0", max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    found = parse_form(body)
    if isinstance(found, OAuthError):
        assert found.error == "invalid_request"
        return
    assert found == dict(parse_qsl(body.decode(), errors="strict"))
    assert all(value and "\0" not in value for value in found.values())


@pytest.mark.requirement("R-59")
@settings(deadline=None, max_examples=200)
@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=100))
def test_a_printable_text_fits_an_error_description(text: str) -> None:
    """RFC 6749, 5.2: %x20-21 / %x23-5B / %x5D-7E."""
    shown = printable(text)
    assert all(" " <= c <= "~" and c not in '"\\' for c in shown)
    assert shown[0] == shown[-1] == "'"
    assert len(shown) <= 2 + 60 * 6
