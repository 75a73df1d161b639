"""Authlib on httpx, through the flows that it knows; PyJWT looks at every token after it."""

import json
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
from joserfc import jwt
from joserfc.errors import InvalidClaimError
from joserfc.jwk import ECKey, KeySet

from tests.flows import CALLBACK, SIGNED_OUT, Application, Person, Visitor, new_application, pkce
from tests.interop import verifier
from tests.served import Served

# Authlib would rather have a successor of httpx, and says so when it is imported.
with warnings.catch_warnings(record=True):
    from authlib.integrations.base_client import (  # type: ignore[import-untyped]
        BaseApp,
        OAuth2Mixin,
        OAuthError,
        OpenIDMixin,
    )
    from authlib.integrations.httpx_client import OAuth2Client  # type: ignore[import-untyped]
    from authlib.oauth2 import rfc9207  # type: ignore[import-untyped]
    from authlib.oauth2.rfc7523 import PrivateKeyJWT  # type: ignore[import-untyped]
    from authlib.oidc import rpinitiated  # type: ignore[import-untyped]
    from authlib.oidc.core import HybridIDToken  # type: ignore[import-untyped]
    from authlib.oidc.discovery import OpenIDProviderMetadata  # type: ignore[import-untyped]

DISCOVERY = "/identity/.well-known/openid-configuration"
EVERYTHING = "openid profile email ocsapi offline_access"
KINDS = pytest.mark.parametrize("kind", ["HybridClients", "AuthorizationCodeClients"])


class App(OAuth2Mixin, OpenIDMixin, BaseApp):  # type: ignore[misc]
    """Authlib's OpenID Connect client, as its web frameworks have it, without one of them."""

    client_cls = OAuth2Client


class Came(NamedTuple):
    """An application whose browser came back, and what the application had kept meanwhile."""

    app: App
    kept: dict[str, str]
    address: str
    answer: dict[str, str]


SignedIn = tuple[App, dict[str, Any], dict[str, Any]]
"""What an application has after the code flow: itself, the tokens, and what it knows of whom."""


def app_of(served: Served, client: Application) -> App:
    return App(
        None,
        client_id=client.id,
        client_secret=client.secret,
        server_metadata_url=served.url + DISCOVERY,
        client_kwargs={"scope": EVERYTHING, "code_challenge_method": "S256"},
    )


@contextmanager
def session_of(app: App, **changes: Any) -> Iterator[OAuth2Client]:
    """Authlib's plain OAuth client, told the addresses by discovery."""
    metadata = app.load_server_metadata() | changes
    with OAuth2Client(app.client_id, app.client_secret, **metadata) as session:
        yield session


def come_back(served: Served, client: Application, kim: Person, **parameters: str) -> Came:
    app = app_of(served, client)
    kept = app.create_authorization_url(CALLBACK, **parameters)
    visitor = Visitor(served)
    landing = visitor.through(visitor.get(kept["url"]), kim)
    assert landing.uri == CALLBACK
    return Came(app, kept, landing.response.headers.get("location", ""), landing.answer)


def sign_in(served: Served, client: Application, kim: Person) -> SignedIn:
    came = come_back(served, client, kim)
    tokens = came.app.fetch_access_token(
        CALLBACK,
        authorization_response=came.address,
        state=came.kept["state"],
        code_verifier=came.kept["code_verifier"],
    )
    person = came.app.parse_id_token(tokens, nonce=came.kept["nonce"])
    return came.app, tokens, person


def hybrid_claims(came: Came, **changes: str) -> dict[str, Any]:
    """The id token of the browser's answer, with all that Authlib can check of it."""
    keys = KeySet.import_key_set(came.app.fetch_jwk_set())
    found = jwt.decode(came.answer["id_token"], keys, algorithms=["RS256"])
    beside = {"client_id": came.app.client_id, "nonce": came.kept["nonce"], **came.answer}
    issuer = {"iss": {"values": [came.app.load_server_metadata()["issuer"]]}}
    claims = HybridIDToken(found.claims, found.header, issuer, beside | changes)
    claims.validate()
    return dict(claims)


@pytest.mark.requirement("R-42")
def test_the_metadata_is_in_order(served: Served) -> None:
    # Authlib asks for https, which the address of a public server has and this one has not.
    document = served.http.get(DISCOVERY).text.replace(served.url, "https://id.example.com")
    metadata = OpenIDProviderMetadata(json.loads(document))
    extensions = [rpinitiated.OpenIDProviderMetadata, rfc9207.AuthorizationServerMetadata]
    metadata.validate(metadata_classes=extensions)
    assert metadata["issuer"] == "https://id.example.com/identity"


