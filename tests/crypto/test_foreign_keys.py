"""What clients sign with keys of their own, made by two other libraries; and what forgers send."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwk as joserfc_jwk
from joserfc import jws as joserfc_jws

from gatepost.crypto.foreign_keys import ForeignKeys
from gatepost.model.key_sets import read_key_set

VERIFIER = ForeignKeys()
ALGORITHMS = ("RS256", "PS256", "ES256")
PAYLOAD = b'{"iss":"c","sub":"c"}'
Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PRIVATE: dict[str, Private] = {
    "rsa": rsa.generate_private_key(65537, 2048),
    "ec": ec.generate_private_key(ec.SECP256R1()),
}
STRANGERS: dict[str, Private] = {
    "rsa": rsa.generate_private_key(65537, 2048),
    "ec": ec.generate_private_key(ec.SECP256R1()),
}
OF = {"RS256": "rsa", "PS256": "rsa", "ES256": "ec"}
SIGNS = jwt.PyJWS()

each_algorithm = pytest.mark.parametrize("algorithm", ALGORITHMS)


def encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def of_joserfc(private: Private) -> joserfc_jwk.RSAKey | joserfc_jwk.ECKey:
    """A private key as joserfc has it."""
    if isinstance(private, rsa.RSAPrivateKey):
        return joserfc_jwk.RSAKey.import_key(private)
    return joserfc_jwk.ECKey.import_key(private)


def public(name: str, keys: Mapping[str, Private] = PRIVATE, **more: Any) -> dict[str, Any]:
    """A public key as its owner registers it; None leaves a member out."""
    members = {**of_joserfc(keys[name]).as_dict(private=False), "kid": name} | more
    return {name: value for name, value in members.items() if value is not None}


def key_set(*keys: dict[str, Any]) -> dict[str, Any]:
    """A registered key set, read as it is when it is registered."""
    read = read_key_set({"keys": list(keys)})
    assert isinstance(read, dict)
    return read


BOTH = key_set(public("rsa"), public("ec"))


def signed(algorithm: str, header: str, payload: bytes = PAYLOAD, private: Any = None) -> str:
    """A token with any header at all, under a signature that is right for it."""
    text = f"{encoded(header.encode())}.{encoded(payload)}"
    method = SIGNS.get_algorithm_by_name(algorithm)
    return f"{text}.{encoded(method.sign(text.encode(), private or PRIVATE[OF[algorithm]]))}"


def token(algorithm: str, **header: Any) -> str:
    """A token of PyJWT."""
    private = PRIVATE[OF[algorithm]]
    return jwt.encode(json.loads(PAYLOAD), private, algorithm, {"kid": OF[algorithm]} | header)


def header_of(algorithm: str, **more: Any) -> dict[str, Any]:
    return {"alg": algorithm, "kid": OF[algorithm], "typ": "JWT"} | more


class TestGoodTokens:
    @each_algorithm
    @pytest.mark.requirement("R-84")
    def test_those_of_pyjwt_are_read(self, algorithm: str) -> None:
        payload = VERIFIER.verify(BOTH, token(algorithm))
        assert payload is not None
        assert json.loads(payload) == json.loads(PAYLOAD)

    @each_algorithm
    @pytest.mark.requirement("R-84")
    def test_those_of_joserfc_are_read(self, algorithm: str) -> None:
        key = of_joserfc(PRIVATE[OF[algorithm]])
        header = {"alg": algorithm, "kid": OF[algorithm]}
        made = joserfc_jws.serialize_compact(header, PAYLOAD, key, [algorithm])
        assert VERIFIER.verify(BOTH, made) == PAYLOAD

    @each_algorithm
    def test_the_forger_of_these_tests_makes_good_tokens(self, algorithm: str) -> None:
        made = signed(algorithm, json.dumps(header_of(algorithm)))
        assert VERIFIER.verify(BOTH, made) == PAYLOAD

    @each_algorithm
    @pytest.mark.parametrize("typ", [None, "JWT", "client-authentication+jwt"])
    def test_the_types_of_an_assertion(self, algorithm: str, typ: str | None) -> None:
        header = {"alg": algorithm, "kid": OF[algorithm]} | ({"typ": typ} if typ else {})
        assert VERIFIER.verify(BOTH, signed(algorithm, json.dumps(header))) == PAYLOAD

    @each_algorithm
    @pytest.mark.parametrize("kid", [None, "x"])
    def test_the_only_key_needs_no_name(self, algorithm: str, kid: str | None) -> None:
        only = key_set(public(OF[algorithm], kid=kid))
        made = signed(algorithm, json.dumps({"alg": algorithm}))
        assert VERIFIER.verify(only, made) == PAYLOAD

    @each_algorithm
    def test_a_key_with_an_algorithm_of_its_own(self, algorithm: str) -> None:
        keys = key_set(public(OF[algorithm], alg=algorithm, use="sig"))
        assert VERIFIER.verify(keys, signed(algorithm, json.dumps(header_of(algorithm)))) == PAYLOAD

    @pytest.mark.parametrize("bits", [2048, 3072, 4096])
    def test_every_length_that_may_be_registered(self, bits: int) -> None:
        private = rsa.generate_private_key(65537, bits)
        keys = key_set(public("rsa", {"rsa": private}))
        made = signed("PS256", json.dumps(header_of("PS256")), private=private)
        assert VERIFIER.verify(keys, made) == PAYLOAD

    def test_any_octets_are_a_payload(self) -> None:
        for payload in (b"", b"\xff\x00", b"x" * 5000):
            made = signed("ES256", json.dumps(header_of("ES256")), payload)
            assert VERIFIER.verify(BOTH, made) == payload


class TestForgeries:
    @pytest.mark.requirement("R-30")
    @pytest.mark.parametrize(
        "name", ["none", "None", "NONE", "nOnE", "", "RS384", "EdDSA", "rs256"]
    )
    def test_alg_none_or_another(self, name: str) -> None:
        header = encoded(json.dumps(header_of("RS256", alg=name)).encode())
        signature = token("RS256").split(".")[2]
        for last in ("", signature):
            assert VERIFIER.verify(BOTH, f"{header}.{encoded(PAYLOAD)}.{last}") is None

    @pytest.mark.requirement("R-30")
    @pytest.mark.parametrize("alg", ["HS256", "RS256", "ES256"])
    @pytest.mark.parametrize("name", ["rsa", "ec"])
    def test_hmac_with_the_public_key(self, name: str, alg: str) -> None:
        key, forms = PRIVATE[name].public_key(), serialization.PublicFormat
        secrets = [json.dumps(public(name)).encode(), b""] + [
            key.public_bytes(encoding, forms.SubjectPublicKeyInfo)
            for encoding in (serialization.Encoding.PEM, serialization.Encoding.DER)
        ]
        header = json.dumps({"alg": alg, "kid": name}).encode()
        text = f"{encoded(header)}.{encoded(PAYLOAD)}"
        for secret in secrets:
            mac = hmac.new(secret, text.encode(), hashlib.sha256).digest()
            assert VERIFIER.verify(BOTH, f"{text}.{encoded(mac)}") is None

    @each_algorithm
    @pytest.mark.requirement("R-30")
    def test_a_key_that_the_token_brings_along(self, algorithm: str) -> None:
        name = OF[algorithm]
        for kid in (name, "stranger"):
            header = header_of(algorithm, kid=kid, jwk=public(name, STRANGERS, kid=kid))
            made = signed(algorithm, json.dumps(header), private=STRANGERS[name])
            assert VERIFIER.verify(BOTH, made) is None

    @each_algorithm
    @pytest.mark.requirement("R-30")
    def test_a_key_that_is_not_registered(self, algorithm: str) -> None:
        name = OF[algorithm]
        made = signed(algorithm, json.dumps(header_of(algorithm)), private=STRANGERS[name])
        assert VERIFIER.verify(BOTH, made) is None
        assert VERIFIER.verify(key_set(public(name, STRANGERS)), made) == PAYLOAD

    @pytest.mark.requirement("R-30", "R-31", "R-36")
    @pytest.mark.parametrize(
        "more",
        [
            {"crit": []},
            {"crit": ["exp"]},
            {"crit": ["b64"], "b64": False},
            {"crit": "x"},
            {"b64": "x"},
            {"jwk": public("rsa")},
            {"jku": "https://evil.example/keys"},
            {"x5u": "https://evil.example/cert"},
            {"x5c": []},
            {"x5t": "x"},
            {"cty": "JWT"},
            {"zip": "DEF"},
            {"": ""},
            {"ALG": "RS256"},
            {"unknown": "x"},
        ],
    )
    def test_any_other_header_member(self, more: dict[str, Any]) -> None:
        made = signed("RS256", json.dumps(header_of("RS256", **more)))
        assert VERIFIER.verify(BOTH, made) is None

    @pytest.mark.requirement("R-31", "R-79")
    @pytest.mark.parametrize("name", ["alg", "kid", "typ"])
    @pytest.mark.parametrize("value", [None, 1, True, [], {}, ["RS256"], "", "x"])
    def test_a_header_member_of_another_value(self, name: str, value: object) -> None:
        header = header_of("RS256", **{name: value})
        assert VERIFIER.verify(BOTH, signed("RS256", json.dumps(header))) is None

    @pytest.mark.requirement("R-31", "R-32")
    @pytest.mark.parametrize("typ", ["at+jwt", "logout+jwt", "jwt", "JOSE", "JWT ", "dpop+jwt"])
    def test_a_token_of_another_type(self, typ: str) -> None:
        made = signed("ES256", json.dumps(header_of("ES256", typ=typ)))
        assert VERIFIER.verify(BOTH, made) is None

    @pytest.mark.requirement("R-30")
    def test_a_token_without_a_name_among_several_keys(self) -> None:
        for algorithm in ALGORITHMS:
            made = signed(algorithm, json.dumps({"alg": algorithm}))
            assert VERIFIER.verify(BOTH, made) is None

    @pytest.mark.requirement("R-30")
    @pytest.mark.parametrize("kid", ["ec", "RSA", "rsa ", "rs", "", "\x00"])
    def test_the_name_of_another_key(self, kid: str) -> None:
        made = signed("RS256", json.dumps(header_of("RS256", kid=kid)))
        assert VERIFIER.verify(BOTH, made) is None
        assert VERIFIER.verify(key_set(public("rsa")), made) is None
        assert VERIFIER.verify(key_set(public("rsa", kid=None)), made) is None

    @pytest.mark.requirement("R-30")
    @pytest.mark.parametrize(
        ("by", "announced"),
        [
            ("RS256", "PS256"),
            ("PS256", "RS256"),
            ("RS256", "ES256"),
            ("ES256", "RS256"),
            ("ES256", "PS256"),
        ],
    )
    def test_another_algorithm_than_it_was_signed_by(self, by: str, announced: str) -> None:
        for kid in ("rsa", "ec"):
            made = signed(by, json.dumps(header_of(by, alg=announced, kid=kid)))
            assert VERIFIER.verify(BOTH, made) is None

    @pytest.mark.requirement("R-30")
    def test_another_algorithm_than_the_keys_own(self) -> None:
        for own, other in (("RS256", "PS256"), ("PS256", "RS256")):
            keys = key_set(public("rsa", alg=own))
            assert VERIFIER.verify(keys, signed(other, json.dumps(header_of(other)))) is None

    @pytest.mark.requirement("R-31")
    @pytest.mark.parametrize("name", ["alg", "kid", "typ"])
    def test_a_name_that_stands_twice_in_the_header(self, name: str) -> None:
        good = json.dumps(header_of("RS256"))
        member = json.dumps({name: header_of("RS256")[name]})[1:-1]
        for twice in (f"{{{member}, {good[1:]}", f"{good[:-1]}, {member}}}"):
            assert len(json.loads(twice)) == 3
            assert VERIFIER.verify(BOTH, signed("RS256", twice)) is None

    @each_algorithm
    @pytest.mark.requirement("R-30")
    def test_a_changed_payload_or_anothers_signature(self, algorithm: str) -> None:
        head, payload, signature = token(algorithm).split(".")
        other = signed(algorithm, json.dumps(header_of(algorithm)), b'{"iss":"d","sub":"d"}')
        _, other_payload, other_signature = other.split(".")
        for made in (
            f"{head}.{other_payload}.{signature}",
            f"{head}.{payload}.{other_signature}",
            f"{head}.{payload}.",
            f"{head}..{signature}",
            f"{head}.{payload}",
            f"{head}.{payload}.{signature}.",
            f"{head}.{payload}.{signature}=",
            f"{head}.{payload}.{signature}\n",
            f" {head}.{payload}.{signature}",
        ):
            assert VERIFIER.verify(BOTH, made) is None

    @pytest.mark.requirement("R-30")
    @pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 70, 72, 256])
    def test_signatures_of_zeros_or_another_length(self, size: int) -> None:
        for algorithm in ALGORITHMS:
            text = token(algorithm).rpartition(".")[0]
            assert VERIFIER.verify(BOTH, f"{text}.{encoded(bytes(size))}") is None

    @pytest.mark.requirement("R-68")
    def test_more_than_8_kilobytes(self) -> None:
        made = signed("ES256", json.dumps(header_of("ES256")), b"x" * 6200)
        assert len(made) > 8192
        assert VERIFIER.verify(BOTH, made) is None
        assert VERIFIER.verify(BOTH, "." * 100_000_000) is None

    @pytest.mark.requirement("R-79")
    def test_a_key_that_is_none(self) -> None:
        """Such a key cannot be registered; the verifier does not rely on that."""
        made = signed("ES256", json.dumps({"alg": "ES256"}))
        assert VERIFIER.verify({"keys": [public("ec") | {"x": "AA", "y": "AA"}]}, made) is None
        assert VERIFIER.verify({"keys": [public("ec") | {"x": "!"}]}, made) is None
        assert VERIFIER.verify({"keys": []}, made) is None


@pytest.mark.requirement("R-72", "R-79")
@settings(max_examples=600)
@given(
    st.text()
    | st.binary().map(lambda octets: octets.decode("latin-1"))
    | st.from_regex(r"[A-Za-z0-9_=-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*", fullmatch=True)
)
def test_any_text_is_refused_in_peace(text: str) -> None:
    assert VERIFIER.verify(BOTH, text) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.requirement("R-31", "R-72")
@settings(max_examples=200, deadline=None)
@given(
    json_values
    | st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "jwk"]), json_values)
)
def test_any_json_as_a_header_is_refused_in_peace(header: object) -> None:
    assert VERIFIER.verify(BOTH, signed("ES256", json.dumps(header))) is None


@pytest.mark.requirement("R-30")
@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from(ALGORITHMS))
def test_a_changed_token_never_verifies(data: st.DataObject, algorithm: str) -> None:
    good = TOKENS[algorithm]
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, min(len(good), start + 3)))
    middle = data.draw(st.text(max_size=3) | st.text("ABab01-_.=", max_size=3))
    changed = good[:start] + middle + good[end:]
    assert (VERIFIER.verify(BOTH, changed) is not None) is (changed == good)


TOKENS = {algorithm: token(algorithm) for algorithm in ALGORITHMS}
