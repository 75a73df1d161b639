"""A world with two master keys, of which one or the other writes.

What one node made under the one is read by a node that writes under the other: both have the file
with both keys. So a world that is told to write under another key stands for two such nodes too.
"""

from typing import NamedTuple

from gatepost.crypto.foreign_keys import ForeignKeys
from gatepost.crypto.jose import Jose
from gatepost.crypto.sealing import KeyedSecrets, MasterKey, Sealer
from gatepost.system import SystemDice
from tests.memory_store import MemoryStore
from tests.services.world import Bench, PlainPasswords, SetClock

OLD, NEW = 1, 2
KEYS = {OLD: bytes(range(32)), NEW: b"\x22" * 32}


class Turn(NamedTuple):
    """Which key writes before, and which after."""

    before: int
    after: int


TURNS = (Turn(OLD, NEW), Turn(NEW, OLD))


def two_key_world(in_use: int = OLD) -> Bench:
    """An empty world with both keys."""
    master, dice = MasterKey(KEYS), SystemDice()
    secrets = KeyedSecrets(master, dice)
    secrets.write_under(in_use)
    return Bench(
        MemoryStore(secrets),
        SetClock(),
        dice,
        secrets,
        PlainPasswords(),
        Jose(Sealer(master, dice)),
        ForeignKeys(),
    )


def without(world: Bench, number: int) -> Bench:
    """The same store for a process that does not have a key any more."""
    (left,) = set(KEYS) - {number}
    master = MasterKey({left: KEYS[left]})
    secrets = KeyedSecrets(master, world.dice)
    store = world.store
    assert isinstance(store, MemoryStore)
    store._secrets = secrets
    return Bench(*world._replace(secrets=secrets, signer=Jose(Sealer(master, world.dice))))
