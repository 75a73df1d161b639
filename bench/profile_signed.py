"""A token by its parts: the claims as JSON, the bare signature, and what stands around it."""

import json
from collections.abc import Callable, Mapping
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from bench.signing import KEY_BITS
from gatepost.crypto.compact import ECDSA, P256_SIZE
from gatepost.model.base64url import encoded_bytes
from gatepost.model.keys import Algorithm, SigningKey
from gatepost.protocol.claims import ACCESS_TOKEN_TYPE

Sign = Callable[[bytes], bytes]


class Way(NamedTuple):
    """How one algorithm signs with a key of its own, and the form that its signatures are sent in.

    The form of RS256 is what comes; ES256 is sent with its two numbers side by side.
    """

    sign: Sign
    form: Sign


class Token(NamedTuple):
    """A token that was signed, in the pieces that it is made of."""

    header: bytes
    payload: bytes
    signed: bytes
    signature: bytes


def ways() -> Mapping[Algorithm, Way]:
    """A fresh key for each of the algorithms that are told."""
    return {"RS256": _rs256(), "ES256": _es256()}


def header(key: SigningKey) -> bytes:
    """The header of an access token that this key signs."""
    members = {"alg": key.algorithm, "kid": key.kid, "typ": ACCESS_TOKEN_TYPE}
    return encoded_bytes(json.dumps(members, separators=(",", ":")).encode())


def token(way: Way, header: bytes, payload: bytes) -> Token:
    """A token of this payload."""
    signed = header + b"." + encoded_bytes(payload)
    return Token(header, payload, signed, way.sign(signed))


def assembled(way: Way, of: Token) -> str:
    """What is done beside the signature: base64, the form of the signature, one text of all."""
    signed = of.header + b"." + encoded_bytes(of.payload)
    return (signed + b"." + encoded_bytes(way.form(of.signature))).decode("ascii")


def _rs256() -> Way:
    key = rsa.generate_private_key(65537, KEY_BITS)
    pad, digest = padding.PKCS1v15(), SHA256()
    return Way(lambda signed: key.sign(signed, pad, digest), lambda signature: signature)


def _es256() -> Way:
    key = ec.generate_private_key(ec.SECP256R1())
    return Way(lambda signed: key.sign(signed, ECDSA), _side_by_side)


def _side_by_side(der: bytes) -> bytes:
    return b"".join(part.to_bytes(P256_SIZE, "big") for part in decode_dss_signature(der))
