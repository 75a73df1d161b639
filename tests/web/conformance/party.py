"""The application that certification plays: what it sends, and what it checks in every answer.

A plan is a response type with a response mode. A party has two clients in one plan, and a person.
All goes over https, as certification demands.
"""

import itertools
import re
from base64 import b64encode
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import jwt
import pytest

from tests.flows import CALLBACK, Application, Landing, Person, Visitor, token
from tests.web.conformance.checks import WORDS, check_hash, check_tokens, check_types
from tests.web.indoors import Indoors
from tests.web.relying import JWKS, USERINFO

DEFAULT, FORM_POST = "default", "form_post"
_CLAIMS_OF_A_PERSON = ("name", "given_name", "family_name", "email", "email_verified", "updated_at")
_numbers = itertools.count(1)


class Plan(NamedTuple):
    """What a run of certification is about."""

    response_type: str
    response_mode: str

    @property
    def parts(self) -> frozenset[str]:
        """What the browser brings."""
        return frozenset(self.response_type.split(" "))

    @property
    def mode(self) -> str:
        """How the browser brings it."""
        if self.response_mode == FORM_POST:
            return FORM_POST
        return "query" if self.response_type == "code" else "fragment"

    @property
    def id(self) -> str:
        """A name for reports."""
        return f"{self.response_type.replace(' ', '+')}-{self.response_mode}"


class Asked(NamedTuple):
    """A request on its way: what was sent, and where the browser stands now."""

    sent: dict[str, str]
    landing: Landing


class Answered(NamedTuple):
    """A whole flow: what came by the browser, what for the code, and the claims of the id token."""

    asked: Asked
    answer: dict[str, str]
    tokens: dict[str, Any]
    claims: dict[str, Any]

    @property
    def sent(self) -> dict[str, str]:
        """What the application asked for."""
        return self.asked.sent


