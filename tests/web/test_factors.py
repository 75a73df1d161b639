"""Authenticator apps and recovery codes on the account page."""

import base64
import html
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from gatepost.model.mail import MailServer
from gatepost.model.sign_ins import PASSKEY, TOTP
from tests.authenticator import Authenticator as Passkey
from tests.flows import (
    form_of,
    redeem,
    token,
)
from tests.post_office import PostOffice, post_office
from tests.web.factor_desk import ACCOUNT, APP, REMOVE, Desk, is_in, seated
from tests.web.forms import add_passkey, answered, challenge_of, hidden_of
from tests.web.indoors import indoors
from tests.web.second_factors import App, codes_on, enrolled, halfway, key_on, recovered, typed


@pytest.fixture
def desk() -> Desk:
    return seated(indoors())


@pytest.fixture
def mail() -> Iterator[PostOffice]:
    with post_office() as mail:
        yield mail


@pytest.mark.requirement("R-52", "R-50")
def test_an_app_is_added_and_everything_else_ends(desk: Desk) -> None:
    landing = desk.elsewhere.authorize(desk.client, scope="openid offline_access")
    landing = desk.elsewhere.submit(landing, "allow")
    tokens = redeem(desk.house.served, desk.client, landing.answer["code"]).json()
    before = desk.here.http.cookies["gatepost-sid"]
    page = desk.here.get(APP)
    assert desk.kept() is None
    app, shown = enrolled(desk.here, desk.house.world, page)
    codes = codes_on(shown)
    assert len(set(codes)) == 10
    assert desk.here.http.cookies["gatepost-sid"] != before
    assert is_in(desk.here)
    assert desk.methods() == [TOTP]
    assert not is_in(desk.elsewhere)
    refused = token(
        desk.house.served, desk.client, grant_type="refresh_token",
        refresh_token=tokens["refresh_token"],
    )  # fmt: skip
    assert refused.json()["error"] == "invalid_grant"
    account = desk.here.get(f"{ACCOUNT}?done=app-added").response.text
    assert "Your authenticator app is added" in account
    assert "10 left" in account
    assert desk.events("authenticator") == ["authenticator.added"]
    assert desk.events("recovery") == ["recovery_codes.made"]
    kept = desk.kept()
    assert kept is not None
    assert app.key not in kept.sealed_key
    # and from now on it is asked for
    page = halfway(desk.elsewhere, desk.elsewhere.authorize(desk.client), desk.person)
    assert typed(desk.elsewhere, page, app.code(1)).answer["code"]


@pytest.mark.requirement("R-76")
def test_the_journal_tells_of_it_and_holds_no_secret(desk: Desk) -> None:
    app, codes = desk.add_app()
    with desk.house.world.store.reading(desk.tenant_id) as tenancy:
        told = repr(tenancy.journal.entries(0, 1_000))
    for secret in (app.code(), *codes, *(code.replace("-", "") for code in codes)):
        assert secret not in told


def test_recovery_codes_are_saved_as_a_file_that_the_page_holds(desk: Desk) -> None:
    _, shown = enrolled(desk.here, desk.house.world, desk.here.get(APP))
    link = re.search(
        r'<a [^>]*href="data:([^,"]+),([^"]*)" download="([^"]+)"', shown.response.text
    )
    assert link is not None
    assert (link[1], link[3]) == ("text/plain;charset=utf-8", "recovery-codes.txt")
    lines = unquote(html.unescape(link[2])).splitlines()
    assert lines[0] == f"Recovery codes for {desk.house.served.url}{ACCOUNT}"
    assert lines[3:] == codes_on(shown)


@pytest.mark.requirement("R-60")
def test_recovery_codes_are_shown_once_and_kept_as_digests(desk: Desk) -> None:
    _, codes = desk.add_app()
    assert not any(code in desk.here.get(ACCOUNT).response.text for code in codes)
    tables = desk.house.store._tables
    assert len(tables.recovery_codes) == 10
    kept = b"".join(key[2] for key in tables.recovery_codes)
    assert not any(code.replace("-", "").encode() in kept for code in codes)


def test_a_wrong_first_code_adds_nothing(desk: Desk) -> None:
    page = desk.here.get(APP)
    again = typed(desk.here, page, App(desk.house.world, key_on(page)).wrong())
    assert again.response.status_code == 400
    assert key_on(again) == key_on(page)
    assert desk.kept() is None
    _, shown = enrolled(desk.here, desk.house.world, again)
    assert len(codes_on(shown)) == 10


