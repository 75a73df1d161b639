"""Passkeys: what a browser's answer proves. The only file that speaks to the webauthn library.

The steps are sections 7.1 and 7.2 of W3C Web Authentication, and the library takes them. Before it,
this file reads the JSON, bounds its size, and lets through only CBOR of the kinds that
authenticators write. After it, the caller has to remember the counter.

We ask for no attestation and believe none: a statement is put aside unread, so that no certificate
of a stranger is ever parsed.
"""

from collections.abc import Callable
from typing import Literal, TypeVar

import msgspec
from msgspec import Struct, field

from gatepost.model.base64url import decoded
from gatepost.model.sign_ins import PASSKEY_ALGORITHMS, NewPasskey

MAX_ANSWER = 16 * 1024
MAX_CREDENTIAL_ID = 1023  # W3C Web Authentication, section 7.1, the step of the credential id
MIN_CHALLENGE = 16

# Authenticator data, section 6.1: 32 bytes of hash, flags, counter; then, by a flag, the credential
_FLAGS, _HEAD, _AAGUID = 32, 37, 16
_ATTESTED, _EXTENDED = 0x40, 0x80

# The heads of CBOR items, RFC 8949 section 3
_STRINGS, _ARRAY, _MAP, _TAG = {2, 3}, 4, 5, 6
_LENGTHS = {24: 1, 25: 2, 26: 4, 27: 8}
_MAX_LOW = 27


class _Created(Struct, frozen=True):
    """The `response` of navigator.credentials.create(), in base64url."""

    client_data: str = field(name="clientDataJSON")
    attestation_object: str = field(name="attestationObject")


class _Signed(Struct, frozen=True):
    """The `response` of navigator.credentials.get(), in base64url."""

    client_data: str = field(name="clientDataJSON")
    authenticator_data: str = field(name="authenticatorData")
    signature: str


class _Answer(Struct, frozen=True):
    """What toJSON() of a browser's PublicKeyCredential gives; other members are not looked at."""

    id: str
    raw_id: str = field(name="rawId")
    type: Literal["public-key"]


class _Attestation(_Answer, frozen=True):
    response: _Created


class _Assertion(_Answer, frozen=True):
    response: _Signed


class _ClientData(Struct, frozen=True):
    """The one member of the browser's own words that the library does not look at."""

    cross_origin: bool = field(name="crossOrigin", default=False)


_A = TypeVar("_A", bound=_Answer)
_T = TypeVar("_T")


