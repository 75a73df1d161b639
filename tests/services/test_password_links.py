"""Links by which people set their password, once (R-82)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import NamedTuple

import pytest

from gatepost.model import throttle
from gatepost.model.callers import Caller
from gatepost.model.errors import Code, NotFound, Refused
from gatepost.model.events import Action, ChainedEvent, Origin
from gatepost.model.people import LOCAL_PROVIDER
from gatepost.model.tenants import ADMINISTRATOR
from gatepost.outgoing import NoMailer
from gatepost.ports import Mailer, PageOf
from gatepost.services import users
from gatepost.services.new_passwords import NewPassword
from gatepost.services.password_links import Link, Opened, PasswordLinks
from gatepost.services.principals import mark, standing
from gatepost.services.sign_in import Problem
from gatepost.services.tenants import operator_act
from gatepost.services.world import Act
from tests.flows import new_grant
from tests.services.world import Bench, found, new_world, remove_user, role_id
from tests.web.indoors import set_enabled

pytestmark = pytest.mark.requirement("R-82")

URL = "https://id.example.com"
EMAIL = "kim@example.com"
AZURE = "e2398938-bf8f-40fa-b380-d538ece2bfc2"
HERE = Origin("an operation", "192.0.2.7")
GOOD = NewPassword("", "a password of one's own", "a password of one's own")


class Posted(NamedTuple):
    """A letter as a mailer is handed it."""

    to: str
    subject: str
    text: str


class Postman:
    """A mailer that keeps what it is handed; whether it says so is up to the test."""

    is_set = True

    def __init__(self, *, takes: bool = True) -> None:
        self.takes = takes
        self.letters: list[Posted] = []

    def send(self, to: str, subject: str, text: str) -> bool:
        """Keep a letter."""
        self.letters.append(Posted(to, subject, text))
        return self.takes


class Desk:
    """A tenant with a person who has no password, and somebody who makes links for them."""

    def __init__(self, world: Bench, mailer: Mailer | None = None) -> None:
        self.world = world
        self.tenant_id = found(world).tenant.id
        self.act = operator_act(self.tenant_id, "an operator's")
        self.user_id = self.person(contact_email=EMAIL, contact_given_name="Kim")
        self.links = PasswordLinks(world, URL, f"{URL}/identity", mailer or NoMailer())

    def person(self, **members: object) -> str:
        """A new person of the tenant."""
        return users.add(self.world, self.act, {"provider_id": LOCAL_PROVIDER, **members}).id

    def made(self) -> str:
        """The text of a new link."""
        return text_of(self.links.make(self.act, self.user_id))

    def made_by_mail(self) -> str | None:
        """Whom a new link was sent to."""
        return self.links.make(self.act, self.user_id).sent_to

    def use(self, text: str, typed: NewPassword = GOOD) -> Opened | Problem | None:
        """Use a link."""
        return self.links.use(text, typed, HERE)

    def has_link(self) -> bool:
        """Whether the person has one."""
        with self.world.store.reading(self.tenant_id) as tenancy:
            return tenancy.directory.password_link_of(self.user_id) is not None

    def password(self) -> str | None:
        """The hash of the person's password."""
        with self.world.store.reading(self.tenant_id) as tenancy:
            return tenancy.directory.password(self.user_id)

    def events(self) -> list[ChainedEvent]:
        """What the journal tells of the person, oldest first."""
        with self.world.store.reading(self.tenant_id) as tenancy:
            entries = tenancy.journal.entries(0, 1_000)
        return [entry for entry in entries if entry.event.target == self.user_id]

    def actions(self) -> list[Action]:
        """What happened to them."""
        return [entry.event.action for entry in self.events()]


def text_of(link: Link) -> str:
    assert link.address is not None
    start, _, text = link.address.partition("?link=")
    assert start == f"{URL}/identity/welcome"
    return text


def text_in(letter: Posted) -> str:
    return letter.text.partition("?link=")[2].split()[0]


@pytest.fixture
def desk() -> Desk:
    return Desk(new_world())


