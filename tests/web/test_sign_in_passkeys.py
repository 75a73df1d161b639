"""Signing in with a passkey: its answer is good once, for one errand in one browser."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.authenticator import Authenticator
from tests.flows import Landing, new_application
from tests.web.forms import Stage, another_passkey, answered, challenge_of
from tests.web.indoors import indoors, set_enabled

WRONG = "That passkey is not known here, or the answer did not arrive in time."


def is_refused(landing: Landing) -> bool:
    """Whether the page says that the passkey is not taken."""
    return landing.response.status_code == 401 and WRONG in landing.response.text


@pytest.fixture
def stage() -> Stage:
    """Somebody with a passkey, in memory, with a clock that is set."""
    return Stage(indoors())


@pytest.mark.requirement("R-39")
def test_an_answer_is_good_for_one_errand_in_one_browser(stage: Stage) -> None:
    other = stage.house.visitor()
    one, two = stage.errand(prompt="login"), stage.errand(prompt="login")
    foreign = other.authorize(stage.client)
    challenges = [challenge_of(page) for page in (one, two, foreign)]
    assert len(set(challenges)) == 3
    assert is_refused(answered(stage.visitor, two, stage.authenticator.assertion(challenges[0])))
    assert is_refused(answered(stage.visitor, two, stage.authenticator.assertion(challenges[2])))
    assert is_refused(answered(other, foreign, stage.authenticator.assertion(challenges[0])))
    landing = answered(stage.visitor, two, stage.authenticator.assertion(challenges[1]))
    assert landing.answer["code"]


@pytest.mark.requirement("R-39")
def test_an_answer_is_taken_once(stage: Stage) -> None:
    page = stage.errand(prompt="login", max_age="0")
    said = stage.authenticator.assertion(challenge_of(page))
    assert answered(stage.visitor, page, said).answer["code"]
    assert not answered(stage.visitor, page, said).answer
    again = stage.errand(prompt="login")
    assert is_refused(answered(stage.visitor, again, said))


def _other_key(stage: Stage) -> Authenticator:
    return replace(stage.authenticator, key=another_passkey(stage).key)


def _other_site(stage: Stage) -> Authenticator:
    return replace(stage.authenticator, origin="https://attacker.example")


def _not_verified(stage: Stage) -> Authenticator:
    return replace(stage.authenticator, user_verified=False)


def _copied(stage: Stage) -> Authenticator:
    """A copy that was made before, and counts on its own."""
    page = stage.errand(prompt="login")
    stage.authenticator.counter += 3
    answered(stage.visitor, page, stage.authenticator.assertion(challenge_of(page)))
    return replace(stage.authenticator, counter=1)


def _of_somebody_switched_off(stage: Stage) -> Authenticator:
    set_enabled(stage.house.world, stage.tenant.id, stage.person.id, enabled=False)
    return stage.authenticator


@pytest.mark.requirement("R-48")
@pytest.mark.parametrize(
    "whose",
    [another_passkey, _other_key, _other_site, _not_verified, _copied, _of_somebody_switched_off],
)
def test_what_is_not_right_is_refused_alike(
    stage: Stage, whose: Callable[[Stage], Authenticator]
) -> None:
    passkey = whose(stage)
    visitor = stage.house.visitor()
    page = visitor.authorize(stage.client)
    refused = answered(visitor, page, passkey.assertion(challenge_of(page)))
    plain = answered(visitor, page, "{}")
    assert is_refused(refused)
    assert refused.response.text == plain.response.text
    assert "gatepost-sid" not in visitor.http.cookies


@pytest.mark.requirement("R-63")
def test_a_passkey_is_of_its_tenant(stage: Stage) -> None:
    visitor = stage.house.visitor()
    page = visitor.authorize(new_application(stage.served, stage.served.second))
    assert is_refused(answered(visitor, page, stage.authenticator.assertion(challenge_of(page))))


@pytest.mark.requirement("R-39", "R-48")
def test_a_passkey_does_not_skip_a_password_for_one_sign_in(stage: Stage) -> None:
    with stage.house.store.writing(stage.tenant.id) as tenancy:
        phc, now = stage.house.world.passwords.hash("once"), stage.house.world.clock.now()
        tenancy.directory.set_password(stage.person.id, phc, now, must_change=True)
        tenancy.journal.append(tenancy.journal.entries(0, 1)[0].event)
    visitor = stage.house.visitor()
    page = visitor.authorize(stage.client)
    landing = answered(visitor, page, stage.authenticator.assertion(challenge_of(page)))
    assert landing.path == "/identity/password"
