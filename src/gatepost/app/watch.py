"""The watch: looks at the store four times a second, so that no request has to.

What it sees is how far the epochs moved and which keys sign. While it cannot see, nothing that is
kept in memory is used for longer than a second (docs/decisions/0021), and soon the worker is not
ready any more: also when a look neither succeeds nor fails.
"""

import logging
import threading
import time

from gatepost.app.house import House
from gatepost.model.errors import StoreUnavailable
from gatepost.model.keys import SigningKey, signing_key
from gatepost.services.keys import KeyRing
from gatepost.web.health import Standing

LOOK_SECONDS = 0.25
SIGHT_SECONDS = 1.5
"""So old may the last good look be: six looks, and less than the two seconds that are promised."""


class Watch:
    """One worker's watch."""

    def __init__(self, house: House, ring: KeyRing) -> None:
        self._house = house
        self._ring = ring
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="watch", daemon=True)
        self._log = logging.getLogger("gatepost.watch")
        self._sees = True
        self.seen_at: float | None = None
        self.keys: tuple[SigningKey, ...] = ()

    def start(self) -> None:
        """Look for the first time, and go on."""
        self._look()
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        self._thread.join(timeout=10)

    def standing(self) -> Standing:
        """Whether what it saw is enough to answer requests."""
        if self.seen_at is None:
            return Standing.STARTING
        if time.monotonic() - self.seen_at > SIGHT_SECONDS:
            return Standing.STORE_LOST
        signs = signing_key(self.keys, self._house.world.clock.now())
        return Standing.READY if signs else Standing.NO_KEY

    def _keep(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            self._look()

    def _look(self) -> None:
        began = time.monotonic()
        try:
            self._house.store.look()
            self._ring.look()
            self.keys = self._ring.published()
        except StoreUnavailable as fault:
            if self._sees:
                self._log.warning("the store is out of sight: %s", fault)
            self._sees = False
        except Exception:  # noqa: BLE001  (the watch goes on, whatever it met)
            self._log.exception("the watch could not look")
        else:
            if not self._sees:
                self._log.warning("the store is in sight again")
            self._sees = True
            self.seen_at = began
