"""What an application does with the server: have people sign in, verify tokens, sign them out."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx
import jwt

from tests.flows import Application, Landing, Person, Visitor, redeem
from tests.served import Served

END_SESSION = "/identity/connect/endsession"
ACCOUNT = "/identity/account"
JWKS = "/identity/.well-known/openid-configuration/jwks"
USERINFO = "/identity/connect/userinfo"
ODD = "x y&=?#/+%ü€\U0001f600;'\"<>\\"
"""What an application may say as its state, with all that an address must escape."""

Leave = Callable[..., Landing]


def use(
    visitor: Visitor, client: Application, person: Person, **parameters: str | None
) -> dict[str, Any]:
    """Have a person sign in, and redeem the code: what the browser brought, and the tokens."""
    landing = visitor.through(visitor.authorize(client, **parameters), person)
    answer = redeem(visitor.served, client, landing.answer["code"])
    assert answer.status_code == 200, answer.text
    tokens: dict[str, Any] = answer.json()
    return landing.answer | tokens


def leave(visitor: Visitor, **parameters: str) -> Landing:
    """Send the browser to sign out."""
    return visitor.get(f"{END_SESSION}?{urlencode(parameters)}")


def leave_by_post(visitor: Visitor, **parameters: str) -> Landing:
    """The same by a form of the application's own."""
    # even an empty form says that it is one
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return visitor._settle(visitor.http.post(END_SESSION, data=parameters, headers=headers))


def is_signed_in(visitor: Visitor, client: Application) -> bool:
    """Whether prompt=none gets a code, and not the word that nobody is signed in."""
    answer = visitor.authorize(client, prompt="none").answer
    assert ("code" in answer) != (answer.get("error") == "login_required"), answer
    return "code" in answer


def is_signed_out_page(landing: Landing) -> bool:
    """Whether the browser stands on the page that says so, in words that certification reads."""
    heading = re.search(r"<h1>(.*?)</h1>", landing.response.text)
    return landing.is_page and heading is not None and "signed out" in heading[1].lower()


def is_question(landing: Landing) -> bool:
    """Whether the person is asked before anything ends."""
    return landing.is_page and 'id="signout"' in landing.response.text


def verified(served: Served, token: str, audience: str, token_type: str) -> dict[str, Any]:
    """The claims of a token, verified with the published keys by a library of others."""
    header = jwt.get_unverified_header(token)
    assert header["typ"] == token_type
    key = jwt.PyJWKSet.from_dict(served.http.get(JWKS).json())[header["kid"]]
    claims: dict[str, Any] = jwt.decode(
        token,
        key,
        algorithms=[header["alg"]],
        audience=audience,
        issuer=f"{served.url}/identity",
        options={"require": ["iss", "aud", "iat", "exp"]},
        leeway=5,
    )
    return claims


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a token as they stand there."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def account_form(visitor: Visitor, page: str, path: str, **fields: str) -> httpx.Response:
    """Send one of the forms of the account's pages."""
    shown = visitor.http.get(ACCOUNT + page)
    assert shown.status_code == 200, shown.text
    proof = re.search(r'name="proof" value="([^"]+)"', shown.text)
    assert proof is not None
    return visitor.http.post(ACCOUNT + path, data={"proof": proof[1], **fields})