class TestMaking:
    def test_without_mail_the_address_is_given(self, desk: Desk) -> None:
        link = desk.links.make(desk.act, desk.user_id)
        tenant_id, _, token = text_of(link).partition(".")
        assert tenant_id == desk.tenant_id
        assert len(token) == 43
        assert link.sent_to is None
        assert (link.expires_at - desk.world.clock.now()).total_seconds() == 72 * 3_600

    @pytest.mark.requirement("R-76")
    def test_the_token_stands_in_no_row_event_or_repr(self, desk: Desk) -> None:
        link = desk.links.make(desk.act, desk.user_id)
        token = text_of(link).partition(".")[2]
        made = desk.events()[-1].event
        assert made.action is Action.PASSWORD_LINK_MADE
        assert made.actor == desk.act.actor
        assert made.after is not None
        assert made.after["Email"] == EMAIL
        with desk.world.store.reading(desk.tenant_id) as tenancy:
            kept = tenancy.directory.password_link_of(desk.user_id)
        assert kept is not None
        for text in (repr(link), str(link), repr(made), repr(kept)):
            assert token not in text
        assert str(link.expires_at.year) in repr(link)

    def test_with_mail_only_the_person_learns_the_address(self) -> None:
        postman = Postman()
        desk = Desk(new_world(), postman)
        link = desk.links.make(desk.act, desk.user_id)
        assert (link.address, link.sent_to) == (None, EMAIL)
        (letter,) = postman.letters
        assert letter.to == EMAIL
        text = text_in(letter)
        assert text not in repr(link)
        assert isinstance(desk.use(text), Opened)

    def test_the_letter_says_what_it_is(self) -> None:
        postman = Postman()
        desk = Desk(new_world(), postman)
        desk.links.make(desk.act, desk.user_id)
        with desk.world.store.reading(desk.tenant_id) as tenancy:
            tenant = tenancy.directory.tenant()
        assert tenant is not None
        (letter,) = postman.letters
        assert letter.subject == f"Choose your password for {tenant.name}"
        assert letter.text.startswith("Hello Kim,\n")
        assert f"An administrator asks you to choose a password for {tenant.name}." in letter.text
        assert "It works once, until 2026-05-04 12:00 UTC." in letter.text
        assert f"You sign in with {EMAIL}." in letter.text

    def test_the_letter_names_whoever_asks(self) -> None:
        postman = Postman()
        desk = Desk(new_world(), postman)
        act = act_of_person(desk)
        desk.links.make(act, desk.user_id)
        assert "Robin Roe asks you to choose a password" in postman.letters[0].text
        assert desk.events()[-1].event.actor == act.actor

    def test_somebody_with_a_password_is_told_that_nothing_happens_by_itself(self) -> None:
        postman = Postman()
        desk = Desk(new_world(), postman)
        _set_otherwise(desk)
        before = desk.password()
        desk.links.make(act_of_person(desk), desk.user_id)
        (letter,) = postman.letters
        assert letter.subject.startswith("Choose a new password for ")
        assert "\nRobin Roe, an administrator, asked that you choose a new password" in letter.text
        assert "If you ignore this letter, nothing happens" in letter.text
        assert desk.password() == before

    def test_names_of_an_administrators_choice_do_not_make_another_letter(self) -> None:
        postman = Postman()
        desk = Desk(new_world(), postman)
        members = {"contact_given_name": "Your account will be closed. Open https://evil.example/"}
        users.change(desk.world, desk.act, desk.user_id, members)
        desk.links.make(desk.act, desk.user_id)
        (letter,) = postman.letters
        assert letter.text.startswith("Hello,\n")
        assert "evil" not in letter.text

    def test_a_letter_that_nobody_took_leaves_the_address(self) -> None:
        postman = Postman(takes=False)
        desk = Desk(new_world(), postman)
        link = desk.links.make(desk.act, desk.user_id)
        assert link.sent_to is None
        assert isinstance(desk.use(text_of(link)), Opened)
        assert len(postman.letters) == 1

    def test_nobody_makes_one_who_may_not_act_any_more(self, desk: Desk) -> None:
        act = act_of_person(desk)
        set_enabled(desk.world, desk.tenant_id, act.caller.id, enabled=False)
        with pytest.raises(Refused) as refusal:
            desk.links.make(act, desk.user_id)
        assert refusal.value.code is Code.INVALID_TOKEN
        assert not desk.has_link()

    def test_there_is_none_for_whoever_is_not_here(self, desk: Desk) -> None:
        other = Desk(desk.world)
        for user_id in (other.user_id, desk.world.dice.guid(), "", "x"):
            with pytest.raises(NotFound):
                desk.links.make(desk.act, user_id)

    def test_there_is_none_for_whoever_signs_in_elsewhere(self, desk: Desk) -> None:
        outsider = desk.person(provider_id=AZURE, contact_email="lee@example.com")
        with pytest.raises(Refused, match="signs in at another provider"):
            desk.links.make(desk.act, outsider)

    def test_there_is_none_for_whoever_is_switched_off(self, desk: Desk) -> None:
        set_enabled(desk.world, desk.tenant_id, desk.user_id, enabled=False)
        with pytest.raises(Refused, match="is switched off"):
            desk.links.make(desk.act, desk.user_id)


