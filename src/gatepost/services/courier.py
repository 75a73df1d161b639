"""Logout tokens on their way to applications: behind the request, a few tries each.

What is not delivered when the process ends is not delivered: the sessions themselves have ended
in the store already (Back-Channel Logout, 2.5 asks for no more).
"""

import logging
import queue
import threading
from typing import NamedTuple

from gatepost.ports import Messenger
from gatepost.services.issuing import Mint

TRIES = 3
_MOST_WAITING = 10_000
_PAUSE_S = 2.0
_SERVER_FAULT = 500
_STOP = None


class LogoutNote(NamedTuple):
    """One application to be told that a sign-in has ended."""

    address: str
    client_id: str
    user_id: str
    sign_in_id: str


class Courier:
    """Delivers logout tokens from a thread of its own."""

    def __init__(self, messenger: Messenger, mint: Mint) -> None:
        self._messenger = messenger
        self._mint = mint
        self._log = logging.getLogger("gatepost.logout")
        self._waiting: queue.Queue[LogoutNote | None] = queue.Queue(_MOST_WAITING)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """Deliver what waits, for a moment, and end."""
        self._stopping.set()
        self._waiting.put(_STOP)
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def send(self, notes: tuple[LogoutNote, ...]) -> None:
        """Take notes to deliver; never waits."""
        for note in notes:
            try:
                self._waiting.put_nowait(note)
            except queue.Full:
                self._log.warning("too many logout notes wait; one to %s is lost", note.client_id)

    def _run(self) -> None:
        while (note := self._waiting.get()) is not _STOP:
            try:
                self._deliver(note)
            except Exception:  # noqa: BLE001  (one bad note must not stop the others)
                self._log.exception("a logout note could not be made")

    def _deliver(self, note: LogoutNote) -> None:
        for attempt in range(1, TRIES + 1):
            token = self._mint.logout_token(note.client_id, note.user_id, note.sign_in_id)
            status = self._messenger.post_form(note.address, {"logout_token": token})
            if status is not None and status < _SERVER_FAULT:
                self._log.info("logout note to %s: %s", note.client_id, status)
                return
            if attempt < TRIES and self._stopping.wait(_PAUSE_S):
                break
        self._log.warning("logout note to %s was not delivered", note.client_id)
