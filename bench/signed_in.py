"""So many tokens, or so many people who sign in, one after the other: to see what stays of them."""

from contextlib import closing
from urllib.parse import urlencode

from bench import credentials, names
from bench.browser import Browser
from bench.credentials import Presented
from bench.fill import Filled
from bench.names import CALLBACK, VERIFIER
from bench.served import Caller, NotServedError, Running
from bench.stores import PASSWORD
from gatepost.protocol import discovery as addresses
from gatepost.protocol.pkce import challenge_of

_TOKEN = addresses.ISSUER_PATH + addresses.TOKEN_PATH
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def tokens(filled: Filled, running: Running, times: int) -> None:
    """Tokens of clients for themselves, of one client after the other."""
    known = credentials.clients(filled, filled.shape.clients)
    with closing(Caller(running.port)) as caller:
        for number in range(times):
            _posted(caller, credentials.token_form(*known[number % len(known)]))


def sign_ins(filled: Filled, running: Running, times: int) -> None:
    """The whole way of a person to an application: pages, consent, code, tokens, a refresh."""
    browser = Browser(running.port)
    with closing(Caller(running.port)) as caller:
        for number in range(times):
            browser.forget()
            _signed_in(browser, caller, number % filled.shape.users)
    browser.close()


def _signed_in(browser: Browser, caller: Caller, number: int) -> None:
    client_id = names.application(0)
    asked = {
        "client_id": client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "response_mode": "query",
        "scope": "openid profile email ocsapi offline_access",
        "prompt": "consent",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
    }
    path = f"{addresses.ISSUER_PATH}{addresses.AUTHORIZE_PATH}?{urlencode(asked)}"
    browser.sign_in(path, names.email(number), PASSWORD)
    browser.submit("allow")
    code = Presented(client_id, names.secret(client_id), browser.arrived.get("code", ""))
    got = _posted(caller, credentials.code_form(code))
    fresh = Presented(client_id, names.secret(client_id), got["refresh_token"])
    _posted(caller, credentials.refresh_form(fresh))


def _posted(caller: Caller, form: str) -> dict[str, str]:
    answer = caller.call("POST", _TOKEN, form, _FORM)
    if answer.status != 200:
        raise NotServedError(f"a token request got {answer.status}: {answer.body!r}")
    found: dict[str, str] = answer.json()
    return found
