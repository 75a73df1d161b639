"""A first app, of somebody who must have one: nobody gets past it, and its codes are good."""

import pytest

from tests.flows import (
    form_of,
)
from tests.web.second_factors import (
    App,
    codes_on,
    demand,
    enrolled,
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
