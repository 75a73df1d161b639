"""Registered addresses: compared byte for byte, but for the port of a loopback literal."""

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gatepost.model.uris import redirect_uri_fault
from gatepost.protocol.redirects import Difference, difference, is_registered, origin, source

HTTPS = "https://app.example.com/cb"
LOOPBACK = "http://127.0.0.1/cb"
SIX = "http://[::1]:5000/cb?x=1"
LOCALHOST = "http://localhost:5004/callback.html"
PRIVATE = "com.example.app:/cb"
REGISTERED = (HTTPS, LOOPBACK, SIX, LOCALHOST, PRIVATE)
BARE = "http://127.0.0.1"


@pytest.mark.requirement("R-01")
@pytest.mark.parametrize("uri", REGISTERED)
def test_what_is_registered_is_found(uri: str) -> None:
    assert redirect_uri_fault(uri) is None
    assert is_registered(REGISTERED, uri)
    assert is_registered((uri,), uri)
    assert not is_registered((), uri)


@pytest.mark.requirement("R-01")
@pytest.mark.parametrize(
    "asked",
    [
        "",
        "https://app.example.com/cb/",
        "https://app.example.com/CB",
        "https://APP.example.com/cb",
        "HTTPS://app.example.com/cb",
        "https://app.example.com:443/cb",
        "https://app.example.com:8443/cb",
        "https://app.example.com./cb",
        "https://app.example.com/cb?",
        "https://app.example.com/cb?x=1",
        "https://app.example.com/cb#",
        "https://app.example.com/cb#x",
        "https://app.example.com/cb/../cb",
        "https://app.example.com/./cb",
        "https://app.example.com/%2e/cb",
        "https://app.example.com/x/%2e%2e/cb",
        "https://app.example.com/x/%252e%252e/cb",
        "https://app.example.com/%63b",
        "https://app.example.com//cb",
        "https://app.example.com\\cb",
        "https://app.example.com\\@evil.example/cb",
        "https://evil.example\\@app.example.com/cb",
        "https://app.example.com@evil.example/cb",
        "https://evil@app.example.com/cb",
        "https://app.example.com.evil.example/cb",
        "https://app.example.com\t/cb",
        "https://app.example.com/cb\t",
        "\thttps://app.example.com/cb",
        " https://app.example.com/cb",
        "https://app.example.com/cb ",
        "https://app.example.com/cb\n",
        "https://app.example.com/cb\r\nSet-Cookie: x=1",
        "https://app.example.com/cb\0",
        "https:app.example.com/cb",
        "https:///app.example.com/cb",
        "//app.example.com/cb",
        "http://app.example.com/cb",
        "javascript:alert(1)//https://app.example.com/cb",
        "data:text/html,https://app.example.com/cb",
        "https://app.example.com/c",
        "https://\u0430pp.example.com/cb",
        "https://app.example.com/c\u0062\u0301",
        "com.example.app:/CB",
        "com.example.app://cb",
        "com.example.app:/cb?x",
        "COM.example.app:/cb",
        "*",
        "https://*.example.com/cb",
    ],
)
def test_what_differs_in_one_byte_is_not(asked: str) -> None:
    assert not is_registered(REGISTERED, asked)


@pytest.mark.requirement("R-02")
@pytest.mark.parametrize(
    ("registered", "asked"),
    [
        (LOOPBACK, "http://127.0.0.1:1/cb"),
        (LOOPBACK, "http://127.0.0.1:54567/cb"),
        (LOOPBACK, "http://127.0.0.1:65535/cb"),
        (SIX, "http://[::1]/cb?x=1"),
        (SIX, "http://[::1]:8080/cb?x=1"),
        ("http://127.0.0.1:8000", BARE),
        (BARE, "http://127.0.0.1:9"),
        ("http://127.0.0.1?x", "http://127.0.0.1:9?x"),
    ],
)
def test_the_port_of_a_loopback_literal_may_vary(registered: str, asked: str) -> None:
    assert is_registered((HTTPS, registered), asked)
    assert not is_registered((HTTPS, LOCALHOST), asked)


@pytest.mark.requirement("R-02")
@pytest.mark.parametrize(
    "asked",
    [
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:00080/cb",
        "http://127.0.0.1:080/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:123456/cb",
        "http://127.0.0.1:-1/cb",
        "http://127.0.0.1:+1/cb",
        "http://127.0.0.1: 1/cb",
        "http://127.0.0.1:\u0661/cb",
        "http://127.0.0.1:80:80/cb",
        "http://127.0.0.1:80@evil.example/cb",
        "http://127.0.0.1:80@evil.example:80/cb",
        "http://x@127.0.0.1:80/cb",
        "http://127.0.0.1:80\\@evil.example/cb",
        "http://127.0.0.1:80\t/cb",
        "http://127.0.0.1:80/cb\n",
        "http://127.0.0.1:80/cb\r\nX: y",
        "http://127.0.0.1:80/cb/",
        "http://127.0.0.1:80/CB",
        "http://127.0.0.1:80/cb?x",
        "http://127.0.0.1:80/cb#x",
        "http://127.0.0.1:80/x/../cb",
        "http://127.0.0.1:80",
        "https://127.0.0.1:80/cb",
        "HTTP://127.0.0.1:80/cb",
        "http://127.0.0.2:80/cb",
        "http://127.1:80/cb",
        "http://2130706433:80/cb",
        "http://0x7f.0.0.1:80/cb",
        "http://127.0.0.1.:80/cb",
        "http://127.0.0.1.evil.example:80/cb",
        "http://[::1]:80/cb",
        "http://[0:0:0:0:0:0:0:1]:5000/cb?x=1",
        "http://[::1%25lo]:5000/cb?x=1",
        "http://[::1]:5000/cb?x=2",
        "http://[::1]:5000/cb",
        "http://localhost/callback.html",
        "http://localhost:5005/callback.html",
        "http://LOCALHOST:5004/callback.html",
        "http://localhost:80@evil.example/callback.html",
        "https://app.example.com:444/cb",
    ],
)
def test_nothing_else_of_it_may(asked: str) -> None:
    assert not is_registered(REGISTERED, asked)


