"""Octets as base64url without padding, strictly: each value has one spelling (RFC 7515, 2)."""

from base64 import urlsafe_b64decode
from binascii import b2a_base64

_URL = bytes.maketrans(b"+/", b"-_")


def encoded(octets: bytes) -> str:
    """The octets as text."""
    return encoded_bytes(octets).decode("ascii")


def encoded_bytes(octets: bytes) -> bytes:
    """The same text, as the bytes that it is sent in."""
    return b2a_base64(octets, newline=False).rstrip(b"=").translate(_URL)


def decoded(text: str) -> bytes | None:
    """The octets, or None for whatever encoding would not give back."""
    try:
        octets = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:  # which an error of ASCII or of base64 is too
        return None
    return octets if encoded(octets) == text else None