class TestBrakes:
    """Whom the letters reach is chosen by administrators, so they are counted (R-49)."""

    pytestmark = pytest.mark.requirement("R-49")

    @pytest.fixture
    def postman(self) -> Postman:
        return Postman()

    @pytest.fixture
    def desk(self, postman: Postman) -> Desk:
        return Desk(new_world(), postman)

    def refusal(self, desk: Desk, user_id: str | None = None) -> Refused:
        with pytest.raises(Refused) as refusal:
            desk.links.make(desk.act, user_id or desk.user_id)
        assert refusal.value.code is Code.LIMIT_REACHED
        return refusal.value

    def test_one_person_gets_two_at_once_and_then_one_a_minute(
        self, desk: Desk, postman: Postman
    ) -> None:
        for _ in range(2):
            desk.links.make(desk.act, desk.user_id)
        refused = self.refusal(desk)
        assert refused.reason == '"Kim" was sent a letter with a link lately.'
        assert refused.resolution == "Make a new link in a minute."
        desk.world.set_clock.forward(minutes=1)
        assert desk.links.make(desk.act, desk.user_id).sent_to == EMAIL
        self.refusal(desk)
        assert len(postman.letters) == 3

    def test_one_person_gets_five_and_then_one_every_twelve_minutes(
        self, desk: Desk, postman: Postman
    ) -> None:
        for _ in range(5):
            desk.links.make(desk.act, desk.user_id)
            desk.world.set_clock.forward(minutes=1)
        assert self.refusal(desk).resolution == "Make a new link in 7 minutes."
        desk.world.set_clock.forward(minutes=7)
        desk.links.make(desk.act, desk.user_id)
        assert len(postman.letters) == 6

    @pytest.mark.parametrize("hours", [1, 10])
    def test_a_mill_of_letters_is_slowed_to_five_an_hour(
        self, desk: Desk, postman: Postman, hours: int
    ) -> None:
        for _ in range(60 * hours):
            with suppress(Refused):
                desk.links.make(desk.act, desk.user_id)
            desk.world.set_clock.forward(minutes=1)
        assert len(postman.letters) == 4 + 5 * hours

    def test_another_person_is_mailed_meanwhile(self, desk: Desk, postman: Postman) -> None:
        for _ in range(2):
            desk.links.make(desk.act, desk.user_id)
        lee = desk.person(contact_email="lee@example.com")
        assert desk.links.make(desk.act, lee).sent_to == "lee@example.com"
        assert Desk(desk.world, postman).made_by_mail()

    def test_the_same_address_under_another_id_counts_as_one(self, desk: Desk) -> None:
        for _ in range(2):
            desk.links.make(desk.act, desk.user_id)
        remove_user(desk.world, desk.act, desk.user_id)
        self.refusal(desk, desk.person(contact_email=EMAIL.upper()))

    def test_the_same_person_under_another_address_counts_as_one(self, desk: Desk) -> None:
        for n in range(2):
            desk.links.make(desk.act, desk.user_id)
            changed = {"contact_email": f"kim+{n}@example.com"}
            users.change(desk.world, desk.act, desk.user_id, changed)
        self.refusal(desk)

    def test_a_tenant_gets_two_hundred_an_hour(self, desk: Desk, postman: Postman) -> None:
        people = [desk.person(contact_email=f"p{n}@example.com") for n in range(201)]
        for person in people[:200]:
            desk.links.make(desk.act, person)
        refused = self.refusal(desk, people[200])
        assert refused.reason == "Many letters with links were sent for this tenant lately."
        assert refused.resolution == "Make a new link in a minute."
        desk.world.set_clock.forward(seconds=18)
        desk.links.make(desk.act, people[200])
        assert len(postman.letters) == 201
        assert Desk(desk.world, postman).made_by_mail()

    def test_a_refusal_changes_nothing(self, desk: Desk, postman: Postman) -> None:
        for _ in range(2):
            desk.links.make(desk.act, desk.user_id)
        before = desk.events()
        self.refusal(desk)
        assert desk.events() == before
        assert isinstance(desk.use(text_in(postman.letters[-1])), Opened)

    def test_who_is_refused_for_the_tenant_is_not_counted_as_mailed(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        none_for_now = throttle.Limit(0, timedelta(minutes=3))
        with monkeypatch.context() as patch:
            patch.setattr(throttle, "LETTERS_OF_TENANT", none_for_now)
            for _ in range(3):
                assert self.refusal(desk).resolution == "Make a new link in 3 minutes."
        for _ in range(2):
            assert desk.links.make(desk.act, desk.user_id).sent_to == EMAIL

    def test_a_link_that_is_shown_costs_nobody(self) -> None:
        desk = Desk(new_world())
        assert len({desk.made() for _ in range(20)}) == 20

    def test_a_letter_that_nobody_took_is_not_counted(self, desk: Desk, postman: Postman) -> None:
        postman.takes = False
        assert len({desk.made() for _ in range(20)}) == 20
        postman.takes = True
        for _ in range(2):
            assert desk.links.make(desk.act, desk.user_id).sent_to == EMAIL
        self.refusal(desk)

    def test_at_the_same_moment_no_more_than_allowed(self, desk: Desk, postman: Postman) -> None:
        def make(_: int) -> None:
            with suppress(Refused):
                desk.links.make(desk.act, desk.user_id)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(make, range(16)))
        assert len(postman.letters) == 2


