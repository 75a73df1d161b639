"""Slow hashing of passwords with argon2id, a bounded number at a time (R-45..48, D-04)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher as Argon2
from argon2 import Type
from argon2.exceptions import Argon2Error, InvalidHashError

from gatepost.crypto import common_passwords
from gatepost.model.errors import StoreUnavailable
from gatepost.model.people import PASSWORD_MAX
from gatepost.ports import Dice

MEMORY_KIB = 19_456
PASSES = 2
LANES = 1
WAITING = 64

_DECOY_SIZE = 32


class TooBusy(StoreUnavailable):
    """So many passwords wait to be hashed that one more would wait too long: 503, try again.

    It is a kind of StoreUnavailable so that the web, which may not import this room, answers it.
    """


class Argon2Passwords:
    """`ports.PasswordHasher`: as many hashes at once as there are cores, and a short queue."""

    def __init__(self, dice: Dice, cores: int, waiting: int = WAITING) -> None:
        self._argon2 = Argon2(
            time_cost=PASSES,
            memory_cost=MEMORY_KIB,
            parallelism=LANES,
            hash_len=32,
            salt_len=16,
            type=Type.ID,
        )
        self._dice = dice
        self._turns = threading.BoundedSemaphore(cores)
        self._places = threading.BoundedSemaphore(cores + waiting)
        self._decoy: str | None = None
        self._decoy_lock = threading.Lock()

    def hash(self, password: str) -> str:
        """A PHC string with a salt of its own. Longer passwords were refused before this."""
        if len(password) > PASSWORD_MAX:
            raise ValueError(f"a password has at most {PASSWORD_MAX} characters")
        with self._turn():
            return self._argon2.hash(_octets(password))

    def verify(self, phc: str, password: str) -> bool:
        """False for a wrong password, and for a hash that is none."""
        if len(password) > PASSWORD_MAX:
            return False
        with self._turn():
            try:
                return self._argon2.verify(phc, _octets(password))
            except (Argon2Error, InvalidHashError, UnicodeError):
                return False

    def needs_rehash(self, phc: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        try:
            return self._argon2.check_needs_rehash(phc)
        except (InvalidHashError, UnicodeError):
            return True

    def is_common(self, folded: str) -> bool:
        """Whether a password, folded, is one of those that are used most."""
        return common_passwords.is_common(folded)

    @property
    def decoy(self) -> str:
        """A hash to verify against where there is no user, so that both take the same time.

        Made at the first use; ask for it once at the start, so that no sign-in pays for it.
        """
        with self._decoy_lock:
            if self._decoy is None:
                self._decoy = self.hash(self._dice.token(_DECOY_SIZE))
            return self._decoy

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise TooBusy("Too many passwords are being checked just now.")
        try:
            with self._turns:
                yield
        finally:
            self._places.release()


def _octets(password: str) -> bytes:
    # surrogatepass: any text that reaches us has bytes
    return password.encode("utf-8", "surrogatepass")