def test_every_page_has_a_key_of_its_own(desk: Desk) -> None:
    keys = {key_on(desk.here.get(APP)) for _ in range(5)}
    assert len(keys) == 5
    assert {len(key) for key in keys} == {20}


def test_a_key_of_somebody_else_or_from_another_browser_is_none_of_ours(desk: Desk) -> None:
    page, other = desk.here.get(APP), desk.elsewhere.get(APP)
    action, fields = form_of(page.response.text, "submit")
    _, theirs = form_of(other.response.text, "submit")
    code = App(desk.house.world, key_on(other)).code()
    sent = desk.here.http.post(action, data=fields | {"key": theirs["key"], "code": code})
    assert "That took too long" in sent.text
    assert desk.kept() is None


def test_a_key_is_good_for_ten_minutes(desk: Desk) -> None:
    page = desk.here.get(APP)
    action, fields = form_of(page.response.text, "submit")
    desk.house.forward(minutes=9, seconds=59)
    assert key_on(typed(desk.here, page, "000000")) == key_on(page)
    desk.house.forward(seconds=1)
    app = App(desk.house.world, key_on(page))
    late = desk.here.http.post(action, data=fields | {"code": app.code()})
    assert late.status_code == 303
    assert "/identity/signin" in late.headers["location"]


def test_there_is_one_app_at_a_time(desk: Desk) -> None:
    page = desk.here.get(APP)
    desk.add_app()
    assert desk.here.get(APP).path == ACCOUNT
    kept = desk.kept()
    assert typed(desk.here, page, App(desk.house.world, key_on(page)).code()).path in {
        ACCOUNT,
        APP,
    }
    assert desk.kept() == kept


@pytest.mark.requirement("R-52")
def test_recovery_codes_are_made_anew(desk: Desk) -> None:
    app, old = desk.add_app()
    page = desk.here.submit(desk.here.get(ACCOUNT), "new_codes")
    new = codes_on(page)
    assert len(new) == 10
    assert not set(old) & set(new)
    assert desk.events("recovery") == ["recovery_codes.made"] * 2
    other = desk.elsewhere
    page = halfway(other, other.authorize(desk.client), desk.person)
    assert recovered(other, page, old[0]).response.status_code == 401
    assert recovered(other, page, new[0]).answer["code"]
    assert "9 left" in desk.here.get(ACCOUNT).response.text
    assert desk.events("recovery")[-1] == "recovery_codes.used"
    assert app.key


def test_who_has_nothing_has_no_recovery_codes(desk: Desk) -> None:
    page = desk.here.get(ACCOUNT)
    assert 'id="new_codes"' not in page.response.text
    fields = hidden_of(page, f"{ACCOUNT}/passkeys/add")
    sent = desk.here.http.post(f"{ACCOUNT}/recovery-codes", data=fields)
    assert sent.headers["location"] == ACCOUNT
    assert desk.codes_left() == 0


@pytest.mark.requirement("R-52")
def test_an_app_goes_with_the_password_only(desk: Desk) -> None:
    app, _ = desk.add_app()
    page = halfway(desk.elsewhere, desk.elsewhere.authorize(desk.client), desk.person)
    typed(desk.elsewhere, page, app.code(1))
    question = desk.here.get(REMOVE)
    for wrong in ("", "something else", app.code()):
        refused = desk.here.submit(question, current=wrong)
        assert refused.response.status_code == 400
        assert "The current password is not right." in refused.response.text
    assert desk.kept() is not None
    done = desk.here.submit(question, current=desk.person.password)
    assert "open nothing any more" in done.response.text
    assert (desk.kept(), desk.codes_left()) == (None, 0)
    assert not is_in(desk.elsewhere)
    assert desk.events("authenticator") == ["authenticator.added", "authenticator.removed"]
    assert desk.here.get(REMOVE).path == ACCOUNT
    page = desk.elsewhere.sign_in(desk.elsewhere.authorize(desk.client), desk.person)
    assert page.answer["code"]


