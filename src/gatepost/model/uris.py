"""The addresses that a client registers, by a strict grammar of our own (security.md R-04, D-09).

Each function returns what is wrong with the text, as a `Fault` with the mend, or None. Nothing
is normalised: a registered address is compared byte for byte, so it is kept byte for byte.
"""

import ipaddress
import re
from typing import NamedTuple

MAX_LENGTH = 2000
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})

_ALLOWED = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?[]@!$&'()+,;=%"
)
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\Z")
_PRIVATE_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+\Z")
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NUMERIC = re.compile(r"(?:[0-9]+|0[xX][0-9A-Fa-f]*)\Z")  # browsers read such a host as IPv4
_PORT = re.compile(r"[1-9][0-9]{0,4}\Z")
_MAX_PORT = 65535
_MAX_HOST = 253


class Fault(NamedTuple):
    """What is wrong with an address, and what to write instead."""

    problem: str
    mend: str


_USER_NAME = Fault("has a user name before its host", "Leave out everything up to the @.")


def redirect_uri_fault(uri: str) -> Fault | None:
    """A redirect or logout address: https, http on loopback, or a private-use scheme (RFC 8252)."""
    fault = _character_fault(uri)
    if fault:
        return fault
    scheme, colon, rest = uri.partition(":")
    if not colon:
        return Fault("has no scheme", "Write it in full, for example https://app.example.com/cb.")
    if scheme in {"https", "http"}:
        return _web_fault(scheme, rest)
    if _PRIVATE_SCHEME.match(scheme):
        if rest.startswith("//") and "@" in re.split(r"[/?]", rest[2:], maxsplit=1)[0]:
            return _USER_NAME
        if rest.lstrip("/"):
            return None
        return Fault("has nothing after its scheme", f"Add a path, for example {scheme}:/callback.")
    return Fault(
        f"has the scheme {scheme[:40]}, which is not allowed",
        "Use https, http on localhost, 127.0.0.1 or [::1], or an application's own scheme with a "
        "dot in it, in lower case, such as com.example.app:/callback.",
    )


def logout_uri_fault(uri: str) -> Fault | None:
    """Where a client is told of a sign-out: https, or http on loopback."""
    fault = _character_fault(uri)
    if fault:
        return fault
    scheme, colon, rest = uri.partition(":")
    if colon and scheme in {"https", "http"}:
        return _web_fault(scheme, rest)
    return Fault(
        "is not a web address",
        "Use https, or http on localhost, 127.0.0.1 or [::1], as in https://app.example.com/out.",
    )


def origin_fault(origin: str) -> Fault | None:
    """A CORS origin, exactly as a browser sends it: scheme, host, port where not the default."""
    fault = _character_fault(origin)
    if fault:
        return fault
    scheme, _, rest = origin.partition("://")
    if scheme not in {"https", "http"} or not rest:
        return Fault("is not a web origin", "Write scheme and host, as in https://app.example.com.")
    fault = _web_fault(scheme, "//" + rest)
    if fault:
        return fault
    authority = re.split(r"[/?]", rest, maxsplit=1)[0]
    default_port = {"https": ":443", "http": ":80"}[scheme]
    wanted = f"{scheme}://{authority.lower().removesuffix(default_port)}"
    if origin != wanted:
        return Fault("is not in the form in which browsers send an origin", f"Write {wanted}.")
    return None


def page_uri_fault(uri: str) -> Fault | None:
    """A link shown to people (ClientUri, LogoUri): http or https, never fetched by the server."""
    fault = _character_fault(uri.replace("#", "", 1))
    if fault:
        return fault
    scheme, _, rest = uri.partition(":")
    if scheme not in {"https", "http"} or not rest.startswith("//"):
        return Fault("is not a web address", "Write it in full, as in https://app.example.com/.")
    return _authority_fault(re.split(r"[/?#]", rest[2:], maxsplit=1)[0])


def _character_fault(uri: str) -> Fault | None:
    if len(uri) > MAX_LENGTH:
        return Fault(f"is longer than {MAX_LENGTH} characters", "Use a shorter address.")
    if "#" in uri:
        return Fault("has a fragment (#)", "Leave out the # and what follows it.")
    if "*" in uri:
        return Fault(
            "has a wildcard (*), and addresses are compared exactly",
            "List each address in full; up to ten are allowed.",
        )
    for character in uri:
        if character not in _ALLOWED:
            return Fault(
                f"has the character U+{ord(character):04X}, which may not stand in an address",
                "Percent-encode it, or write an international host name in its xn-- form.",
            )
    if _ESCAPE.search(uri):
        return Fault("has a % that starts no escape", "Write a literal % as %25.")
    return None


def _web_fault(scheme: str, rest: str) -> Fault | None:
    if not rest.startswith("//"):
        return Fault("has no host", f"Write {scheme}:// and a host name.")
    authority, _, path = re.split(r"([/?])", rest[2:] + "/", maxsplit=1)
    fault = _authority_fault(authority)
    if fault:
        return fault
    host = _split_port(authority)[0]
    if scheme == "http" and host not in LOOPBACK_HOSTS:
        return Fault(
            "uses http on a host that is not this machine",
            "Use https; http is allowed on localhost, 127.0.0.1 and [::1] only.",
        )
    if any(_is_dots(segment) for segment in re.split(r"[/?]", path)):
        return Fault("has a . or .. step in its path", "Write the path without such steps.")
    return None


def _is_dots(segment: str) -> bool:
    return segment.lower().replace("%2e", ".") in {".", ".."}


def _authority_fault(authority: str) -> Fault | None:
    if "@" in authority:
        return _USER_NAME
    host, port = _split_port(authority)
    if port is not None and not (_PORT.match(port) and int(port) <= _MAX_PORT):
        return Fault("has a port that is not a number from 1 to 65535", "Correct the port.")
    if _is_host(host):
        return None
    return Fault("has no valid host name", "Write a host name, an IPv4 address or [IPv6].")


def _split_port(authority: str) -> tuple[str, str | None]:
    if authority.startswith("["):
        host, bracket, tail = authority.partition("]")
        if tail and not tail.startswith(":"):
            return "", None
        return host + bracket, tail[1:] if tail else None
    host, colon, port = authority.partition(":")
    return host, port if colon else None


def _is_host(host: str) -> bool:
    if host.startswith("["):
        try:
            ipaddress.IPv6Address(host[1:-1])
        except ValueError:
            return False
        return host.endswith("]") and "%" not in host
    labels = host.split(".")
    if len(host) > _MAX_HOST or not all(_LABEL.match(label) for label in labels):
        return False
    if not _NUMERIC.match(labels[-1]):
        return True
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True
