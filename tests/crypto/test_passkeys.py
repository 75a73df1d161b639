import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.crypto.passkeys import MAX_ANSWER, MAX_CREDENTIAL_ID, WebAuthnPasskeys
from gatepost.model.sign_ins import PASSKEY_ALGORITHMS
from gatepost.ports import PasskeyVerifier
from tests.authenticator import Authenticator, base64url, new_key

RP_ID, ORIGIN = "id.example.com", "https://id.example.com"
VERIFIER: PasskeyVerifier = WebAuthnPasskeys(RP_ID, ORIGIN)
CHALLENGE, OTHER = base64url(bytes(range(32))), base64url(bytes(32))

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
WRONG_PLACES: list[dict[str, Any]] = [
    {"origin": "https://evil.example.com"},
    {"origin": "http://id.example.com"},
    {"origin": f"{ORIGIN}:8443"},
    {"origin": f"{ORIGIN}/"},
    {"rp_id": "evil.example.com"},
    {"rp_id": "example.com"},
    {"cross_origin": True},
    {"user_verified": False},
    {"user_present": False},
]


def own(**knobs: Any) -> Authenticator:
    """A passkey for this server."""
    return replace(Authenticator(rp_id=RP_ID, origin=ORIGIN), **knobs)


def count(passkey: Authenticator, assertion: str, counter: int = 0) -> int | None:
    """What the verifier says to an answer, knowing the passkey's key."""
    return VERIFIER.asserted(assertion, CHALLENGE, passkey.public_key, counter)


def changed(answer: str, **members: Any) -> str:
    """The answer with other members, some within its response."""
    said = json.loads(answer)
    for name, value in members.items():
        (said["response"] if name in said["response"] else said)[name] = value
    return json.dumps(said)


class TestRegistering:
    @pytest.mark.parametrize("algorithm", PASSKEY_ALGORITHMS)
    def test_gives_what_is_kept(self, algorithm: int) -> None:
        passkey = own(key=new_key(algorithm), counter=7)
        made = VERIFIER.registered(passkey.attestation(CHALLENGE), CHALLENGE)
        assert made == (passkey.id, passkey.public_key, 7)

    @pytest.mark.parametrize("knobs", WRONG_PLACES)
    def test_of_another_place_or_without_the_person_is_refused(self, knobs: dict[str, Any]) -> None:
        assert VERIFIER.registered(own(**knobs).attestation(CHALLENGE), CHALLENGE) is None

    @pytest.mark.parametrize("challenge", [OTHER, "", "AAAA", CHALLENGE + "=", "é" * 32])
    def test_for_another_challenge_is_refused(self, challenge: str) -> None:
        assert VERIFIER.registered(own().attestation(CHALLENGE), challenge) is None

    @pytest.mark.parametrize("challenge", ["", "AAAA", base64url(bytes(15))])
    def test_a_challenge_that_anybody_guesses_is_none(self, challenge: str) -> None:
        assert VERIFIER.registered(own().attestation(challenge), challenge) is None

    def test_an_assertion_is_no_attestation(self) -> None:
        assert VERIFIER.registered(own().assertion(CHALLENGE), CHALLENGE) is None

    @pytest.mark.parametrize(
        ("form", "statement"),
        [
            ("packed", {"alg": -7, "sig": b"not looked at"}),
            ("packed", {"alg": -7, "sig": b"", "x5c": [b"a certificate"]}),
            ("tpm", {"ver": "2.0"}),
            ("none", {"sig": b"of nothing"}),
            ("unheard-of", {}),
        ],
    )
    def test_a_statement_is_put_aside(self, form: str, statement: dict[str, Any]) -> None:
        passkey = own(format=form, statement=statement)
        made = VERIFIER.registered(passkey.attestation(CHALLENGE), CHALLENGE)
        assert made == (passkey.id, passkey.public_key, 0)

    def test_extensions_are_let_be(self) -> None:
        passkey = own(extensions=cbor2.dumps({"credProtect": 2}))
        assert VERIFIER.registered(passkey.attestation(CHALLENGE), CHALLENGE) is not None

    @pytest.mark.parametrize("size", [0, MAX_CREDENTIAL_ID + 1])
    def test_a_credential_id_has_a_size(self, size: int) -> None:
        longest = own(credential_id=bytes(MAX_CREDENTIAL_ID))
        assert VERIFIER.registered(longest.attestation(CHALLENGE), CHALLENGE) is not None
        assert VERIFIER.credential_id(longest.assertion(CHALLENGE)) == longest.id
        other = own(credential_id=bytes(size))
        assert VERIFIER.registered(other.attestation(CHALLENGE), CHALLENGE) is None
        assert VERIFIER.credential_id(other.assertion(CHALLENGE)) is None

    def test_browser_and_authenticator_must_name_the_same_credential(self) -> None:
        answer = changed(own().attestation(CHALLENGE), id=own().id)
        assert VERIFIER.registered(answer, CHALLENGE) is None
        answer = changed(answer, rawId=json.loads(answer)["id"])
        assert VERIFIER.registered(answer, CHALLENGE) is None

    @pytest.mark.parametrize(
        "key",
        [
            {1: 2, 3: -7, -1: 1, -2: bytes(32), -3: bytes(32)},
            {1: 2, 3: -7},
            {1: 2, 3: -35, -1: 2, -2: bytes(48), -3: bytes(48)},
            {1: 3, 3: -65535, -1: b"\xff" * 256, -2: b"\x01\x00\x01"},
            {1: 1, 3: -8, -1: 6, -2: b"short"},
            4,
            [],
        ],
    )
    def test_a_key_that_is_none_is_refused(
        self, key: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Authenticator, "public_key", cbor2.dumps(key))
        assert VERIFIER.registered(own().attestation(CHALLENGE), CHALLENGE) is None


