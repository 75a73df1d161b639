"""Reading members: each mistake is named, nothing is guessed, whatever a caller sends."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.model import reading
from gatepost.model.bodies import RoleBody, SecretBody, UserBody
from gatepost.model.client_kinds import CLIENT_KINDS
from gatepost.model.clients import AuthorizationCodeClient, ClientCredentialClient, HybridClient
from gatepost.model.errors import Code, Refused
from gatepost.model.text import refused_character

GUID = "7AD2B9EF-5386-4ead-ac9f-ad99c5c5b977"
ODD = ["\0", "\x1f", "\n", "\u202e", "\u2028", "\ud800", "\x85"]
STRUCTS = [kind.settings for kind in CLIENT_KINDS] + [SecretBody, RoleBody, UserBody]

EMPTY: list[Any] = [[], {}]

TAKEN = [
    (HybridClient, "Id", "A-z_0.~", "A-z_0.~"),
    (HybridClient, "Id", "x" * 100, "x" * 100),
    (HybridClient, "Name", " x ", " x "),
    (HybridClient, "Enabled", False, False),
    (HybridClient, "AccessTokenLifetime", 60, 60),
    (HybridClient, "AccessTokenLifetime", 3600, 3600),
    (HybridClient, "RedirectUris", [], ()),
    (HybridClient, "Tags", ["a", "b"], ("a", "b")),
    (ClientCredentialClient, "RoleIds", [GUID, GUID], (GUID.lower(), GUID.lower())),
    (RoleBody, "Id", GUID, GUID.lower()),
    (RoleBody, "Description", "", ""),
    (UserBody, "ContactEmail", "kim@example.com", "kim@example.com"),
]
REFUSED: list[tuple[Any, str, Any]] = [
    (HybridClient, "AccessTokenLifetime", "\u202e~\ud800"),
    *(
        (HybridClient, "AccessTokenLifetime", value)
        for value in (59, 3601, -1, 0, 10**30, -(10**300))
    ),
    *(
        (HybridClient, "AccessTokenLifetime", value)
        for value in (True, "3600", 3600.0, 1e300, [60])
    ),
    *((HybridClient, "Enabled", value) for value in [1, 0, "true", "", *EMPTY]),
    *((HybridClient, "Name", value) for value in ["", " ", "\u00a0", "x" * 201, 1, True, *EMPTY]),
    *((HybridClient, "Id", value) for value in ("", "x" * 101, "a b", "a/b", "\u00fc", "a\n", 5)),
    *((RoleBody, "Id", value) for value in ("x", GUID + "\n", GUID[:-1], f"{{{GUID}}}", 1)),
    *((HybridClient, "Name", f"a{c}b") for c in ODD),
    *((HybridClient, "Tags", [f"a{c}"]) for c in ODD),
    *((RoleBody, "Description", c) for c in ODD),
    *((UserBody, "ContactEmail", f"kim{c}@example.com") for c in ODD),
    *((UserBody, "ContactSurname", c) for c in ODD),
    *((HybridClient, "RedirectUris", [f"https://a.example/{c}"]) for c in ODD),
    (HybridClient, "Tags", ["a", "a"]),
    (HybridClient, "Tags", [""]),
    (HybridClient, "Tags", ["x" * 101]),
    (HybridClient, "Tags", [str(n) for n in range(51)]),
    (HybridClient, "Tags", "a"),
    (HybridClient, "Tags", [None]),
    (HybridClient, "Tags", [["a"]]),
    (HybridClient, "RedirectUris", [f"https://a{n}.example" for n in range(11)]),
    (HybridClient, "RedirectUris", ["https://a.example", "https://a.example"]),
    (HybridClient, "RedirectUris", ["https://*.example"]),
    (HybridClient, "ClientUri", "javascript:alert(1)"),
    (HybridClient, "LogoUri", "x" * 2001),
    (AuthorizationCodeClient, "AllowedCorsOrigins", ["https://a.example/"]),
    (ClientCredentialClient, "RoleIds", [GUID] * 101),
    (ClientCredentialClient, "RoleIds", {"Id": GUID}),
    (UserBody, "ContactEmail", "x" * 251 + "@a.b"),
    (SecretBody, "Expires", 1),
    (SecretBody, "Expiration", 1),
    (SecretBody, "Expiration", True),
]
MOMENTS = [
    ("2031-05-31T14:57:08Z", datetime(2031, 5, 31, 14, 57, 8, tzinfo=UTC)),
    ("2031-05-31T14:57:08.123456Z", datetime(2031, 5, 31, 14, 57, 8, 123456, tzinfo=UTC)),
    ("2031-05-31T14:57:08+02:00", datetime(2031, 5, 31, 12, 57, 8, tzinfo=UTC)),
    ("2031-05-31 14:57:08-00:30", datetime(2031, 5, 31, 15, 27, 8, tzinfo=UTC)),
    ("20310531T145708Z", datetime(2031, 5, 31, 14, 57, 8, tzinfo=UTC)),
    ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
]
NO_MOMENTS = [
    "",
    "soon",
    "2031-05-31",
    "2031-05-31T14:57:08",
    "2031-02-30T00:00:00Z",
    "2031-05-31T25:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "10000-01-01T00:00:00Z",
    "2031-05-31T14:57:08Z" + " " * 30,
    "2031-05-31T14:57:08Z\0",
    "2031-05-31T14:57:08Z\n",
    "2031-05-31\u202e14:57:08Z",
    "\ud8002031-05-31T14:57:08Z",
    "\uff12031-05-31T14:57:08Z",
    "1938000000",
    "/Date(1938000000)/",
]
OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


def member(struct: type[msgspec.Struct], name: str) -> reading.Member:
    """The member of this name."""
    return next(m for m in reading.members_of(struct) if m.name == name)


@pytest.mark.parametrize(("struct", "name", "value", "read"), TAKEN)
def test_good_values_are_read(struct: Any, name: str, value: object, read: object) -> None:
    assert reading.read_member(member(struct, name), value) == read


@pytest.mark.requirement("R-69", "R-70", "R-04")
@pytest.mark.parametrize(("struct", "name", "value"), REFUSED)
def test_bad_values_are_refused_by_name(struct: Any, name: str, value: object) -> None:
    problem = reading.read_member(member(struct, name), value)
    assert isinstance(problem, reading.Problem)
    assert problem.member.startswith(name)
    assert name in problem.reason
    assert problem.mend
    assert refused_character(problem.reason) is None


@pytest.mark.parametrize(("text", "moment"), MOMENTS)
def test_moments_are_read_into_utc(text: str, moment: datetime) -> None:
    read = reading.read_moment(text)
    assert read == moment
    assert isinstance(read, datetime)
    assert read.utcoffset() == timedelta(0)


@pytest.mark.requirement("R-70")
@pytest.mark.parametrize("text", NO_MOMENTS)
def test_what_is_no_moment_is_told(text: str) -> None:
    assert isinstance(reading.read_moment(text), str)


@pytest.mark.requirement("R-70", "R-72")
@settings(deadline=None, max_examples=200)
@given(st.text(max_size=45) | st.from_regex(r"[0-9TZ:+. -]{0,30}", fullmatch=True))
def test_any_text_is_a_moment_in_utc_or_none(text: str) -> None:
    read = reading.read_moment(text)
    assert isinstance(read, str) or read.utcoffset() == timedelta(0)


@settings(deadline=None, max_examples=200)
@given(st.datetimes(timezones=OFFSETS))
def test_a_written_moment_is_read_again(moment: datetime) -> None:
    read = reading.read_moment(moment.isoformat())
    assert read in {moment, "is outside the years 1 to 9999 in UTC"}


@pytest.mark.requirement("R-72")
@pytest.mark.parametrize("struct", STRUCTS)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_any_value_is_read_or_named(struct: Any, data: st.DataObject) -> None:
    members = reading.members_of(struct)
    names = st.sampled_from([m.name for m in members]) | st.text(max_size=8)
    raw = data.draw(st.dictionaries(names, JSON, max_size=5))
    values, problems = reading.read_members(members, raw)
    known = {m.name: m.attribute for m in members}
    assert set(values) <= {known[n] for n, v in raw.items() if n in known and v is not None}
    inner = {m.name for m in members if m.inner}  # one of these may have many mistakes
    silent = [n for n, v in raw.items() if n in known.keys() - inner and v is None]
    read = values.keys() - {known[name] for name in inner}
    told = [problem for problem in problems if problem.member.split(".")[0] not in inner]
    assert len(read) + len(told) + len(silent) == len(raw.keys() - inner)
    assert all(refused_character(problem.reason) is None for problem in problems)


@pytest.mark.requirement("R-66")
@pytest.mark.parametrize(
    ("sent", "hint"),
    [
        ("name", "Name"),
        ("Nmae", "Name"),
        ("redirectUris", "RedirectUris"),
        ("RediretUris", "RedirectUris"),
    ],
)
def test_an_unknown_member_is_named_with_what_was_meant(sent: str, hint: str) -> None:
    _, problems = reading.read_members(reading.members_of(HybridClient), {sent: "x"})
    assert len(problems) == 1
    assert sent in problems[0].reason
    assert f"Did you mean {hint}?" in problems[0].mend


@pytest.mark.requirement("R-66", "R-72")
@settings(deadline=None, max_examples=100)
@given(st.text(min_size=1, max_size=300))
def test_any_unknown_name_is_shown_safely(name: str) -> None:
    values, problems = reading.read_members(reading.members_of(RoleBody), {name: 1})
    assert not values
    assert len(problems) == 1
    assert len(problems[0].reason) < 600


def test_a_null_says_nothing() -> None:
    nothing = {m.name: None for m in reading.members_of(HybridClient)}
    assert reading.read_members(reading.members_of(HybridClient), nothing) == ({}, [])


@pytest.mark.parametrize("value", [None, ()])
def test_a_required_member_is_missed(value: object) -> None:
    members = reading.members_of(AuthorizationCodeClient)
    missing = reading.required(
        members, ("name", "redirect_uris"), {"name": "x", "redirect_uris": value}
    )
    assert [problem.member for problem in missing] == ["RedirectUris"]


def test_a_refusal_names_ten_problems_and_counts_the_rest() -> None:
    problems = [reading.Problem(f"M{n}", f"M{n} is bad.", "Mend it.") for n in range(13)]
    with pytest.raises(Refused) as refused:
        reading.refuse(problems)
    assert refused.value.code is Code.INVALID_MEMBER
    assert "M9 is bad." in refused.value.reason
    assert "M10" not in refused.value.reason
    assert "3 more" in refused.value.reason + refused.value.resolution
    reading.refuse([])
