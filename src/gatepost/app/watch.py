"""The watch: looks at the store four times a second, so that no request has to.

What it sees is how far the epochs moved and which keys sign. While it cannot see, nothing that is
kept in memory is used for longer than a second (docs/decisions/0021).
"""

import logging
import threading

from gatepost.app.house import House
from gatepost.model.errors import StoreUnavailable
from gatepost.services.keys import KeyRing

LOOK_SECONDS = 0.25


class Watch:
    """One worker's watch."""

    def __init__(self, house: House, ring: KeyRing) -> None:
        self._house = house
        self._ring = ring
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="watch", daemon=True)
        self._log = logging.getLogger("gatepost.watch")
        self._sees = True

    def start(self) -> None:
        """Look for the first time, and go on."""
        self._look()
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        self._thread.join(timeout=10)

    def _keep(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            self._look()

    def _look(self) -> None:
        try:
            self._house.store.look()
            self._ring.look()
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
