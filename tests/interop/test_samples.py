"""What the original's samples and connectors send, and what they look at (facts.md section 3).

Requests are written by hand here, as the samples write them: secrets go into form bodies as they
are, and parameters that a library would add are absent where a sample leaves them out.
"""

import re
import time
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import jwt
import pytest

from gatepost.model.tenants import MEMBER
from tests.flows import Application, Landing, Person, Pkce, Visitor, new_application, pkce
from tests.interop import verifier
from tests.served import Served

FORM = "application/x-www-form-urlencoded"
DOTNET = "https://127.0.0.1:54567/signin-oidc"
PYTHON = "http://localhost:5004/callback.html"
SILENT = "http://localhost:5004/silent-refresh.html"
ANGULAR = "http://localhost:4200/auth-callback/"
POWER_BI = "https://oauth.powerbi.com/views/oauthredirect.html"
GRAFANA = "https://grafana.example.com/login/generic_oauth"
CODE_CLIENT = "AuthorizationCodeClients"


def discovery(served: Served) -> dict[str, Any]:
    """The document, as each sample reads it first."""
    answer = served.http.get("/identity/.well-known/openid-configuration")
    assert answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = answer.json()
    return found


def send(served: Served, **parameters: str) -> str:
    """The authorization address; spaces are %20, as where a browser is given an address."""
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
    return f"{discovery(served)['authorization_endpoint']}?{query}"


def ask(served: Served, body: str) -> httpx.Response:
    """A form body as it was pasted together."""
    token_endpoint = discovery(served)["token_endpoint"]
    return served.http.post(token_endpoint, content=body, headers={"Content-Type": FORM})


