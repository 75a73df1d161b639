"""Logout tokens on their way to applications: behind the request, a few tries each.

What is not delivered when the process ends is not delivered: the sessions themselves have ended
in the store already (Back-Channel Logout, 2.5 asks for no more).
"""

import logging
import threading
import time

from gatepost.ports import Messenger
from gatepost.services.issuing import Mint
from gatepost.services.note_lines import LogoutNote, NoteLines, Try

MESSENGERS = 4
_SERVER_FAULT = 500
_STOP_S = 5


class Courier:
    """Delivers logout tokens from threads of its own, which begin with the first note."""

    def __init__(self, messenger: Messenger, mint: Mint) -> None:
        self._messenger = messenger
        self._mint = mint
        self._log = logging.getLogger("gatepost.logout")
        self._lines = NoteLines()
        self._changed = threading.Condition()
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._run, name="courier", daemon=True)
            for _ in range(MESSENGERS)
        ]

    def start(self) -> None:
        """Begin to deliver."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Deliver what waits, for a moment, and end."""
        with self._changed:
            self._stopping = True
            for given_up in self._lines.forget_resting():
                self._give_up(given_up)
            self._changed.notify_all()
        end = time.monotonic() + _STOP_S
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=max(end - time.monotonic(), 0))

    def send(self, notes: tuple[LogoutNote, ...]) -> None:
        """Take notes to deliver; never waits."""
        with self._changed:
            for note in notes:
                if not self._lines.put(note):
                    self._log.warning(
                        "too many logout notes wait; one to %s is lost", note.client_id
                    )
            self._changed.notify_all()

    def waiting(self) -> int:
        """How many notes wait."""
        return len(self._lines)

    def _run(self) -> None:
        while (taken := self._next()) is not None:
            was_taken = self._try(taken)
            with self._changed:
                if was_taken or self._stopping:
                    self._lines.taken(taken)
                    goes_again = False
                else:
                    goes_again = self._lines.refused(taken, time.monotonic())
                self._changed.notify_all()
            if not was_taken and not goes_again:
                self._give_up(taken)

    def _next(self) -> Try | None:
        """The next note to send; None when there is an end."""
        with self._changed:
            while True:
                now = time.monotonic()
                taken = self._lines.take(now)
                if taken is not None or self._stopping:
                    return taken
                self._changed.wait(self._lines.rests_for(now))

    def _try(self, sent: Try) -> bool:
        """Whether the application took it; what it says no to, it has taken."""
        note = sent.note
        try:
            token = self._mint.logout_token(note.client_id, note.user_id, note.sign_in_id)
            status = self._messenger.post_form(note.address, {"logout_token": token})
        except Exception:  # noqa: BLE001  (one bad note must not stop the others)
            self._log.exception("a logout note could not be made")
            return True
        if status is None or status >= _SERVER_FAULT:
            return False
        self._log.info("logout note to %s: %s", note.client_id, status)
        return True

    def _give_up(self, sent: Try) -> None:
        self._log.warning("logout note to %s was not delivered", sent.note.client_id)