class TestOpening:
    def test_it_says_whom_it_is_for(self, desk: Desk) -> None:
        opened = desk.links.opened(desk.made())
        assert opened is not None
        assert (opened.user.id, opened.user.email) == (desk.user_id, EMAIL)
        assert opened.tenant.id == desk.tenant_id

    def test_opening_changes_nothing(self, desk: Desk) -> None:
        text = desk.made()
        before = desk.events()
        for _ in range(3):
            assert desk.links.opened(text)
        assert desk.events() == before
        assert isinstance(desk.use(text), Opened)

    @pytest.mark.parametrize("text", ["", ".", "x", "x.y", ".y", "x." + "y" * 43, "ä.ö", "y" * 500])
    def test_what_is_no_link_opens_nothing(self, desk: Desk, text: str) -> None:
        desk.made()
        for each in (text, f"{desk.tenant_id}.{text}"):
            assert desk.links.opened(each) is None
            assert desk.use(each) is None

    @pytest.mark.requirement("R-63")
    def test_it_opens_in_its_own_tenant_only(self, desk: Desk) -> None:
        other = Desk(desk.world)
        token = desk.made().partition(".")[2]
        assert desk.links.opened(f"{other.tenant_id}.{token}") is None
        assert desk.use(f"{other.tenant_id}.{token}") is None

    @pytest.mark.requirement("R-32")
    def test_no_other_secret_opens_anything(self, desk: Desk) -> None:
        text = desk.made()
        with desk.world.store.writing(desk.tenant_id) as tenancy:
            kept = tenancy.directory.password_link_of(desk.user_id)
            assert kept is not None
            digest = desk.world.secrets.digest_of("session", text.partition(".")[2])
            tenancy.directory.set_password_link(kept, digest)
            tenancy.journal.append(desk.events()[-1].event)
        assert desk.links.opened(text) is None


