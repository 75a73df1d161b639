"""The flows of passwords, second factors and passkeys; and those that must be refused."""

from collections.abc import Callable
from typing import NamedTuple

import httpx

from faults.flows import Flow, Ground, Ready, shut
from faults.pages import begun, comes_in, is_replaced, lets_in, sent_on, somebody, submitted
from tests.authenticator import Authenticator
from tests.flows import Landing, Person, Visitor
from tests.web.forms import ACCOUNT, NEW_PASSWORD, add_passkey, attribute, challenge_of, new_link
from tests.web.second_factors import CODES, App, codes_on, enrolled, given_app, halfway, key_on

_APP = f"{ACCOUNT}/authenticator"


class Known(NamedTuple):
    """Somebody at a page, and what they are about to type."""

    person: Person
    visitor: Visitor
    page: Landing
    typed: str = ""


def flows() -> tuple[Flow, ...]:
    """All of them."""
    return (
        Flow("type code", _at_code, _type_code, _is_in, lets_in),
        Flow("type recovery code", _at_recovery, _type_recovery, _is_in, lets_in),
        Flow("add app", _at_new_app, _type_code, _codes_work, _shows_codes),
        Flow("remove app", _at_app_removal, _remove_app, _password_is_enough, sent_on),
        Flow("add passkey", _at_account, _add_passkey, _is_listed, _is_added),
        Flow("sign in by passkey", _with_passkey, _answer, _is_in, lets_in),
        Flow("change password", _at_password, _change_password, _new_one_counts, sent_on),
        Flow("use link", _at_link, _use_link, _new_one_counts, sent_on),
        shut("wrong code", _at_wrong_code, _type_code, sent_on),
        shut("used code of an app", _at_used_code, _type_code, sent_on),
        shut("used recovery code", _at_used_recovery, _type_recovery, sent_on),
        shut("used link", _at_used_link, _use_link, sent_on),
    )


def _halfway(ground: Ground, person: Person) -> Known:
    visitor, page = begun(ground)
    return Known(person, visitor, halfway(visitor, page, person))


def _again(ground: Ground, ready: Known, use: Callable[[Ground, Ready], httpx.Response]) -> Known:
    """At the second step once more, with what was used up there."""
    assert sent_on(use(ground, ready))
    return _halfway(ground, ready.person)._replace(typed=ready.typed)


def _with_app(ground: Ground) -> tuple[Person, App]:
    person = somebody(ground)
    return person, given_app(ground.served, ground.served.first.id, person.id)


def _at_code(ground: Ground) -> Ready:
    person, app = _with_app(ground)
    return _halfway(ground, person)._replace(typed=app.code())


def _at_wrong_code(ground: Ground) -> Ready:
    person, app = _with_app(ground)
    return _halfway(ground, person)._replace(typed=app.wrong())


def _at_used_code(ground: Ground) -> Ready:
    return _again(ground, _at_code(ground), _type_code)


def _type_code(_ground: Ground, ready: Ready) -> httpx.Response:
    return submitted(ready.visitor, ready.page, "submit", code=ready.typed)


def _is_in(ground: Ground, ready: Ready, _answer: httpx.Response) -> bool:
    return comes_in(ground, ready.visitor)


def _at_recovery(ground: Ground) -> Ready:
    person, _ = _with_app(ground)
    return _halfway(ground, person)._replace(typed=CODES[0])


def _at_used_recovery(ground: Ground) -> Ready:
    return _again(ground, _at_recovery(ground), _type_recovery)


def _type_recovery(_ground: Ground, ready: Ready) -> httpx.Response:
    return submitted(ready.visitor, ready.page, "use_recovery", recovery=ready.typed)


def _at_account(ground: Ground) -> Ready:
    person = somebody(ground)
    visitor, page = begun(ground)
    visitor.through(page, person)
    return Known(person, visitor, visitor.get(ACCOUNT))


def _at_new_app(ground: Ground) -> Ready:
    ready = _at_account(ground)
    page = ready.visitor.get(_APP)
    app = App(ground.served.house.world, key_on(page))
    return ready._replace(page=page, typed=app.code())


def _shows_codes(answer: httpx.Response) -> bool:
    return answer.status_code == 200 and bool(codes_on(_page(answer)))


def _codes_work(ground: Ground, ready: Ready, answer: httpx.Response) -> bool:
    there = _halfway(ground, ready.person)._replace(typed=codes_on(_page(answer))[0])
    return sent_on(_type_recovery(ground, there)) and comes_in(ground, there.visitor)


def _at_app_removal(ground: Ground) -> Ready:
    ready = _at_account(ground)
    enrolled(ready.visitor, ground.served.house.world, ready.visitor.get(_APP))
    return ready._replace(page=ready.visitor.get(f"{_APP}/remove"))


def _remove_app(_ground: Ground, ready: Ready) -> httpx.Response:
    return submitted(ready.visitor, ready.page, "submit", current=ready.person.password)


def _password_is_enough(ground: Ground, ready: Ready, _answer: httpx.Response) -> bool:
    visitor, page = begun(ground)
    visitor.sign_in(page, ready.person)
    return comes_in(ground, visitor)


def _passkey(ground: Ground) -> Authenticator:
    return Authenticator(rp_id=ground.http.base_url.host, origin=ground.served.url)


def _add_passkey(ground: Ground, ready: Ready) -> httpx.Response:
    made = _passkey(ground).attestation(attribute(ready.page, "passkey_add", "data-challenge"))
    return submitted(ready.visitor, ready.page, "passkey_name", name="Phone", attestation=made)


def _is_added(answer: httpx.Response) -> bool:
    return "passkey-added" in answer.headers.get("location", "")


def _is_listed(ground: Ground, ready: Ready, _answer: httpx.Response) -> bool:
    return bool(ground.rest("GET", f"/Users/{ready.person.id}/Passkeys").json())


def _with_passkey(ground: Ground) -> Ready:
    there, passkey = _at_account(ground), _passkey(ground)
    add_passkey(there.visitor, passkey)
    visitor, page = begun(ground)
    return Known(there.person, visitor, page, passkey.assertion(challenge_of(page)))


def _answer(_ground: Ground, ready: Ready) -> httpx.Response:
    return submitted(ready.visitor, ready.page, "passkey", assertion=ready.typed)


def _at_password(ground: Ground) -> Ready:
    ready = _at_account(ground)
    return ready._replace(page=ready.visitor.get(f"{ACCOUNT}/password"))


def _change_password(_ground: Ground, ready: Ready) -> httpx.Response:
    typed = {"current": ready.person.password, "password": NEW_PASSWORD, "again": NEW_PASSWORD}
    return submitted(ready.visitor, ready.page, "submit", **typed)


def _new_one_counts(ground: Ground, ready: Ready, _answer: httpx.Response) -> bool:
    return is_replaced(ground, ready.person, NEW_PASSWORD)


def _at_link(ground: Ground) -> Ready:
    person, visitor = somebody(ground), Visitor(ground.served)
    address = new_link(ground.served, ground.served.first, person.id)
    return Known(person, visitor, visitor.get(address))


def _use_link(_ground: Ground, ready: Ready) -> httpx.Response:
    typed = {"password": NEW_PASSWORD, "again": NEW_PASSWORD}
    return submitted(ready.visitor, ready.page, "submit", **typed)


def _at_used_link(ground: Ground) -> Ready:
    ready = _at_link(ground)
    assert sent_on(_use_link(ground, ready))
    return ready


def _page(answer: httpx.Response) -> Landing:
    return Landing(answer, str(answer.url), "page", {})