class TestAsserting:
    @pytest.mark.parametrize("algorithm", PASSKEY_ALGORITHMS)
    def test_gives_the_new_counter(self, algorithm: int) -> None:
        passkey = own(key=new_key(algorithm), counter=4)
        made = VERIFIER.registered(passkey.attestation(CHALLENGE), CHALLENGE)
        assert made is not None
        answer = passkey.assertion(CHALLENGE)
        assert VERIFIER.credential_id(answer) == made.id
        assert VERIFIER.asserted(answer, CHALLENGE, made.public_key, made.sign_count) == 5

    @pytest.mark.parametrize("knobs", WRONG_PLACES)
    def test_of_another_place_or_without_the_person_is_refused(self, knobs: dict[str, Any]) -> None:
        passkey = own(**knobs)
        assert count(passkey, passkey.assertion(CHALLENGE)) is None

    @pytest.mark.parametrize("challenge", [OTHER, "", "AAAA"])
    def test_for_another_challenge_is_refused(self, challenge: str) -> None:
        passkey = own()
        assert count(passkey, passkey.assertion(challenge)) is None
        answer = passkey.assertion("AAAA")
        assert VERIFIER.asserted(answer, "AAAA", passkey.public_key, 0) is None

    def test_of_another_key_is_refused(self) -> None:
        passkey = own()
        assert count(passkey, replace(passkey, key=new_key()).assertion(CHALLENGE)) is None

    def test_an_attestation_is_no_assertion(self) -> None:
        passkey = own()
        assert count(passkey, passkey.attestation(CHALLENGE)) is None

    @pytest.mark.parametrize(
        ("kept", "said", "given"),
        [(0, 0, 0), (0, 1, 1), (5, 6, 6), (5, 5, None), (5, 4, None), (5, 0, None)],
    )
    def test_a_counter_that_is_used_must_grow(
        self, kept: int, said: int, given: int | None
    ) -> None:
        passkey = own(counter=said, step=0)
        assert count(passkey, passkey.assertion(CHALLENGE), kept) == given

    def test_extensions_are_let_be(self) -> None:
        passkey = own(extensions=cbor2.dumps({"uvm": [[2, 4, 2]]}))
        assert count(passkey, passkey.assertion(CHALLENGE)) == 1

    def test_every_changed_byte_of_the_data_is_noticed(self) -> None:
        passkey = own()
        answer = passkey.assertion(CHALLENGE)
        data = passkey.authenticator_data()
        for index, byte in enumerate(data):
            other = data[:index] + bytes([byte ^ 1]) + data[index + 1 :]
            assert count(passkey, changed(answer, authenticatorData=base64url(other))) is None


class TestStrangers:
    """Anybody can send anything here before a signature is looked at."""

    def hears_nothing(self, answer: str) -> None:
        assert VERIFIER.registered(answer, CHALLENGE) is None
        assert count(own(), answer) is None

    @pytest.mark.requirement("R-72", "R-79")
    @given(st.text() | JSON.map(json.dumps))
    def test_anything_malformed_is_none(self, answer: str) -> None:
        self.hears_nothing(answer)
        assert VERIFIER.credential_id(answer) is None

    @pytest.mark.requirement("R-72", "R-79")
    @given(st.data())
    def test_any_other_member_is_none(self, data: st.DataObject) -> None:
        passkey = own()
        answer = data.draw(
            st.sampled_from([passkey.attestation(CHALLENGE), passkey.assertion(CHALLENGE)])
        )
        said = json.loads(answer)
        names = ["id", "rawId", "type", "response", *(said["response"].keys() - {"userHandle"})]
        name = data.draw(st.sampled_from(sorted(names)))
        value = data.draw(JSON | st.binary().map(base64url))
        self.hears_nothing(changed(answer, **{name: value}))

    @pytest.mark.requirement("R-72", "R-79")
    @given(st.binary(max_size=200))
    def test_any_other_cbor_is_none(self, octets: bytes) -> None:
        passkey = own(extensions=b"")
        kind = passkey.client_data("webauthn.create", CHALLENGE)
        self.hears_nothing(
            passkey.answer(clientDataJSON=kind, attestationObject=octets, signature=b"")
        )
        whole = passkey.authenticator_data(passkey.credential[: -len(passkey.public_key)] + octets)
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": whole})
        self.hears_nothing(passkey.answer(clientDataJSON=kind, attestationObject=attested))

    def test_a_longer_answer_is_none(self) -> None:
        passkey = own()
        answer = passkey.assertion(CHALLENGE)
        assert count(passkey, answer + " " * (MAX_ANSWER - len(answer))) == 1
        longer = answer + " " * (MAX_ANSWER - len(answer) + 1)
        assert count(passkey, longer) is None
        assert VERIFIER.credential_id(longer) is None

    @pytest.mark.parametrize("depth", [100, 5000])
    @pytest.mark.parametrize(("left", "right"), ["[]", ('{"a":', "}"), ('{"response":', "}")])
    def test_a_deep_answer_is_none(self, left: str, right: str, depth: int) -> None:
        answer = left * depth + "1" + right * depth
        self.hears_nothing(answer)
        assert VERIFIER.credential_id(answer) is None


def test_the_library_is_imported_with_the_first_passkey() -> None:
    program = (
        "import sys; from gatepost.crypto.passkeys import WebAuthnPasskeys as P; "
        "P('a', 'b'); sys.exit('webauthn' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_broken_installation_is_not_taken_for_a_wrong_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "webauthn.helpers", None)
    with pytest.raises(ImportError):
        VERIFIER.registered(own().attestation(CHALLENGE), CHALLENGE)
