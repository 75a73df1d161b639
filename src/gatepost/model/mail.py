"""Mail: the server that takes it, as an address says, and the addresses that it may go to."""

import re
from typing import NamedTuple
from urllib.parse import unquote

from gatepost.model.uris import LOOPBACK_HOSTS, Fault, page_uri_fault

_PORTS = {"smtps": 465, "smtp": 587}
_USUAL = "Write smtps://user:password@mail.example.com:465, or smtp:// for STARTTLS."
_CREDENTIALS = re.compile(r"[!-~]+\Z")
_SPECIAL = frozenset(":/?#@")
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_MAX_LOCAL, _MAX_ADDRESS = 64, 254
_ATOM_MARKS = frozenset("!#$%&'*+/=?^_`{|}~-")


class MailServer(NamedTuple):
    """Where mail is handed over: by TLS from the first byte on, or by STARTTLS.

    Only on this machine is it left unencrypted. Without a user nobody signs in there.
    """

    host: str
    port: int
    is_tls: bool
    user: str = ""
    password: str = ""

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine."""
        return self.host in {host.strip("[]") for host in LOOPBACK_HOSTS}

    def __repr__(self) -> str:
        scheme = "smtps" if self.is_tls else "smtp"
        return f"MailServer({scheme}://{'***@' if self.user else ''}{self.host}:{self.port})"


def mail_server(text: str) -> MailServer | Fault:
    """The mail server that an address names, or what is wrong; nothing of the text stands there."""
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in _PORTS:
        return Fault("is no address of a mail server", _USUAL)
    credentials, at, authority = rest.removesuffix("/").rpartition("@")
    if set(authority) & set("/?#\\"):
        return Fault("has something after host and port", _USUAL)
    if page_uri_fault(f"http://{authority}"):
        return Fault("has no valid host and port", _USUAL)
    user, _, password = credentials.partition(":")
    fault = _credentials_fault(user, password) if at else None
    if fault:
        return fault
    host, port = _host_and_port(authority)
    return MailServer(
        host, port or _PORTS[scheme], scheme == "smtps", unquote(user), unquote(password)
    )


def deliverable(address: str) -> str | None:
    """The address as a mail server is told it, or None when it could be read in two ways.

    A directory takes more for an address than this. What has commas, brackets or quotes could reach
    somebody else than the person, so nothing is sent there (R-82).
    """
    local, at, domain = address.rpartition("@")
    if not at or len(address) > _MAX_ADDRESS or len(local) > _MAX_LOCAL:
        return None
    if not all(_is_atom(part) for part in local.split(".")):
        return None
    try:
        known = domain.encode("idna").decode()
    except UnicodeError:
        return None
    if set(known) & _SPECIAL or page_uri_fault(f"https://{known}"):
        return None
    return f"{local}@{known}"


def _credentials_fault(user: str, password: str) -> Fault | None:
    if not user or not password:
        return Fault(
            "has a user name or a password, and not both",
            "Write both as user:password, or leave out everything up to the @.",
        )
    if _SPECIAL & {*user, *password} or _ESCAPE.search(user + " " + password):
        return Fault(
            "has a special character in user name or password",
            "Write it as %XX: @ as %40, : as %3A, / as %2F, # as %23, ? as %3F, % as %25.",
        )
    if not all(_CREDENTIALS.match(unquote(text)) for text in (user, password)):
        return Fault(
            "has a user name or password with blanks or characters beyond ASCII",
            "Mail servers agree on none of these; choose others.",
        )
    return None


def _host_and_port(authority: str) -> tuple[str, int]:
    host, colon, port = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        host, port = authority, ""
    return host.strip("[]").lower(), int(port or 0)


def _is_atom(text: str) -> bool:
    return bool(text) and all(c.isalnum() or c in _ATOM_MARKS for c in text)
