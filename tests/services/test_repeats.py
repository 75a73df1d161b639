"""The words of a request that was right: what they came to counts while it would come to it now."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from gatepost.model.client_kinds import CLIENT_CREDENTIALS
from gatepost.model.clients import SecretDraft
from gatepost.services import client_secrets, clients, repeats, roles
from gatepost.services.client_login import KnownClient
from gatepost.services.repeats import Granted, Repeats
from tests.services.card_stand import Stand

pytestmark = pytest.mark.requirement("R-27")

WORDS = b"client_id=a&client_secret=s"


class Kept:
    """A stand whose client was granted something once."""

    def __init__(self) -> None:
        self.stand = Stand()
        self.repeats = Repeats(self.stand.world, self.stand.cards)
        self.name = self.repeats.name(WORDS)

    def keep(self, name: bytes | None = None) -> Granted:
        """Remember what the client is granted now."""
        card = self.stand.cards.client(self.stand.client_id)
        assert card is not None
        known = KnownClient(card, 1)
        granted = Granted(known, None, ("ocsapi",), 60, known.secret_ends_at)  # type: ignore[arg-type]
        self.repeats.keep(name or self.name, granted)
        return granted


@pytest.fixture
def kept() -> Kept:
    return Kept()


def test_the_same_words_come_to_the_same(kept: Kept) -> None:
    assert kept.repeats.find(kept.name) is None
    granted = kept.keep()
    assert kept.repeats.find(kept.repeats.name(WORDS)) is granted
    assert kept.repeats.find(kept.repeats.name(WORDS + b" ")) is None


def test_the_words_are_not_kept(kept: Kept) -> None:
    kept.keep()
    assert WORDS not in kept.name
    assert len(kept.name) == len(kept.repeats.name(WORDS * 1_000))


CHANGES: dict[str, Callable[[Stand], object]] = {
    "disabled": lambda it: it.change(enabled=False),
    "edited": lambda it: it.change(access_token_lifetime=61),
    "removed": lambda it: clients.remove(it.world, it.act, CLIENT_CREDENTIALS, it.client_id),
    "secret removed": lambda it: client_secrets.remove(
        it.world, it.act, CLIENT_CREDENTIALS, it.client_id, 1
    ),
    "role taken": lambda it: it.change(role_ids=()),
    "role removed": lambda it: roles.remove(it.world, it.act, it.role_id),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_the_client_ends_it_even_when_the_card_is_read_anew(
    kept: Kept, name: str
) -> None:
    kept.keep()
    CHANGES[name](kept.stand)
    assert kept.repeats.find(kept.name) is None
    kept.stand.cards.client(kept.stand.client_id)
    assert kept.repeats.find(kept.name) is None


def test_what_came_of_an_older_card_is_forgotten(kept: Kept) -> None:
    for number in range(3):
        kept.keep(kept.repeats.name(b"%d" % number))
    assert len(kept.repeats) == 3
    kept.stand.change(access_token_lifetime=61)
    granted = kept.keep()
    assert len(kept.repeats) == 1
    assert kept.repeats.find(kept.name) is granted


def test_of_many_wordings_of_a_client_the_newest_are_remembered(kept: Kept) -> None:
    names = [kept.repeats.name(b"%d" % number) for number in range(40)]
    granted = [kept.keep(name) for name in names]
    assert len(kept.repeats) == repeats._MOST_WORDINGS
    assert [kept.repeats.find(name) for name in names] == [None] * 24 + granted[24:]


def test_the_same_words_again_take_no_other_place(kept: Kept) -> None:
    for _ in range(40):
        kept.keep()
    assert len(kept.repeats) == 1
    assert kept.repeats.find(kept.name) is not None


@pytest.mark.requirement("R-61")
def test_it_ends_with_the_secret(kept: Kept) -> None:
    world = kept.stand.world
    kept.stand.change_secret(SecretDraft(expiration=world.clock.now() + timedelta(hours=1)))
    granted = kept.keep()
    world.set_clock.forward(seconds=3599.999999)
    assert kept.repeats.find(kept.name) is granted
    world.set_clock.forward(microseconds=1)
    assert kept.repeats.find(kept.name) is None


def test_the_oldest_makes_room(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "MOST_CARDS", 2)
    kept.repeats = Repeats(kept.stand.world, kept.stand.cards)
    names = [kept.repeats.name(word) for word in (b"a", b"b", b"c")]
    for name in names:
        kept.keep(name)
    assert [kept.repeats.find(name) is not None for name in names] == [False, True, True]
