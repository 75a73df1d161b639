"""The grammar of registered addresses: a table with the bugs of peers, and any text at all."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.model.uris import MAX_LENGTH, origin_fault, page_uri_fault, redirect_uri_fault

LOOPBACK = {"localhost", "127.0.0.1", "::1"}

GOOD_REDIRECTS = [
    "https://app.example.com",
    "https://app.example.com/",
    "https://app.example.com/signin-oidc",
    "https://app.example.com:8443/cb?tenant=a&b=%20",
    "https://127.0.0.1:54567/signin-oidc",
    "https://192.0.2.7/cb",
    "https://[2001:db8::1]:8443/cb",
    "https://xn--bcher-kva.example/cb",
    "https://app.example.com/a..b/.well-known/c...",
    "https://app.example.com?next=1",
    "https://APP.example.com/CB",
    "http://localhost:5004/callback.html",
    "http://localhost:4200/auth-callback/",
    "http://127.0.0.1/cb",
    "http://[::1]:3000/cb",
    "com.example.app:/callback",
    "com.example.app://callback",
    "com.example-app.x+y:/cb?x=1",
]

BAD_REDIRECTS = [
    # What passed at a peer: read by pieces, normalised, or matched by a pattern.
    "http://localhost:80@evil.example/cb",
    "https://app.example.com@evil.example/",
    "https://user:pw@app.example.com/",
    "https://app.example.com\\@evil.example/",
    "https://evil.example\\.app.example.com/",
    "https:\\\\app.example.com/cb",
    "https:/\\app.example.com/cb",
    "https://app.example.com/\tcb",
    "https://app\t.example.com/cb",
    "https://app.example.com/cb\n",
    "\nhttps://app.example.com/cb",
    " https://app.example.com/cb",
    "https://app.example.com/cb ",
    "https://app.example.com/c\0b",
    "https://app.example.com/\x7f",
    "https://*.example.com/cb",
    "https://app.example.com/*",
    "https://app.example.com/cb#",
    "https://app.example.com/cb#fragment",
    "https://app.example.com/a/../b",
    "https://app.example.com/..",
    "https://app.example.com/./b",
    "https://app.example.com/%2e%2e/b",
    "https://app.example.com/.%2E/b",
    "https://app.example.com/%2E",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://app.example.com/1",
    "ftp://app.example.com/cb",
    "about:blank",
    "custom:/cb",
    "Com.Example.App:/cb",
    "com.example.app:",
    "com.example.app://",
    "com.example.app://user@host/cb",
    ".com:/cb",
    "com..app:/cb",
    # Hosts that programs read in different ways.
    "http://app.example.com/cb",
    "http://localhost.evil.example/cb",
    "http://localhost./cb",
    "http://LOCALHOST/cb",
    "http://127.0.0.1.evil.example/cb",
    "http://127.0.0.2/cb",
    "http://[::1].evil.example/cb",
    "http://[::1]evil.example/cb",
    "http://[::ffff:127.0.0.1]/cb",
    "https://[::1/cb",
    "https://::1]/cb",
    "https://[]/cb",
    "https://[fe80::1%25eth0]/cb",
    "https://[v1.x]/cb",
    "https://[127.0.0.1]/cb",
    "https://app.example.com./cb",
    "https://.example.com/cb",
    "https://app..example.com/cb",
    "https://-app.example.com/cb",
    "https://app-.example.com/cb",
    "https://app_1.example.com/cb",
    "https://app%2eexample.com/cb",
    "https://app.example.com%2f@evil.example/",
    "https://%61pp.example.com/",
    "https://b\u00fccher.example/cb",
    "https://app\uff0eexample.com/cb",
    "https://app.example.com\uff0fcb",
    "https://127.1/cb",
    "https://0177.0.0.1/cb",
    "https://2130706433/cb",
    "https://0x7f000001/cb",
    "https://127.0.0.0x1/cb",
    "https://256.1.1.1/cb",
    f"https://{'a' * 64}.example/cb",
    f"https://{'a.' * 127}example/cb",
    # Not whole, or not well-formed.
    "",
    "https",
    "https:",
    "https://",
    "https:///cb",
    "https:/cb",
    "https:app.example.com",
    "//app.example.com/cb",
    "/cb",
    "app.example.com",
    "HTTPS://app.example.com/cb",
    "https://app.example.com:/cb",
    "https://app.example.com:0/cb",
    "https://app.example.com:0443/cb",
    "https://app.example.com:65536/cb",
    "https://app.example.com:99999999999/cb",
    "https://app.example.com:80:80/cb",
    "https://app.example.com:8a/cb",
    "https://app.example.com:+80/cb",
    "https://app.example.com/%",
    "https://app.example.com/%2",
    "https://app.example.com/%zz",
    "https://app.example.com/<script>",
    'https://app.example.com/"',
    "https://app.example.com/`",
    "https://app.example.com/{x}",
    "https://app.example.com/a|b",
    "https://app.example.com/a^b",
]

GOOD_ORIGINS = [
    "https://app.example.com",
    "https://app.example.com:8443",
    "http://localhost:4200",
    "http://127.0.0.1:8080",
    "https://[2001:db8::1]:8443",
]
BAD_ORIGINS = [
    "*",
    "null",
    "",
    "https://",
    "app.example.com",
    "https://app.example.com/",
    "https://app.example.com/path",
    "https://app.example.com?x",
    "https://app.example.com#",
    "https://App.example.com",
    "https://app.example.com:443",
    "http://localhost:80",
    "http://app.example.com",
    "https://*.example.com",
    "https://user@app.example.com",
    "https://app.example.com.",
    "https://app.example.com,https://b.example.com",
    "https://app.example.com https://b.example.com",
    "file://",
    "com.example.app://x",
    "https://[::1",
]

GOOD_PAGES = [
    "http://app.example.com/about",
    "https://app.example.com/logo.svg?v=1#top",
    "https://app.example.com",
]
BAD_PAGES = [
    "javascript:alert(1)",
    "data:image/svg+xml,x",
    "//app.example.com/logo",
    "https:app.example.com",
    "https://user@app.example.com/",
    "https://app.example.com/a#b#c",
    "https://app.example.com/a b",
    "https://app.example.com\\logo",
    "https:///logo",
    "https://#",
    "com.example.app:/logo",
]


@pytest.mark.parametrize("uri", GOOD_REDIRECTS)
def test_good_redirects_are_taken(uri: str) -> None:
    assert redirect_uri_fault(uri) is None


@pytest.mark.requirement("R-04")
@pytest.mark.parametrize("uri", BAD_REDIRECTS)
def test_bad_redirects_are_refused_with_a_mend(uri: str) -> None:
    fault = redirect_uri_fault(uri)
    assert fault is not None
    assert fault.problem
    assert fault.mend.endswith(".")


@pytest.mark.parametrize("origin", GOOD_ORIGINS)
def test_good_origins_are_taken(origin: str) -> None:
    assert origin_fault(origin) is None


@pytest.mark.requirement("R-04")
@pytest.mark.parametrize("origin", BAD_ORIGINS)
def test_bad_origins_are_refused(origin: str) -> None:
    assert origin_fault(origin) is not None


@pytest.mark.parametrize("uri", GOOD_PAGES)
def test_good_pages_are_taken(uri: str) -> None:
    assert page_uri_fault(uri) is None


@pytest.mark.requirement("R-04")
@pytest.mark.parametrize("uri", BAD_PAGES)
def test_bad_pages_are_refused(uri: str) -> None:
    assert page_uri_fault(uri) is not None


@pytest.mark.requirement("R-68")
def test_length_is_capped_before_anything_else() -> None:
    stem = "https://app.example.com/"
    assert redirect_uri_fault(stem + "a" * (MAX_LENGTH - len(stem))) is None
    longer = redirect_uri_fault(stem + "\0" + "a" * MAX_LENGTH)
    assert longer is not None
    assert "longer than" in longer.problem


SEEDS = st.sampled_from(GOOD_REDIRECTS + BAD_REDIRECTS + GOOD_ORIGINS + GOOD_PAGES)
PIECES = st.sampled_from([*":/?#[]@.%*\\\t", "//", "..", "%2e", "http", "https", "localhost", "1"])


@st.composite
def near_addresses(draw: st.DrawFn) -> str:
    """An address of the tables with something put into it, or a heap of pieces."""
    if draw(st.booleans()):
        return "".join(draw(st.lists(st.one_of(PIECES, st.characters()), max_size=20)))
    seed = draw(SEEDS)
    at = draw(st.integers(0, len(seed)))
    return seed[:at] + draw(st.one_of(PIECES, st.text(max_size=3))) + seed[at:]


@pytest.mark.requirement("R-04", "R-72")
@settings(deadline=None, max_examples=400)
@given(near_addresses() | st.text(max_size=60))
def test_what_is_taken_reads_alike_elsewhere(uri: str) -> None:
    """Another parser sees the very same pieces in whatever passes."""
    if redirect_uri_fault(uri) is not None:
        return
    seen = urlsplit(uri)
    assert seen.geturl().rstrip("/") == uri.rstrip("/") or not seen.netloc
    assert seen.fragment == ""
    assert seen.username is None
    if seen.scheme in {"http", "https"}:
        assert seen.hostname
        assert seen.port != 0
        assert seen.scheme == "https" or seen.hostname in LOOPBACK
    else:
        assert "." in seen.scheme
    assert uri.isascii()
    assert not set(uri) & set('\\*# \t\r\n\0<>"')


@pytest.mark.requirement("R-72")
@settings(deadline=None, max_examples=300)
@given(near_addresses() | st.text(max_size=60))
def test_origins_and_pages_never_raise(text: str) -> None:
    if origin_fault(text) is None:
        seen = urlsplit(text)
        assert f"{seen.scheme}://{seen.netloc}" == text == text.lower()
        assert (seen.scheme, seen.port) not in {("https", 443), ("http", 80)}
    if page_uri_fault(text) is None:
        assert urlsplit(text).scheme in {"http", "https"}
        assert urlsplit(text).username is None
