"""How a client shows who it is: one method, strictly decoded, alike for all who fail."""

from base64 import b64encode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.model.clients import SecretDigest
from gatepost.protocol.client_assertions import ASSERTION_TYPE
from gatepost.protocol.client_authentication import (
    MAX_ID,
    MAX_SECRET,
    METHODS,
    Credentials,
    matching_secret,
    presented,
)
from gatepost.protocol.parameters import OAuthError

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BODY = {"client_id": "id", "client_secret": "secret"}
ASSERTION = ".".join(
    urlsafe_b64encode(part).rstrip(b"=").decode()
    for part in (b'{"alg":"ES256"}', b'{"iss":"id","sub":"id"}', b"signature")
)
ASSERTED = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": ASSERTION}


def basic(text: str | bytes) -> str:
    """A Basic header of this text."""
    raw = text if isinstance(text, bytes) else text.encode()
    return "Basic " + b64encode(raw).decode()


@pytest.mark.requirement("R-19")
@pytest.mark.parametrize(
    "header",
    [
        basic("id:secret"),
        basic("id:secret").replace("Basic", "bAsIc"),
        basic("id:secret").replace(" ", "  "),
        basic("i%64:%73ecret"),
    ],
)
def test_basic_is_read(header: str) -> None:
    assert presented(header, {}) == Credentials("id", "secret")
    assert presented(header, {"client_id": "id"}) == Credentials("id", "secret")


def test_the_body_is_read() -> None:
    assert presented(None, BODY) == Credentials("id", "secret")


@pytest.mark.requirement("R-19")
def test_a_client_without_a_secret_shows_its_name_alone() -> None:
    """Whether its kind may do so is decided where the client is known."""
    assert presented(None, {"client_id": "id"}) == Credentials("id")
    assert "none" in METHODS


@pytest.mark.requirement("R-19")
def test_an_assertion_is_read() -> None:
    assert presented(None, ASSERTED) == Credentials("id", assertion=ASSERTION)
    assert presented(None, ASSERTED | {"client_id": "id"}) == Credentials("id", assertion=ASSERTION)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("a%3Ab:s", Credentials("a:b", "s")),
        ("id:a:b", Credentials("id", "a:b")),
        ("id:a%3Ab", Credentials("id", "a:b")),
        ("id:a+b%2B", Credentials("id", "a b+")),
        ("id:%E2%82%AC", Credentials("id", "\u20ac")),
    ],
)
def test_id_and_secret_are_form_encoded(sent: str, read: Credentials) -> None:
    assert presented(basic(sent), {}) == read


@pytest.mark.requirement("R-19", "R-21")
@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("", "unknown_scheme"),
        ("Basic", "malformed_header"),
        ("Basic ", "malformed_header"),
        ("Bearer abc", "unknown_scheme"),
        ("Digest x", "unknown_scheme"),
        ("Basic !!!!", "malformed_header"),
        ("Basic aWQ6c2VjcmV0=", "malformed_header"),
        ("Basic aWQ6cw", "malformed_header"),
        ("Basic aWQ6cx==", "malformed_header"),
        ("Basic aWQ6\tcw==", "malformed_header"),
        ("Basic aWQ6 cw==", "malformed_header"),
        ("Basic aWQ6cw==aWQ6cw==", "malformed_header"),
        ("Basic \u00fc", "malformed_header"),
        (basic("idsecret"), "malformed_header"),
        (basic(b"id:\xff"), "malformed_header"),
        (basic("id:%FF"), "malformed_header"),
        (basic("i%00d:secret"), "malformed_header"),
        (basic("i\0d:secret"), "malformed_header"),
        (basic(":secret"), "no_credentials"),
        (basic("id:"), "no_credentials"),
        (basic(":"), "no_credentials"),
        (basic("x" * (MAX_ID + 1) + ":s"), "credentials_too_long"),
        (basic("id:" + "s" * (MAX_SECRET + 1)), "credentials_too_long"),
        ("Basic " + "A" * 4096, "header_too_long"),
    ],
)
def test_a_bad_header_is_refused(header: str, reason: str) -> None:
    refused = presented(header, {})
    assert isinstance(refused, OAuthError)
    assert (refused.error, refused.reason, refused.status) == ("invalid_client", reason, 401)


@pytest.mark.requirement("R-19")
@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({}, "no_credentials"),
        ({"client_secret": "secret"}, "no_credentials"),
        ({"client_id": "x" * (MAX_ID + 1), "client_secret": "s"}, "credentials_too_long"),
        ({"client_id": "x" * (MAX_ID + 1)}, "credentials_too_long"),
        ({"client_id": "i\0d"}, "malformed_header"),
        ({"client_id": "id", "client_secret": "s" * (MAX_SECRET + 1)}, "credentials_too_long"),
        ({"client_assertion": ASSERTION}, "unknown_assertion_type"),
        (ASSERTED | {"client_assertion_type": "x"}, "unknown_assertion_type"),
        (ASSERTED | {"client_assertion": "x.y.z"}, "malformed_assertion"),
        (ASSERTED | {"client_assertion": ASSERTION + ".x"}, "malformed_assertion"),
    ],
)
def test_a_bad_body_is_refused(form: dict[str, str], reason: str) -> None:
    refused = presented(None, form)
    assert isinstance(refused, OAuthError)
    assert (refused.error, refused.reason, refused.status) == ("invalid_client", reason, 401)


