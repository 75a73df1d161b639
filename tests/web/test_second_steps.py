"""The second step of a sign-in: asked for of whom it must be, never skipped, good once."""

from collections.abc import Callable
from typing import Any

import pytest
from argon2 import PasswordHasher

from gatepost.model.events import OPERATOR, Action, Event, Origin
from gatepost.model.sign_ins import MULTI_FACTOR
from tests.authenticator import Authenticator
from tests.flows import (
    Landing,
    Visitor,
    form_of,
    new_application,
    new_person,
    set_password,
)
from tests.served import Served
from tests.web.forms import add_passkey, answered, challenge_of, new_link
from tests.web.indoors import set_enabled
from tests.web.second_factors import (
    CODES,
    given_app,
    halfway,
    recovered,
    typed,
)
from tests.web.second_step_scene import (
    ACCOUNT,
    CODE,
    Scene,
    claims,
    is_in,
    with_app,
)


@pytest.fixture
def scene() -> Scene:
    return with_app()


@pytest.mark.requirement("R-37", "R-50")
def test_a_code_completes_a_password(scene: Scene) -> None:
    visitor = scene.visitor()
    page = scene.at_code(visitor)
    assert page.path == CODE
    assert scene.person.email in page.response.text
    assert scene.sign_ins() == 0
    assert "gatepost-sid" not in visitor.http.cookies
    landing = visitor.submit(typed(visitor, page, scene.app.code()), "allow")
    said = claims(scene, landing)
    assert (said["acr"], said["amr"]) == (MULTI_FACTOR, ["pwd", "otp", "mfa"])
    assert said["sub"] == scene.person.id
    assert scene.told() == ["sign_in.begun", "sign_in.made"]


def test_a_recovery_code_completes_it_too_and_once(scene: Scene) -> None:
    visitor = scene.visitor()
    landing = visitor.submit(recovered(visitor, scene.at_code(visitor), CODES[0]), "allow")
    assert claims(scene, landing)["amr"] == ["pwd", "otp", "mfa"]
    again = scene.visitor()
    refused = recovered(again, scene.at_code(again), CODES[0])
    assert refused.response.status_code == 401
    assert "not right, or it was used already" in refused.response.text
    assert "<details" in refused.response.text.split(" open", 1)[0]
    small = CODES[1].lower().replace("-", " ")
    assert 'id="allow"' not in refused.response.text
    assert recovered(again, refused, small).answer["code"]
    assert scene.told()[-3:] == [
        "sign_in.begun",
        "sign_in.refused wrong_recovery_code",
        "sign_in.made",
    ]


def test_a_passkey_completes_it_as_it_would_alone(scene: Scene) -> None:
    visitor = scene.visitor()
    visitor.through(typed(visitor, scene.at_code(visitor), scene.app.code()), scene.person)
    url = scene.house.served.http.base_url
    passkey = Authenticator(
        rp_id=url.host, origin=scene.house.served.url, user_handle=scene.person.id.encode()
    )
    add_passkey(visitor, passkey)
    other = scene.visitor()
    page = scene.at_code(other)
    landing = answered(other, page, passkey.assertion(challenge_of(page)))
    assert claims(scene, landing)["amr"] == ["swk", "user", "mfa"]
    third = scene.visitor()
    page = scene.at_code(third)
    refused = answered(third, page, passkey.assertion(challenge_of(scene.at_code(scene.visitor()))))
    assert (refused.response.status_code, 'id="code"' in refused.response.text) == (401, True)


WRONG: dict[str, Callable[[Scene], dict[str, str]]] = {
    "nothing at all": lambda _: {},
    "an empty code": lambda _: {"code": ""},
    "blanks": lambda _: {"code": "   "},
    "a wrong code": lambda s: {"code": s.app.wrong()},
    "a code of two steps ago": lambda s: {"code": s.app.code(-2)},
    "a code to come": lambda s: {"code": s.app.code(2)},
    "more digits": lambda s: {"code": s.app.code() + "0"},
    "an app's code with letters": lambda s: {"code": s.app.code() + "a"},
    "a recovery code in the other field": lambda _: {"code": CODES[0]},
    "an empty recovery code": lambda _: {"recovery": ""},
    "a wrong recovery code": lambda _: {"recovery": "AAAAA-AAAAA"},
    "an app's code in the other field": lambda s: {"recovery": s.app.code()},
    "both, and the one that counts is wrong": lambda s: {"code": s.app.code(), "recovery": "x"},
    "a decision that there is not": lambda _: {"decision": "finish"},
    "a long text": lambda _: {"code": "1" * 10_000},
}


@pytest.mark.requirement("R-39", "R-79")
@pytest.mark.parametrize("name", WRONG)
def test_what_is_missing_or_wrong_signs_nobody_in(scene: Scene, name: str) -> None:
    visitor = scene.visitor()
    page = scene.at_code(visitor)
    action, hidden = form_of(page.response.text, "submit")
    sent = visitor.http.post(action, data=hidden | WRONG[name](scene))
    assert sent.status_code == 401
    assert 'role="alert"' in sent.text
    assert scene.sign_ins() == 0
    request = hidden["request"]
    assert visitor.get(f"/identity/resume?request={request}").path == CODE
    assert not is_in(visitor)
    assert visitor.get(f"/identity/consent?request={request}").path == CODE
    # and nothing is spoilt by it
    assert typed(visitor, page, scene.app.code()).path == "/identity/consent"


