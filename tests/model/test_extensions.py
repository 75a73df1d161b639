"""What clients have beyond the original API: each mistake named by its path, nothing by default."""

import json
from typing import Any

import msgspec
import pytest

from gatepost.model import base64url, reading
from gatepost.model.client_kinds import CLIENT_KINDS
from gatepost.model.clients import (
    AuthorizationCodeClient,
    ClientCredentialClient,
    DeviceCodeClient,
    HybridClient,
)
from gatepost.model.extensions import (
    AuthorizationCodeExtensions,
    ClientCredentialExtensions,
    HybridExtensions,
)
from gatepost.model.uris import MAX_LENGTH, logout_uri_fault

MODULUS = base64url.encoded((2**2047 + 1).to_bytes(256, "big"))
RSA = {"kty": "RSA", "n": MODULUS, "e": "AQAB", "kid": "r"}
EC = (reading.members_of(ClientCredentialExtensions)[0].meta.examples or [])[0]["keys"][0]
GOOD_LOGOUTS = [
    "https://app.example.com",
    "https://app.example.com:8443/out?a=b&c=%20",
    "https://[2001:db8::1]/out",
    "http://localhost:5004/out",
    "http://127.0.0.1/out",
    "http://[::1]:3000/out",
    "https://app.example.com/" + "a" * (MAX_LENGTH - 24),
]
BAD_LOGOUTS = [
    "",
    "https",
    "https:",
    "https:app.example.com",
    "//app.example.com/out",
    "com.example.app:/out",
    "com.example.app://out",
    "javascript:alert(1)",
    "data:text/html,x",
    "HTTPS://app.example.com/out",
    "ftp://app.example.com/out",
    "http://app.example.com/out",
    "http://localhost.evil.example/out",
    "http://localhost:80@evil.example/out",
    "http://10.0.0.1/out",
    "https://user@app.example.com/out",
    "https://app.example.com/out#x",
    "https://*.example.com/out",
    "https://app.example.com/a/../out",
    "https://app.example.com\\@evil.example/",
    "https://app.example.com/out\n",
    "https://app.example.com/" + "a" * MAX_LENGTH,
]


def read(struct: type[msgspec.Struct], value: object) -> tuple[Any, list[reading.Problem]]:
    """What a client's `Extensions` says, and what is wrong with it."""
    values, problems = reading.read_members(reading.members_of(struct), {"Extensions": value})
    return values.get("extensions"), problems


def test_every_mistake_is_named_at_once_with_its_path() -> None:
    _, problems = read(
        HybridClient,
        {
            "frontChannelLogoutUri": "https://app.example.com/out",
            "FrontChannelLogoutUri": "com.example.app:/out",
            "BackChannelLogoutUri": 5,
            "RequirePkce": "true",
            "BackChannelLogoutSessionRequired": 1,
            "Jwks": {"keys": [RSA | {"n": "AQAB"}, EC | {"use": "enc", "kid": "r"}]},
        },
    )
    assert [problem.member for problem in problems] == [
        'Extensions."frontChannelLogoutUri"',
        "Extensions.FrontChannelLogoutUri",
        "Extensions.BackChannelLogoutUri",
        "Extensions.RequirePkce",
        "Extensions.BackChannelLogoutSessionRequired",
        "Extensions.Jwks.keys[0].n",
        "Extensions.Jwks.keys[1].use",
        "Extensions.Jwks.keys",
    ]
    assert all(problem.reason.startswith(problem.member) for problem in problems)
    assert "Did you mean FrontChannelLogoutUri?" in problems[0].mend


@pytest.mark.requirement("R-66")
@pytest.mark.parametrize(
    ("struct", "name"),
    [
        (AuthorizationCodeClient, "Jwks"),
        (AuthorizationCodeClient, "RequirePkce"),
        (ClientCredentialClient, "RequirePkce"),
        (ClientCredentialClient, "FrontChannelLogoutUri"),
        (HybridClient, "Extensions"),
        (HybridClient, "jwks_uri"),
    ],
)
def test_what_a_kind_does_not_have_is_refused(struct: Any, name: str) -> None:
    _, problems = read(struct, {name: {"keys": [RSA]}})
    assert [problem.member for problem in problems] == [f'Extensions."{name}"']


