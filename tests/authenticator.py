"""A passkey in software: answers a challenge with the JSON that a browser would send.

Each knob is a field, so `dataclasses.replace(passkey, origin=…)` is the same key in other hands.
"""

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

ES256, EDDSA, RS256 = -7, -8, -257

PRESENT, VERIFIED, ATTESTED, EXTENDED = 0x01, 0x04, 0x40, 0x80

Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def base64url(octets: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def new_challenge() -> str:
    """A challenge as a server makes it."""
    return base64url(os.urandom(32))


def new_key(algorithm: int = ES256) -> Key:
    """A private key for a COSE algorithm."""
    if algorithm == ES256:
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == EDDSA:
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, 2048)


@dataclass
class Authenticator:
    """One credential of one person, and the browser that it is used in."""

    rp_id: str = "localhost"
    origin: str = "http://localhost:8080"
    cross_origin: bool = False
    user_present: bool = True
    user_verified: bool = True
    user_handle: bytes = b"person"
    counter: int = 0
    step: int = 1
    """What an answer adds to the counter; 0 is a passkey that is copied between devices."""
    format: str = "none"
    statement: Any = field(default_factory=dict)
    extensions: bytes = b""
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    key: Key = field(default_factory=new_key)

    @property
    def id(self) -> str:
        """The credential id, as it stands in answers."""
        return base64url(self.credential_id)

    @property
    def public_key(self) -> bytes:
        """The public key in COSE form."""
        return cbor2.dumps(_cose(self.key))

    def attestation(self, challenge: str) -> str:
        """The answer to navigator.credentials.create()."""
        data = self.authenticator_data(self.credential)
        attested = {"fmt": self.format, "attStmt": self.statement, "authData": data}
        return self.answer(
            clientDataJSON=self.client_data("webauthn.create", challenge),
            attestationObject=cbor2.dumps(attested),
        )

    def assertion(self, challenge: str) -> str:
        """The answer to navigator.credentials.get()."""
        self.counter += self.step
        client_data = self.client_data("webauthn.get", challenge)
        data = self.authenticator_data()
        return self.answer(
            clientDataJSON=client_data,
            authenticatorData=data,
            signature=self.sign(data + hashlib.sha256(client_data).digest()),
            userHandle=self.user_handle,
        )

    def answer(self, **response: bytes) -> str:
        """What toJSON() of a browser's PublicKeyCredential gives for this response."""
        return json.dumps(
            {
                "id": self.id,
                "rawId": self.id,
                "type": "public-key",
                "authenticatorAttachment": "platform",
                "clientExtensionResults": {},
                "response": {name: base64url(value) for name, value in response.items()},
            }
        )

    def client_data(self, kind: str, challenge: str) -> bytes:
        """What the browser says of the page that asked."""
        said = {
            "type": kind,
            "challenge": challenge,
            "origin": self.origin,
            "crossOrigin": self.cross_origin,
        }
        return json.dumps(said, separators=(",", ":")).encode()

    def authenticator_data(self, credential: bytes = b"") -> bytes:
        """What the authenticator says: for whom, whether it saw and knew the person, its count."""
        flags = (
            PRESENT * self.user_present
            | VERIFIED * self.user_verified
            | ATTESTED * bool(credential)
            | EXTENDED * bool(self.extensions)
        )
        rp = hashlib.sha256(self.rp_id.encode()).digest()
        head = rp + bytes([flags]) + self.counter.to_bytes(4, "big")
        return head + credential + self.extensions

    @property
    def credential(self) -> bytes:
        """The attested credential data: no maker's name, the id and the public key."""
        return (
            bytes(16)
            + len(self.credential_id).to_bytes(2, "big")
            + self.credential_id
            + self.public_key
        )

    def sign(self, octets: bytes) -> bytes:
        """A signature by the credential's key."""
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return self.key.sign(octets, ec.ECDSA(SHA256()))
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return self.key.sign(octets)
        return self.key.sign(octets, padding.PKCS1v15(), SHA256())


def _cose(key: Key) -> dict[int, Any]:
    """The public key's COSE parameters (RFC 9053, RFC 8230)."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        point = key.public_key().public_numbers()
        return {1: 2, 3: ES256, -1: 1, -2: _octets(point.x, 32), -3: _octets(point.y, 32)}
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return {1: 1, 3: EDDSA, -1: 6, -2: key.public_key().public_bytes_raw()}
    numbers = key.public_key().public_numbers()
    return {1: 3, 3: RS256, -1: _octets(numbers.n, 256), -2: _octets(numbers.e, 3)}


def _octets(number: int, size: int) -> bytes:
    return number.to_bytes(size, "big")