@pytest.mark.requirement("R-49")
def test_guesses_at_the_password_are_counted_here_too(desk: Desk) -> None:
    desk.add_app()
    question = desk.here.get(REMOVE)
    for _ in range(20):
        desk.here.submit(question, current="something else")
    refused = desk.here.submit(question, current=desk.person.password)
    assert refused.response.status_code == 429
    assert refused.response.headers["retry-after"] == "31"
    assert desk.kept() is not None


@pytest.mark.requirement("R-49")
def test_guesses_at_a_first_code_are_counted(desk: Desk) -> None:
    page = desk.here.get(APP)
    app = App(desk.house.world, key_on(page))
    for _ in range(10):
        assert typed(desk.here, page, app.wrong()).response.status_code == 400
    assert typed(desk.here, page, app.code()).response.status_code == 429
    assert desk.kept() is None


def test_a_session_by_passkey_stays_what_it_is(desk: Desk) -> None:
    url = desk.house.served.http.base_url
    passkey = Passkey(
        rp_id=url.host, origin=desk.house.served.url, user_handle=desk.person.id.encode()
    )
    add_passkey(desk.here, passkey)
    visitor = desk.house.visitor()
    page = visitor.authorize(desk.client)
    assert answered(visitor, page, passkey.assertion(challenge_of(page))).answer["code"]
    enrolled(visitor, desk.house.world, visitor.get(APP))
    assert desk.methods() == [PASSKEY]


def test_the_picture_holds_what_the_text_says(desk: Desk) -> None:
    page = desk.here.get(APP).response.text
    picture = page.split('class="qr"', 1)[1].split("</svg>", 1)[0]
    side = int(picture.split('viewBox="0 0 ', 1)[1].split(" ", 1)[0])
    assert 29 <= side <= 85
    assert "://" not in picture
    assert picture.count("M") > 100


def test_an_app_on_the_same_device_is_opened_by_a_link(desk: Desk) -> None:
    page = desk.here.get(APP)
    link = re.search(r'id="open_app" href="([^"]+)"', page.response.text)
    assert link is not None
    address = urlsplit(html.unescape(link[1]))
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    (secret,) = parse_qs(address.query)["secret"]
    assert base64.b32decode(secret) == key_on(page)
    assert page.response.headers["cache-control"] == "no-store"


def test_letters_tell_of_each_change(mail: PostOffice) -> None:
    server = MailServer("127.0.0.1", mail.port, is_tls=False)
    desk = seated(indoors(smtp_url=server, mail_from="id@example.com"))
    _, codes = desk.add_app()
    codes += codes_on(desk.here.submit(desk.here.get(ACCOUNT), "new_codes"))
    page = halfway(desk.elsewhere, desk.elsewhere.authorize(desk.client), desk.person)
    assert recovered(desk.elsewhere, page, codes[-1]).answer["code"]
    desk.here.submit(desk.here.get(REMOVE), current=desk.person.password)
    add_passkey(desk.here, Passkey("localhost", desk.house.served.url))
    subjects = [str(handed.letter["Subject"]) for handed in mail.handed]
    assert subjects == [
        "An authenticator app was added for First",
        "New recovery codes were made for First",
        "A recovery code was used for First",
        "Your authenticator app was removed for First",
        "A passkey was added for First",
    ]
    for handed in mail.handed:
        assert handed.to == desk.person.email
        assert "tell your administrator at once" in handed.text
        assert not any(code in handed.text for code in codes)


def test_a_letter_tells_of_a_passkey_that_is_gone(mail: PostOffice) -> None:
    server = MailServer("127.0.0.1", mail.port, is_tls=False)
    desk = seated(indoors(smtp_url=server, mail_from="id@example.com"))
    page = add_passkey(desk.here, Passkey("localhost", desk.house.served.url))
    removing = hidden_of(page, f"{ACCOUNT}/passkeys/remove")
    for _ in range(2):  # the second time there is none
        answer = desk.here.http.post(f"{ACCOUNT}/passkeys/remove", data=removing)
        assert answer.status_code == 303
    assert [str(handed.letter["Subject"]) for handed in mail.handed] == [
        "A passkey was added for First",
        "Passkeys were removed for First",
    ]


def test_a_mail_server_that_is_gone_stops_nobody(desk: Desk) -> None:
    server = MailServer("127.0.0.1", 9, is_tls=False)
    other = seated(indoors(smtp_url=server, mail_from="id@example.com"))
    other.add_app()
    assert other.kept() is not None
    assert desk.kept() is None