@pytest.mark.requirement("R-37")
@pytest.mark.parametrize(
    "asked", [{}, {"prompt": "login"}, {"max_age": "0"}, {"prompt": "login consent"}]
)
def test_no_prompt_skips_the_second_step(scene: Scene, asked: dict[str, str]) -> None:
    visitor = scene.visitor()
    visitor.through(typed(visitor, scene.at_code(visitor), scene.app.code()), scene.person)
    scene.house.forward(minutes=1)
    page = visitor.authorize(scene.client, **asked)
    if not asked:
        assert page.answer["code"]
        return
    landing = visitor.sign_in(page, scene.person)
    assert landing.path == CODE
    assert claims_of_code(visitor, scene, landing)["amr"] == ["pwd", "otp", "mfa"]


def claims_of_code(visitor: Visitor, scene: Scene, page: Landing) -> dict[str, Any]:
    """Type the code of this moment, allow, and read the id token."""
    landing = typed(visitor, page, scene.app.code())
    if landing.is_page:
        landing = visitor.submit(landing, "allow")
    return claims(scene, landing)


STALE: dict[str, Callable[[Scene], None]] = {
    "ten minutes went by": lambda s: s.house.forward(minutes=10),
    "the password was changed": lambda s: set_password(
        s.house.served, s.house.served.first, s.person.id, "quite another password"
    ),
    "the very same password was set anew": lambda s: set_password(
        s.house.served, s.house.served.first, s.person.id, s.person.password + "!"
    ),
    "the person was switched off": lambda s: set_enabled(
        s.house.world, s.tenant_id, s.person.id, enabled=False
    ),
}


@pytest.mark.requirement("R-27", "R-52")
@pytest.mark.parametrize("name", STALE)
def test_a_first_step_does_not_outlive_what_it_rests_on(scene: Scene, name: str) -> None:
    visitor = scene.visitor()
    page = scene.at_code(visitor)
    STALE[name](scene)
    landing = typed(visitor, page, scene.app.code())
    assert landing.path == "/identity/signin"
    assert scene.sign_ins() == 0


@pytest.mark.requirement("R-39")
def test_a_first_step_is_of_its_browser(scene: Scene) -> None:
    visitor, thief = scene.visitor(), scene.visitor()
    page = scene.at_code(visitor)
    thief.authorize(scene.client)
    shown = thief.get(f"{CODE}?request={page.response.url.params['request']}")
    assert "This page belongs to another browser" in shown.response.text


@pytest.mark.requirement("R-39")
def test_a_code_of_one_person_completes_no_other(scene: Scene) -> None:
    other = new_person(scene.house.served, scene.house.served.first)
    given_app(scene.house.served, scene.tenant_id, other.id)
    visitor, theirs = scene.visitor(), scene.visitor()
    page = scene.at_code(visitor)
    second = halfway(theirs, theirs.authorize(scene.client), other)
    assert recovered(visitor, page, CODES[0]).path == "/identity/consent"
    # each has codes of their own, although these look alike
    assert recovered(theirs, second, CODES[0]).path == "/identity/consent"
    assert recovered(theirs, second, CODES[0]).path != CODE


def test_somebody_else_may_start_again(scene: Scene) -> None:
    visitor = scene.visitor()
    page = visitor.submit(scene.at_code(visitor), "again")
    assert page.path == "/identity/signin"
    other = new_person(scene.house.served, scene.house.served.first)
    assert visitor.sign_in(page, other).path == "/identity/consent"


@pytest.mark.requirement("R-48")
def test_wrong_passwords_look_alike_with_an_app_and_without(scene: Scene) -> None:
    other = new_person(scene.house.served, scene.house.served.first)
    shown = []
    for person in (scene.person, other, other._replace(email="nobody@example.com")):
        visitor = scene.visitor()
        page = visitor.sign_in(
            visitor.authorize(scene.client), person._replace(password="something else")
        )
        assert page.response.status_code == 401
        shown.append(page.response.text.count("not right"))
    assert shown == [1, 1, 1]


def test_a_new_password_by_a_link_leaves_the_second_step(scene: Scene) -> None:
    visitor = scene.visitor()
    page = visitor.get(new_link(scene.house.served, scene.house.served.first, scene.person.id))
    new = "quite another password"
    page = visitor.submit(page, password=new, again=new)
    landing = visitor.sign_in(page, scene.person._replace(password=new))
    assert landing.path == CODE
    assert typed(visitor, landing, scene.app.code()).path == ACCOUNT


def test_a_one_time_password_is_replaced_after_the_second_step(scene: Scene) -> None:
    set_password(
        scene.house.served, scene.house.served.first, scene.person.id, "only for once",
        one_time=True,
    )  # fmt: skip
    visitor = scene.visitor()
    page = visitor.sign_in(
        visitor.authorize(scene.client), scene.person._replace(password="only for once")
    )
    assert page.path == CODE
    page = typed(visitor, page, scene.app.code())
    assert page.path == "/identity/password"
    new = "quite another password"
    assert visitor.submit(page, password=new, again=new).path == "/identity/consent"


@pytest.mark.requirement("R-46")
def test_a_weaker_hash_is_replaced_before_the_second_step(served: Served) -> None:
    tenant = served.new_tenant()
    person, client_ = new_person(served, tenant), new_application(served, tenant)
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(person.password)
    with served.house.world.store.writing(tenant.id) as tenancy:
        now = served.house.world.clock.now()
        tenancy.directory.set_password(person.id, weak, now, must_change=False)
        origin, action = Origin("test", ""), Action.PASSWORD_SET
        tenancy.journal.append(
            Event(at=now, action=action, actor=OPERATOR, origin=origin, target=person.id)
        )
    app = given_app(served, tenant.id, person.id)
    visitor = Visitor(served)
    page = halfway(visitor, visitor.authorize(client_), person)
    with served.house.world.store.reading(tenant.id) as tenancy:
        assert tenancy.directory.password(person.id) != weak
    assert typed(visitor, page, app.code()).path == "/identity/consent"
