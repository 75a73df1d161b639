"""A factor is added, made anew or removed shortly after a sign-in only, and the way leads back."""

from collections.abc import Callable

import pytest

from gatepost.model.factors import Authenticator
from tests.authenticator import Authenticator as Passkey
from tests.flows import Landing
from tests.web.factor_desk import ACCOUNT, APP, REMOVE, Desk, seated
from tests.web.forms import add_passkey, hidden_of
from tests.web.indoors import indoors
from tests.web.second_factors import given_app, halfway, typed


@pytest.fixture
def desk() -> Desk:
    return seated(indoors())


def with_passkey(desk: Desk) -> None:
    """Add a passkey at the first browser."""
    house = desk.house
    passkey = Passkey(
        rp_id=house.served.http.base_url.host,
        origin=house.served.url,
        user_handle=desk.person.id.encode(),
    )
    added = add_passkey(desk.here, passkey)
    assert added.response.url.params["done"] == "passkey-added"


def sent(desk: Desk, path: str) -> Landing:
    """Send a form of the account page."""
    fields = hidden_of(desk.here.get(ACCOUNT), path)
    return desk.here._settle(desk.here.http.post(path, data=fields))


Kept = tuple[Authenticator | None, int, int]


def kept(desk: Desk) -> Kept:
    """The app, how many recovery codes and how many passkeys there are."""
    with desk.house.world.store.reading(desk.tenant_id) as tenancy:
        passkeys = len(tenancy.sign_ins.passkeys_of(desk.person.id))
    return desk.kept(), desk.codes_left(), passkeys


WITHOUT_APP: dict[str, Callable[[Desk], Landing]] = {
    "the page with a key": lambda desk: desk.here.get(APP),
    "new recovery codes": lambda desk: sent(desk, f"{ACCOUNT}/recovery-codes"),
    "a passkey that goes": lambda desk: sent(desk, f"{ACCOUNT}/passkeys/remove"),
}


@pytest.mark.requirement("R-52")
@pytest.mark.parametrize("name", WITHOUT_APP)
def test_only_who_signed_in_a_moment_ago_changes_a_factor(desk: Desk, name: str) -> None:
    with_passkey(desk)
    before = kept(desk)
    desk.house.forward(minutes=10)
    assert WITHOUT_APP[name](desk).path == "/identity/signin"
    assert kept(desk) == before


@pytest.mark.parametrize("name", WITHOUT_APP)
def test_whoever_signs_in_anew_comes_back_to_it(desk: Desk, name: str) -> None:
    with_passkey(desk)
    desk.house.forward(minutes=10)
    landing = desk.here.sign_in(WITHOUT_APP[name](desk), desk.person)
    if name == "the page with a key":
        assert landing.path == APP
        return
    assert landing.path == ACCOUNT
    assert "make your change once more" in landing.response.text
    assert WITHOUT_APP[name](desk).path in {ACCOUNT, f"{ACCOUNT}/recovery-codes"}
    assert kept(desk)[1:] == ((10, 1) if name == "new recovery codes" else (0, 0))


@pytest.mark.requirement("R-52")
def test_a_known_password_and_an_open_session_do_not_remove_an_app(desk: Desk) -> None:
    """Whoever has both and not the phone is asked for a code first."""
    app = given_app(desk.house.served, desk.tenant_id, desk.person.id)
    typed(desk.here, desk.here.get(ACCOUNT), app.code())
    question = desk.here.get(REMOVE)
    desk.house.forward(minutes=10)
    before = kept(desk)
    landing = desk.here.submit(question, current=desk.person.password)
    assert landing.path == "/identity/signin"
    assert desk.here.get(REMOVE).path == "/identity/signin"
    assert kept(desk) == before
    page = halfway(desk.here, landing, desk.person)
    asked = typed(desk.here, page, app.code())
    assert asked.path == REMOVE
    desk.here.submit(asked, current=desk.person.password)
    assert kept(desk) == (None, 0, 0)


def test_whoever_owes_a_second_step_first_comes_back_too(desk: Desk) -> None:
    app = given_app(desk.house.served, desk.tenant_id, desk.person.id)
    page = desk.here.get(REMOVE)
    assert page.path == "/identity/code"
    assert typed(desk.here, page, app.code()).path == REMOVE


def test_recovery_codes_go_with_the_last_factor(desk: Desk) -> None:
    with_passkey(desk)
    sent(desk, f"{ACCOUNT}/recovery-codes")
    assert kept(desk) == (None, 10, 1)
    sent(desk, f"{ACCOUNT}/passkeys/remove")
    assert kept(desk) == (None, 0, 0)


def test_recovery_codes_stay_while_there_is_an_app(desk: Desk) -> None:
    with_passkey(desk)
    desk.add_app()
    sent(desk, f"{ACCOUNT}/passkeys/remove")
    assert kept(desk)[1:] == (10, 0)
