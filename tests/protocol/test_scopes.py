"""Scopes: what is asked for, what of it a client may be given, and what people are told."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.model.clients import (
    AuthorizationCodeClient,
    Client,
    ClientCredentialClient,
    DeviceCodeClient,
    HybridClient,
)
from gatepost.protocol.scopes import NAMES, SCOPES, allowed, described, split

EVERY = ("openid", "profile", "email", "ocsapi", "offline_access")
ONLINE = EVERY[:-1]
OFFLINE = HybridClient(id="c", name="n", allow_offline_access=True)
KINDS: list[tuple[Client, tuple[str, ...]]] = [
    (HybridClient(id="c", name="n"), ONLINE),
    (OFFLINE, EVERY),
    (AuthorizationCodeClient(id="c", name="n"), ONLINE),
    (AuthorizationCodeClient(id="c", name="n", allow_offline_access=True), EVERY),
    (ClientCredentialClient(id="c", name="n"), ONLINE),
    (DeviceCodeClient(id="c", name="n"), ONLINE),
]
asked = st.lists(st.sampled_from([*EVERY, "api", "OPENID", ""]) | st.text(max_size=9))


def test_the_scopes_are_those_that_applications_ask_for() -> None:
    assert NAMES == EVERY
    assert all(scope.title and scope.text.endswith(".") for scope in SCOPES)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("   ", ()),
        ("openid", ("openid",)),
        ("ocsapi openid", ("ocsapi", "openid")),
        ("openid  ocsapi ", ("openid", "ocsapi")),
        ("openid ocsapi openid", ("openid", "ocsapi")),
        # RFC 6749, 3.3: a space and nothing else divides
        ("openid\tocsapi", ("openid\tocsapi",)),
        ("openid\u00a0ocsapi,email", ("openid\u00a0ocsapi,email",)),
    ],
)
def test_a_parameter_is_split_at_spaces(text: str, parts: tuple[str, ...]) -> None:
    assert split(text) == parts


@pytest.mark.requirement("R-23", "R-24")
@pytest.mark.parametrize(("client", "given_"), KINDS)
def test_a_refresh_token_is_for_clients_that_may_have_one(
    client: Client, given_: tuple[str, ...]
) -> None:
    assert allowed(client, EVERY) == given_
    assert allowed(client, ()) == ()


@pytest.mark.requirement("R-23")
@pytest.mark.parametrize(
    ("wanted", "given_"),
    [
        (("ocsapi", "openid"), ("openid", "ocsapi")),
        (("openid", "api1"), ("openid",)),
        (("OpenID", "Ocsapi", "ocsapi*", "*"), ()),
        (("offline_access",), ("offline_access",)),
        (("phone", "address", "openid"), ("openid",)),
    ],
)
def test_what_is_unknown_is_left_out(wanted: tuple[str, ...], given_: tuple[str, ...]) -> None:
    assert allowed(OFFLINE, wanted) == given_


@pytest.mark.requirement("R-23", "R-24", "R-72")
@settings(deadline=None, max_examples=200)
@given(asked.map(" ".join), st.sampled_from(KINDS))
def test_nothing_is_given_that_was_not_asked_for_or_not_allowed(
    text: str, kind: tuple[Client, tuple[str, ...]]
) -> None:
    client, most = kind
    parts = split(text)
    given_ = allowed(client, parts)
    assert set(given_) == set(text.split(" ")) & set(most)
    assert allowed(client, given_) == given_
    assert len(set(parts)) == len(parts)


@pytest.mark.requirement("R-38")
@settings(deadline=None, max_examples=50)
@given(asked)
def test_people_are_told_of_every_scope_that_is_given(wanted: list[str]) -> None:
    given_ = allowed(OFFLINE, tuple(wanted))
    assert tuple(scope.name for scope in described(given_)) == given_
