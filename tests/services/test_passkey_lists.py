"""A passkey that somebody else added goes with the password that others set, and by its own."""

from collections.abc import Callable
from datetime import timedelta
from typing import cast

import pytest

from gatepost.model.errors import Code, NotFound, Refused
from gatepost.model.events import OPERATOR, Action, Event, Origin
from gatepost.model.sign_ins import Passkey
from gatepost.outgoing import NoMailer
from gatepost.services import users
from gatepost.services.courier import Courier
from gatepost.services.factor_letters import FactorLetters
from gatepost.services.new_passwords import NewPassword
from gatepost.services.passkey_lists import PasskeyLists
from gatepost.services.password_links import PasswordLinks
from tests.services.test_password_links import GOOD, HERE, Postman
from tests.services.test_switched_off import ISSUER, Scene
from tests.services.world import START
from tests.stores.flow_examples import authenticator, passkey

pytestmark = pytest.mark.requirement("R-52")
URL = "https://id.example.com"
NAMES = ("Work phone", "Not mine")
Way = Callable[["Taken"], object]


class Taken(Scene):
    """Somebody whose account has two passkeys and an authenticator app."""

    def __init__(self) -> None:
        super().__init__()
        self.postman = Postman()
        letters = FactorLetters(self.world, self.postman)
        courier = cast("Courier", self.courier)
        self.passkeys = PasskeyLists(self.world, ISSUER, courier, letters)
        with self.world.store.writing(self.tenant_id) as tenancy:
            for number, name in enumerate(NAMES):
                at = START + timedelta(minutes=number)
                added = passkey(self.kim, id=f"id of {name}", name=name, created_at=at)
                assert tenancy.sign_ins.add_passkey(added)
            tenancy.sign_ins.save_authenticator(authenticator(self.kim))
            origin, action = Origin("taken", ""), Action.PASSKEY_ADDED
            tenancy.journal.append(
                Event(at=START, action=action, actor=OPERATOR, origin=origin, target=self.kim)
            )

    def link(self) -> str:
        """A link to set a password, not used yet."""
        links = PasswordLinks(self.world, URL, ISSUER, NoMailer())
        return (links.make(self.act, self.kim).address or "").partition("link=")[2]

    def use(self, link: str, typed: NewPassword = GOOD) -> object:
        """Use it."""
        return PasswordLinks(self.world, URL, ISSUER, NoMailer()).use(link, typed, HERE)

    def left(self) -> tuple[str, ...]:
        """The names of the passkeys that there are."""
        found = self.passkeys.of_person(self.tenant_id, self.kim)
        return tuple(passkey.name for passkey in found)

    def removed(self) -> list[Event]:
        """What the journal tells of passkeys that went."""
        with self.world.store.reading(self.tenant_id) as tenancy:
            every = [link.event for link in tenancy.journal.entries(0, 1_000)]
        return [event for event in every if event.action is Action.PASSKEY_REMOVED]

    def sign_ins(self) -> int:
        """How many sign-ins of the person there are."""
        return self.lists.count(self.tenant_id, self.kim)


@pytest.fixture
def taken() -> Taken:
    """An account that somebody else got into."""
    return Taken()


def one_time(scene: Taken) -> None:
    users.set_password(scene.world, scene.act, scene.kim, GOOD.new, one_time=True)


def by_hand(scene: Taken) -> None:
    users.set_password(scene.world, scene.act, scene.kim, GOOD.new, one_time=False)


def by_link(scene: Taken) -> object:
    return scene.use(scene.link())


def all_at_once(scene: Taken) -> object:
    return scene.passkeys.remove_all(scene.act, scene.kim)


@pytest.mark.parametrize("way", [one_time, by_hand, by_link, all_at_once])
def test_no_passkey_outlives_a_way_to_get_an_account_back(taken: Taken, way: Way) -> None:
    way(taken)
    assert taken.left() == ()
    assert taken.sign_ins() == 0
    assert [event.target for event in taken.removed()] == [taken.kim] * len(NAMES)
    assert [(event.before or {})["Passkey"] for event in taken.removed()] == list(NAMES)


