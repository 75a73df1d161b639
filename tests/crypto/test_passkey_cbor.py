"""What passkeys say in CBOR, looked at before the library reads it and writes it out again."""

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.crypto import passkeys
from gatepost.crypto.passkeys import WebAuthnPasskeys
from tests.authenticator import Authenticator, new_challenge

CHALLENGE = new_challenge()
VERIFIER = WebAuthnPasskeys(Authenticator.rp_id, Authenticator.origin)


def again(levels: int) -> bytes:
    """CBOR of six bytes a level: arrays of two items, of which the second is "the first again"."""
    backwards = range(levels, 0, -1)
    return (
        b"\xd8\x1c\x82" * levels
        + b"\xd8\x1c\x80"
        + b"".join(b"\xd8\x1d" + cbor2.dumps(index) for index in backwards)
    )


def test_data_that_would_be_written_out_without_end_are_not_read() -> None:
    """A few bytes that say "the same again" would keep the library busy for hours."""
    assert len(cbor2.dumps(cbor2.loads(again(8)))) > 2**8
    passkey = Authenticator(extensions=again(40))
    with pytest.raises(ValueError, match="no CBOR"):
        passkeys._plain_data(passkey.authenticator_data())
    assert VERIFIER.asserted(passkey.assertion(CHALLENGE), CHALLENGE, passkey.public_key, 0) is None
    assert VERIFIER.registered(passkey.attestation(CHALLENGE), CHALLENGE) is None
    stated = Authenticator(statement=cbor2.CBORTag(28, {}))
    assert VERIFIER.registered(stated.attestation(CHALLENGE), CHALLENGE) is None


def test_a_key_does_not_hide_where_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Zeros in nine bytes each, where one does, move the library back into the string."""
    bomb = again(40)
    bomb += bytes(-len(bomb) % 8)
    zeros = len(bomb) // 8
    wide = cbor2.dumps(list(range(zeros)))[:2] + (b"\x1b" + bytes(8)) * zeros
    key = b"\xa7" + Authenticator().public_key[1:] + b"\x08" + wide + b"\x09" + cbor2.dumps(bomb)
    assert len(key) - len(cbor2.dumps(cbor2.loads(key))) == len(bomb)
    monkeypatch.setattr(Authenticator, "public_key", key)
    passkey = Authenticator(extensions=b"\xa0")
    with pytest.raises(ValueError, match="canonical"):
        passkeys._plain_data(passkey.authenticator_data(passkey.credential))
    assert VERIFIER.registered(passkey.attestation(CHALLENGE), CHALLENGE) is None


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\xbf\xff",
        b"\x9f\xff",
        b"\x5f\xff",
        b"\xff",
        b"\x1c",
        b"\xc0\x00",
        b"\x9b" + b"\xff" * 8,
        b"\xbb" + b"\xff" * 8,
        b"\x5b" + b"\xff" * 8,
        b"\x82\x00",
        b"\x19\x00",
    ],
)
def test_no_cbor_of_an_authenticator(octets: bytes) -> None:
    with pytest.raises((ValueError, IndexError)):
        passkeys._item_end(octets, 0)


PLAIN = st.recursive(
    st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.floats() | st.binary() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(PLAIN, st.binary())
def test_the_end_of_an_item_is_where_it_ends(value: object, rest: bytes) -> None:
    octets = cbor2.dumps(value)
    assert passkeys._item_end(octets + rest, 0) == len(octets)