def _set_otherwise(desk: Desk) -> None:
    users.set_password(desk.world, desk.act, desk.user_id, "set by hand", one_time=True)


def _another_address(desk: Desk) -> None:
    users.change(desk.world, desk.act, desk.user_id, {"contact_email": "kim@example.org"})


def _there_and_back(desk: Desk) -> None:
    _another_address(desk)
    users.change(desk.world, desk.act, desk.user_id, {"contact_email": EMAIL})


def _switched_off(desk: Desk) -> None:
    set_enabled(desk.world, desk.tenant_id, desk.user_id, enabled=False)


def _off_and_on(desk: Desk) -> None:
    users.change(desk.world, desk.act, desk.user_id, {"enabled": False})
    users.change(desk.world, desk.act, desk.user_id, {"enabled": True})


def _removed(desk: Desk) -> None:
    remove_user(desk.world, desk.act, desk.user_id)


def _removed_and_back(desk: Desk) -> None:
    _removed(desk)
    desk.person(id=desk.user_id, contact_email=EMAIL)


def _made_anew(desk: Desk) -> None:
    desk.links.make(desk.act, desk.user_id)


def _expired(desk: Desk) -> None:
    desk.world.set_clock.forward(hours=72)


ENDS: list[Callable[[Desk], None]] = [
    _set_otherwise,
    _another_address,
    _there_and_back,
    _switched_off,
    _off_and_on,
    _removed,
    _removed_and_back,
    _made_anew,
    _expired,
]


@pytest.mark.requirement("R-27", "R-83")
@pytest.mark.parametrize("ends", ENDS, ids=lambda ends: ends.__name__)
def test_what_ends_a_link(desk: Desk, ends: Callable[[Desk], None]) -> None:
    text = desk.made()
    ends(desk)
    before = desk.password()
    assert desk.links.opened(text) is None
    assert desk.use(text) is None
    assert desk.password() == before


def test_it_works_once(desk: Desk) -> None:
    text = desk.made()
    assert isinstance(desk.use(text), Opened)
    before = desk.password()
    again = NewPassword("", "another password", "another password")
    assert desk.links.opened(text) is None
    assert desk.use(text, again) is None
    assert desk.password() == before


def test_until_the_last_moment_it_works(desk: Desk) -> None:
    text = desk.made()
    users.change(desk.world, desk.act, desk.user_id, {"contact_given_name": "Kimberley"})
    desk.world.set_clock.forward(hours=71, minutes=59, seconds=59)
    assert isinstance(desk.use(text), Opened)


def test_who_chose_a_password_before_has_a_day(desk: Desk) -> None:
    users.set_password(desk.world, desk.act, desk.user_id, "chosen by hand", one_time=False)
    text = desk.made()
    desk.world.set_clock.forward(hours=23, minutes=59, seconds=59)
    assert desk.links.opened(text) is not None
    desk.world.set_clock.forward(seconds=1)
    assert desk.links.opened(text) is None
    assert desk.use(text) is None


def test_a_one_time_password_was_chosen_by_nobody(desk: Desk) -> None:
    users.set_password(desk.world, desk.act, desk.user_id, "only for once", one_time=True)
    text = desk.made()
    desk.world.set_clock.forward(hours=71)
    assert desk.links.opened(text) is not None


@pytest.mark.parametrize("ends", [_set_otherwise, _another_address, _off_and_on])
def test_its_end_stands_in_the_journal(desk: Desk, ends: Callable[[Desk], None]) -> None:
    desk.made()
    ends(desk)
    assert desk.actions().count(Action.PASSWORD_LINK_REMOVED) == 1
    assert not desk.has_link()


