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
from gatepost.services.cards import MOST_CARDS, Cards
from gatepost.services.client_login import KnownClient
from gatepost.services.world import World

_KEY_BYTES = 32
_NAME_BYTES = 32


class Granted(NamedTuple):
    """What a client's request for itself came to."""

    known: KnownClient
    principal: Principal
    scopes: tuple[str, ...]
    lifetime: int
    secret_ends_at: datetime | None


class Repeats:
    """What the requests that one process answered came to."""

    def __init__(self, world: World, cards: Cards) -> None:
        self._world = world
        self._cards = cards
        self._key = world.dice.token(_KEY_BYTES).encode()
        self._kept: Shelf[bytes, Granted] = Shelf(MOST_CARDS)

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
        """Remember what these words came to."""
        self._kept.keep(name, granted)

    def _is_of_now(self, known: KnownClient) -> bool:
        return self._cards.client_at_hand(known.id) is known.card