@pytest.mark.requirement("R-66")
def test_device_clients_have_none() -> None:
    _, problems = read(DeviceCodeClient, {})
    assert [problem.member for problem in problems] == ['"Extensions"']


@pytest.mark.requirement("R-66")
@pytest.mark.parametrize("value", ["x", 1, 1.5, True, False, [], [{}], "{}"])
def test_other_than_an_object_is_refused(value: object) -> None:
    found, problems = read(HybridClient, value)
    assert found is None
    assert [problem.member for problem in problems] == ["Extensions"]


@pytest.mark.parametrize(
    ("struct", "value", "found"),
    [
        (HybridClient, {}, None),
        (HybridClient, {"RequirePkce": False, "BackChannelLogoutSessionRequired": True}, None),
        (HybridClient, {"Jwks": None, "FrontChannelLogoutUri": None}, None),
        (HybridClient, {"RequirePkce": True}, HybridExtensions(require_pkce=True)),
        (
            HybridClient,
            {"FrontChannelLogoutSessionRequired": False},
            HybridExtensions(front_channel_logout_session_required=False),
        ),
        (
            AuthorizationCodeClient,
            {"BackChannelLogoutUri": "http://localhost/out"},
            AuthorizationCodeExtensions(back_channel_logout_uri="http://localhost/out"),
        ),
        (
            ClientCredentialClient,
            {"Jwks": {"keys": [EC]}},
            ClientCredentialExtensions(jwks={"keys": [EC]}),
        ),
    ],
)
def test_what_says_only_defaults_is_none(struct: Any, value: object, found: object) -> None:
    values, problems = reading.read_members(reading.members_of(struct), {"Extensions": value})
    assert values == {"extensions": found}
    assert not problems


def test_a_null_says_nothing() -> None:
    values, problems = reading.read_members(reading.members_of(HybridClient), {"Extensions": None})
    assert (values, problems) == ({}, [])


@pytest.mark.parametrize("kind", CLIENT_KINDS, ids=lambda kind: kind.name)
def test_settings_that_were_kept_before_are_read(kind: Any) -> None:
    kept = msgspec.to_builtins(kind.settings(id="x", name="Old", tags=("a",)))
    kept.pop("Extensions", None)
    loaded = msgspec.convert(kept, kind.settings)
    assert getattr(loaded, "extensions", None) is None


@pytest.mark.parametrize("keys", [[EC], [RSA | {"alg": None}], [RSA, EC]])
def test_settings_come_back_from_json_as_they_were(keys: list[dict[str, Any]]) -> None:
    found, _ = read(HybridClient, {"Jwks": {"keys": keys}, "RequirePkce": True})
    client = HybridClient(id="x", name="New", extensions=found)
    kept = json.loads(json.dumps(msgspec.to_builtins(client)))
    assert msgspec.convert(kept, HybridClient) == client
    assert read(HybridClient, kept["Extensions"]) == (found, [])


@pytest.mark.requirement("R-04")
@pytest.mark.parametrize("uri", GOOD_LOGOUTS)
def test_good_logout_addresses_are_taken(uri: str) -> None:
    assert logout_uri_fault(uri) is None
    found, problems = read(AuthorizationCodeClient, {"FrontChannelLogoutUri": uri})
    assert found.front_channel_logout_uri == uri
    assert not problems


@pytest.mark.requirement("R-04", "R-36")
@pytest.mark.parametrize("uri", BAD_LOGOUTS)
def test_bad_logout_addresses_are_refused(uri: str) -> None:
    fault = logout_uri_fault(uri)
    assert fault is not None
    assert fault.mend
    for name in ("FrontChannelLogoutUri", "BackChannelLogoutUri"):
        _, problems = read(HybridClient, {name: uri})
        assert [problem.member for problem in problems] == [f"Extensions.{name}"]
