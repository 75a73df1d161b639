"""What a person does at the pages of a flow, one request at a time."""

import httpx

from faults.flows import Ground
from tests.flows import Landing, Person, Visitor, form_of, new_person, pkce

_SCOPE = "openid ocsapi offline_access"


def asked(challenge: str) -> dict[str, str]:
    """What an application asks for, with its proof."""
    return {"scope": _SCOPE, "code_challenge": challenge, "code_challenge_method": "S256"}


def submitted(visitor: Visitor, page: Landing, button: str, **typed: str) -> httpx.Response:
    """The form sent, and no redirect followed."""
    action, fields = form_of(page.response.text, button)
    return visitor.http.post(httpx.URL(str(page.response.url)).join(action), data=fields | typed)


def settled(visitor: Visitor, answer: httpx.Response) -> Landing:
    """Where a browser comes to rest that was given this answer."""
    return visitor._settle(answer)  # noqa: SLF001  (as the tests of the pages do)


def sent_on(answer: httpx.Response) -> bool:
    """Whether the form was taken: its answer leads on."""
    return answer.status_code in {302, 303}


def lets_in(answer: httpx.Response) -> bool:
    """Whether it also brings a new session. Who is sent on without one is asked again there."""
    return sent_on(answer) and "set-cookie" in answer.headers


def somebody(ground: Ground) -> Person:
    """A new person of the tenant."""
    return new_person(ground.served, ground.served.first)


def begun(ground: Ground) -> tuple[Visitor, Landing]:
    """A new browser, and the first page that it comes to."""
    visitor = Visitor(ground.served)
    return visitor, visitor.authorize(ground.app, **asked(pkce().challenge))


def comes_in(ground: Ground, visitor: Visitor) -> bool:
    """Whether the browser is signed in: it is asked for consent at most."""
    page = visitor.authorize(ground.app, **asked(pkce().challenge))
    return not page.is_page or 'id="allow"' in page.response.text


def signs_in(ground: Ground, person: Person) -> bool:
    """Whether somebody's password is enough, or leads to the second step."""
    visitor, page = begun(ground)
    landing = visitor.sign_in(page, person)
    return landing.response.status_code != 401 and 'id="password"' not in landing.response.text


def is_replaced(ground: Ground, person: Person, password: str) -> bool:
    """Whether this password opens the account, and the one before it does not."""
    return signs_in(ground, person._replace(password=password)) and not signs_in(ground, person)