class TestClientCredentials:
    @pytest.mark.requirement("R-19", "R-29")
    @pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
    def test_with_a_secret(self, served: Served, method: str) -> None:
        client = new_application(served, served.first, "ClientCredentialClients")
        with session_of(app_of(served, client), token_endpoint_auth_method=method) as session:
            said = verifier.access_token(served, session.fetch_token()["access_token"])
            assert session.get(served.url + served.api()).status_code == 200
        assert (said["client_id"], said["tid"]) == (client.id, served.first.id)
        assert said["scope"] == "ocsapi"

    @pytest.mark.requirement("R-19")
    def test_with_a_key(self, served: Served) -> None:
        key = ECKey.generate_key("P-256", {"kid": "one"})
        own = {"Jwks": {"keys": [key.as_dict(private=False)]}}
        client = new_application(served, served.first, "ClientCredentialClients", Extensions=own)
        app = app_of(served, client)
        app.client_secret = key
        with session_of(app, token_endpoint_auth_method="private_key_jwt") as session:
            for _ in range(2):
                # An assertion of Authlib's is good for an hour where it is told nothing, which is
                # longer than we take; and told something, it uses one jti for all.
                method = PrivateKeyJWT(alg="ES256", claims={"exp": int(time.time()) + 300})
                session.register_client_auth_method(method)
                said = verifier.access_token(served, session.fetch_token()["access_token"])
                assert said["client_id"] == client.id

    @pytest.mark.requirement("R-21")
    def test_with_a_wrong_secret(self, served: Served) -> None:
        wrong = new_application(served, served.first)._replace(secret="gps_wrong")
        app = app_of(served, wrong)
        with session_of(app) as session, pytest.raises(OAuthError, match="invalid_client"):
            session.fetch_token()


class TestCodeFlow:
    @KINDS
    @pytest.mark.requirement("R-12", "R-13", "R-24")
    def test_signs_a_person_in(self, served: Served, kim: Person, kind: str) -> None:
        client = new_application(served, served.first, kind)
        _, tokens, person = sign_in(served, client, kim)
        assert person["sub"] == kim.id
        assert person["tid"] == served.first.id
        told = verifier.id_token(served, tokens["id_token"], client.id)
        access = verifier.access_token(served, tokens["access_token"])
        assert told["at_hash"] == verifier.half_hash(tokens["access_token"])
        assert told["sub"] == access["sub"] == kim.id
        assert access["client_id"] == client.id
        assert tokens["scope"] == "openid profile email ocsapi"
        assert "refresh_token" not in tokens

    @KINDS
    def test_tells_about_the_person(self, served: Served, kim: Person, kind: str) -> None:
        client = new_application(served, served.first, kind)
        app, tokens, _ = sign_in(served, client, kim)
        person = app.userinfo(token=tokens)
        assert (person.sub, person.email) == (kim.id, kim.email)
        assert (person.given_name, person.family_name) == ("Kim", "Lee")

    @pytest.mark.requirement("R-14")
    def test_needs_the_verifier(self, served: Served, kim: Person) -> None:
        client = new_application(served, served.first, "AuthorizationCodeClients")
        came = come_back(served, client, kim)
        with pytest.raises(OAuthError, match="invalid_grant"):
            came.app.fetch_access_token(CALLBACK, code=came.answer["code"])

    @pytest.mark.requirement("R-40")
    def test_signs_the_person_out(self, served: Served, kim: Person) -> None:
        client = new_application(served, served.first)
        app, tokens, _ = sign_in(served, client, kim)
        logout = app.create_logout_url(SIGNED_OUT, tokens["id_token"])
        landing = Visitor(served).get(logout["url"])
        assert (landing.uri, landing.answer) == (SIGNED_OUT, {"state": logout["state"]})
        elsewhere = app.create_logout_url(SIGNED_OUT + "/else", tokens["id_token"])
        assert Visitor(served).get(elsewhere["url"]).is_page


