"""The second step of a sign-in: asked for of whom it must be, never skipped, good once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import jwt
import pytest
from argon2 import PasswordHasher

from gatepost.app import Server
from gatepost.model.events import OPERATOR, Action, Event, Origin
from gatepost.model.sign_ins import MULTI_FACTOR
from tests.authenticator import Authenticator
from tests.flows import (
    Application,
    Landing,
    Person,
    Visitor,
    form_of,
    new_application,
    new_person,
    redeem,
    set_password,
)
from tests.served import Served
from tests.web.forms import add_passkey, answered, challenge_of, new_link
from tests.web.indoors import Indoors, client, indoors, set_enabled
from tests.web.second_factors import (
    CODES,
    App,
    codes_on,
    demand,
    enrolled,
    given_app,
    halfway,
    key_on,
    recovered,
    typed,
)

CODE, ENROL, ACCOUNT = "/identity/code", "/identity/enrol", "/identity/account"


class Scene(NamedTuple):
    """A product in memory with somebody who has an authenticator app."""

    house: Indoors
    person: Person
    client: Application
    app: App

    @property
    def tenant_id(self) -> str:
        return self.house.served.first.id

    def visitor(self, address: str = "192.0.2.1") -> Visitor:
        """A browser that nobody signed in at."""
        return self.house.visitor(address)

    def at_code(self, visitor: Visitor, **parameters: str) -> Landing:
        """After the right password."""
        return halfway(visitor, visitor.authorize(self.client, **parameters), self.person)

    def sign_ins(self) -> int:
        """How many sign-ins the person has."""
        with self.house.world.store.reading(self.tenant_id) as tenancy:
            return len(tenancy.sign_ins.of_user(self.person.id))

    def told(self) -> list[str]:
        """What the journal says of sign-ins, in order, a reason behind its action."""
        self.house.server._refusals.keep()
        with self.house.world.store.reading(self.tenant_id) as tenancy:
            links = tenancy.journal.about(self.person.id, None, 100)
        mine = [link.event for link in reversed(links) if link.event.action.startswith("sign_in")]
        return [event.action.value + (f" {event.reason}" if event.reason else "") for event in mine]


@pytest.fixture
def scene() -> Scene:
    house = indoors()
    tenant = house.served.first
    person = new_person(house.served, tenant)
    client = new_application(house.served, tenant, AllowOfflineAccess=True)
    return Scene(house, person, client, given_app(house.served, tenant.id, person.id))


@pytest.fixture
def bare() -> Scene:
    """The same with somebody who has nothing beside a password."""
    house = indoors()
    tenant = house.served.first
    person = new_person(house.served, tenant)
    client = new_application(house.served, tenant, AllowOfflineAccess=True)
    return Scene(house, person, client, App(house.world))


def claims(scene: Scene, landing: Landing) -> dict[str, Any]:
    """What the id token says for the code of a landing."""
    answer = redeem(scene.house.served, scene.client, landing.answer["code"])
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = jwt.decode(
        answer.json()["id_token"], options={"verify_signature": False}
    )
    return found


def is_in(visitor: Visitor) -> bool:
    """Whether the browser shows somebody their account."""
    return "<h1>Your account</h1>" in visitor.get(ACCOUNT).response.text


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


@pytest.mark.requirement("R-49")
def test_a_code_is_good_once(scene: Scene) -> None:
    visitor, other = scene.visitor(), scene.visitor()
    page, again = scene.at_code(visitor), scene.at_code(other)
    code = scene.app.code()
    assert typed(visitor, page, code).path == "/identity/consent"
    refused = typed(other, again, code)
    assert refused.response.status_code == 401
    assert "used already" in refused.response.text
    assert typed(other, again, scene.app.code(-1)).response.status_code == 401
    assert typed(other, again, scene.app.code(1)).path == "/identity/consent"
    assert scene.told().count("sign_in.refused code_used_again") == 2


@pytest.mark.requirement("R-49")
def test_of_parallel_uses_of_a_code_one_signs_in(scene: Scene) -> None:
    visitors = [scene.visitor() for _ in range(6)]
    pages = [scene.at_code(visitor) for visitor in visitors]
    code = scene.app.code()
    with ThreadPoolExecutor(len(visitors)) as pool:
        landed = list(pool.map(lambda at, page: typed(at, page, code).path, visitors, pages))
    assert sorted(landed) == ["/identity/code"] * 5 + ["/identity/consent"]
    assert scene.sign_ins() == 1


@pytest.mark.requirement("R-49")
def test_guesses_at_codes_are_counted_and_nobody_is_locked_out(scene: Scene) -> None:
    visitor = scene.visitor()
    page = scene.at_code(visitor)
    for _ in range(10):
        assert typed(visitor, page, scene.app.wrong()).response.status_code == 401
    refused = typed(visitor, page, scene.app.code())
    assert refused.response.status_code == 429
    assert refused.response.headers["retry-after"] == "601"
    # from elsewhere the person goes on, and by another way here too
    elsewhere = scene.visitor("198.51.100.7")
    assert typed(elsewhere, scene.at_code(elsewhere), scene.app.code()).path == "/identity/consent"
    assert recovered(visitor, page, CODES[0]).path == "/identity/consent"
    later = scene.visitor()
    scene.house.forward(minutes=10)
    assert typed(later, scene.at_code(later), scene.app.code()).path == "/identity/consent"


@pytest.mark.requirement("R-49")
def test_guesses_from_many_addresses_are_counted_for_the_person(scene: Scene) -> None:
    addresses = [f"198.51.100.{number}" for number in range(1, 22)]
    visitors = [scene.visitor(address) for address in addresses]
    pages = [scene.at_code(visitor) for visitor in visitors]
    found = [
        typed(visitor, page, scene.app.wrong()).response.status_code
        for visitor, page in zip(visitors, pages, strict=True)
    ]
    assert found == [401] * 20 + [429]
    scene.house.forward(minutes=10)
    last = scene.visitor()
    assert typed(last, scene.at_code(last), scene.app.code()).path == "/identity/consent"


def other_node(scene: Scene) -> Visitor:
    """A browser at another server of the same store, as after a restart."""
    visitor = scene.visitor()
    server = Server(scene.house.served.house, scene.house.served.url)
    visitor.http = client(server, scene.house.served.url, "192.0.2.1")
    return visitor


@pytest.mark.requirement("R-49")
def test_neither_a_restart_nor_another_server_forgets_a_code_or_a_guess(scene: Scene) -> None:
    here, there = scene.visitor(), other_node(scene)
    code = scene.app.code()
    assert typed(here, scene.at_code(here), code).path == "/identity/consent"
    page = scene.at_code(there)
    assert "used already" in typed(there, page, code).response.text
    for _ in range(9):
        assert typed(there, page, scene.app.wrong()).response.status_code == 401
    again = other_node(scene)
    refused = typed(again, scene.at_code(again), scene.app.code(1))
    assert refused.response.status_code == 429


@pytest.mark.requirement("R-49")
def test_a_right_code_gives_its_attempt_back(scene: Scene) -> None:
    for _ in range(12):
        visitor = scene.visitor()
        landing = typed(visitor, scene.at_code(visitor), scene.app.code())
        assert landing.path in {"/identity/consent", "page"}
        scene.house.forward(seconds=30)


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


@pytest.mark.requirement("R-37")
def test_who_has_nothing_is_led_to_add_an_app(bare: Scene) -> None:
    demand(bare.house.served, bare.tenant_id, "everybody")
    visitor = bare.visitor()
    page = bare.at_code(visitor)
    assert page.path == ENROL
    assert bare.sign_ins() == 0
    app, shown = enrolled(visitor, bare.house.world, page)
    codes = codes_on(shown)
    assert len(set(codes)) == 10
    assert shown.response.headers["cache-control"] == "no-store"
    landing = visitor.get(f"/identity/resume?request={page.response.url.params['request']}")
    said = claims(bare, visitor.submit(landing, "allow"))
    assert said["amr"] == ["pwd", "otp", "mfa"]
    # the code that confirmed it is used; the next one is not
    other = bare.visitor()
    second = bare.at_code(other)
    assert second.path == CODE
    assert typed(other, second, app.code()).response.status_code == 401
    assert typed(other, second, app.code(1)).path != CODE
    third = bare.visitor()
    assert recovered(third, bare.at_code(third), codes[3]).answer["code"]


@pytest.mark.requirement("R-39", "R-79")
@pytest.mark.parametrize(
    "fields",
    [
        {"code": ""},
        {},
        {"key": "", "code": "123456"},
        {"key": "x" * 5_000, "code": "123456"},
        {"key": "AAAA", "code": "123456"},
        {"decision": "skip"},
    ],
    ids=repr,
)
def test_nobody_gets_past_adding_an_app(bare: Scene, fields: dict[str, str]) -> None:
    demand(bare.house.served, bare.tenant_id, "everybody")
    visitor = bare.visitor()
    page = bare.at_code(visitor)
    action, hidden = form_of(page.response.text, "submit")
    sent = visitor.http.post(action, data=hidden | fields)
    assert sent.status_code == 401
    assert bare.sign_ins() == 0
    for path in ("resume", "consent", "password", "code"):
        assert visitor.get(f"/identity/{path}?request={hidden['request']}").path == ENROL
    assert not is_in(visitor)


def test_a_wrong_first_code_shows_the_same_key_again(bare: Scene) -> None:
    demand(bare.house.served, bare.tenant_id, "everybody")
    visitor = bare.visitor()
    page = bare.at_code(visitor)
    again = typed(visitor, page, App(bare.house.world, key_on(page)).wrong())
    assert key_on(again) == key_on(page)
    assert again.response.status_code == 401
    bare.house.forward(minutes=9, seconds=59)
    assert key_on(visitor.get(str(page.response.url.raw_path.decode()))) != key_on(page)