@pytest.mark.parametrize("way", [one_time, by_hand, by_link, all_at_once])
def test_an_authenticator_app_stays_because_it_opens_nothing_alone(taken: Taken, way: Way) -> None:
    way(taken)
    with taken.world.store.reading(taken.tenant_id) as tenancy:
        assert tenancy.sign_ins.authenticator(taken.kim) is not None


def refused_password(scene: Taken) -> object:
    with pytest.raises(Refused):
        users.set_password(scene.world, scene.act, scene.kim, "short", one_time=True)
    return None


def refused_by_link(scene: Taken) -> object:
    return scene.use(scene.link(), NewPassword("", "short", "short"))


@pytest.mark.parametrize("way", [Taken.link, refused_password, refused_by_link])
def test_a_link_that_is_not_used_and_a_refused_password_remove_nothing(
    taken: Taken, way: Way
) -> None:
    way(taken)
    assert taken.left() == NAMES
    assert taken.removed() == []


def test_a_link_tells_whether_there_are_passkeys_to_lose(taken: Taken) -> None:
    links = PasswordLinks(taken.world, URL, ISSUER, NoMailer())
    seen = links.opened(taken.link())
    all_at_once(taken)
    after = links.opened(taken.link())
    assert seen is not None
    assert after is not None
    assert (seen.has_passkeys, after.has_passkeys) == (True, False)


def test_one_goes_and_the_others_stay(taken: Taken) -> None:
    taken.passkeys.remove(taken.act, taken.kim.upper(), "id of Not mine")
    assert taken.left() == ("Work phone",)
    assert taken.sign_ins() == 0
    assert [note.user_id for note in taken.courier.notes] == [taken.kim]
    assert [event.actor for event in taken.removed()] == [taken.act.actor]
    assert [letter.subject for letter in taken.postman.letters] == [
        "Passkeys were removed for Main"
    ]


@pytest.mark.requirement("R-63")
@pytest.mark.parametrize("wanted", ["", "id of Not", "ID OF NOT MINE", "id of somebody"])
def test_a_passkey_that_is_not_theirs_is_not_found(taken: Taken, wanted: str) -> None:
    other = taken.person("lee@example.com")
    kept: Passkey = passkey(other, id="id of somebody")
    with taken.world.store.writing(taken.tenant_id) as tenancy:
        assert tenancy.sign_ins.add_passkey(kept)
        origin = Origin("test", "")
        added = Event(
            at=START, action=Action.PASSKEY_ADDED, actor=OPERATOR, origin=origin, target=other
        )
        tenancy.journal.append(added)
    with pytest.raises(Refused) as refused:
        taken.passkeys.remove(taken.act, taken.kim, wanted)
    assert refused.value.code is Code.PASSKEY_NOT_FOUND
    assert taken.left() == NAMES
    assert taken.sign_ins() == 1


def test_nobody_removes_their_own_here(taken: Taken) -> None:
    mine = taken.act_of(taken.administrator())
    for remove in (
        lambda: taken.passkeys.remove(mine, mine.actor.id, "id of Not mine"),
        lambda: taken.passkeys.remove_all(mine, mine.actor.id),
    ):
        with pytest.raises(Refused) as refused:
            remove()
        assert refused.value.code is Code.OWN_ACCOUNT


def test_where_there_is_none_nothing_ends(taken: Taken) -> None:
    assert all_at_once(taken) == 2
    before = len(taken.courier.notes)
    assert all_at_once(taken) == 0
    assert len(taken.courier.notes) == before
    assert len(taken.postman.letters) == 1


def test_of_nobody_there_is_no_list(taken: Taken) -> None:
    with pytest.raises(NotFound):
        taken.passkeys.of_person(taken.tenant_id, "nobody")
    with pytest.raises(NotFound):
        taken.passkeys.remove_all(taken.act, "nobody")
