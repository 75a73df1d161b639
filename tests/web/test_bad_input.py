"""Bad requests to the REST API: broken bodies, headers, addresses. Each ends in a precise 4xx."""

import json

import pytest

from tests.served import Served
from tests.web.rest import FUTURE, RIGHT, added, nothing_written, refused, user_header

JSON = {"Content-Type": "application/json"}

MALFORMED = [
    (b"", "empty"),
    (b" ", "not JSON"),
    (b"{", "not JSON"),
    (b'{"Name": "x"', "not JSON"),
    (b'{"Name": "x",}', "not JSON"),
    (b"{'Name': 'x'}", "not JSON"),
    (b'{"Name": "x"} x', "not JSON"),
    (b'{"Name": "x"}{"Name": "y"}', "not JSON"),
    (b'{"Name": "a\nb"}', "not JSON"),
    (b'{"Name": "\\x"}', "not JSON"),
    (b'{"Name": 0x10}', "not JSON"),
    (b'{"Name": 01}', "not JSON"),
    (b"\xef\xbb\xbf{}", "BOM"),
    (b"Name=x", "not JSON"),
    (b"<x/>", "not JSON"),
    (b"[]", "not a JSON object"),
    (b'"x"', "not a JSON object"),
    (b"null", "not a JSON object"),
    (b"1", "not a JSON object"),
    (b'{"Name": "\xff"}', "not UTF-8"),
    (b'{"Name": "\xed\xa0\x80"}', "not UTF-8"),
    ('{"Name": "x"}'.encode("utf-16"), "not UTF-8"),
    (b'{"Name": "x", "Name": "y"}', '"Name" is there twice'),
    (b'{"Name": "x", "N\\u0061me": "y"}', '"Name" is there twice'),
    (b'{"Name": "x", "Other": {"a": 1, "a": 1}}', '"a" is there twice'),
    (b'{"\\ud800": 1, "\\ud800": 1}', "is there twice"),
    (b'{"AccessTokenLifetime": NaN}', "NaN"),
    (b'{"AccessTokenLifetime": Infinity}', "Infinity"),
    (b'{"AccessTokenLifetime": -Infinity}', "Infinity"),
    (b'{"AccessTokenLifetime": 1e999}', "too large"),
    (b'{"AccessTokenLifetime": 1' + b"0" * 5000 + b"}", "too many digits"),
    (b"[" * 33 + b"]" * 33, "deeper than 32"),
    (b'{"a":' * 33 + b"1" + b"}" * 33, "deeper than 32"),
    (b"[" * 200_000, "deeper than 32"),
]
FINE_TYPES = [
    "application/json",
    "Application/JSON",
    "application/json; charset=utf-8",
    'application/json;charset="UTF-8"',
]
OTHER_TYPES = [
    None,
    "",
    "text/plain",
    "text/json",
    "application/jsonp",
    "application/x-json",
    "application/problem+json",
    "application/merge-patch+json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json; charset=utf-16",
    "application/json; charset=latin1",
    "application/json, text/plain",
    "text/plain; application/json",
]


@pytest.mark.requirement("R-66", "R-68", "R-72")
@pytest.mark.parametrize(("body", "word"), MALFORMED)
def test_a_malformed_body_is_refused(on_sqlite: Served, body: bytes, word: str) -> None:
    admin = on_sqlite.admin()
    with nothing_written(on_sqlite):
        for collection in ("HybridClients", "Users"):
            said = refused(
                on_sqlite.http.post(
                    f"{on_sqlite.api()}/{collection}", headers=admin | JSON, content=body
                )
            )
            assert word in said["Reason"]


@pytest.mark.requirement("R-68")
def test_depth_and_strings_are_told_apart(on_sqlite: Served) -> None:
    """Brackets inside a text nest nothing."""
    name = '[{"' * 60
    created = added(on_sqlite, on_sqlite.admin(), "DeviceCodeClients", Name=name + "\\")
    assert created["Name"] == name + "\\"


@pytest.mark.requirement("R-55")
@pytest.mark.parametrize("media_type", OTHER_TYPES)
def test_only_json_is_taken(on_sqlite: Served, media_type: str | None) -> None:
    headers = on_sqlite.admin() | ({} if media_type is None else {"Content-Type": media_type})
    with nothing_written(on_sqlite):
        answer = on_sqlite.http.post(
            f"{on_sqlite.api()}/Roles", headers=headers, content=json.dumps(RIGHT["Roles"])
        )
        assert "application/json" in refused(answer, 415)["Resolution"]


