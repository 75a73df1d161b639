"""Hands mail to the mail server that the operator set; decision 0020.

Who it goes to is a person of a tenant. Nothing that a caller sends becomes the server's address.
"""

import logging
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cached_property

from gatepost.model.mail import MailServer, deliverable
from gatepost.model.text import refused_character
from gatepost.outgoing.connections import connected, cut_at
from gatepost.ports import Clock, Dice

PATIENCE_S = 10.0
AT_ONCE = 2
_SEVEN_BIT = SMTP.clone(cte_type="7bit")  # not every server takes more
_READY = 220


class NoMailer:
    """`ports.Mailer` where the operator set no mail server."""

    @property
    def is_set(self) -> bool:
        """No mail can be sent."""
        return False

    def send(self, to: str, subject: str, text: str) -> bool:  # noqa: ARG002  (as the port has it)
        """Send nothing."""
        return False


class SmtpMailer:
    """`ports.Mailer` with one limit of time for each whole letter, but for the look-up of a name.

    No more than `AT_ONCE` are under way: each holds a thread that would answer calls.
    `trust` says whose certificates count; without it, those that this system trusts.
    """

    def __init__(
        self,
        server: MailServer,
        sender: str,
        chance: tuple[Clock, Dice],
        patience_s: float = PATIENCE_S,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._server = server
        self._sender = deliverable(sender) or sender
        self._clock, self._dice = chance
        self._patience_s = patience_s
        self._given_trust = trust
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._log = logging.getLogger("gatepost.mail")

    @property
    def is_set(self) -> bool:
        """There is a server to hand mail to."""
        return True

    def send(self, to: str, subject: str, text: str) -> bool:
        """Hand over a letter; False, and a line in the log, when the server did not take it.

        It is not asked when too many letters are under way.
        """
        address = deliverable(to)
        if address is None or refused_character(subject):
            self._log.warning("a letter was not sent: its address or subject is not fit for mail")
            return False
        if not self._places.acquire(blocking=False):
            self._log.warning("a letter was not sent: %d others are under way", AT_ONCE)
            return False
        try:
            self._hand_over(self._letter(address, subject, text), address)
        except (OSError, ValueError) as problem:  # smtplib's own faults are of OSError
            self._log.warning("%r did not take a letter: %s", self._server, _told(problem))
            return False
        finally:
            self._places.release()
        return True

    def _letter(self, to: str, subject: str, text: str) -> EmailMessage:
        letter = EmailMessage(policy=_SEVEN_BIT)
        letter["From"] = self._sender
        letter["To"] = to
        letter["Subject"] = subject
        letter["Date"] = format_datetime(self._clock.now())
        letter["Message-ID"] = f"<{self._dice.guid()}@{self._domain}>"
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(text)
        return letter

    def _hand_over(self, letter: EmailMessage, to: str) -> None:
        with self._line() as line:
            if not self._server.is_tls and not self._server.is_here:
                line.starttls(context=self._trust)  # refused where the server has none
            if self._server.user:
                line.login(self._server.user, self._server.password)
            line.send_message(letter, self._sender, [to])
            # the letter is taken; what goes wrong from here on changes nothing
            with suppress(OSError):
                line.quit()

    @contextmanager
    def _line(self) -> Iterator[smtplib.SMTP]:
        """A connection to the server that has said it is ready."""
        server, deadline = self._server, time.monotonic() + self._patience_s
        plain = connected(server.host, server.port, deadline)
        # the timer holds a socket of its own: STARTTLS puts another in the place of the first
        with closing(plain.dup()) as held, cut_at(deadline, held):
            line = _Line(server.host, self._domain)
            line.sock = plain
            try:
                if server.is_tls:
                    line.sock = self._trust.wrap_socket(plain, server_hostname=server.host)
                code, _ = line.getreply()
                if code != _READY:
                    raise smtplib.SMTPConnectError(code, "")
                yield line
            finally:
                line.close()
                plain.close()

    @property
    def _domain(self) -> str:
        return self._sender.rpartition("@")[2]

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        # made with the first letter: reading the system's certificates takes a while
        return self._given_trust or ssl.create_default_context()


class _Line(smtplib.SMTP):
    """SMTP over a connection that is made elsewhere, by the name that its certificate must have."""

    sock: socket.socket

    def __init__(self, host: str, greeting: str) -> None:
        super().__init__(local_hostname=greeting)
        self._host = host


def _told(problem: Exception) -> str:
    """What went wrong, in no words of the server's: they can repeat a password (R-76)."""
    codes: tuple[int, ...] = ()
    if isinstance(problem, smtplib.SMTPResponseException):
        codes = (problem.smtp_code,)
    elif isinstance(problem, smtplib.SMTPRecipientsRefused):
        codes = tuple(code for code, _ in problem.recipients.values())
    return " ".join([type(problem).__name__, *map(str, codes)])
