"""How an answer travels: no token in a query, and nothing lost or added on the way."""

from itertools import combinations
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.protocol.response import (
    PARTS,
    RESPONSE_MODES,
    Answer,
    address,
    canonical,
    default_mode,
    may_use,
    mode_for_errors,
    parts_of,
)

URI = "https://app.example.com/cb"
TOKENS = ("id_token", "token")
EVERY_SET = [frozenset(chosen) for n in range(4) for chosen in combinations(PARTS, n)]
words = st.sampled_from([*PARTS, "none", "CODE", ""]) | st.text(max_size=6)
types = st.lists(words, max_size=5).map(" ".join)
modes = st.sampled_from([*RESPONSE_MODES, "jwt", "query.jwt", "web_message"]) | st.text(max_size=9)
uris = st.sampled_from(
    [URI, URI + "?", URI + "?a=b", URI + "?a=b&", "com.example.app:/cb", "http://[::1]:80/?x"]
)


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("code", "code"),
        ("id_token code", "code id_token"),
        ("token id_token code", "code id_token token"),
        (" token  code ", "code token"),
        ("code code", "code"),
        ("", ""),
    ],
)
def test_the_order_of_the_parts_means_nothing(text: str, type_: str) -> None:
    assert canonical(parts_of(text)) == type_


@pytest.mark.requirement("R-10")
@pytest.mark.parametrize("parts", EVERY_SET, ids=lambda parts: " ".join(sorted(parts)) or "-")
def test_tokens_have_a_mode_that_no_server_logs(parts: frozenset[str]) -> None:
    with_token = bool(parts & set(TOKENS))
    assert default_mode(parts) == ("fragment" if with_token else "query")
    assert may_use("query", parts) is not with_token
    assert may_use("fragment", parts)
    assert may_use("form_post", parts)


@pytest.mark.requirement("R-10")
@pytest.mark.parametrize("mode", ["", "QUERY", "query ", "jwt", "query.jwt", "form_post.jwt", "x"])
@pytest.mark.parametrize("parts", EVERY_SET, ids=lambda parts: " ".join(sorted(parts)) or "-")
def test_no_other_mode_exists(mode: str, parts: frozenset[str]) -> None:
    assert not may_use(mode, parts)


@pytest.mark.parametrize(
    ("parameters", "mode"),
    [
        ({}, "query"),
        ({"response_type": "code"}, "query"),
        ({"response_type": "code", "response_mode": "fragment"}, "fragment"),
        ({"response_type": "code", "response_mode": "form_post"}, "form_post"),
        ({"response_type": "code", "response_mode": "query"}, "query"),
        ({"response_type": "code", "response_mode": "web_message"}, "query"),
        ({"response_type": "code id_token"}, "fragment"),
        ({"response_type": "code id_token", "response_mode": "query"}, "fragment"),
        ({"response_type": "token", "response_mode": "form_post"}, "form_post"),
        ({"response_type": "unknown"}, "fragment"),
        ({"response_type": "unknown", "response_mode": "query"}, "fragment"),
        ({"response_mode": "form_post"}, "form_post"),
    ],
)
def test_an_error_goes_the_way_that_the_answer_would(parameters: dict[str, str], mode: str) -> None:
    assert mode_for_errors(parameters) == mode


@pytest.mark.parametrize(
    ("uri", "mode", "whole"),
    [
        (URI, "query", URI + "?code=a%20b&state=%2F%3F%23%26%3D%2B%25"),
        (URI, "fragment", URI + "#code=a%20b&state=%2F%3F%23%26%3D%2B%25"),
        (URI + "?a=b", "query", URI + "?a=b&code=a%20b&state=%2F%3F%23%26%3D%2B%25"),
        (URI + "?a=b", "fragment", URI + "?a=b#code=a%20b&state=%2F%3F%23%26%3D%2B%25"),
        (URI + "?", "query", URI + "?code=a%20b&state=%2F%3F%23%26%3D%2B%25"),
        (URI + "?a&", "query", URI + "?a&code=a%20b&state=%2F%3F%23%26%3D%2B%25"),
    ],
)
def test_the_fields_stand_behind_the_address(uri: str, mode: str, whole: str) -> None:
    fields = (("code", "a b"), ("state", "/?#&=+%"))
    assert address(Answer(uri, mode, fields)) == whole


def test_an_answer_shows_nothing_when_it_is_printed() -> None:
    assert "hush" not in repr(Answer(URI, "query", (("code", "hush"),)))


@pytest.mark.requirement("R-10", "R-72")
@settings(deadline=None, max_examples=300)
@given(types, modes)
def test_no_request_puts_a_token_into_a_query(type_: str, mode: str) -> None:
    parts = parts_of(type_)
    asked = {"response_type": type_, "response_mode": mode}
    for chosen in (mode, default_mode(parts), mode_for_errors(asked)):
        if may_use(chosen, parts):
            assert chosen != "query" or not parts & set(TOKENS)
    assert mode_for_errors(asked) in RESPONSE_MODES
    assert parts_of(canonical(parts & set(PARTS))) == parts & set(PARTS)


@pytest.mark.requirement("R-01", "R-10")
@settings(deadline=None, max_examples=300)
@given(
    uris,
    st.sampled_from(["query", "fragment"]),
    st.lists(st.tuples(st.text(min_size=1), st.text()), min_size=1, max_size=5),
)
def test_the_address_is_kept_and_the_fields_come_out_again(
    uri: str, mode: str, fields: list[tuple[str, str]]
) -> None:
    whole = address(Answer(uri, mode, tuple(fields)))
    assert whole.startswith(uri)
    assert whole.isascii()
    assert not set(whole) & set(' \r\n\t"<>\\')
    sent = urlsplit(whole)
    there, elsewhere = (
        (sent.query, sent.fragment)
        if mode == "query"
        else (
            sent.fragment,
            sent.query,
        )
    )
    assert parse_qsl(there, keep_blank_values=True)[-len(fields) :] == fields
    assert elsewhere == (urlsplit(uri).query if mode == "fragment" else "")
    assert sent[:3] == urlsplit(uri)[:3]
    assert unquote(whole, errors="strict")
