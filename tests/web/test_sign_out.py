"""RP-initiated logout: who is signed out at once, what ends with it, and where they go then."""

import httpx
import pytest

from gatepost.model.events import Action
from gatepost.protocol.logout import MAX_STATE
from tests.flows import SIGNED_OUT, Application, Landing, Person, Visitor, new_application, redeem
from tests.flows import new_person as person_of
from tests.served import Served
from tests.web.indoors import HTTPS, indoors
from tests.web.oauth import journal
from tests.web.relying import (
    END_SESSION,
    ODD,
    Leave,
    account_form,
    claims_of,
    is_question,
    is_signed_in,
    is_signed_out_page,
    leave,
    leave_by_post,
    use,
)


class TestProved:
    """By an id token that was given for this sign-in or to this person."""

    @pytest.mark.requirement("R-40", "R-50")
    @pytest.mark.parametrize("way", [leave, leave_by_post])
    @pytest.mark.parametrize("state", [None, "s" * 128, ODD + "s" * 108])
    def test_goes_back_at_once_with_exactly_the_state(
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
        assert (landing.uri, landing.mode, landing.answer) == (SIGNED_OUT, "query", sent)
        assert not is_signed_in(visitor, client)

    @pytest.mark.parametrize("named", [False, True])
    def test_needs_no_address_to_go_back_to(
        self, visitor: Visitor, client: Application, person: Person, named: bool
    ) -> None:
        hint = use(visitor, client, person)["id_token"]
        sent = {"client_id": client.id} if named else {}
        assert is_signed_out_page(leave(visitor, id_token_hint=hint, **sent))
        assert not is_signed_in(visitor, client)

    def test_holds_by_a_hint_of_an_earlier_session_of_the_same_person(
        self, visitor: Visitor, client: Application, person: Person
    ) -> None:
        earlier = use(visitor, client, person)["id_token"]
        leave(visitor, id_token_hint=earlier)
        later = use(visitor, client, person)["id_token"]
        assert claims_of(earlier)["sid"] != claims_of(later)["sid"]
        assert is_signed_out_page(leave(visitor, id_token_hint=earlier))
        assert not is_signed_in(visitor, client)

    def test_leaves_out_a_state_that_is_far_too_long(
        self, visitor: Visitor, client: Application, person: Person
    ) -> None:
        hint = use(visitor, client, person)["id_token"]
        sent = {"id_token_hint": hint, "post_logout_redirect_uri": SIGNED_OUT}
        landing = leave(visitor, **sent, state="s" * (MAX_STATE + 1))
        assert (landing.uri, landing.answer) == (SIGNED_OUT, {})

    @pytest.mark.requirement("R-76")
    def test_stands_in_the_journal(
        self, served: Served, visitor: Visitor, client: Application, person: Person
    ) -> None:
        tokens = use(visitor, client, person)
        leave(visitor, id_token_hint=tokens["id_token"])
        events = [link.event for link in journal(served, person.id)]
        (ended,) = [event for event in events if event.action is Action.SIGN_IN_ENDED]
        assert ended.after == {"SignIn": claims_of(tokens["id_token"])["sid"]}
        assert ended.actor.id == person.id


class TestEnded:
    """What is over with a session, and what is not."""

    @pytest.mark.requirement("R-50")
    def test_its_cookie_opens_nothing(
        self, served: Served, visitor: Visitor, client: Application, person: Person
    ) -> None:
        hint = use(visitor, client, person)["id_token"]
        thief = Visitor(served)
        before = httpx.Cookies(visitor.http.cookies)
        thief.http.cookies = before
        assert is_signed_in(thief, client)
        leave(visitor, id_token_hint=hint)
        assert not [name for name in visitor.http.cookies if name.endswith("sid")]
        thief.http.cookies = before
        assert not is_signed_in(thief, client)

    @pytest.mark.requirement("R-18")
    def test_its_codes_give_nothing(
        self, visitor: Visitor, client: Application, person: Person
    ) -> None:
        hint = use(visitor, client, person)["id_token"]
        code = visitor.authorize(client).answer["code"]
        leave(visitor, id_token_hint=hint)
        answer = redeem(visitor.served, client, code)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")

    def test_another_browser_of_the_person_goes_on(
        self, served: Served, visitor: Visitor, client: Application, person: Person
    ) -> None:
        elsewhere = Visitor(served)
        use(elsewhere, client, person)
        hint = use(visitor, client, person)["id_token"]
        leave(visitor, id_token_hint=hint)
        assert is_signed_in(elsewhere, client)

    @pytest.mark.requirement("R-63")
    def test_the_session_of_another_tenant_goes_on(
        self, served: Served, visitor: Visitor, client: Application, person: Person
    ) -> None:
        other = new_application(served, served.second)
        use(visitor, other, person_of(served, served.second))
        hint = use(visitor, client, person)["id_token"]
        assert is_signed_in(visitor, other)
        landing = leave(visitor, id_token_hint=hint, post_logout_redirect_uri=SIGNED_OUT)
        assert landing.uri == SIGNED_OUT
        assert not is_signed_in(visitor, client)
        assert is_signed_in(visitor, other)

    def test_without_a_client_named_all_sessions_of_the_browser_end(
        self, served: Served, visitor: Visitor, client: Application, person: Person
    ) -> None:
        other = new_application(served, served.second)
        use(visitor, other, person_of(served, served.second))
        use(visitor, client, person)
        assert is_signed_out_page(visitor.submit(leave(visitor), "signout"))
        assert not is_signed_in(visitor, client)
        assert not is_signed_in(visitor, other)

    def test_by_the_account_page_too(
        self, visitor: Visitor, client: Application, person: Person
    ) -> None:
        use(visitor, client, person)
        answer = account_form(visitor, "", "/signout")
        assert "You are signed out" in answer.text
        assert not is_signed_in(visitor, client)


class TestNobody:
    """Somebody who is not signed in has nothing to confirm."""

    @pytest.mark.parametrize("way", [leave, leave_by_post])
    @pytest.mark.parametrize("sent", [{}, {"state": "s" * 128}, {"id_token_hint": "nothing"}])
    def test_is_told_that_they_are_signed_out(
        self, visitor: Visitor, way: Leave, sent: dict[str, str]
    ) -> None:
        assert is_signed_out_page(way(visitor, **sent))

    @pytest.mark.requirement("R-40")
    def test_goes_back_to_a_registered_address_alone(
        self, visitor: Visitor, client: Application, person: Person
    ) -> None:
        hint = use(visitor, client, person)["id_token"]
        leave(visitor, id_token_hint=hint)
        for sent in ({"id_token_hint": hint}, {"client_id": client.id}):
            landing = leave(visitor, **sent, post_logout_redirect_uri=SIGNED_OUT, state="a")
            assert (landing.uri, landing.answer) == (SIGNED_OUT, {"state": "a"})
            landing = leave(visitor, **sent, post_logout_redirect_uri=SIGNED_OUT + "?a=b")
            assert is_signed_out_page(landing)
        landing = leave(visitor, post_logout_redirect_uri=SIGNED_OUT)
        assert is_signed_out_page(landing)


class TestForeign:
    """Other sites can send the browser here, and end nothing by that."""

    @pytest.mark.requirement("R-54")
    @pytest.mark.parametrize("proof", ["", "a" * 43, None])
    @pytest.mark.parametrize(
        "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {}]
    )
    def test_the_answer_must_come_from_our_own_page(
        self,
        visitor: Visitor,
        client: Application,
        person: Person,
        proof: str | None,
        headers: dict[str, str],
    ) -> None:
        use(visitor, client, person)
        proof = _proof(leave(visitor)) if proof is None else proof
        form = {"proof": proof, "decision": "yes"}
        answer = visitor.http.post("/identity/signout", data=form, headers=headers)
        is_ours = proof not in {"", "a" * 43} and not headers
        assert answer.status_code == (200 if is_ours else 403)
        assert is_signed_in(visitor, client) != is_ours

    @pytest.mark.requirement("R-54")
    def test_nor_can_the_proof_of_another_browser_serve(
        self, served: Served, visitor: Visitor, client: Application, person: Person
    ) -> None:
        use(visitor, client, person)
        attacker = Visitor(served)
        use(attacker, client, person_of(served, served.first))
        form = {"proof": _proof(leave(attacker)), "decision": "yes"}
        assert visitor.http.post("/identity/signout", data=form).status_code == 403
        assert is_signed_in(visitor, client)

    @pytest.mark.requirement("R-54", "R-40")
    @pytest.mark.parametrize("sent", [{}, {"client_id": "x"}, {"state": "a"}])
    def test_a_form_that_comes_without_our_cookies_is_asked_for_again_with_them(
        self, visitor: Visitor, client: Application, person: Person, sent: dict[str, str]
    ) -> None:
        use(visitor, client, person)
        landing = _from_another_site(visitor, sent)
        assert is_question(landing)
        assert is_signed_in(visitor, client)

    @pytest.mark.requirement("R-50")
    def test_a_form_that_proves_itself_ends_the_session_all_the_same(
        self, served: Served, visitor: Visitor, client: Application, person: Person
    ) -> None:
        hint = use(visitor, client, person)["id_token"]
        thief = Visitor(served)
        thief.http.cookies = httpx.Cookies(visitor.http.cookies)
        sent = {"id_token_hint": hint, "post_logout_redirect_uri": SIGNED_OUT, "state": ODD}
        landing = _from_another_site(visitor, sent)
        assert (landing.uri, landing.answer) == (SIGNED_OUT, {"state": ODD})
        assert not is_signed_in(visitor, client)
        assert not is_signed_in(thief, client)

    @pytest.mark.requirement("R-54", "R-53")
    @pytest.mark.parametrize("names_client", [False, True])
    def test_a_picture_on_another_site_changes_nothing(self, names_client: bool) -> None:
        """Browsers send and keep no Lax cookies with it, but those that are for frames."""
        inside = indoors(HTTPS)
        client = new_application(inside.served, inside.served.first)
        visitor = inside.visitor()
        use(visitor, client, person_of(inside.served, inside.served.first))
        for_frames = {"__Host-silent", "__Host-state"}
        frame = inside.visitor()
        for name in for_frames:
            frame.http.cookies.set(name, visitor.http.cookies[name])
        sent = {"client_id": client.id} if names_client else {}
        answer = frame.http.get(END_SESSION, params=sent)
        set_by_it = {value.partition("=")[0] for value in answer.headers.get_list("set-cookie")}
        assert not set_by_it & {*for_frames, "__Host-sid"}
        assert is_signed_in(visitor, client)


def _proof(landing: Landing) -> str:
    text = landing.response.text
    return text.split('name="proof" value="', 1)[1].split('"', 1)[0]


def _from_another_site(visitor: Visitor, sent: dict[str, str]) -> Landing:
    """A form of another site: the browser sends no Lax cookies, but with the redirect after it."""
    mine = visitor.http.cookies
    visitor.http.cookies = httpx.Cookies()
    headers = {"Sec-Fetch-Site": "cross-site", "Content-Type": "application/x-www-form-urlencoded"}
    answer = visitor.http.post(END_SESSION, data=sent, headers=headers)
    for cookie in visitor.http.cookies.jar:
        mine.jar.set_cookie(cookie)
    visitor.http.cookies = mine
    return visitor._settle(answer)