class TestHybridFlow:
    @pytest.mark.requirement("R-11", "R-12")
    @pytest.mark.parametrize("mode", ["fragment", "form_post"])
    def test_code_and_id_token(self, served: Served, kim: Person, mode: str) -> None:
        client = new_application(served, served.first)
        came = come_back(served, client, kim, response_type="code id_token", response_mode=mode)
        said = hybrid_claims(came)
        assert said == verifier.id_token(served, came.answer["id_token"], client.id)
        assert said["c_hash"] == verifier.half_hash(came.answer["code"])
        assert "access_token" not in came.answer
        tokens = came.app.fetch_access_token(CALLBACK, code=came.answer["code"])
        person = came.app.parse_id_token(tokens, nonce=came.kept["nonce"])
        assert person["sub"] == said["sub"] == kim.id
        assert verifier.access_token(served, tokens["access_token"])["sub"] == kim.id

    @pytest.mark.requirement("R-12")
    def test_code_id_token_and_token(self, served: Served, kim: Person) -> None:
        client = new_application(served, served.first, AllowAccessTokensViaBrowser=True)
        came = come_back(served, client, kim, response_type="code id_token token")
        with session_of(came.app) as session:
            front = session.fetch_token(
                authorization_response=came.address, state=came.kept["state"]
            )
        said = hybrid_claims(came)
        assert said["at_hash"] == verifier.half_hash(front["access_token"])
        assert verifier.access_token(served, front["access_token"])["sub"] == kim.id
        assert came.app.userinfo(token=front).sub == kim.id
        tokens = came.app.fetch_access_token(CALLBACK, code=came.answer["code"])
        back = verifier.id_token(served, tokens["id_token"], client.id)
        assert back["at_hash"] == verifier.half_hash(tokens["access_token"])
        assert (back["sub"], back["nonce"]) == (said["sub"], said["nonce"])

    @pytest.mark.requirement("R-13", "R-14")
    def test_with_a_challenge_of_its_own(self, served: Served, kim: Person) -> None:
        """Authlib adds one to plain `code` requests only, and passes on what it is given."""
        proof = pkce()
        asked = {"code_challenge": proof.challenge, "code_challenge_method": "S256"}
        client = new_application(served, served.first)
        came = come_back(served, client, kim, response_type="code id_token", **asked)
        tokens = came.app.fetch_access_token(
            CALLBACK, code=came.answer["code"], code_verifier=proof.verifier
        )
        assert verifier.access_token(served, tokens["access_token"])["sub"] == kim.id

    @pytest.mark.requirement("R-09")
    def test_no_token_where_none_is_allowed(self, served: Served, kim: Person) -> None:
        client = new_application(served, served.first)
        came = come_back(served, client, kim, response_type="code id_token token")
        assert came.answer["error"] == "unauthorized_client"
        assert not {"access_token", "id_token", "code"} & set(came.answer)

    @pytest.mark.parametrize("other", ["nonce", "code", "access_token"])
    def test_authlib_does_look(self, served: Served, kim: Person, other: str) -> None:
        client = new_application(served, served.first, AllowAccessTokensViaBrowser=True)
        came = come_back(served, client, kim, response_type="code id_token token")
        with pytest.raises(InvalidClaimError):
            hybrid_claims(came, **{other: "another"})


class TestAfterwards:
    @KINDS
    @pytest.mark.requirement("R-25")
    def test_refresh_rotates(self, served: Served, kim: Person, kind: str) -> None:
        client = new_application(served, served.first, kind, AllowOfflineAccess=True)
        app, tokens, _ = sign_in(served, client, kim)
        with session_of(app, scope=EVERYTHING, token=tokens) as session:
            first = tokens["refresh_token"]
            second = dict(session.refresh_token())
            third = dict(session.refresh_token())
            with pytest.raises(OAuthError, match="invalid_grant"):
                session.refresh_token(refresh_token=first)
            with pytest.raises(OAuthError, match="invalid_grant"):
                session.refresh_token(refresh_token=third["refresh_token"])
        assert len({first, second["refresh_token"], third["refresh_token"]}) == 3
        assert verifier.access_token(served, second["access_token"])["sub"] == kim.id
        assert verifier.id_token(served, second["id_token"], client.id)["sub"] == kim.id

    def test_introspection(self, served: Served, kim: Person) -> None:
        client = new_application(served, served.first, AllowOfflineAccess=True)
        app, tokens, _ = sign_in(served, client, kim)
        url = app.load_server_metadata()["introspection_endpoint"]
        with session_of(app, token=tokens) as session:
            for name in ("access_token", "refresh_token"):
                told = session.introspect_token(url, tokens[name], name).json()
                assert (told["active"], told["sub"], told["client_id"]) == (True, kim.id, client.id)
            assert session.introspect_token(url, "unknown").json() == {"active": False}

    @KINDS
    @pytest.mark.requirement("R-28")
    @pytest.mark.parametrize("hint", ["access_token", "refresh_token"])
    def test_revocation(self, served: Served, kim: Person, kind: str, hint: str) -> None:
        client = new_application(served, served.first, kind, AllowOfflineAccess=True)
        app, tokens, _ = sign_in(served, client, kim)
        known = app.load_server_metadata()
        with session_of(app, token=tokens) as session:
            assert session.get(known["userinfo_endpoint"]).status_code == 200
            answer = session.revoke_token(known["revocation_endpoint"], tokens[hint], hint)
            assert (answer.status_code, answer.content) == (200, b"")
            unknown = session.revoke_token(known["revocation_endpoint"], "unknown", hint)
            assert (unknown.status_code, unknown.content) == (200, b"")
            assert session.get(known["userinfo_endpoint"]).status_code == 401
            if hint == "refresh_token":
                with pytest.raises(OAuthError, match="invalid_grant"):
                    session.refresh_token()