class WebAuthnPasskeys:
    """`ports.PasskeyVerifier` for one relying party at one origin; the person must be verified."""

    def __init__(self, rp_id: str, origin: str) -> None:
        self._rp_id = rp_id
        self._origin = origin

    def registered(self, attestation: str, challenge: str) -> NewPasskey | None:
        """The credential that a browser made for this challenge, or None."""
        return _proven(lambda: self._registered(attestation, challenge))

    def asserted(
        self, assertion: str, challenge: str, public_key: bytes, sign_count: int
    ) -> int | None:
        """The new counter, or None. It must have grown, unless the passkey does not count."""
        return _proven(lambda: self._asserted(assertion, challenge, public_key, sign_count))

    def credential_id(self, assertion: str) -> str | None:
        """Which passkey an answer claims to be of; this proves nothing yet."""
        return _proven(lambda: _read(assertion, _Assertion).id)

    def _registered(self, attestation: str, challenge: str) -> NewPasskey:
        import webauthn.helpers as lib  # noqa: PLC0415  (slow to import, seldom needed)
        from webauthn import verify_registration_response  # noqa: PLC0415  (the same)

        answer = _read(attestation, _Attestation)
        response = lib.structs.AuthenticatorAttestationResponse(
            client_data_json=_client_data(answer.response.client_data),
            attestation_object=_without_statement(_octets(answer.response.attestation_object)),
        )
        verified = verify_registration_response(
            credential=lib.structs.RegistrationCredential(
                id=answer.id, raw_id=_octets(answer.raw_id), response=response
            ),
            expected_challenge=_challenge(challenge),
            expected_rp_id=self._rp_id,
            expected_origin=self._origin,
            require_user_verification=True,
            supported_pub_key_algs=[
                lib.cose.COSEAlgorithmIdentifier(name) for name in PASSKEY_ALGORITHMS
            ],
        )
        if verified.credential_id != _octets(answer.id):
            raise ValueError("the browser and its authenticator name different credentials")
        # the library does not look whether the key is one before it is first used
        key = lib.decode_credential_public_key(verified.credential_public_key)
        lib.decoded_public_key_to_cryptography(key)
        return NewPasskey(answer.id, verified.credential_public_key, verified.sign_count)

    def _asserted(self, assertion: str, challenge: str, public_key: bytes, sign_count: int) -> int:
        import webauthn.helpers as lib  # noqa: PLC0415  (slow to import, seldom needed)
        from webauthn import verify_authentication_response  # noqa: PLC0415  (the same)

        answer = _read(assertion, _Assertion)
        response = lib.structs.AuthenticatorAssertionResponse(
            client_data_json=_client_data(answer.response.client_data),
            authenticator_data=_plain_data(_octets(answer.response.authenticator_data)),
            signature=_octets(answer.response.signature),
        )
        verified = verify_authentication_response(
            credential=lib.structs.AuthenticationCredential(
                id=answer.id, raw_id=_octets(answer.raw_id), response=response
            ),
            expected_challenge=_challenge(challenge),
            expected_rp_id=self._rp_id,
            expected_origin=self._origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
        return verified.new_sign_count


def _proven(prove: Callable[[], _T]) -> _T | None:
    """What is proven, or None for an answer with anything wrong in it."""
    try:
        return prove()
    except ImportError:  # a broken installation is nobody's answer
        raise
    except Exception:  # noqa: BLE001  (a stranger's bytes: the parsers below raise what they like)
        return None


def _read(text: str, form: type[_A]) -> _A:
    """The answer in its form, within the size that authenticators need, naming one credential."""
    if len(text) > MAX_ANSWER:
        raise ValueError("longer than any answer")
    answer = msgspec.json.decode(text, type=form)
    if answer.id != answer.raw_id or not 0 < len(_octets(answer.id)) <= MAX_CREDENTIAL_ID:
        raise ValueError("no credential id")
    return answer


def _octets(text: str) -> bytes:
    octets = decoded(text)
    if octets is None:
        raise ValueError("not base64url")
    return octets


def _challenge(text: str) -> bytes:
    """The challenge. An empty one, from a row that has none, must not be there to be matched."""
    octets = _octets(text)
    if len(octets) < MIN_CHALLENGE:
        raise ValueError("no challenge")
    return octets


def _client_data(text: str) -> bytes:
    """What the browser says of the page that asked: it must not have been in a stranger's frame."""
    octets = _octets(text)
    if msgspec.json.decode(octets, type=_ClientData).cross_origin:
        raise ValueError("asked from within a page of another origin")
    return octets


def _without_statement(attestation_object: bytes) -> bytes:
    """The same object with the format "none": its data stay, what vouches for them goes."""
    import webauthn.helpers as lib  # noqa: PLC0415  (slow to import, seldom needed)

    _demand_end(attestation_object, _item_end(attestation_object, 0))
    data = lib.parse_cbor(attestation_object)["authData"]
    return lib.encode_cbor({"fmt": "none", "attStmt": {}, "authData": _plain_data(data)})


def _plain_data(data: object) -> bytes:
    """The authenticator data, once the key and the extensions in it are seen to be plain."""
    import webauthn.helpers as lib  # noqa: PLC0415  (slow to import, seldom needed)

    if not isinstance(data, bytes) or len(data) < _HEAD:
        raise ValueError("no authenticator data")
    at = _HEAD
    if data[_FLAGS] & _ATTESTED:
        at += _AAGUID
        at += 2 + int.from_bytes(data[at : at + 2], "big")
        key = data[at : _item_end(data, at)]
        # the library finds the end of the key by writing it anew, so there must be one spelling
        if lib.encode_cbor(lib.parse_cbor(key)) != key:
            raise ValueError("a key in another than its canonical form")
        at += len(key)
    if data[_FLAGS] & _EXTENDED:
        at = _item_end(data, at)
    _demand_end(data, at)
    return data


def _demand_end(octets: bytes, at: int) -> None:
    if at != len(octets):
        raise ValueError("ends too early or too late")


def _item_end(octets: bytes, at: int) -> int:
    """Where one CBOR item ends, which has nothing in it that no authenticator writes.

    CTAP 2 (section 8) forbids tags and open lengths. A tag may say "the same value again", and the
    library writes out what it has read: two hundred bytes would become gigabytes, and no signature
    is looked at before. What an array or map holds follows it, so a count does instead of a stack.
    """
    due = 1
    while due:
        major, low = octets[at] >> 5, octets[at] & 0x1F
        if major == _TAG or low > _MAX_LOW:
            raise ValueError("no CBOR of an authenticator")
        size = _LENGTHS.get(low, 0)
        at += 1 + size
        value = int.from_bytes(octets[at - size : at], "big") if size else low
        if major in _STRINGS:
            at += value
        due += {_ARRAY: value, _MAP: 2 * value}.get(major, 0) - 1
        if due > len(octets) - at:
            raise ValueError("promises more than it holds")
    return at
