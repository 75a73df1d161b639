"""Signed tokens by hand on `cryptography`: one maker, one verifier (security.md R-30, D-03, D-08).

A key carries its one algorithm. The verifier finds the key by `kid` among the keys it is given and
nowhere else, takes the algorithm from the key and not from the token, and has no HMAC in it.
JWS compact form is RFC 7515 section 7.1; the algorithms are RFC 7518 sections 3.3 to 3.5.
"""

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256

from gatepost.crypto.sealing import Sealer
from gatepost.model.keys import Algorithm, SigningKey

MAX_TOKEN = 8192
HEADER_NAMES = frozenset({"alg", "kid", "typ"})

_PARTS = 3
_PUBLIC_EXPONENT = 65537
_P256_SIZE = 32
_KEPT = 32
_ECDSA = ec.ECDSA(SHA256())
_RSA_PADDING: dict[Algorithm, padding.AsymmetricPadding] = {
    "RS256": padding.PKCS1v15(),
    "PS256": padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=SHA256.digest_size),
}

_PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
_Sign = Callable[[bytes], bytes]
_Check = Callable[[bytes, bytes], None]
_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class Jose:
    """`ports.Signer` with private keys under a seal."""

    def __init__(self, sealer: Sealer, rsa_bits: int = 2048) -> None:
        self._sealer = sealer
        self._rsa_bits = rsa_bits
        self._signs: _Shelf[tuple[str, Algorithm], _Sign] = _Shelf()
        self._headers: _Shelf[tuple[str, Algorithm, str], bytes] = _Shelf()
        self._checks: _Shelf[tuple[str, Algorithm], _Check] = _Shelf()

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
        name = (key.kid, key.algorithm)
        sign = self._signs.get(name, lambda: self._prepared_sign(key))
        header = self._headers.get((*name, token_type), lambda: _header(key, token_type))
        signed = header + b"." + _encoded(payload)
        return (signed + b"." + _encoded(sign(signed))).decode("ascii")

    def verify(self, keys: Sequence[SigningKey], token_type: str, token: str) -> bytes | None:
        """The payload, or None whatever is wrong; the signature is looked at last."""
        if len(token) > MAX_TOKEN or not token.isascii():
            return None
        parts = token.split(".", _PARTS)
        if len(parts) != _PARTS:
            return None
        head, payload, signature = (_decoded(part) for part in parts)
        if head is None or payload is None or signature is None:
            return None
        key = _key_for(_header_members(head), keys, token_type)
        if key is None:
            return None
        check = self._checks.get((key.kid, key.algorithm), lambda: _prepared_check(key))
        try:
            check(signature, token.rpartition(".")[0].encode("ascii"))
        except InvalidSignature:
            return None
        return payload

    def _new_private(self, algorithm: Algorithm) -> _PrivateKey:
        if algorithm == "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        return rsa.generate_private_key(_PUBLIC_EXPONENT, self._rsa_bits)

    def _prepared_sign(self, key: SigningKey) -> _Sign:
        plain = self._sealer.open(key.sealed_private, _place(key.kid, key.algorithm))
        private = serialization.load_der_private_key(plain, password=None)
        if isinstance(private, rsa.RSAPrivateKey):
            pad = _RSA_PADDING[key.algorithm]
            return lambda signed: private.sign(signed, pad, SHA256())
        if isinstance(private, ec.EllipticCurvePrivateKey):
            return lambda signed: _raw(private.sign(signed, _ECDSA))
        raise TypeError(f"the key {key.kid} is of no kind that Gatepost makes")


class _Shelf(Generic[_K, _V]):
    """A few prepared things by name; the oldest makes room for the newest."""

    def __init__(self) -> None:
        self._kept: dict[_K, _V] = {}
        self._lock = threading.Lock()

    def get(self, name: _K, make: Callable[[], _V]) -> _V:
        found = self._kept.get(name)
        if found is None:
            found = make()
            with self._lock:
                if len(self._kept) >= _KEPT:
                    del self._kept[next(iter(self._kept))]
                self._kept[name] = found
        return found


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
        "x": _text(point.x.to_bytes(_P256_SIZE, "big")),
        "y": _text(point.y.to_bytes(_P256_SIZE, "big")),
    }


def _thumbprint(members: dict[str, str]) -> str:
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True)
    return _text(hashlib.sha256(canonical.encode()).digest())


def _header(key: SigningKey, token_type: str) -> bytes:
    members = {"alg": key.algorithm, "kid": key.kid, "typ": token_type}
    return _encoded(json.dumps(members, separators=(",", ":")).encode())


def _header_members(head: bytes) -> dict[str, str]:
    """The header, or nothing at all when it is not exactly ours in form (R-31)."""
    try:
        # pairs, since a dict would hide that a name stands there twice
        pairs = json.loads(head.decode("utf-8"), object_pairs_hook=list)
        # RecursionError: the header may be thousands of brackets
    except (ValueError, RecursionError):
        return {}
    if not isinstance(pairs, list) or len(pairs) != len(HEADER_NAMES):
        return {}
    if not all(isinstance(pair, tuple) and isinstance(pair[1], str) for pair in pairs):
        return {}
    members: dict[str, str] = dict(pairs)
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


def _prepared_check(key: SigningKey) -> _Check:
    jwk = key.public_jwk
    if key.algorithm == "ES256":
        point = ec.EllipticCurvePublicNumbers(_int(jwk["x"]), _int(jwk["y"]), ec.SECP256R1())
        ec_public = point.public_key()
        return lambda signature, signed: ec_public.verify(_der(signature), signed, _ECDSA)
    pad = _RSA_PADDING[key.algorithm]
    rsa_public = rsa.RSAPublicNumbers(_int(jwk["e"]), _int(jwk["n"])).public_key()
    return lambda signature, signed: rsa_public.verify(signature, signed, pad, SHA256())


def _raw(der: bytes) -> bytes:
    """r and s side by side, as RFC 7518 section 3.4 wants them."""
    return b"".join(part.to_bytes(_P256_SIZE, "big") for part in decode_dss_signature(der))


def _der(signature: bytes) -> bytes:
    if len(signature) != 2 * _P256_SIZE:
        raise InvalidSignature
    r, s = signature[:_P256_SIZE], signature[_P256_SIZE:]
    return encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))


def _encoded(octets: bytes) -> bytes:
    return base64.urlsafe_b64encode(octets).rstrip(b"=")


def _decoded(part: str) -> bytes | None:
    """Strict base64url: only what encoding would give back, so each value has one spelling."""
    text = part.encode("ascii")
    try:
        octets = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except ValueError:
        return None
    return octets if _encoded(octets) == text else None


def _text(octets: bytes) -> str:
    return _encoded(octets).decode("ascii")


def _number(value: int) -> str:
    return _text(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _int(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")
