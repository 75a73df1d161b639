"""The form of a generated client secret: a prefix for scanners, 256 random bits, a checksum.

The alphabet is URL-safe, because sample applications paste secrets unencoded into form bodies.
"""

import zlib
from base64 import urlsafe_b64encode

PREFIX = "gps_"
MAX_LENGTH = 256
_CHECK_LENGTH = 6


def compose(random_text: str) -> str:
    """The secret around random text: recognisable to scanners, with a checksum at the end."""
    body = PREFIX + random_text
    return body + _checksum(body)


def is_well_formed(value: str) -> bool:
    """Whether the text has the form of a secret that this product generates."""
    body, check = value[:-_CHECK_LENGTH], value[-_CHECK_LENGTH:]
    return value.startswith(PREFIX) and _checksum(body) == check


def _checksum(body: str) -> str:
    digest = zlib.crc32(body.encode()).to_bytes(4, "big")
    return urlsafe_b64encode(digest).decode().rstrip("=")
