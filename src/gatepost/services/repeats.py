"""Requests of clients for themselves that were right before, so as not to read them again.

A device asks for every token in the same words. What they came to is kept under a digest of the
words, with a key that only this process has. It counts while the client's card is the one that it
came from and the secret has not expired: nothing else of the answer could have become different.
"""

from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

from gatepost.model.shelf import Shelf
from gatepost.protocol.claims import Principal
from gatepost.services.cards import MOST_CARDS, Cards, ClientCard
from gatepost.services.client_login import KnownClient
from gatepost.services.world import World

_KEY_BYTES = 32
_NAME_BYTES = 32
_MOST_WORDINGS = 16
"""A client asks for the same in that many ways, with several secrets and sets of scopes."""


class Granted(NamedTuple):
    """What a client's request for itself came to."""

    known: KnownClient
    principal: Principal
    scopes: tuple[str, ...]
    lifetime: int
    secret_ends_at: datetime | None


class _Wordings(NamedTuple):
    """What a client's requests are kept under that came of one card."""

    card: ClientCard
    names: tuple[bytes, ...]


class Repeats:
    """What the requests that one process answered came to."""

    def __init__(self, world: World, cards: Cards) -> None:
        self._world = world
        self._cards = cards
        self._key = world.dice.token(_KEY_BYTES).encode()
        self._kept: Shelf[bytes, Granted] = Shelf(MOST_CARDS)
        self._wordings: Shelf[str, _Wordings] = Shelf(MOST_CARDS)

    def __len__(self) -> int:
        """How many requests are remembered."""
        return len(self._kept)

    def name(self, words: bytes) -> bytes:
        """What the words of a request are kept under: they hold a secret, and it does not."""
        return blake2b(words, key=self._key, digest_size=_NAME_BYTES).digest()

    def find(self, name: bytes) -> Granted | None:
        """What these words came to, if they would come to it now."""
        granted = self._kept.find(name)
        if granted is None or not self._is_of_now(granted.known):
            return None
        ends_at = granted.secret_ends_at
        return granted if ends_at is None or self._world.clock.now() < ends_at else None

    def keep(self, name: bytes, granted: Granted) -> None:
        """Remember what these words came to, and forget what came of an older card of the client.

        Those words may hold a secret that was removed, and would not be said again.
        """
        id_, card = granted.known.id, granted.known.card
        before = self._wordings.find(id_) or _Wordings(card, ())
        names = [each for each in before.names if each != name]
        gone = names if before.card is not card else names[: 1 - _MOST_WORDINGS]
        for each in gone:
            self._kept.drop(each)
        self._wordings.keep(id_, _Wordings(card, (*names[len(gone) :], name)))
        self._kept.keep(name, granted)

    def _is_of_now(self, known: KnownClient) -> bool:
        return self._cards.client_at_hand(known.id) is known.card
