"""RP-initiated logout: who is signed out at once, who is asked, and where they go afterwards."""

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from gatepost.model.events import Action
from gatepost.protocol.logout import MAX_STATE
from tests.flows import SIGNED_OUT, Application, Landing, Person, Visitor, new_application
from tests.flows import new_person as person_of
from tests.served import Served
from tests.web.oauth import journal
from tests.web.relying import (
    END_SESSION,
    claims_of,
    is_question,
    is_signed_in,
    is_signed_out_page,
    leave,
    use,
)

ODD = "x y&=?#/+%ü€\U0001f600;'\"<>\\" + "s" * 107
Leave = Callable[..., Landing]


@pytest.fixture
def visitor(served: Served) -> Visitor:
    return Visitor(served)


@pytest.fixture
def client(served: Served) -> Application:
    return new_application(served, served.first)


@pytest.fixture
def person(served: Served) -> Person:
    return person_of(served, served.first)


class TestProved:
    @pytest.mark.requirement("R-40", "R-50")
    @pytest.mark.parametrize("way", [leave, leave_by_post])
    @pytest.mark.parametrize("state", [None, "s" * 128, ODD])
    def test_signs_out_at_once_and_goes_back_with_exactly_the_state(
        self,
        visitor: Visitor,
        client: Application,
        person: Person,
        way: Leave,
        state: str | None,
    ) -> None:
        hint = use(visitor, client, person)["id_token"]
        sent = {} if state is None else {"state": state}
        landing = way(visitor, id_token_hint=hint, post_logout_redirect_uri=SIGNED_OUT, **sent)
        assert (landing.uri, landing.mode) == (SIGNED_OUT, "query")
        assert landing.answer == sent
        assert not is_signed_in(visitor, client)

    def test_needs_no_address_to_go_back_to(
        self, visitor: Visitor, client: Application, person: Person
    ) -> None:
        hint = use(visitor, client, person)["id_token"]
        assert is_signed_out_page(leave(visitor, id_token_hint=hint))
        assert not is_signed_in(visitor, client)

    def test_holds_with_the_same_client_named_beside(
        self, visitor: Visitor, client: Application, person: Person
    ) -> None:
        hint = use(visitor, client, person)["id_token"]
        assert is_signed_out_page(leave(visitor, id_token_hint=hint, client_id=client.id))

    def test_holds_by_the_hint_of_an_earlier_session_of_the_same_person(
        self, visitor: Visitor, client: Application, person: Person
    ) -> None:
        earlier = use(visitor, client, person)["id_token"]
        leave(visitor, id_token_hint=earlier)
        later = use(visitor, client, person)["id_token"]
        assert claims_of(earlier)["sid"] != claims_of(later)["sid"]
        assert is_signed_out_page(leave(visitor, id_token_hint=earlier))
        assert not is_signed_in(visitor, client)

    def test_a_state_that_is_far_too_long_is_left_out(
        self, visitor: Visitor, client: Application, person: Person
    ) -> None:
        hint = use(visitor, client, person)["id_token"]
        sent = {"id_token_hint": hint, "post_logout_redirect_uri": SIGNED_OUT}
        landing = leave(visitor, **sent, state="s" * (MAX_STATE + 1))
        assert (landing.uri, landing.answer) == (SIGNED_OUT, {})

    @pytest.mark.requirement("R-50")
    def test_the_old_cookie_opens_nothing(
        self, served: Served, visitor: Visitor, client: Application, person: Person
    ) -> None:
        hint = use(visitor, client, person)["id_token"]
        thief = Visitor(served)
        thief.http.cookies.update(visitor.http.cookies)
        assert is_signed_in(thief, client)
        thief.http.cookies.clear()
        thief.http.cookies.update(visitor.http.cookies)
        leave(visitor, id_token_hint=hint)
        assert not is_signed_in(thief, client)
        assert not [name for name in visitor.http.cookies if name.endswith("sid")]

    @pytest.mark.requirement("R-76")
    def test_the_journal_tells_of_it(
        self, served: Served, visitor: Visitor, client: Application, person: Person
    ) -> None:
        tokens = use(visitor, client, person)
        leave(visitor, id_token_hint=tokens["id_token"])
        ended = [
            link.event
            for link in journal(served, person.id)
            if link.event.action is Action.SIGN_IN_ENDED
        ]
        assert [event.after for event in ended] == [
            {"SignIn": claims_of(tokens["id_token"])["sid"]}
        ]
        assert ended[0].actor.id == person.id

    def test_a_code_that_was_not_redeemed_is_good_for_nothing_any_more(
        self, visitor: Visitor, client: Application, person: Person
    ) -> None:
        from tests.flows import redeem

        hint = use(visitor, client, person)["id_token"]
        code = visitor.authorize(client).answer["code"]
        leave(visitor, id_token_hint=hint)
        answer = redeem(visitor.served, client, code)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


