"""Passkeys with the browser's own code on both sides of the wire, and an authenticator in it."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.flows import Person, Pkce, new_application, new_person, pkce, redeem
from tests.interop import verifier
from tests.journeys.application import Application, running
from tests.journeys.pages import Desk
from tests.journeys.watch import Watch
from tests.served import Served

# A key in the device itself, for which its holder shows a finger at once.
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
PHISHING_RESISTANT = "phr"


class Hand(NamedTuple):
    """Somebody with such a device, at a desk; `proof` is the application's."""

    desk: Desk
    application: Application
    cdp: CDPSession
    device: str
    proof: Pkce

    @property
    def page(self) -> Page:
        return self.desk.page

    def come_from_the_application(self) -> None:
        self.desk.authorize(
            response_type="code",
            response_mode="form_post",
            redirect_uri=f"{self.application.url}/callback",
            code_challenge=self.proof.challenge,
            code_challenge_method="S256",
        )

    def claims(self) -> dict[str, Any]:
        """The id token that the application gets for the newest code."""
        served, client = self.desk.served, self.desk.client
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Posted")
        answer = redeem(
            served,
            client,
            self.application.posted[-1]["code"],
            redirect_uri=f"{self.application.url}/callback",
            code_verifier=self.proof.verifier,
        )
        return verifier.id_token(served, answer.json()["id_token"], client.id)

    def open_account(self) -> None:
        self.page.goto(f"{self.desk.served.url}/identity/account")

    def add_passkey(self, name: str) -> None:
        self.open_account()
        self.page.fill("#passkey_name", name)
        self.page.click("#passkey_add button")

    def has(self, name: str) -> None:
        """The account page shows a passkey of this name."""
        listed = self.page.get_by_role("region", name="Passkeys").locator("strong")
        expect(listed).to_have_text(name)

    def sign_out(self) -> None:
        self.open_account()
        self.page.get_by_role("button", name="Sign out", exact=True).click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text("You are signed out")

    def refuse_to_be_known(self) -> None:
        """From now on the device does not recognise its holder."""
        unknown = {"authenticatorId": self.device, "isUserVerified": False}
        self.cdp.send("WebAuthn.setUserVerified", unknown)


@pytest.fixture
def hand(served: Served, page: Page) -> Iterator[Hand]:
    """Signed in with a password, and back at the application."""
    watch = Watch(page.context)
    with running() as application:
        client = new_application(
            served,
            served.first,
            "AuthorizationCodeClients",
            RedirectUris=[f"{application.url}/callback"],
        )
        person: Person = new_person(served, served.first)
        cdp = page.context.new_cdp_session(page)
        cdp.send("WebAuthn.enable")
        made = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        desk = Desk(served, page, person, client)
        held = Hand(desk, application, cdp, made["authenticatorId"], pkce())
        held.come_from_the_application()
        desk.sign_in()
        page.click("#allow")
        assert held.claims()["amr"] == ["pwd"]
        yield held
        assert watch.complaints == []


def test_add_one_and_sign_in_with_it(hand: Hand) -> None:
    hand.add_passkey("Work phone")
    expect(hand.page.get_by_role("status").first).to_have_text(
        "The passkey is ready to sign in with."
    )
    hand.has("Work phone")
    hand.sign_out()
    hand.come_from_the_application()
    hand.page.click("#passkey")
    said = hand.claims()
    assert said["sub"] == hand.desk.person.id
    assert said["acr"] == PHISHING_RESISTANT
    assert said["sid"]
    hand.open_account()
    expect(hand.page.get_by_text("not used yet")).to_have_count(0)


def test_a_device_has_one_for_a_person(hand: Hand) -> None:
    hand.add_passkey("Work phone")
    hand.has("Work phone")
    hand.add_passkey("The same again")
    expect(hand.page.locator("#passkey_add [role=status]")).to_have_text(
        "This device already has a passkey for your account."
    )


def test_the_device_must_know_its_holder(hand: Hand) -> None:
    hand.add_passkey("Work phone")
    hand.has("Work phone")
    hand.sign_out()
    hand.refuse_to_be_known()
    hand.come_from_the_application()
    hand.page.click("#passkey")
    expect(hand.page.locator("#passkey_form [role=status]")).to_contain_text("No passkey was used.")
    expect(hand.page.locator("#passkey")).to_be_focused()


def test_one_that_was_removed_opens_nothing(hand: Hand) -> None:
    hand.add_passkey("Work phone")
    hand.page.get_by_text("Remove Work phone").click()
    hand.page.get_by_role("button", name="Remove it").click()
    expect(hand.page.get_by_text("You have no passkey yet.")).to_be_visible()
    hand.sign_out()
    hand.come_from_the_application()
    hand.page.click("#passkey")
    expect(hand.page.get_by_role("alert")).to_be_visible()
    expect(hand.page.get_by_role("heading", level=1)).to_have_text("Sign in")