class TestUsing:
    def test_it_sets_the_password(self, desk: Desk) -> None:
        done = desk.use(desk.made())
        assert isinstance(done, Opened)
        assert (done.user.id, done.tenant.id) == (desk.user_id, desk.tenant_id)
        assert desk.world.passwords.verify(desk.password() or "", GOOD.new)
        with desk.world.store.reading(desk.tenant_id) as tenancy:
            assert not tenancy.directory.password_is_one_time(desk.user_id)
        assert not desk.has_link()

    @pytest.mark.requirement("R-76")
    def test_it_stands_in_the_journal(self, desk: Desk) -> None:
        desk.use(desk.made())
        told = [entry.event for entry in desk.events()][-2:]
        assert [event.action for event in told] == [
            Action.PASSWORD_LINK_REMOVED,
            Action.PASSWORD_SET,
        ]
        for event in told:
            assert (event.actor.kind, event.actor.id) == ("user", desk.user_id)
            assert event.origin == HERE
        assert GOOD.new not in repr(told)

    @pytest.mark.requirement("R-45")
    @pytest.mark.parametrize(
        ("new", "again", "words"),
        [
            ("short", "short", "at least 8 characters"),
            ("p" * 129, "p" * 129, "at most 128 characters"),
            ("", "", "at least 8 characters"),
            (GOOD.new, GOOD.new + "x", "differ"),
            (GOOD.new, "", "differ"),
        ],
    )
    def test_a_password_that_will_not_do_may_be_typed_again(
        self, desk: Desk, new: str, again: str, words: str
    ) -> None:
        text = desk.made()
        problem = desk.use(text, NewPassword("", new, again))
        assert isinstance(problem, Problem)
        assert words in problem.text
        assert desk.password() is None
        assert isinstance(desk.use(text), Opened)

    @pytest.mark.requirement("R-52")
    def test_what_came_of_an_earlier_password_ends(self, desk: Desk) -> None:
        users.set_password(desk.world, desk.act, desk.user_id, "an earlier one", one_time=False)
        family = new_grant(desk.world, desk.tenant_id, desk.user_id, _some_client(desk))
        assert isinstance(desk.use(desk.made()), Opened)
        with desk.world.store.reading(desk.tenant_id) as tenancy:
            kept = tenancy.grants.family(family.id)
        assert kept is not None
        assert kept.revoked_because == "password_changed"

    def test_under_a_race_one_is_the_first(self, desk: Desk) -> None:
        text = desk.made()
        tries = [
            NewPassword("", f"password {n} of many", f"password {n} of many") for n in range(8)
        ]
        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(lambda typed: desk.use(text, typed), tries))
        assert len([outcome for outcome in outcomes if outcome is not None]) == 1
        assert desk.actions().count(Action.PASSWORD_SET) == 1

    def test_nothing_is_hashed_for_a_dead_link(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        desk.made()

        def hashed(_password: str) -> str:
            pytest.fail("a password was hashed")

        monkeypatch.setattr(desk.world.passwords, "hash", hashed)
        assert desk.use(f"{desk.tenant_id}.{'x' * 43}") is None


def act_of_person(desk: Desk) -> Act:
    """An act of a person who administers the tenant."""
    roles = (role_id(desk.world, desk.tenant_id, ADMINISTRATOR),)
    members = {"contact_given_name": "Robin", "contact_surname": "Roe", "role_ids": roles}
    person = desk.person(contact_email="robin@example.com", **members)
    client_id = _some_client(desk)
    family = new_grant(desk.world, desk.tenant_id, person, client_id)
    with desk.world.store.reading(desk.tenant_id) as tenancy:
        stands = standing(tenancy, person, client_id)
    assert stands is not None
    caller = Caller(
        desk.tenant_id,
        "user",
        person,
        client_id,
        frozenset(stands.role_ids),
        frozenset(stands.role_types),
        mark(stands.incarnation, family.id),
    )
    return Act(caller, HERE)


def _some_client(desk: Desk) -> str:
    with desk.world.store.reading(desk.tenant_id) as tenancy:
        clients = tenancy.clients.page("client_credentials", (), PageOf(0, 1))
    return clients[0].settings.id
