"""Whoever is switched off or removed is out at once and everywhere, and an administrator stays."""

from collections.abc import Callable
from datetime import timedelta
from typing import cast

import pytest
from msgspec.structs import replace

from gatepost.model.callers import Caller
from gatepost.model.client_kinds import HYBRID
from gatepost.model.errors import Code, NotFound, Refused
from gatepost.model.events import Action, Actor
from gatepost.model.extensions import HybridExtensions
from gatepost.model.people import LOCAL_PROVIDER, User
from gatepost.model.sign_ins import PASSWORD, SignIn, SignInDigests
from gatepost.model.tenants import ADMINISTRATOR
from gatepost.outgoing import NoMailer
from gatepost.ports import PageOf
from gatepost.services import users
from gatepost.services.courier import Courier
from gatepost.services.note_lines import LogoutNote
from gatepost.services.password_links import PasswordLinks
from gatepost.services.principals import mark, standing
from gatepost.services.sign_in_lists import SignInLists
from gatepost.services.tenants import operator_act
from gatepost.services.world import Act
from tests.flows import new_grant
from tests.services.world import Bench, add_client, found, new_world, role_id

PAGE = PageOf(0, 10)
ISSUER = "https://id.example.com/identity"
TOLD_AT = "https://app.example.com/back"


class KeptNotes:
    """A courier that keeps what it is to deliver."""

    def __init__(self) -> None:
        self.notes: list[LogoutNote] = []

    def send(self, notes: tuple[LogoutNote, ...]) -> None:
        """Keep them."""
        self.notes += notes


class Scene:
    """A tenant with its first administrator and a person who is signed in to an application."""

    def __init__(self) -> None:
        self.world: Bench = new_world()
        self.tenant_id = found(self.world).tenant.id
        self.act = operator_act(self.tenant_id, "test")
        self.courier = KeptNotes()
        self.lists = SignInLists(self.world, ISSUER, cast("Courier", self.courier))
        extensions = HybridExtensions(back_channel_logout_uri=TOLD_AT)
        uris = ("https://app.example.com/signin-oidc",)
        members = {"redirect_uris": uris, "extensions": extensions}
        added = add_client(self.world, self.act, HYBRID, **members)
        self.client_id = added.client.settings.id
        self.kim = self.person("kim@example.com")
        self.sign_in_id = self.signed_in(self.kim)

    def person(self, email: str, *role_ids: str) -> str:
        """A new person."""
        members = {"provider_id": LOCAL_PROVIDER, "contact_email": email, "role_ids": role_ids}
        return users.add(self.world, self.act, members).id

    def administrator(self) -> str:
        """A new person who administers."""
        role = role_id(self.world, self.tenant_id, ADMINISTRATOR)
        return self.person(f"{self.world.dice.guid()}@example.com", role)

    def signed_in(self, user_id: str) -> str:
        """A sign-in of theirs in which the application got something."""
        now = self.world.clock.now()
        family = new_grant(self.world, self.tenant_id, user_id, self.client_id)
        sign_in = SignIn(
            id=family.sign_in_id,
            user_id=user_id,
            method=PASSWORD,
            signed_in_at=now,
            last_seen_at=now,
            expires_at=now + timedelta(hours=8),
            address="192.0.2.1",
            agent="",
        )
        digests = SignInDigests(sign_in.id[:16].encode() * 2, sign_in.id[-16:].encode() * 2)
        with self.world.store.writing(self.tenant_id) as tenancy:
            tenancy.sign_ins.add(sign_in, digests)
            event = tenancy.journal.entries(0, 1)[0].event
            tenancy.journal.append(replace(event, action=Action.SIGNED_IN, target=user_id))
        return sign_in.id

    def act_of(self, user_id: str) -> Act:
        """An act of a person in the application."""
        with self.world.store.reading(self.tenant_id) as tenancy:
            stands = standing(tenancy, user_id, self.client_id)
        assert stands is not None
        family = new_grant(self.world, self.tenant_id, user_id, self.client_id)
        roles, types = frozenset(stands.role_ids), frozenset(stands.role_types)
        token_mark = mark(stands.incarnation, family.id)
        caller = Caller(self.tenant_id, "user", user_id, self.client_id, roles, types, token_mark)
        return self.act._replace(caller=caller)

    def user(self, user_id: str) -> User:
        """The person as the store knows them."""
        return users.get(self.world, self.tenant_id, user_id)

    def left_of(self, user_id: str) -> tuple[int, int]:
        """How many sign-ins and live grants a person has."""
        with self.world.store.reading(self.tenant_id) as tenancy:
            families = tenancy.grants.live_families_of(user_id, self.world.clock.now())
            return len(tenancy.sign_ins.of_user(user_id)), len(families)

    def actions(self, target: str) -> list[Action]:
        """What the journal says of somebody."""
        with self.world.store.reading(self.tenant_id) as tenancy:
            links = tenancy.journal.entries(0, 1000)
        return [link.event.action for link in links if link.event.target == target]


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.mark.requirement("R-27", "R-32")
def test_whoever_is_switched_off_is_signed_out_everywhere(scene: Scene) -> None:
    other = scene.person("lee@example.com")
    scene.signed_in(other)
    assert scene.left_of(scene.kim) == (1, 1)
    scene.lists.switch_off(scene.act, scene.kim)
    assert not scene.user(scene.kim).enabled
    assert scene.left_of(scene.kim) == (0, 0)
    assert scene.left_of(other) == (1, 1)
    assert scene.courier.notes == [
        LogoutNote(scene.act.tenant_id, TOLD_AT, scene.client_id, scene.kim, scene.sign_in_id)
    ]
    assert scene.actions(scene.kim)[-2:] == [Action.USER_CHANGED, Action.SIGN_IN_ENDED]