@pytest.mark.requirement("R-19", "R-20")
@pytest.mark.parametrize(
    ("form", "reason"),
    [
        (BODY, "two_authentication_methods"),
        ({"client_secret": "secret"}, "two_authentication_methods"),
        ({"client_id": "other"}, "client_id_mismatch"),
    ],
)
def test_one_method_and_one_client_a_request(form: dict[str, str], reason: str) -> None:
    refused = presented(basic("id:secret"), form)
    assert isinstance(refused, OAuthError)
    assert (refused.error, refused.reason, refused.status) == ("invalid_request", reason, 400)


@pytest.mark.requirement("R-19", "R-20")
@pytest.mark.parametrize(
    ("header", "form", "reason"),
    [
        (basic("id:secret"), ASSERTED, "two_authentication_methods"),
        (None, ASSERTED | {"client_secret": "secret"}, "two_authentication_methods"),
        (basic("id:secret"), ASSERTED | BODY, "two_authentication_methods"),
        (None, ASSERTED | {"client_id": "other"}, "client_id_mismatch"),
    ],
)
def test_an_assertion_is_a_method_like_any(
    header: str | None, form: dict[str, str], reason: str
) -> None:
    refused = presented(header, form)
    assert isinstance(refused, OAuthError)
    assert (refused.error, refused.reason, refused.status) == ("invalid_request", reason, 400)


@pytest.mark.requirement("R-21")
def test_whoever_is_refused_is_told_the_same() -> None:
    answers = {
        presented(None, {}),
        presented("Basic x", {}),
        matching_secret((), [b"x"], NOW),
        matching_secret((digest(1, b"x", NOW),), [b"x"], NOW),
    }
    assert {a._replace(reason="") for a in answers if isinstance(a, OAuthError)} == {
        OAuthError(
            "invalid_client",
            "client authentication failed: unknown client or wrong secret",
            "",
            401,
        )
    }


def digest(number: int, value: bytes, expires_at: datetime | None = None) -> SecretDigest:
    """A kept secret."""
    return SecretDigest(id=number, digest=value, expires_at=expires_at)


@pytest.mark.requirement("R-61")
@pytest.mark.parametrize(
    ("left", "works"),
    [
        (None, True),
        (timedelta(microseconds=1), True),
        (timedelta(0), False),
        (-timedelta(1), False),
    ],
)
def test_a_secret_works_strictly_before_its_expiry(left: timedelta | None, works: bool) -> None:
    known = digest(2, b"two", None if left is None else NOW + left)
    found = matching_secret((digest(1, b"one"), known, digest(3, b"three")), [b"two"], NOW)
    assert (found == known) is works
    assert works or (isinstance(found, OAuthError) and found.reason == "expired_secret")


@pytest.mark.requirement("R-61")
def test_only_a_whole_digest_matches() -> None:
    for wrong in (b"", b"on", b"onee", b"ONE"):
        found = matching_secret((digest(1, b"one"),), [wrong], NOW)
        assert isinstance(found, OAuthError)
        assert found.reason == "wrong_secret"


@settings(deadline=None, max_examples=150)
@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=60),
    st.sampled_from([quote, quote_plus]),
)
def test_what_is_encoded_by_the_book_is_read_back(client: str, secret: str, encode: object) -> None:
    write = quote if encode is quote else quote_plus
    sent = basic(f"{write(client, safe='')}:{write(secret, safe='')}")
    assert presented(sent, {}) == Credentials(client, secret)


@pytest.mark.requirement("R-72", "R-19")
@settings(deadline=None, max_examples=300)
@given(
    st.text(st.characters(max_codepoint=255), max_size=50)
    | st.binary(max_size=40).map(basic)
    | st.text("AQw=+/-_ \t", max_size=20).map("Basic ".__add__)
)
def test_any_header_is_read_or_refused(header: str) -> None:
    found = presented(header, {})
    assert isinstance(found, Credentials) or found.status == 401
    assert "***" in repr(found) or isinstance(found, OAuthError)


def test_a_secret_is_in_no_repr() -> None:
    assert "hush" not in repr(Credentials("id", "hush", "hush"))
    assert "hush" not in repr(digest(1, b"hush"))


@pytest.mark.requirement("R-75")
def test_every_digest_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[bytes, bytes]] = []

    def compare(known: bytes, given: bytes) -> bool:
        seen.append((known, given))
        return known == given

    monkeypatch.setattr("hmac.compare_digest", compare)
    digests = [SecretDigest(id=n, digest=bytes([n]) * 32, expires_at=None) for n in (1, 2, 3)]
    found = matching_secret(digests, [digests[0].digest], datetime(2026, 1, 1, tzinfo=UTC))
    assert found == digests[0]
    assert [known for known, _ in seen] == [each.digest for each in digests]