@pytest.mark.parametrize("media_type", FINE_TYPES)
def test_spellings_of_json_are_taken(on_sqlite: Served, media_type: str) -> None:
    answer = on_sqlite.http.post(
        f"{on_sqlite.api()}/DeviceCodeClients",
        headers=on_sqlite.admin() | {"Content-Type": media_type},
        content=b'{"Name": "x"}',
    )
    assert answer.status_code == 201


@pytest.mark.requirement("R-68")
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP", "identity, gzip"])
def test_no_compressed_body_is_taken(on_sqlite: Served, encoding: str) -> None:
    headers = on_sqlite.admin() | JSON | {"Content-Encoding": encoding}
    with nothing_written(on_sqlite):
        answer = on_sqlite.http.post(
            f"{on_sqlite.api()}/Roles", headers=headers, content=b'{"Name": "x"}'
        )
        assert "compressed" in refused(answer, 415)["Reason"]


@pytest.mark.requirement("R-68")
def test_a_large_body_is_refused(on_sqlite: Served) -> None:
    body = b'{"Name": "' + b"x" * 300_000 + b'"}'
    with nothing_written(on_sqlite):
        for content in (body, iter([body])):
            answer = on_sqlite.http.post(
                f"{on_sqlite.api()}/Roles", headers=on_sqlite.admin() | JSON, content=content
            )
            refused(answer, 413)
        large_get = on_sqlite.http.request(
            "GET", on_sqlite.api(), headers=on_sqlite.admin(), content=b"x" * 300_000
        )
        refused(large_get, 413)


def test_a_small_body_of_a_get_is_ignored(on_sqlite: Served) -> None:
    answer = on_sqlite.http.request(
        "GET", on_sqlite.api(), headers=on_sqlite.admin(), content=b"{broken"
    )
    assert answer.status_code == 200


@pytest.mark.requirement("R-68", "R-05")
def test_headers_are_bounded_and_single(on_sqlite: Served) -> None:
    admin = on_sqlite.admin()
    with nothing_written(on_sqlite):
        large = on_sqlite.http.get(on_sqlite.api(), headers=admin | {"X-Large": "x" * 40_000})
        refused(large, 431)
        twice = [("Authorization", admin["Authorization"])] * 2
        said = refused(on_sqlite.http.get(on_sqlite.api(), headers=twice))
        assert "authorization" in said["Reason"]
        types = [*admin.items(), *[("Content-Type", "application/json")] * 2]
        refused(on_sqlite.http.post(f"{on_sqlite.api()}/Roles", headers=types, content=b"{}"))


@pytest.mark.requirement("R-72", "R-69", "R-68")
def test_preferences_are_bounded_too(served: Served) -> None:
    user_id, header = user_header(served)
    place = f"{served.api()}/Users/{user_id}/Preferences"
    bad = [
        b'{"a": 1e999}',
        b'{"a": NaN}',
        b'{"a": "\\u0000"}',
        b'{"a": "\\ud800"}',
        b'{"\\u202e": 1}',
        b'{"a": [{"b": "\\u001b"}]}',
        b'{"a": "' + b"x" * 17_000 + b'"}',
        b"[]",
        b"null",
    ]
    with nothing_written(served):
        for body in bad:
            refused(served.http.put(place, headers=header | JSON, content=body))
    good = b'{"a": [1, -2.5, null, true, {"b": "\\n\\t"}], "c": 123456789012345678901234567890}'
    kept = served.http.put(place, headers=header | JSON, content=good)
    assert kept.status_code == 200
    assert served.http.get(place, headers=header).json() == json.loads(good)


@pytest.mark.requirement("R-70")
@pytest.mark.parametrize(
    "moment",
    [
        "2999-05-31T14:57:08",
        "2999-05-31",
        "2001-05-31T14:57:08Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "99999-01-01T00:00:00Z",
        "2999-02-30T00:00:00Z",
        "",
        "never",
        FUTURE + "\0",
        FUTURE + "\n",
        32503680000,
        True,
        {},
    ],
)
def test_a_bad_date_is_refused(served: Served, moment: object) -> None:
    admin, api = served.admin(), served.api()
    secrets = f"{api}/ClientCredentialClients/{served.first.client_id}/Secrets"
    with nothing_written(served):
        for place, body in (
            (f"{api}/HybridClients", {"Name": "x", "SecretExpirationDate": moment}),
            (secrets, {"Expiration": moment}),
        ):
            said = refused(served.http.post(place, headers=admin, json=body))
            assert list(body)[-1] in said["Reason"]
        put = served.http.put(f"{secrets}/1", headers=admin, json={"Expiration": moment})
        assert "Expiration" in refused(put)["Reason"]
