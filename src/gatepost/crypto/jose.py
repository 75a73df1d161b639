"""Signed tokens by hand on `cryptography`: one maker, one verifier (security.md R-30, D-03, D-08).

A key carries its one algorithm. The verifier finds the key by `kid` among the keys it is given and
nowhere else, takes the algorithm from the key and not from the token, and has no HMAC in it.
Form and algorithms are in `compact`.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from gatepost.crypto import compact
from gatepost.crypto.compact import ECDSA, P256_SIZE, RSA_PADDING, Check
from gatepost.crypto.sealing import SealBroken, Sealer
from gatepost.model import base64url
from gatepost.model.base64url import encoded_bytes as _encoded
from gatepost.model.keys import Algorithm, SigningKey
from gatepost.model.shelf import Shelf

HEADER_NAMES = frozenset({"alg", "kid", "typ"})

_PUBLIC_EXPONENT = 65537
_KEPT = 32

_PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
_Sign = Callable[[bytes], bytes]


class Jose:
    """`ports.Signer` with private keys under a seal."""

    def __init__(self, sealer: Sealer, rsa_bits: int = 2048) -> None:
        self._sealer = sealer
        self._rsa_bits = rsa_bits
        self._signs: Shelf[tuple[str, Algorithm, str], tuple[bytes, _Sign]] = Shelf(_KEPT)
        self._checks: Shelf[tuple[str, Algorithm], Check] = Shelf(_KEPT)

    def generate(self, algorithm: Algorithm, created_at: datetime) -> SigningKey:
        """A new pair; the public part carries its RFC 7638 thumbprint as `kid`."""
        private = self._new_private(algorithm)
        members = _public_members(private)
        kid = _thumbprint(members)
        plain = private.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return SigningKey(
            kid=kid,
            algorithm=algorithm,
            public_jwk={**members, "kid": kid, "use": "sig", "alg": algorithm},
            sealed_private=self._sealer.seal(plain, _place(kid, algorithm)),
            created_at=created_at,
            active_from=created_at,
        )

    def sign(self, key: SigningKey, token_type: str, payload: bytes) -> str:
        """The payload under a header of exactly alg, kid and typ."""
        name = (key.kid, key.algorithm, token_type)
        prepared = self._signs.find(name)
        if prepared is None:
            prepared = self._signs.keep(name, (_header(key, token_type), self._prepared_sign(key)))
        header, sign = prepared
        signed = header + b"." + _encoded(payload)
        return (signed + b"." + _encoded(sign(signed))).decode("ascii")

    def verify(self, keys: Sequence[SigningKey], token_type: str, token: str) -> bytes | None:
        """The payload, or None whatever is wrong; the signature is looked at last."""
        opened = compact.opened(token)
        if opened is None:
            return None
        key = _key_for(_header_members(opened.head), keys, token_type)
        if key is None:
            return None
        name = (key.kid, key.algorithm)
        check = self._checks.find(name)
        if check is None:
            made = compact.prepared_check(key.algorithm, key.public_jwk)
            check = self._checks.keep(name, made)
        return opened.payload if compact.is_signed(opened, check) else None

    def resealed(self, kid: str, algorithm: Algorithm, sealed_private: bytes) -> bytes | None:
        """A private key sealed anew under the master key in use; None where the seal is broken."""
        place = _place(kid, algorithm)
        try:
            return self._sealer.seal(self._sealer.open(sealed_private, place), place)
        except SealBroken:
            return None

    def _new_private(self, algorithm: Algorithm) -> _PrivateKey:
        if algorithm == "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        return rsa.generate_private_key(_PUBLIC_EXPONENT, self._rsa_bits)

    def _prepared_sign(self, key: SigningKey) -> _Sign:
        plain = self._sealer.open(key.sealed_private, _place(key.kid, key.algorithm))
        private = serialization.load_der_private_key(plain, password=None)
        if isinstance(private, rsa.RSAPrivateKey):
            pad = RSA_PADDING[key.algorithm]
            return partial(private.sign, padding=pad, algorithm=SHA256())
        if isinstance(private, ec.EllipticCurvePrivateKey):
            return lambda signed: _raw(private.sign(signed, ECDSA))
        raise TypeError(f"the key {key.kid} is of no kind that Gatepost makes")


def _place(kid: str, algorithm: Algorithm) -> bytes:
    return f"signing-key {algorithm} {kid}".encode()


def _public_members(private: _PrivateKey) -> dict[str, str]:
    """The members that make the key, in the lexicographic order that RFC 7638 hashes."""
    if isinstance(private, rsa.RSAPrivateKey):
        numbers = private.public_key().public_numbers()
        return {"e": _number(numbers.e), "kty": "RSA", "n": _number(numbers.n)}
    point = private.public_key().public_numbers()
    return {
        "crv": "P-256",
        "kty": "EC",
        "x": base64url.encoded(point.x.to_bytes(P256_SIZE, "big")),
        "y": base64url.encoded(point.y.to_bytes(P256_SIZE, "big")),
    }


def _thumbprint(members: dict[str, str]) -> str:
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True)
    return base64url.encoded(hashlib.sha256(canonical.encode()).digest())


def _header(key: SigningKey, token_type: str) -> bytes:
    members = {"alg": key.algorithm, "kid": key.kid, "typ": token_type}
    return _encoded(json.dumps(members, separators=(",", ":")).encode())


def _header_members(head: bytes) -> dict[str, str]:
    """The header, or nothing at all when it is not exactly ours in form (R-31)."""
    members = compact.header_members(head)
    return members if members.keys() == HEADER_NAMES else {}


def _key_for(
    header: dict[str, str], keys: Sequence[SigningKey], token_type: str
) -> SigningKey | None:
    if not header or header["typ"] != token_type:
        return None
    for key in keys:
        if key.kid == header["kid"]:
            return key if key.algorithm == header["alg"] else None
    return None


def _raw(der: bytes) -> bytes:
    """r and s side by side, as RFC 7518 section 3.4 wants them."""
    r, s = decode_dss_signature(der)
    return r.to_bytes(P256_SIZE, "big") + s.to_bytes(P256_SIZE, "big")


def _number(value: int) -> str:
    return base64url.encoded(value.to_bytes((value.bit_length() + 7) // 8, "big"))
