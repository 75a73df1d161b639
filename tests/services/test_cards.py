"""Cards are used while nothing was changed, and not a moment longer."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from gatepost.model.client_kinds import CLIENT_CREDENTIALS
from gatepost.model.clients import SecretDraft
from gatepost.model.events import Origin
from gatepost.model.tenants import MEMBER
from gatepost.services import cards as module
from gatepost.services import client_secrets, clients, roles, users
from gatepost.services.cards import Cards
from gatepost.services.client_login import Books, ClientLogin, FormRequest
from gatepost.services.refusals import RefusalBook
from gatepost.services.usage import UsageBook
from tests.services.card_stand import Stand
from tests.services.world import (
    add_client,
    found,
    remove_user,
    role_id,
)

pytestmark = pytest.mark.requirement("R-27")

HERE = Origin("op", "192.0.2.9")
IN_AN_HOUR = timedelta(hours=1)


@pytest.fixture
def stand() -> Stand:
    return Stand()


def _new_secret(it: Stand) -> None:
    client_secrets.add(
        it.world, it.act, CLIENT_CREDENTIALS, it.client_id, SecretDraft(expires=False)
    )


def _remove_secret(it: Stand) -> None:
    client_secrets.remove(it.world, it.act, CLIENT_CREDENTIALS, it.client_id, 1)


CLIENT_CHANGES: dict[str, Callable[[Stand], object]] = {
    "disabled": lambda it: it.change(enabled=False),
    "edited": lambda it: it.change(access_token_lifetime=61),
    "removed": lambda it: clients.remove(it.world, it.act, CLIENT_CREDENTIALS, it.client_id),
    "secret added": _new_secret,
    "secret removed": _remove_secret,
    "secret's expiry changed": lambda it: it.change_secret(
        SecretDraft(expiration=it.world.clock.now() + IN_AN_HOUR)
    ),
    "role given": lambda it: it.change(role_ids=(it.role_id, it.other_role_id)),
    "role taken": lambda it: it.change(role_ids=()),
    "role removed": lambda it: roles.remove(it.world, it.act, it.role_id),
}
PERSON_CHANGES: dict[str, Callable[[Stand], object]] = {
    "disabled": lambda it: it.disable_person(),
    "removed": lambda it: remove_user(it.world, it.act, it.user_id),
    "role given": lambda it: users.replace_roles(
        it.world, it.act, it.user_id, (it.role_id, it.other_role_id)
    ),
    "role taken": lambda it: users.replace_roles(it.world, it.act, it.user_id, ()),
    "role removed": lambda it: roles.remove(it.world, it.act, it.role_id),
    "client disabled": lambda it: it.change(enabled=False),
    "client removed": lambda it: clients.remove(it.world, it.act, CLIENT_CREDENTIALS, it.client_id),
}


def test_while_nothing_changes_nothing_is_read(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    card, stands = stand.cards.client(stand.client_id), stand.standing()
    stand.count_doors(monkeypatch)
    for _ in range(3):
        assert stand.cards.client_at_hand(stand.client_id) is card
        assert stand.cards.client(stand.client_id) is card
        assert stand.standing() == stands is not None
    assert stand.doors == []


@pytest.mark.parametrize("name", CLIENT_CHANGES)
def test_a_change_of_a_client_drops_its_card(stand: Stand, name: str) -> None:
    before = stand.cards.client(stand.client_id)
    assert before is not None
    CLIENT_CHANGES[name](stand)
    assert stand.cards.client_at_hand(stand.client_id) is None
    after = stand.cards.client(stand.client_id)
    assert after == Cards(stand.world.store).client(stand.client_id)
    assert after != before


@pytest.mark.parametrize("name", PERSON_CHANGES)
def test_a_change_of_a_person_drops_the_card(stand: Stand, name: str) -> None:
    before = stand.standing()
    assert before is not None
    PERSON_CHANGES[name](stand)
    after = stand.standing()
    assert after == stand.standing(Cards(stand.world.store))
    assert after != before


def test_who_is_enabled_again_may_act_again(stand: Stand) -> None:
    before = stand.standing()
    for enabled in (False, True):
        stand.change(enabled=enabled)
        users.change(stand.world, stand.act, stand.user_id, {"enabled": enabled})
        assert stand.standing() == (before if enabled else None)


def test_the_member_role_is_among_those_of_a_card(stand: Stand) -> None:
    member = role_id(stand.world, stand.tenant_id, MEMBER)
    card, stands = stand.cards.client(stand.client_id), stand.standing()
    assert card is not None
    assert card.standing is not None
    assert stands is not None
    assert set(card.standing.role_ids) == set(stands.role_ids) == {member, stand.role_id}


@pytest.mark.requirement("R-61")
def test_a_secret_ends_by_time_though_its_card_is_good(stand: Stand) -> None:
    stand.change_secret(SecretDraft(expiration=stand.world.clock.now() + IN_AN_HOUR))
    books = Books(UsageBook(), RefusalBook(stand.world))
    login = ClientLogin(stand.world, frozenset(), books, stand.cards)
    form = {"client_id": stand.client_id, "client_secret": stand.added.value or ""}
    card = stand.cards.client(stand.client_id)
    stand.world.set_clock.forward(seconds=3599.999999)
    known = login.at_hand(FormRequest(form, None, HERE))
    assert known is not None
    assert known.card is card
    stand.world.set_clock.forward(microseconds=1)
    assert stand.cards.client_at_hand(stand.client_id) is card
    assert login.at_hand(FormRequest(form, None, HERE)) is None


def _before(it: Stand, door: str, change: Callable[[], None]) -> None:
    """Make the change after the epoch was taken, and before the store is read."""
    read = getattr(it.world.store, door)

    def opened(*name: str) -> Any:
        setattr(it.world.store, door, read)
        change()
        return read(*name)

    setattr(it.world.store, door, opened)


def _after(it: Stand, door: str, change: Callable[[], None]) -> None:
    """Make the change after the store was read, and before the card is kept."""
    read = getattr(it.world.store, door)

    def opened(*name: str) -> Any:
        setattr(it.world.store, door, read)
        found = read(*name)
        change()
        return found

    setattr(it.world.store, door, opened)


@pytest.mark.parametrize("interpose", [_before, _after])
def test_a_card_of_a_client_that_changed_meanwhile_is_not_used(
    stand: Stand, interpose: Callable[[Stand, str, Callable[[], None]], None]
) -> None:
    interpose(stand, "client_facts", lambda: stand.change(enabled=False))
    assert stand.cards.client(stand.client_id) is not None
    assert stand.cards.client_at_hand(stand.client_id) is None
    card = stand.cards.client(stand.client_id)
    assert card is not None
    assert not card.client.settings.enabled


@pytest.mark.parametrize("interpose", [_before, _after])
def test_a_card_of_a_person_who_changed_meanwhile_is_not_used(
    stand: Stand, interpose: Callable[[Stand, str, Callable[[], None]], None]
) -> None:
    card = stand.cards.client(stand.client_id)
    assert card is not None
    interpose(stand, "person_facts", stand.disable_person)
    stand.cards.standing_of(card, stand.user_id)
    assert stand.cards.standing_of(card, stand.user_id) is None


def test_there_are_never_more_than_the_most(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CARDS", 3)
    ids = [add_client(stand.world, stand.act).client.settings.id for _ in range(5)]
    cards = Cards(stand.world.store)
    for number, id_ in enumerate(ids):
        assert cards.client(id_) is not None
        cards.client(ids[max(number - 1, 0)])
        assert len(cards._clients._kept) <= 3
    kept = [cards.client_at_hand(id_) is not None for id_ in ids]
    assert kept == [False, False, True, True, True]


def test_nothing_is_kept_of_what_is_not_there(stand: Stand) -> None:
    assert stand.cards.client("nobody") is None
    card = stand.cards.client(stand.client_id)
    assert card is not None
    assert stand.cards.standing_of(card, "nobody") is None
    assert stand.cards.client_at_hand(stand.client_id) is card
    assert (len(stand.cards._clients._kept), len(stand.cards._people._kept)) == (1, 0)


class Blind:
    """Epochs that can be out of sight."""

    def __init__(self) -> None:
        self.epoch: bytes | None = None

    def of(self, _tenant_id: str) -> bytes | None:
        """The one epoch."""
        return self.epoch

    def glance(self) -> "Blind | None":
        """The same of all tenants."""
        return self if self.epoch else None


def test_without_epochs_nothing_is_kept_and_nothing_kept_is_used(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    epochs = Blind()
    monkeypatch.setattr(stand.world.store, "epochs", epochs)
    cards = Cards(stand.world.store)
    assert cards.client(stand.client_id) is not None
    assert stand.standing(cards) is not None
    assert (len(cards._clients._kept), len(cards._people._kept)) == (0, 0)
    epochs.epoch = b"one"
    card = cards.client(stand.client_id)
    assert cards.client_at_hand(stand.client_id) is card
    epochs.epoch = None
    assert cards.client_at_hand(stand.client_id) is None
    epochs.epoch = b"one"
    assert cards.client_at_hand(stand.client_id) is card
    epochs.epoch = b"two"
    assert cards.client_at_hand(stand.client_id) is None


def test_a_card_is_found_by_its_clients_own_tenant_only(stand: Stand) -> None:
    other = found(stand.world).tenant.id
    card = stand.cards.client(stand.client_id)
    assert card is not None
    assert card.tenant_id == stand.tenant_id != other
    foreign = card._replace(tenant_id=other)
    assert stand.cards.standing_of(card, stand.user_id) is not None
    assert stand.cards.standing_of(foreign, stand.user_id) is None
