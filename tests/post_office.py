"""A mail server, for tests of what the product sends: it keeps what it is handed."""

import base64
import email
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import default
from typing import NamedTuple

QUIT = "QUIT"
_NO_REPLIES: Mapping[str, str] = {}


class Handed(NamedTuple):
    """A letter with its envelope, and whether the connection was encrypted."""

    sender: str
    to: str
    letter: EmailMessage
    encrypted: bool

    @property
    def text(self) -> str:
        """What the person reads."""
        content: str = self.letter.get_content()
        return content


class Habits(NamedTuple):
    """How a server behaves.

    `replies` stand in for the usual answer to a command ("" is that of the greeting, None hangs
    up); at a command in `silent` it says nothing more. `login` is what it takes as user and
    password; without one it offers no sign-in.
    """

    replies: Mapping[str, str | None] = _NO_REPLIES
    silent: str | None = None
    login: tuple[str, str] | None = None
    starttls: ssl.SSLContext | None = None
    tls: ssl.SSLContext | None = None


class PostOffice:
    """A mail server on this machine that does to each connection what its habits say."""

    def __init__(self, habits: Habits) -> None:
        self.habits = habits
        self.handed: list[Handed] = []
        self.heard: list[str] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self._stopping = threading.Event()

    def serve(self) -> None:
        """Welcome one connection after the other until the socket is closed."""
        with suppress(OSError):
            while True:
                link, _ = self.socket.accept()
                link.settimeout(30)
                with suppress(OSError, ValueError):
                    _Talk(self, link).run()

    def stop(self) -> None:
        """Welcome nobody any more."""
        self._stopping.set()
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def wait(self) -> None:
        """Say nothing until the end of the test."""
        self._stopping.wait(30)


class _Talk:
    """One connection."""

    def __init__(self, office: PostOffice, link: socket.socket) -> None:
        self._office, self._habits, self._link = office, office.habits, link
        self._encrypted = False
        self._sender = self._to = ""

    def run(self) -> None:
        """Greet, and answer until the caller leaves."""
        try:
            if self._habits.tls:
                self._encrypt(self._habits.tls)
            if self._say("", "220 ready"):
                while (line := self._read()) and self._answer(line):
                    pass
        finally:
            self._link.close()

    def _encrypt(self, identity: ssl.SSLContext) -> None:
        self._link = identity.wrap_socket(self._link, server_side=True)
        self._encrypted = True

    def _read(self) -> str:
        """The next command; empty when there is no more."""
        line = self._line().decode().removesuffix("\r\n")
        if line:
            self._office.heard.append(line)
        return line

    def _line(self) -> bytes:
        octets = b""
        while not octets.endswith(b"\r\n"):
            piece = self._link.recv(1)
            if not piece:
                return b""
            octets += piece
        return octets

    def _say(self, command: str, usual: str) -> bool:
        """Give the answer to a command; False when the connection is over."""
        if self._habits.silent == command:
            self._office.wait()
            return False
        said = self._habits.replies.get(command, usual)
        if said is not None:
            self._link.sendall(said.encode() + b"\r\n")
        return said is not None and command != QUIT

    def _answer(self, line: str) -> bool:
        command, _, rest = line.partition(" ")
        command = command.upper()
        if command == "EHLO":
            return self._say(command, "\r\n".join(self._offers()))
        if command == "AUTH":
            return self._say(command, self._let_in(rest))
        if command == "MAIL":
            self._sender = rest.partition("<")[2].partition(">")[0]
        elif command == "RCPT":
            self._to = rest.partition("<")[2].partition(">")[0]
        elif command == "DATA":
            return self._take()
        going_on = self._say(command, "220 go on" if command == "STARTTLS" else "250 OK")
        if command == "STARTTLS" and going_on and self._habits.starttls:
            self._encrypt(self._habits.starttls)
        return going_on

    def _offers(self) -> list[str]:
        offers = ["post.example", "SMTPUTF8", "8BITMIME"]
        if self._habits.starttls and not self._encrypted:
            offers.append("STARTTLS")
        if self._habits.login:
            offers.append("AUTH PLAIN")
        return [f"250-{offer}" for offer in offers[:-1]] + [f"250 {offers[-1]}"]

    def _let_in(self, rest: str) -> str:
        expected = "\0" + "\0".join(self._habits.login or ())
        given = base64.b64decode(rest.partition(" ")[2]).decode()
        # as some servers do, it repeats what it was told
        return "235 welcome" if given == expected else f"535 {rest} is wrong: {given[1:]!r}"

    def _take(self) -> bool:
        if not self._say("DATA", "354 go on"):
            return False
        lines = []
        while (line := self._line()) != b".\r\n":
            if not line:
                return False
            lines.append(line.removeprefix(b"."))
        letter = email.message_from_bytes(b"".join(lines), policy=default)
        self._office.handed.append(Handed(self._sender, self._to, letter, self._encrypted))
        return self._say("letter", "250 taken")


@contextmanager
def post_office(habits: Habits = Habits()) -> Iterator[PostOffice]:  # noqa: B008  (never changed)
    """Run a mail server on this machine until the block ends."""
    office = PostOffice(habits)
    thread = threading.Thread(target=office.serve, daemon=True)
    thread.start()
    try:
        yield office
    finally:
        office.stop()
        thread.join(30)