@pytest.mark.requirement("R-02")
@pytest.mark.parametrize("registered", [LOCALHOST, HTTPS, "https://127.0.0.1/cb", PRIVATE])
def test_an_address_that_is_no_loopback_literal_has_its_port_or_none(registered: str) -> None:
    parts = urlsplit(registered)
    for host in (parts.hostname or "", "127.0.0.1", "[::1]"):
        moved = parts._replace(netloc=f"{host}:54567").geturl()
        assert not is_registered((registered,), moved)


def mutations(uri: str) -> st.SearchStrategy[str]:
    """The address with a piece put in, taken out or doubled."""
    pieces = st.sampled_from([":80", ":1", "@", "\\", "/", "?", "#", "%2e", "\n", "x", "]", " "])
    places = st.integers(0, len(uri))
    put = st.tuples(places, pieces).map(lambda at: uri[: at[0]] + at[1] + uri[at[0] :])
    cut = st.tuples(places, places).map(lambda at: uri[: min(at)] + uri[max(at) :])
    return put | cut


def by_the_book(registered: str, asked: str) -> bool:
    """The rule told another way: equal, or equal once a decimal port is cut from a literal."""
    if asked == registered:
        return True
    host = next((h for h in (BARE, "http://[::1]") if registered.startswith(h)), None)
    if host is None or not asked.startswith(host):
        return False
    tails = []
    for uri in (registered, asked):
        rest = uri[len(host) :]
        port = re.match(r":[1-9]\d{0,4}", rest, re.ASCII)
        if port and int(port[0][1:]) < 65_536:
            rest = rest[len(port[0]) :]
        if rest and rest[0] not in "/?":
            return False
        tails.append(rest)
    return tails[0] == tails[1] and "\n" not in tails[0]


@pytest.mark.requirement("R-01", "R-02", "R-72")
@settings(deadline=None, max_examples=500)
@given(st.sampled_from(REGISTERED).flatmap(mutations) | st.text(max_size=60))
@example("http://127.0.0.1:1:2/cb")
def test_only_equal_or_loopback_with_another_port(asked: str) -> None:
    assert is_registered(REGISTERED, asked) == any(by_the_book(uri, asked) for uri in REGISTERED)
    found = difference(REGISTERED, asked)
    assert found is not None
    assert asked.startswith(found.nearest[: found.position])
    assert asked.startswith(origin(asked).removesuffix(":"))


@settings(deadline=None, max_examples=100)
@given(st.lists(st.text("abc/", max_size=6), min_size=1, max_size=4), st.text("abc/", max_size=6))
def test_the_nearest_is_the_one_that_agrees_longest(registered: list[str], asked: str) -> None:
    found = difference(registered, asked)
    assert found is not None
    assert found.nearest in registered
    assert found.nearest[: found.position] == asked[: found.position]
    assert not any(uri.startswith(asked[: found.position + 1]) for uri in registered) or (
        asked[: found.position + 1] == asked[: found.position]
    )


@pytest.mark.parametrize(
    ("registered", "asked", "found"),
    [
        ((), HTTPS, None),
        ((HTTPS,), "https://app.example.com/cb/", Difference(HTTPS, 26)),
        ((HTTPS,), "https://app.example.com/CB", Difference(HTTPS, 24)),
        ((LOCALHOST, HTTPS), "https://app.example.net/cb", Difference(HTTPS, 20)),
        ((HTTPS, LOCALHOST), "http://localhost:5005/callback.html", Difference(LOCALHOST, 20)),
        ((HTTPS,), "ftp://x", Difference(HTTPS, 0)),
    ],
)
def test_where_the_nearest_parts(
    registered: tuple[str, ...], asked: str, found: Difference | None
) -> None:
    assert difference(registered, asked) == found


@pytest.mark.requirement("R-56")
@pytest.mark.parametrize(
    ("uri", "origin_", "source_"),
    [
        (HTTPS, "https://app.example.com", "https://app.example.com"),
        # A content policy knows no IPv6 host.
        (SIX, "http://[::1]:5000", "http:"),
        ("https://a.example?x=https://b.example/", "https://a.example", "https://a.example"),
        (PRIVATE, "com.example.app:", "com.example.app:"),
        ("com.example.app://host/cb", "com.example.app://host", "com.example.app:"),
    ],
)
def test_what_a_content_policy_calls_it(uri: str, origin_: str, source_: str) -> None:
    assert origin(uri) == origin_
    assert source(uri) == source_