def test_who_is_switched_on_again_starts_from_nothing(scene: Scene) -> None:
    scene.lists.switch_off(scene.act, scene.kim)
    scene.lists.switch_on(scene.act, scene.kim)
    assert scene.user(scene.kim).enabled
    assert scene.left_of(scene.kim) == (0, 0)
    assert scene.actions(scene.kim)[-1] is Action.USER_CHANGED


@pytest.mark.parametrize("deed", [SignInLists.switch_off, SignInLists.switch_on])
def test_what_is_so_already_is_no_change(
    scene: Scene, deed: Callable[[SignInLists, Act, str], None]
) -> None:
    if deed is SignInLists.switch_off:
        scene.lists.switch_off(scene.act, scene.kim)
    before = scene.actions(scene.kim)
    deed(scene.lists, scene.act, scene.kim)
    assert scene.actions(scene.kim) == before


@pytest.mark.requirement("R-82")
@pytest.mark.parametrize("deed", [SignInLists.switch_off, SignInLists.remove])
def test_a_password_link_ends_with_the_person(
    scene: Scene, deed: Callable[[SignInLists, Act, str], None]
) -> None:
    links = PasswordLinks(scene.world, "https://id.example.com", ISSUER, NoMailer())
    link = links.make(scene.act, scene.kim)
    assert link.address is not None
    text = link.address.partition("link=")[2]
    assert links.opened(text) is not None
    deed(scene.lists, scene.act, scene.kim)
    assert links.opened(text) is None
    if deed is SignInLists.switch_off:
        scene.lists.switch_on(scene.act, scene.kim)
        assert links.opened(text) is None


def test_applications_are_told_of_whoever_is_removed(scene: Scene) -> None:
    scene.lists.remove(scene.act, scene.kim)
    with pytest.raises(NotFound):
        scene.user(scene.kim)
    assert [note.sign_in_id for note in scene.courier.notes] == [scene.sign_in_id]
    assert scene.actions(scene.kim)[-2:] == [Action.SIGN_IN_ENDED, Action.USER_REMOVED]


@pytest.mark.parametrize("deed", [SignInLists.switch_off, SignInLists.remove])
def test_nobody_does_it_to_themselves(
    scene: Scene, deed: Callable[[SignInLists, Act, str], None]
) -> None:
    me = scene.administrator()
    scene.administrator()
    act = scene.act_of(me)
    assert act.actor == Actor("user", me)
    with pytest.raises(Refused) as refused:
        deed(scene.lists, act, me)
    assert refused.value.code is Code.OWN_ACCOUNT
    assert scene.user(me).enabled
    assert scene.left_of(me) == (0, 1)


@pytest.mark.requirement("R-65")
@pytest.mark.parametrize("deed", [SignInLists.switch_off, SignInLists.remove])
def test_the_last_administrator_stays_as_they_are(
    scene: Scene, deed: Callable[[SignInLists, Act, str], None]
) -> None:
    with scene.world.store.reading(scene.tenant_id) as tenancy:
        role = role_id(scene.world, scene.tenant_id, ADMINISTRATOR)
        assert tenancy.directory.enabled_users_in_role(role) == 1
    first = next(
        row.id
        for row in users.find(scene.world, scene.tenant_id, (), PAGE).users
        if row.id != scene.kim
    )
    scene.signed_in(first)
    with pytest.raises(Refused) as refused:
        deed(scene.lists, scene.act, first)
    assert refused.value.code is Code.LAST_ADMINISTRATOR
    assert scene.user(first).enabled
    assert scene.left_of(first) == (1, 1)
    assert scene.courier.notes == []
    second = scene.administrator()
    with pytest.raises(Refused):
        deed(scene.lists, scene.act, first)  # the second has no password, and cannot sign in
    users.set_password(scene.world, scene.act, second, "correct horse battery", one_time=False)
    deed(scene.lists, scene.act, first)
    assert scene.left_of(first) == (0, 0)


@pytest.mark.requirement("R-63")
@pytest.mark.parametrize(
    "deed", [SignInLists.switch_off, SignInLists.switch_on, SignInLists.remove]
)
def test_a_person_of_another_tenant_is_not_there(
    scene: Scene, deed: Callable[[SignInLists, Act, str], None]
) -> None:
    elsewhere = operator_act(found(scene.world).tenant.id, "test")
    with pytest.raises(NotFound):
        deed(scene.lists, elsewhere, scene.kim)
    assert scene.left_of(scene.kim) == (1, 1)


def test_a_change_of_what_was_changed_meanwhile_is_refused(scene: Scene) -> None:
    seen = scene.user(scene.kim).version
    users.change(scene.world, scene.act, scene.kim, {"contact_surname": "Lee"}, seen)
    with pytest.raises(Refused) as refused:
        users.change(scene.world, scene.act, scene.kim, {"contact_surname": "Moss"}, seen)
    assert refused.value.code is Code.CHANGED_MEANWHILE
    assert scene.user(scene.kim).surname == "Lee"
