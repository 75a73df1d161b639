"""While one master key follows another nothing is lost: each kind of thing that is kept under one
is found, opened or taken by who writes under the other.

Both ways: in a deployment some nodes see a moment later than others which key is in use.
"""

import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from gatepost.model.events import DEPLOYMENT
from gatepost.services import client_secrets, journal
from gatepost.services.digests import first_found
from tests.authenticator import Authenticator
from tests.flows import (
    Application,
    Landing,
    Person,
    Visitor,
    new_application,
    new_person,
    token,
)
from tests.services.two_keys import NEW, OLD, TURNS, Turn, two_key_world
from tests.web import indoors as indoors_module
from tests.web import second_factors
from tests.web.forms import FORMS, Stage, new_link
from tests.web.granting import ALL_SCOPES, ask, is_active, new_code, redeemed, refreshed, tokens_for
from tests.web.indoors import Indoors, indoors
from tests.web.keyed import Keyed
from tests.web.portal.desk import CLIENTS, Worker, signed_in
from tests.web.test_device_flow import DEVICES, decided, poll, start, typed
from tests.web.test_pushed_requests import go, push, reference

pytestmark = pytest.mark.requirement("D-02")

CATALOGUE = {"scope": ALL_SCOPES}


class Switch:
    """A product under one key, which another follows at a word."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.inside: Indoors = indoors()
        self.served = self.inside.served
        self.world = self.inside.world
        self.tenant = self.served.first
        self.person: Person = new_person(self.served, self.tenant)
        self.visitor: Visitor = self.inside.visitor()

    def switch(self) -> None:
        """From now on the other key writes."""
        assert self.world.secrets.write_under(self.turn.after)

    def application(self, collection: str = "HybridClients", **members: Any) -> Application:
        """A client that was made under the first key."""
        return new_application(self.served, self.tenant, collection, **members)


@pytest.fixture(params=TURNS, ids=["forward", "back"])
def switch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Switch:
    turn: Turn = request.param
    monkeypatch.setattr(indoors_module, "new_world", lambda: two_key_world(turn.before))
    return Switch(turn)


def offline(switch: Switch) -> tuple[Application, dict[str, Any]]:
    """A client with a refresh token."""
    client = switch.application(AllowOfflineAccess=True)
    code = new_code(switch.served, client, switch.person, switch.visitor, scope=ALL_SCOPES)
    return client, tokens_for(code)


def error_of(answer: httpx.Response) -> str:
    """The error of an answer that is one."""
    assert answer.status_code in {400, 401}, answer.text
    return str(answer.json()["error"])


def test_a_client_secret_goes_on_to_work(switch: Switch) -> None:
    client = switch.application("ClientCredentialClients")
    switch.switch()
    for _ in range(2):
        assert token(switch.served, client, grant_type="client_credentials").status_code == 200
    wrong = token(switch.served, client, grant_type="client_credentials", client_secret="wrong")
    assert error_of(wrong) == "invalid_client"


def test_a_code_is_redeemed_once(switch: Switch) -> None:
    client = switch.application()
    code = new_code(switch.served, client, switch.person, switch.visitor)
    switch.switch()
    tokens = tokens_for(code)
    assert error_of(redeemed(switch.served, code)) == "invalid_grant"
    assert not is_active(switch.served, client, tokens["access_token"]), "the replay ended all"


def test_a_refresh_token_is_used_and_its_lost_answer_told_again(switch: Switch) -> None:
    client, first = offline(switch)
    switch.switch()
    second = refreshed(switch.served, client, first["refresh_token"]).json()
    again = refreshed(switch.served, client, first["refresh_token"]).json()
    assert again["refresh_token"] == second["refresh_token"]
    third = refreshed(switch.served, client, second["refresh_token"])
    assert third.status_code == 200
    switch.inside.forward(seconds=60)
    replay = refreshed(switch.served, client, first["refresh_token"])
    assert error_of(replay) == "invalid_grant"
    last = refreshed(switch.served, client, third.json()["refresh_token"])
    assert error_of(last) == "invalid_grant"


def test_an_answer_that_was_lost_before_the_switch_is_told_again_after_it(switch: Switch) -> None:
    client, first = offline(switch)
    second = refreshed(switch.served, client, first["refresh_token"]).json()
    switch.switch()
    again = refreshed(switch.served, client, first["refresh_token"]).json()
    assert again["refresh_token"] == second["refresh_token"]


def test_a_refresh_token_is_known_to_introspection_and_revocation(switch: Switch) -> None:
    client, tokens = offline(switch)
    switch.switch()
    shown = tokens["refresh_token"]
    assert is_active(switch.served, client, shown)
    assert ask(switch.served, client, "revocation", token=shown).status_code == 200
    assert not is_active(switch.served, client, shown)


def test_a_device_is_let_in_and_gets_its_tokens(switch: Switch) -> None:
    client = switch.application(DEVICES)
    codes = start(switch.served, client)
    switch.switch()
    decided(switch.visitor, switch.person, codes["user_code"])
    assert poll(switch.served, client, codes).status_code == 200
    assert error_of(poll(switch.served, client, codes)) == "invalid_grant"


def test_a_device_that_was_let_in_before_gets_its_tokens(switch: Switch) -> None:
    client = switch.application(DEVICES)
    codes = start(switch.served, client)
    page = typed(switch.visitor, codes["user_code"])
    switch.switch()
    page = switch.visitor.sign_in(page, switch.person)
    switch.visitor.submit(page, "allow")
    assert poll(switch.served, client, codes).status_code == 200


def test_a_pushed_request_is_carried_out_once(switch: Switch) -> None:
    client = switch.application()
    request_uri = reference(push(switch.served, client))
    switch.switch()
    landing = switch.visitor.through(go(switch.visitor, client, request_uri), switch.person)
    assert "code" in landing.answer
    assert "code" not in go(switch.visitor, client, request_uri).answer


def test_a_sign_in_goes_on_also_silently(switch: Switch) -> None:
    client = switch.application()
    new_code(switch.served, client, switch.person, switch.visitor)
    switch.switch()
    assert "code" in switch.visitor.authorize(client).answer
    assert "code" in switch.visitor.authorize(client, prompt="none").answer
    page = switch.visitor.get("/identity/account")
    assert switch.person.email in page.response.text


def test_a_sign_out_ends_what_was_begun_before(switch: Switch) -> None:
    client = switch.application()
    new_code(switch.served, client, switch.person, switch.visitor)
    switch.switch()
    page = switch.visitor.get("/identity/connect/endsession")
    switch.visitor.submit(page, "signout")
    assert switch.visitor.authorize(client).is_page
    with switch.world.store.reading(switch.tenant.id) as tenancy:
        assert tenancy.sign_ins.of_user(switch.person.id) == ()


def test_a_second_sign_in_of_a_browser_leaves_no_session_behind(switch: Switch) -> None:
    client = switch.application()
    new_code(switch.served, client, switch.person, switch.visitor)
    switch.switch()
    page = switch.visitor.authorize(client, prompt="login")
    assert "code" in switch.visitor.through(page, switch.person).answer
    with switch.world.store.reading(switch.tenant.id) as tenancy:
        assert len(tenancy.sign_ins.of_user(switch.person.id)) == 1


def test_an_errand_under_way_is_finished(switch: Switch) -> None:
    page = switch.visitor.authorize(switch.application())
    switch.switch()
    assert "code" in switch.visitor.through(page, switch.person).answer


def test_work_in_the_portal_goes_on_and_is_left(switch: Switch) -> None:
    visitor = signed_in(switch.inside, switch.tenant, switch.person)
    worker = Worker(switch.inside, switch.tenant, switch.person, visitor)
    switch.switch()
    assert worker.get(CLIENTS).url.path == CLIENTS
    left = worker.post("/portal/signout", on=CLIENTS)
    assert visitor.get(left.headers["location"]).path == "/portal/signed-out"
    assert visitor.get(CLIENTS).path != CLIENTS
    with switch.world.store.reading(switch.tenant.id) as tenancy:
        assert tenancy.sign_ins.of_user(switch.person.id) == ()


def test_a_sign_in_to_the_portal_that_is_under_way_ends_there(switch: Switch) -> None:
    page = switch.visitor.get("/portal/")
    page = switch.visitor.submit(page, "choose", alias="First")
    switch.switch()
    assert switch.visitor.sign_in(page, switch.person).path.startswith("/portal/")


def test_a_link_to_set_a_password_opens(switch: Switch) -> None:
    link = new_link(switch.served, switch.tenant, switch.person.id)
    switch.switch()
    page = switch.visitor.get(link)
    chosen = "a password of one's own"
    there = switch.visitor.submit(page, password=chosen, again=chosen)
    assert there.path == "/identity/signin"
    home = switch.visitor.sign_in(there, switch.person._replace(password=chosen))
    assert home.path == "/identity/account"


def test_an_assertion_is_good_once_over_the_switch(switch: Switch) -> None:
    keyed, now = Keyed(switch.served), int(switch.world.clock.now().timestamp())
    assertion = keyed.assertion(iat=now, exp=now + 60)
    assert keyed.ask(assertion).status_code == 200
    switch.switch()
    assert keyed.ask(assertion).status_code == 401
    assert keyed.last_reason() == "assertion_reused"


def test_guesses_are_counted_on(switch: Switch) -> None:
    client = switch.application()

    def guess(password: str) -> int:
        visitor = switch.inside.visitor()
        page = visitor.authorize(client)
        typed_in = switch.person._replace(password=password)
        return visitor.sign_in(page, typed_in).response.status_code

    assert {guess("wrong") for _ in range(12)} == {401}
    switch.switch()
    assert [guess("wrong") for _ in range(9)] == [401] * 8 + [429]
    assert guess(switch.person.password) == 429


def test_a_right_password_gives_its_attempt_back(switch: Switch) -> None:
    client = switch.application()

    def enter(password: str) -> int:
        visitor = switch.inside.visitor()
        landing = visitor.authorize(client)
        typed_in = switch.person._replace(password=password)
        return visitor.sign_in(landing, typed_in).response.status_code

    assert {enter("wrong") for _ in range(19)} == {401}
    switch.switch()
    assert [enter(switch.person.password) for _ in range(4)] == [200] * 4


def test_a_second_factor_is_taken(switch: Switch) -> None:
    app = second_factors.given_app(switch.served, switch.tenant.id, switch.person.id)
    client = switch.application()
    page = second_factors.halfway(switch.visitor, switch.visitor.authorize(client), switch.person)
    switch.switch()
    landing = second_factors.typed(switch.visitor, page, app.code())
    assert "code" in switch.visitor.through(landing, switch.person).answer


def test_a_recovery_code_is_taken_once(switch: Switch) -> None:
    second_factors.given_app(switch.served, switch.tenant.id, switch.person.id)
    client = switch.application()
    switch.switch()

    def enter() -> Landing:
        visitor = switch.inside.visitor()
        page = second_factors.halfway(visitor, visitor.authorize(client), switch.person)
        landing = second_factors.recovered(visitor, page, second_factors.CODES[0])
        return visitor.through(landing, switch.person) if landing.path != page.path else landing

    assert "code" in enter().answer
    assert enter().answer == {}


def test_the_journals_verify(switch: Switch) -> None:
    switch.application()
    switch.switch()
    assert {verdict.fault for verdict in journal.verify_all(switch.world)} == {None}
    switch.application()
    assert {verdict.fault for verdict in journal.verify_all(switch.world)} == {None}
    with switch.world.store.reading(DEPLOYMENT) as deployment:
        sealed = deployment.journal.head()
    assert sealed is not None
    assert sealed[1][0] == switch.turn.before, "nothing was written there since"


def test_a_secret_is_known_by_its_value(switch: Switch) -> None:
    client = switch.application()
    assert client.secret is not None
    switch.switch()
    found = client_secrets.made_of(switch.world, switch.tenant.id, client.id, client.secret)
    assert found is not None


@pytest.mark.parametrize("path", sorted(FORMS))
def test_a_form_that_was_shown_before_is_taken(switch: Switch, path: str) -> None:
    stage = Stage(switch.inside)
    fields = FORMS[path](stage)
    switch.switch()
    answer = stage.send(path, fields).response
    assert answer.status_code in {200, 303}, answer.text
    assert "This form was not made for this browser" not in answer.text


def test_a_passkey_answers_a_challenge_of_before(switch: Switch) -> None:
    """Its form is one of those above; here the sign-in is seen through to its end."""
    stage = Stage(switch.inside)
    fields = FORMS["/identity/signin/passkey"](stage)
    switch.switch()
    landing = stage.send("/identity/signin/passkey", fields)
    assert "code" in landing.answer
    assert isinstance(stage.authenticator, Authenticator)


@pytest.fixture
def forward(monkeypatch: pytest.MonkeyPatch) -> Switch:
    monkeypatch.setattr(indoors_module, "new_world", two_key_world)
    return Switch(TURNS[0])


def digest_of(switch: Switch, client: Application) -> bytes:
    with switch.world.store.reading(switch.tenant.id) as tenancy:
        (known,) = tenancy.clients.digests(client.id)
    return known.digest


def test_a_digest_is_made_anew_when_its_secret_is_next_used(forward: Switch) -> None:
    client, other = (forward.application("ClientCredentialClients") for _ in range(2))
    forward.switch()
    assert token(forward.served, client, grant_type="client_credentials").status_code == 200
    assert digest_of(forward, client)[0] == NEW
    assert digest_of(forward, other)[0] == OLD, "it was not used"
    wrong = token(forward.served, other, grant_type="client_credentials", client_secret="wrong")
    assert wrong.status_code == 401
    assert digest_of(forward, other)[0] == OLD
    assert token(forward.served, client, grant_type="client_credentials").status_code == 200


def test_an_older_key_that_writes_makes_no_digest_older(
    switch: Switch, caplog: pytest.LogCaptureFixture
) -> None:
    client = switch.application("ClientCredentialClients")
    switch.switch()
    with caplog.at_level(logging.ERROR):
        assert token(switch.served, client, grant_type="client_credentials").status_code == 200
    assert digest_of(switch, client)[0] == NEW
    assert caplog.records == []


def test_what_is_looked_for_under_several_digests_is_found_under_any() -> None:
    known = {b"b": 2}
    find: Callable[[bytes], int | None] = known.get
    assert first_found(find, [b"a", b"b"]) == 2
    assert first_found(find, [b"a"]) is None
    assert first_found({b"a": 0}.get, [b"a"]) == 0
