"""A first factor, of somebody who must have one: nobody gets past it, and it is good after."""

import pytest

from tests.authenticator import Authenticator as Passkey
from tests.flows import Landing, Visitor, form_of, new_person
from tests.web.forms import answered, challenge_of, first_passkey
from tests.web.second_factors import (
    App,
    codes_on,
    demand,
    enrolled,
    halfway,
    key_on,
    recovered,
    typed,
)
from tests.web.second_step_scene import CODE, ENROL, Scene, claims, is_in, without_app


@pytest.fixture
def bare() -> Scene:
    return without_app()


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


def own_passkey(bare: Scene) -> Passkey:
    """A passkey of the person."""
    url = bare.house.served.http.base_url
    return Passkey(
        rp_id=url.host, origin=bare.house.served.url, user_handle=bare.person.id.encode()
    )


def kept_passkeys(bare: Scene) -> int:
    """How many there are."""
    with bare.house.world.store.reading(bare.tenant_id) as tenancy:
        return len(tenancy.sign_ins.passkeys_of(bare.person.id))


def sent_passkey(visitor: Visitor, fields: dict[str, str]) -> Landing:
    """Send the form that adds one on the way in."""
    return visitor._settle(visitor.http.post(f"{ENROL}/passkey", data=fields))


@pytest.mark.requirement("R-37", "R-52")
def test_a_passkey_does_in_place_of_an_app(bare: Scene) -> None:
    demand(bare.house.served, bare.tenant_id, "everybody")
    visitor, passkey = bare.visitor(), own_passkey(bare)
    page = bare.at_code(visitor)
    shown = sent_passkey(visitor, first_passkey(page, passkey))
    codes = codes_on(shown)
    assert len(codes) == 10
    landing = visitor.get(f"/identity/resume?request={page.response.url.params['request']}")
    said = claims(bare, visitor.submit(landing, "allow"))
    assert (said["acr"], said["amr"]) == ("phr", ["swk", "user", "mfa"])
    other = bare.visitor()
    page = other.authorize(bare.client)
    assert answered(other, page, passkey.assertion(challenge_of(page))).answer["code"]
    third = bare.visitor()
    page = bare.at_code(third)
    assert (page.path, 'id="code"' in page.response.text) == (CODE, False)
    assert recovered(third, page, codes[0]).answer["code"]


@pytest.mark.requirement("R-39")
def test_a_first_passkey_is_bound_to_its_request_person_and_browser(bare: Scene) -> None:
    demand(bare.house.served, bare.tenant_id, "everybody")
    visitor, other = bare.visitor(), bare.visitor()
    page, again, elsewhere = bare.at_code(visitor), bare.at_code(visitor), bare.at_code(other)
    mine = first_passkey(page, own_passkey(bare))
    for wrong in (again, elsewhere):
        theirs = first_passkey(wrong, own_passkey(bare))["attestation"]
        refused = sent_passkey(visitor, mine | {"attestation": theirs})
        assert refused.response.status_code == 401
        assert "The passkey was not accepted." in refused.response.text
        # an app that read the key meanwhile can go on with it
        assert key_on(refused) == key_on(page)
    stranger = new_person(bare.house.served, bare.house.served.first)
    visitor.sign_in(visitor.submit(page, "again"), stranger)
    assert sent_passkey(visitor, mine).response.status_code == 401
    assert (bare.sign_ins(), kept_passkeys(bare)) == (0, 0)


def test_the_same_passkey_is_not_added_twice(bare: Scene) -> None:
    demand(bare.house.served, bare.tenant_id, "everybody")
    visitor, passkey = bare.visitor(), own_passkey(bare)
    sent_passkey(visitor, first_passkey(bare.at_code(visitor), passkey))
    stranger = new_person(bare.house.served, bare.house.served.first)
    other = bare.visitor()
    page = halfway(other, other.authorize(bare.client), stranger)
    refused = sent_passkey(other, first_passkey(page, passkey))
    assert refused.response.status_code == 401
    assert kept_passkeys(bare) == 1


def test_a_passkey_is_added_by_who_is_asked_for_one_only(bare: Scene) -> None:
    demand(bare.house.served, bare.tenant_id, "everybody")
    visitor = bare.visitor()
    page = bare.at_code(visitor)
    fields = first_passkey(page, own_passkey(bare))
    enrolled(visitor, bare.house.world, page)
    assert sent_passkey(visitor, fields).path == "/identity/consent"
    assert kept_passkeys(bare) == 0
