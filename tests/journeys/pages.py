"""How to get to each page of the identity server, and what its heading says there."""

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlencode

from playwright.sync_api import Page, expect

from tests.flows import (
    CALLBACK,
    Application,
    Person,
    new_application,
    set_password,
    signed_in_tokens,
)
from tests.served import Served
from tests.web.forms import new_link

AUTHORIZE = "/identity/connect/authorize"
# Long and in one piece, as a narrow page finds hardest, and with what is no element.
NAME = "<i>" + "Boilerhouse" * 6
# Of another origin, which no page of ours may ask for anything.
ABOUT = {
    "Name": NAME,
    "ClientUri": "https://boiler.example.com/about",
    "LogoUri": "https://boiler.example.com/logo.svg",
}


class Desk(NamedTuple):
    """Somebody at a browser, and an application that sends them."""

    served: Served
    page: Page
    person: Person
    client: Application

    def authorize(self, **parameters: str) -> None:
        """Come from the application with a request of the hybrid flow."""
        asked = {
            "client_id": self.client.id,
            "redirect_uri": CALLBACK,
            "response_type": "code id_token",
            "scope": "openid profile email ocsapi",
            "nonce": "some-nonce",
            "state": "some-state",
            **parameters,
        }
        self.page.goto(f"{self.served.url}{AUTHORIZE}?{urlencode(asked)}")

    def sign_in(self, password: str | None = None) -> None:
        """Fill in the sign-in page."""
        self.page.fill("#email", self.person.email)
        self.page.fill("#password", password or self.person.password)
        self.page.click("#submit")

    def send(self, *texts: str) -> None:
        """Fill in the page's fields in their order, and go on."""
        for field, text in zip(self.page.locator("main input:visible").all(), texts, strict=True):
            field.fill(text)
        self.page.click("#submit")

    def is_told(self) -> None:
        """The page says that something was wrong."""
        expect(self.page.get_by_role("alert")).to_be_visible()

    def is_asked(self) -> None:
        """The page asks for a yes or a no."""
        expect(self.page.locator("#allow")).to_be_visible()


Reach = Callable[[Desk], str]


def sign_in(desk: Desk) -> str:
    """Where every application sends people first."""
    desk.authorize()
    return "Sign in"


def wrong_password(desk: Desk) -> str:
    """The same with a problem."""
    desk.authorize()
    desk.sign_in("something else")
    desk.is_told()
    return "Sign in"


def one_time_password(desk: Desk) -> str:
    """After a password that an administrator gave."""
    set_password(desk.served, desk.served.first, desk.person.id, "good for once", one_time=True)
    desk.authorize()
    desk.sign_in("good for once")
    return "Choose a password"


def two_passwords(desk: Desk) -> str:
    """The same with a problem."""
    one_time_password(desk)
    desk.send("correct horse battery", "correct horse")
    desk.is_told()
    return "Choose a password"


def consent(desk: Desk) -> str:
    """After the first sign-in to an application."""
    desk.authorize()
    desk.sign_in()
    desk.is_asked()
    return f"{NAME} asks for access to your account"


def choose(desk: Desk) -> str:
    """When an application asks for it."""
    consent(desk)
    desk.authorize(prompt="select_account")
    return "Choose an account"


def form_post(desk: Desk) -> str:
    """On the way back, with the script that goes on at once held back."""
    held_back = {"body": "", "content_type": "text/javascript"}
    desk.page.route("**/static/form_post.js", lambda route: route.fulfill(**held_back))
    desk.authorize(response_mode="form_post")
    desk.sign_in()
    desk.page.click("#allow")
    return "One moment"


def device_code(desk: Desk) -> str:
    """What a device shows the address of."""
    desk.page.goto(f"{desk.served.url}/identity/device")
    return "Connect a device"


def wrong_code(desk: Desk) -> str:
    """The same with a problem."""
    device_code(desk)
    desk.send("BCDF-GHJK")
    desk.is_told()
    return "Connect a device"


def device_confirm(desk: Desk) -> str:
    """After the code of a device that waits."""
    device = new_application(desk.served, desk.served.first, "DeviceCodeClients", **ABOUT)
    answer = desk.served.http.post(
        "/identity/connect/deviceauthorization",
        data={"client_id": device.id, "scope": "openid profile email ocsapi"},
    )
    desk.page.goto(answer.json()["verification_uri_complete"])
    desk.page.click("#submit")
    desk.sign_in()
    return "Is this your device?"


def device_allowed(desk: Desk) -> str:
    """The end of it."""
    device_confirm(desk)
    desk.page.click("#allow")
    return "Your device is connected"


def device_denied(desk: Desk) -> str:
    """The other end of it."""
    device_confirm(desk)
    desk.page.click("#deny")
    return "Your device is not connected"


def alias(desk: Desk) -> str:
    """On the way to the account, where there are several tenants."""
    desk.page.goto(f"{desk.served.url}/identity/account")
    return "Which organisation?"


def wrong_alias(desk: Desk) -> str:
    """The same with a problem."""
    alias(desk)
    desk.send("nobody")
    desk.is_told()
    return "Which organisation?"


def account(desk: Desk) -> str:
    """With another browser to sign out and an application to take back; the first of them open."""
    signed_in_tokens(desk.served, desk.client, desk.person)
    desk.authorize()
    desk.sign_in()
    desk.is_asked()
    desk.page.goto(f"{desk.served.url}/identity/account")
    assert desk.page.locator("summary").count() == 3
    desk.page.locator("summary").first.click()
    return "Your account"


def change_password(desk: Desk) -> str:
    """From the account."""
    consent(desk)
    desk.page.goto(f"{desk.served.url}/identity/account/password")
    return "Change your password"


def question(desk: Desk) -> str:
    """When an application asks for a sign-out and proves nothing."""
    consent(desk)
    desk.page.goto(f"{desk.served.url}/identity/connect/endsession?client_id={desk.client.id}")
    return "Sign out?"


def signed_out(desk: Desk) -> str:
    """After it."""
    question(desk)
    desk.page.click("#signout")
    return "You are signed out"


def unknown_application(desk: Desk) -> str:
    """A request that cannot be answered to anybody but the person."""
    desk.page.goto(f"{desk.served.url}{AUTHORIZE}?client_id=unknown")
    return "This application is not known here"


def not_ours(desk: Desk) -> str:
    """A form without the cookie that it was made for."""
    desk.authorize()
    desk.page.context.clear_cookies()
    desk.sign_in()
    return "That is not possible"


def check_session(desk: Desk) -> str:
    """The page for hidden frames, if somebody opens it."""
    desk.page.goto(f"{desk.served.url}/identity/connect/checksession")
    return "Session check"


def welcome(desk: Desk) -> str:
    """What a link to set a password leads to."""
    link = new_link(desk.served, desk.served.first, desk.person.id)
    desk.page.goto(f"{desk.served.url}{link}")
    return "Choose your password"


def two_welcomes(desk: Desk) -> str:
    """The same with a problem."""
    welcome(desk)
    desk.send("correct horse battery", "correct horse")
    desk.is_told()
    return "Choose your password"


def link_gone(desk: Desk) -> str:
    """The same with a link that was used."""
    desk.page.goto(f"{desk.served.url}/identity/welcome?link=x")
    return "This link does not work any more"


PAGES: list[Reach] = [
    sign_in, wrong_password, one_time_password, two_passwords, consent, choose, form_post,
    device_code, wrong_code, device_confirm, device_allowed, device_denied, alias, wrong_alias,
    account, change_password, question, signed_out, unknown_application, not_ours, check_session,
    welcome, two_welcomes, link_gone,
]  # fmt: skip