def tokens_of(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = answer.json()
    return found


def reads_its_tenant(served: Served, token: str, scheme: str = "Bearer") -> bool:
    """Every sample reads the tenant first, to see that its token is good."""
    answer = served.http.get(served.api(), headers={"Authorization": f"{scheme} {token}"})
    return answer.status_code == 200 and answer.json()["Id"] == served.first.id


def signed_in(served: Served, address: str, kim: Person) -> Landing:
    visitor = Visitor(served)
    return visitor.through(visitor.get(address), kim)


def challenge(proof: Pkce) -> dict[str, str]:
    return {"code_challenge": proof.challenge, "code_challenge_method": "S256"}


def tenant_of(served: Served) -> dict[str, str]:
    return {"acr_values": f"tenant:{served.first.id}"}


class TestDiscovery:
    def test_addresses_lie_below_the_authority(self, served: Served) -> None:
        document = discovery(served)
        authority = served.url + "/identity"
        assert document["issuer"] == authority
        addresses = {name: at for name, at in document.items() if name.endswith("_endpoint")}
        assert len(addresses) >= 6
        for at in (*addresses.values(), document["jwks_uri"]):
            assert urlsplit(at)[:2] == urlsplit(authority)[:2]
            assert at.startswith(authority + "/")

    def test_names_both_ways_to_send_a_secret(self, served: Served) -> None:
        methods = discovery(served)["token_endpoint_auth_methods_supported"]
        assert {"client_secret_post", "client_secret_basic"} <= set(methods)


def test_a_script_finds_the_fields_by_their_ids(served: Served) -> None:
    """The samples' own browser tests fill in email and password and press submit, on one page."""
    client = new_application(served, served.first)
    page = Visitor(served).authorize(client, **tenant_of(served)).response.text
    forms = [form for form in re.findall(r"<form\b.*?</form>", page, re.DOTALL) if "email" in form]
    assert len(forms) == 1
    for tag, found in (("input", "email"), ("input", "password"), ("button", "submit")):
        assert len(re.findall(rf'<{tag}\b[^>]*\bid="{found}"', forms[0])) == 1


class TestHybrid:
    """The .NET library, version 3.1.2."""

    def begin(self, served: Served, client: Application, kim: Person, proof: Pkce) -> Landing:
        address = send(
            served,
            client_id=client.id,
            response_type="code id_token",
            response_mode="form_post",
            scope="openid ocsapi offline_access",
            redirect_uri=DOTNET,
            nonce="a-nonce",
            state="a-state",
            **challenge(proof),
            **tenant_of(served),
        )
        return signed_in(served, address, kim)

    @pytest.mark.requirement("R-11", "R-12", "R-25")
    def test_signs_in_and_renews(self, served: Served, kim: Person) -> None:
        client = new_application(
            served, served.first, RedirectUris=[DOTNET], AllowOfflineAccess=True
        )
        proof = pkce()
        landing = self.begin(served, client, kim, proof)
        assert (landing.mode, landing.uri) == ("form_post", DOTNET)
        assert landing.answer["state"] == "a-state"
        front = verifier.id_token(served, landing.answer["id_token"], client.id)
        assert front["nonce"] == "a-nonce"
        assert front["c_hash"] == verifier.half_hash(landing.answer["code"])

        secret = f"client_id={client.id}&client_secret={client.secret}"
        redemption = (
            f"grant_type=authorization_code&code={landing.answer['code']}"
            f"&code_verifier={proof.verifier}&redirect_uri={quote(DOTNET, safe='')}&{secret}"
        )
        tokens = tokens_of(ask(served, redemption))
        back = verifier.id_token(served, tokens["id_token"], client.id)
        assert back["at_hash"] == verifier.half_hash(tokens["access_token"])
        assert (back["sub"], back["nonce"]) == (front["sub"], "a-nonce")
        assert self.subject(served, tokens["access_token"]) == front["sub"]
        assert reads_its_tenant(served, tokens["access_token"])

        renewal = f"grant_type=refresh_token&refresh_token={tokens['refresh_token']}&{secret}"
        renewed = tokens_of(ask(served, renewal))
        assert renewed["refresh_token"] != tokens["refresh_token"]
        for token in (tokens["access_token"], renewed["access_token"]):
            assert reads_its_tenant(served, token)

    @pytest.mark.requirement("R-24")
    def test_goes_on_without_a_refresh_token(self, served: Served, kim: Person) -> None:
        client = new_application(served, served.first, RedirectUris=[DOTNET])
        proof = pkce()
        landing = self.begin(served, client, kim, proof)
        tokens = tokens_of(
            ask(
                served,
                f"grant_type=authorization_code&code={landing.answer['code']}"
                f"&code_verifier={proof.verifier}&redirect_uri={quote(DOTNET, safe='')}"
                f"&client_id={client.id}&client_secret={client.secret}",
            )
        )
        assert "refresh_token" not in tokens
        assert reads_its_tenant(served, tokens["access_token"])

    def subject(self, served: Served, token: str) -> str:
        bearer = {"Authorization": f"Bearer {token}"}
        answer = served.http.get(discovery(served)["userinfo_endpoint"], headers=bearer)
        return str(answer.json()["sub"])


def code_flow(
    served: Served, client: Application, kim: Person, redirect_uri: str, **parameters: str
) -> tuple[Landing, dict[str, Any]]:
    """The code flow of a client without a secret, with its own parameters."""
    proof = pkce()
    asked = {
        "client_id": client.id,
        "response_type": "code",
        "redirect_uri": redirect_uri,
        "scope": "openid ocsapi",
        **challenge(proof),
    }
    landing = signed_in(served, send(served, **(asked | parameters)), kim)
    assert landing.uri == redirect_uri
    answer = ask(
        served,
        f"grant_type=authorization_code&code={landing.answer['code']}&client_id={client.id}"
        f"&code_verifier={proof.verifier}&redirect_uri={quote(redirect_uri, safe='')}",
    )
    return landing, tokens_of(answer)


class TestCode:
    def test_python_without_state_and_nonce(self, served: Served, kim: Person) -> None:
        client = new_application(served, served.first, CODE_CLIENT, RedirectUris=[PYTHON])
        landing, tokens = code_flow(served, client, kim, PYTHON, **tenant_of(served))
        assert "state" not in landing.answer
        assert "nonce" not in verifier.id_token(served, tokens["id_token"], client.id)
        assert "refresh_token" not in tokens
        # It renews five minutes before the end.
        assert tokens["expires_in"] > 300
        assert reads_its_tenant(served, tokens["access_token"])

    def test_node_names_the_scheme_in_small_letters(self, served: Served, kim: Person) -> None:
        uris = [PYTHON, SILENT]
        client = new_application(served, served.first, CODE_CLIENT, RedirectUris=uris)
        parameters = {"state": "s", "nonce": "n", **tenant_of(served)}
        landing, tokens = code_flow(served, client, kim, PYTHON, **parameters)
        assert landing.answer["state"] == "s"
        assert reads_its_tenant(served, tokens["access_token"], "bearer")

    def test_angular_reads_the_tenant_from_its_profile(self, served: Served, kim: Person) -> None:
        client = new_application(served, served.first, CODE_CLIENT, RedirectUris=[ANGULAR])
        parameters = {"state": "s", "nonce": "n", **tenant_of(served)}
        _, tokens = code_flow(served, client, kim, ANGULAR, **parameters)
        told = verifier.id_token(served, tokens["id_token"], client.id)
        assert (told["tid"], told["nonce"]) == (served.first.id, "n")
        assert reads_its_tenant(served, tokens["access_token"])

    def test_a_connector_without_openid_and_tenant(self, served: Served, kim: Person) -> None:
        client = new_application(served, served.first, CODE_CLIENT, RedirectUris=[POWER_BI])
        _, tokens = code_flow(served, client, kim, POWER_BI, scope="ocsapi", state="s")
        assert "id_token" not in tokens
        said = verifier.access_token(served, tokens["access_token"])
        assert said["tid"] == served.first.id
        assert reads_its_tenant(served, tokens["access_token"])

    def test_grafana_maps_the_roles_of_userinfo(self, served: Served, kim: Person) -> None:
        client = new_application(
            served, served.first, CODE_CLIENT, RedirectUris=[GRAFANA], AllowOfflineAccess=True
        )
        scope = "openid ocsapi profile email offline_access"
        _, tokens = code_flow(served, client, kim, GRAFANA, scope=scope, state="s")
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        said = served.http.get(discovery(served)["userinfo_endpoint"], headers=bearer).json()
        assert said["role_type"] == [MEMBER]
        assert said["email"] == kim.email
        assert tokens["refresh_token"]


class TestPowerBi:
    def client_of(self, served: Served) -> Application:
        return new_application(
            served, served.first, CODE_CLIENT, RedirectUris=[POWER_BI], AllowOfflineAccess=True
        )

    def test_reads_the_access_token_and_repeats_its_address(
        self, served: Served, kim: Person
    ) -> None:
        client = self.client_of(served)
        scope = "openid ocsapi offline_access"
        _, tokens = code_flow(served, client, kim, POWER_BI, scope=scope, state="s")
        renewed = tokens_of(
            ask(
                served,
                f"grant_type=refresh_token&refresh_token={tokens['refresh_token']}"
                f"&client_id={client.id}&redirect_uri={quote(POWER_BI, safe='')}",
            )
        )
        for token in (tokens["access_token"], renewed["access_token"]):
            said = jwt.decode(token, options={"verify_signature": False})
            assert said["tid"] == served.first.id
            assert 0 < said["exp"] - time.time() <= 3600
            assert reads_its_tenant(served, token)

    def test_is_told_what_went_wrong(self, served: Served) -> None:
        client = self.client_of(served)
        answer = ask(
            served, f"grant_type=refresh_token&refresh_token=gpr_unknown&client_id={client.id}"
        )
        assert answer.status_code == 400
        assert answer.json()["error"] == "invalid_grant"
        assert answer.json()["error_description"]


class TestClientCredentials:
    @pytest.mark.parametrize("scope", ["", "&scope=ocsapi"])
    def test_secret_as_it_is_in_the_body(self, served: Served, scope: str) -> None:
        client = new_application(served, served.first, "ClientCredentialClients")
        assert quote(client.secret or "", safe="") == client.secret
        body = f"grant_type=client_credentials&client_id={client.id}&client_secret={client.secret}"
        tokens = tokens_of(ask(served, body + scope))
        assert tokens["expires_in"] == 3600
        assert verifier.access_token(served, tokens["access_token"])["scope"] == "ocsapi"
        assert reads_its_tenant(served, tokens["access_token"])

    @pytest.mark.requirement("R-21")
    def test_wrong_secret(self, served: Served) -> None:
        client = new_application(served, served.first, "ClientCredentialClients")
        body = f"grant_type=client_credentials&client_id={client.id}&client_secret=wrong"
        answer = ask(served, body)
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["error"] == "invalid_client"
