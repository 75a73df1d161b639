"""The identity server's other addresses, its limits on requests, and each signing algorithm."""

from pathlib import Path
from typing import get_args

import jwt
import pytest
from joserfc import jwt as jose_jwt
from joserfc.jwk import KeySet

from gatepost.model.keys import Algorithm
from tests.served import Served, serve, sqlite_settings

TOKEN = "/identity/connect/token"
DISCOVERY = "/identity/.well-known/openid-configuration"
KEYS = DISCOVERY + "/jwks"
RFC_8414 = "/.well-known/oauth-authorization-server/identity"
FORM = "application/x-www-form-urlencoded"


@pytest.mark.requirement("R-55")
@pytest.mark.parametrize(
    "media_type", [None, "", "application/json", "text/plain", "multipart/form-data; boundary=x"]
)
def test_only_form_data_is_taken(served: Served, media_type: str | None) -> None:
    headers = {} if media_type is None else {"Content-Type": media_type}
    answer = served.http.post(TOKEN, content=b"grant_type=client_credentials", headers=headers)
    assert answer.status_code == 415
    assert answer.json()["error"] == "invalid_request"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.requirement("R-80")
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "TRACE"])
@pytest.mark.parametrize("headers", [{}, {"X-HTTP-Method-Override": "POST"}])
def test_the_token_endpoint_takes_post_alone(
    served: Served, method: str, headers: dict[str, str]
) -> None:
    answer = served.http.request(method, TOKEN + "?_method=POST", headers=headers)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


@pytest.mark.requirement("R-07", "R-80")
@pytest.mark.parametrize(
    ("path", "methods"),
    [(TOKEN, "POST"), (DISCOVERY, "GET, HEAD"), (KEYS, "GET, HEAD"), (RFC_8414, "GET, HEAD")],
)
@pytest.mark.parametrize("origin", [None, "https://nobody.example", "null", "*"])
def test_a_question_ahead_does_nothing(
    served: Served, path: str, methods: str, origin: str | None
) -> None:
    """OPTIONS is what browsers ask before a call from another origin; here no origin may call."""
    headers = {"X-HTTP-Method-Override": "POST"} | ({} if origin is None else {"Origin": origin})
    answer = served.http.options(path + "?_method=POST", headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["allow"] == methods
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.requirement("R-80")
@pytest.mark.parametrize("path", [DISCOVERY, KEYS, RFC_8414])
def test_documents_are_only_read(served: Served, path: str) -> None:
    for method in ("POST", "PUT", "DELETE"):
        answer = served.http.request(method, path)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    head = served.http.head(path)
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.requirement("R-68")
@pytest.mark.parametrize("size", [65 * 1024, 2_000_000])
def test_a_huge_body_is_refused(served: Served, size: int) -> None:
    sizes = {"Content-Type": FORM}
    answer = served.http.post(TOKEN, content=b"a" * size, headers=sizes)
    streamed = served.http.post(TOKEN, content=iter([b"a" * size]), headers=sizes)
    for one in (answer, streamed):
        assert one.status_code == 413
        assert one.json()["error"] == "invalid_request"


@pytest.mark.requirement("R-68")
def test_a_compressed_body_and_large_headers_are_refused(served: Served) -> None:
    form = {"Content-Type": FORM}
    packed = served.http.post(TOKEN, content=b"x", headers=form | {"Content-Encoding": "gzip"})
    assert packed.status_code == 415
    large = served.http.post(TOKEN, content=b"x", headers=form | {"X-Large": "x" * 40_000})
    assert large.status_code == 431


@pytest.mark.requirement("R-05", "R-19")
def test_a_repeated_header_is_refused(served: Served) -> None:
    headers = [("Authorization", "Basic eDp4"), ("Authorization", "Basic eDp4")]
    answer = served.http.post(TOKEN, data={"grant_type": "client_credentials"}, headers=headers)
    assert answer.status_code == 400
    assert "authorization" in answer.json()["error_description"]


@pytest.mark.requirement("R-72")
@pytest.mark.parametrize(
    "path", ["/identity/%ff", "/identity/connect/%00", "/identity/../x", "/.well-known/x"]
)
def test_other_addresses_lead_nowhere(served: Served, path: str) -> None:
    assert served.http.get(path).status_code == 404


@pytest.mark.requirement("R-42", "R-43")
def test_discovery_and_keys_are_public_and_cacheable(served: Served) -> None:
    document = served.http.get(DISCOVERY)
    assert document.headers["cache-control"] == "public, max-age=300"
    assert document.headers["content-type"] == "application/json"
    said = document.json()
    assert said["issuer"] == f"{served.url}/identity"
    assert said["token_endpoint"] == f"{served.url}{TOKEN}"
    assert served.http.get(RFC_8414).content == document.content
    assert served.http.get(DISCOVERY.upper().replace("/IDENTITY", "/Identity") + "/").content == (
        document.content
    )
    keys = served.http.get(said["jwks_uri"])
    assert keys.headers["cache-control"] == "public, max-age=300"
    for key in keys.json()["keys"]:
        assert set(key) == {"alg", "e", "kid", "kty", "n", "use"}


@pytest.mark.requirement("R-42", "R-43", "R-44")
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:443"},
        {"Host": "LOCALHOST"},
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"},
        {"Forwarded": "host=evil.example;proto=https"},
        {"X-Original-URL": "/evil", "X-Rewrite-URL": "/evil"},
    ],
)
def test_no_header_changes_a_document(served: Served, headers: dict[str, str]) -> None:
    for path in (DISCOVERY, KEYS, RFC_8414):
        plain, other = served.http.get(path), served.http.get(path, headers=headers)
        assert other.status_code == 200
        assert other.content == plain.content
    owner = served.first
    form = {
        "grant_type": "client_credentials",
        "client_id": owner.client_id,
        "client_secret": owner.secret,
    }
    token = served.http.post(TOKEN, data=form, headers=headers).json()["access_token"]
    said = jwt.decode(token, options={"verify_signature": False})
    assert said["iss"] == f"{served.url}/identity"


@pytest.mark.requirement("R-57")
def test_every_answer_is_guarded(served: Served) -> None:
    for answer in (
        served.http.get(DISCOVERY),
        served.http.post(TOKEN),
        served.http.get("/identity/none"),
    ):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["operation-id"]


@pytest.mark.requirement("R-30", "R-73")
@pytest.mark.parametrize("algorithm", get_args(Algorithm))
def test_each_algorithm_signs_what_others_verify(tmp_path: Path, algorithm: Algorithm) -> None:
    with serve(sqlite_settings(tmp_path, signing_algorithm=algorithm)) as running:
        token = running.token(running.first.client_id, running.first.secret)
        keys = running.http.get(KEYS).json()
        document = running.http.get(DISCOVERY).json()
        opened = running.http.get(running.api(), headers={"Authorization": f"Bearer {token}"})
    assert opened.status_code == 200
    assert document["id_token_signing_alg_values_supported"] == [algorithm]
    assert jwt.get_unverified_header(token)["alg"] == algorithm
    key = jwt.PyJWK(keys["keys"][0])
    seen = jwt.decode(token, key, algorithms=[algorithm], audience="ocsapi")
    decoded = jose_jwt.decode(token, KeySet.import_key_set(keys), algorithms=[algorithm])
    assert decoded.claims == seen