class Party(NamedTuple):
    """Two clients of one plan, and the person that their tests sign in."""

    certified: Indoors
    plan: Plan
    client: Application
    second: Application
    person: Person

    def browser(self) -> Visitor:
        """A browser that nobody has signed in at."""
        return self.certified.visitor()

    def ask(self, visitor: Visitor, **parameters: str | None) -> Asked:
        """Send the browser with a request of the plan; None leaves a parameter out."""
        number = next(_numbers)
        asked: dict[str, str | None] = {
            "client_id": self.client.id,
            "redirect_uri": CALLBACK,
            "response_type": self.plan.response_type,
            "response_mode": FORM_POST if self.plan.response_mode == FORM_POST else None,
            "scope": "openid",
            "state": f"state {number} +&%",
            "nonce": f"nonce-{number}",
        }
        asked |= parameters
        sent = {name: value for name, value in asked.items() if value is not None}
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in sent.items())
        return Asked(sent, visitor.get(f"/identity/connect/authorize?{query}"))

    def run(self, visitor: Visitor, **parameters: str | None) -> Answered:
        """A request that succeeds, carried through, with every check that all modules make."""
        return self.finish(visitor, self.ask(visitor, **parameters))

    def finish(self, visitor: Visitor, asked: Asked, **proof: str) -> Answered:
        """Sign the person in where a page asks, and redeem the code."""
        landing = visitor.through(asked.landing, self.person)
        asked = Asked(asked.sent, landing)
        check_answer(self, asked)
        answer = self.redeem(landing.answer["code"], **proof)
        return self.check(asked, answer)

    def check(self, asked: Asked, answer: httpx.Response) -> Answered:
        """The checks of the answers, of both id tokens, and of what UserInfo says."""
        told = asked.landing.answer
        tokens = check_tokens(answer)
        nonce = asked.sent.get("nonce")
        back = check_id_token(self, tokens["id_token"], nonce)
        if "at_hash" in back:
            check_hash(tokens["id_token"], "at_hash", tokens["access_token"])
        if "id_token" in told:
            front = check_id_token(self, told["id_token"], nonce)
            check_hash(told["id_token"], "c_hash", told["code"])
            if "access_token" in told:
                check_hash(told["id_token"], "at_hash", told["access_token"])
            assert (front["iss"], front["sub"]) == (back["iss"], back["sub"])
        for source in (told, tokens):
            if "access_token" in source:
                assert self.userinfo(source["access_token"])["sub"] == back["sub"]
        return Answered(asked, told, tokens, back)

    def redeem(self, code: str, **parameters: str) -> httpx.Response:
        """Redeem a code, authenticated by the header."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        return self.token(**(form | parameters))

    def token(self, **form: str) -> httpx.Response:
        """Call the token endpoint, authenticated by the header."""
        known = b64encode(f"{self.client.id}:{self.client.secret}".encode()).decode()
        headers = {"Authorization": f"Basic {known}"}
        http = self.certified.served.http
        return http.post("/identity/connect/token", data=form, headers=headers)

    def token_as(self, client: Application, **form: str) -> httpx.Response:
        """The same, authenticated by the body, as any client."""
        return token(self.certified.served, client, **form)

    def userinfo(self, access_token: str) -> dict[str, Any]:
        """What UserInfo says, checked as in every module."""
        headers = {"Authorization": f"Bearer {access_token}"}
        answer = self.certified.served.http.get(USERINFO, headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json"
        told: dict[str, Any] = answer.json()
        check_types(told)
        return told


def check_answer(party: Party, asked: Asked) -> None:
    """The answer came the right way, with what belongs to it and nothing more."""
    landing, parts = asked.landing, party.plan.parts
    assert landing.uri == CALLBACK, landing.response.text
    assert landing.mode == party.plan.mode
    expected = {"code", "iss", "session_state"} | ({"state"} & set(asked.sent))
    if "id_token" in parts:
        expected |= {"id_token"}
    if "token" in parts:
        expected |= {"access_token", "token_type", "expires_in", "scope"}
        assert landing.answer["token_type"].lower() == "bearer"
        assert int(landing.answer["expires_in"]) > 0
    assert set(landing.answer) == expected
    assert landing.answer.get("state") == asked.sent.get("state")
    assert landing.answer["iss"] == issuer_of(party)


def check_error(party: Party, asked: Asked, *errors: str) -> None:
    """An error came the right way, in the words that the specifications allow."""
    landing = asked.landing
    assert landing.uri == asked.sent["redirect_uri"], landing.response.text
    assert landing.mode == party.plan.mode
    assert landing.answer["error"] in errors
    assert WORDS.match(landing.answer["error_description"])
    assert set(landing.answer) == {"error", "error_description", "iss"} | (
        {"state"} & set(asked.sent)
    )
    assert landing.answer.get("state") == asked.sent.get("state")
    assert landing.answer["iss"] == issuer_of(party)


def check_error_page(asked: Asked) -> None:
    """The person is told, and the browser is sent nowhere."""
    landing = asked.landing
    assert landing.is_page
    assert landing.response.status_code == 400
    assert "location" not in landing.response.headers
    assert re.search(r"<code>invalid_request\b", landing.response.text)


def check_id_token(party: Party, id_token: str, nonce: str | None) -> dict[str, Any]:
    """The claims of an id token that is in order in every way."""
    header = jwt.get_unverified_header(id_token)
    assert header["alg"] == "RS256"
    keys = party.certified.served.http.get(JWKS).json()
    key = jwt.PyJWKSet.from_dict(keys)[header["kid"]]
    claims: dict[str, Any] = jwt.decode(
        id_token,
        key,
        algorithms=["RS256"],
        audience=party.client.id,
        issuer=issuer_of(party),
        # the library would look at the real clock
        options={
            "require": ["iss", "sub", "aud", "exp", "iat"],
            "verify_exp": False,
            "verify_iat": False,
        },
    )
    now = party.certified.world.clock.now().timestamp()
    assert claims["aud"] == party.client.id
    assert "azp" not in claims
    assert claims["iat"] <= now < claims["exp"]
    assert now - claims["iat"] < 300
    assert claims.get("nonce") == nonce
    assert claims["sub"] == party.person.id
    assert claims["sub"].isascii()
    assert len(claims["sub"]) <= 255
    check_types(claims)
    assert not set(_CLAIMS_OF_A_PERSON) & set(claims)
    return claims


def issuer_of(party: Party) -> str:
    """The issuer, which all answers name."""
    return f"{party.certified.served.url}/identity"


BASIC = tuple(Plan("code", mode) for mode in (DEFAULT, FORM_POST))
CODE_ID_TOKEN = tuple(Plan("code id_token", mode) for mode in (DEFAULT, FORM_POST))
CODE_TOKEN = tuple(Plan("code token", mode) for mode in (DEFAULT, FORM_POST))
ALL_THREE = tuple(Plan("code id_token token", mode) for mode in (DEFAULT, FORM_POST))
PLANS = BASIC + CODE_ID_TOKEN + CODE_TOKEN + ALL_THREE


def of(*plans: Plan) -> pytest.MarkDecorator:
    """The plans that a module belongs to."""
    return pytest.mark.parametrize("party", plans, indirect=True, ids=[plan.id for plan in plans])
