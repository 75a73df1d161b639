"""The compact form of signed tokens and their three algorithms, for our own and foreign keys.

The form is RFC 7515 section 7.1, read strictly; the algorithms are RFC 7518 sections 3.3 to 3.5.
There is no HMAC here, and no key comes out of a token.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from gatepost.model import base64url
from gatepost.model.keys import Algorithm

MAX_TOKEN = 8192
P256_SIZE = 32
ECDSA = ec.ECDSA(SHA256())
RSA_PADDING: dict[Algorithm, padding.AsymmetricPadding] = {
    "RS256": padding.PKCS1v15(),
    "PS256": padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=SHA256.digest_size),
}

_PARTS = 3

Check = Callable[[bytes, bytes], None]
"""Looks at a signature and what it is of; raises InvalidSignature."""


class Opened(NamedTuple):
    """A token taken apart and not verified yet."""

    head: bytes
    payload: bytes
    signature: bytes
    signed: bytes


def opened(token: str) -> Opened | None:
    """The parts of a token, or None when it has not the form; its length is looked at first."""
    if len(token) > MAX_TOKEN or not token.isascii():
        return None
    parts = token.split(".", _PARTS)
    if len(parts) != _PARTS:
        return None
    head, payload, signature = (base64url.decoded(part) for part in parts)
    if head is None or payload is None or signature is None:
        return None
    return Opened(head, payload, signature, token.rpartition(".")[0].encode("ascii"))


def header_members(head: bytes) -> dict[str, str]:
    """The header, or nothing at all when it is no object of texts or has a name twice (R-31)."""
    try:
        # pairs, since a dict would hide that a name stands there twice
        pairs = json.loads(head.decode("utf-8"), object_pairs_hook=list)
        # RecursionError: the header may be thousands of brackets
    except (ValueError, RecursionError):
        return {}
    if not isinstance(pairs, list):
        return {}
    if not all(isinstance(pair, tuple) and isinstance(pair[1], str) for pair in pairs):
        return {}
    members: dict[str, str] = dict(pairs)
    return members if len(members) == len(pairs) else {}


def prepared_check(algorithm: Algorithm, jwk: Mapping[str, Any]) -> Check:
    """The check of one algorithm with one public key, which must fit it."""
    if algorithm == "ES256":
        point = ec.EllipticCurvePublicNumbers(_int(jwk["x"]), _int(jwk["y"]), ec.SECP256R1())
        ec_public = point.public_key()
        return lambda signature, signed: ec_public.verify(_der(signature), signed, ECDSA)
    pad = RSA_PADDING[algorithm]
    rsa_public = rsa.RSAPublicNumbers(_int(jwk["e"]), _int(jwk["n"])).public_key()
    return lambda signature, signed: rsa_public.verify(signature, signed, pad, SHA256())


def is_signed(token: Opened, check: Check) -> bool:
    """Whether the signature is right."""
    try:
        check(token.signature, token.signed)
    except InvalidSignature:
        return False
    return True


def _der(signature: bytes) -> bytes:
    if len(signature) != 2 * P256_SIZE:
        raise InvalidSignature
    r, s = signature[:P256_SIZE], signature[P256_SIZE:]
    return encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))


def _int(text: str) -> int:
    octets = base64url.decoded(text)
    if octets is None:
        raise ValueError("a member of a key is not base64url")
    return int.from_bytes(octets, "big")
