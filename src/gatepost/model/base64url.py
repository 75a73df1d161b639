"""Octets as base64url without padding, strictly: each value has one spelling (RFC 7515, 2)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode


def encoded(octets: bytes) -> str:
    """The octets as text."""
    return urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def decoded(text: str) -> bytes | None:
    """The octets, or None for whatever encoding would not give back."""
    try:
        octets = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:  # which an error of ASCII or of base64 is too
        return None
    return octets if encoded(octets) == text else None
