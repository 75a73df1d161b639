"""Registered key sets: public keys of two types, each mistake named, no value repeated."""

import base64
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey, RSAKey

from gatepost.model import reading
from gatepost.model.clients import ClientCredentialClient
from gatepost.model.key_sets import read_key_set
from gatepost.model.text import refused_character

Key = Mapping[str, Any]


def public(key: RSAKey | ECKey) -> dict[str, Any]:
    """The public members of a key without its name."""
    made = key.as_dict(private=False)
    return {name: value for name, value in made.items() if name != "kid"}


def read(extensions: object) -> tuple[Any, list[reading.Problem]]:
    """What a client's `Extensions` says, and what is wrong with it."""
    members = reading.members_of(ClientCredentialClient)
    values, problems = reading.read_members(members, {"Extensions": extensions})
    return values.get("extensions"), problems


def number(value: int, size: int | None = None) -> str:
    """A number as keys have it."""
    octets = value.to_bytes(size or (value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


RSA_KEY = RSAKey.import_key(rsa.generate_private_key(65537, 2048))
EC_KEY = ECKey.import_key(ec.generate_private_key(ec.SECP256R1()))
RSA, EC = public(RSA_KEY), public(EC_KEY)
MODULUS = 2**2047 + 1  # of the right size, which is all that is looked at
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1

GOOD_SETS: list[list[Key]] = [
    [RSA],
    [EC],
    [RSA | {"alg": "RS256"}],
    [RSA | {"alg": "PS256", "use": "sig", "kid": "a"}],
    [EC | {"alg": "ES256", "use": "sig", "kid": "x" * 200}],
    [RSA | {"kid": "é"}, EC | {"kid": "e"}],
    [EC | {"kid": str(n)} for n in range(10)],
    [RSA | {"n": number(2**4095 + 1)}],
    [RSA | {"e": "Aw"}],
    [RSA | {"kid": None, "alg": None, "use": None}],
]
BAD_KEYS: list[tuple[object, str, str]] = [
    (1, "", "not an object"),
    (None, "", "not an object"),
    ([], "", "not an object"),
    ({}, ".kty", "neither RSA nor EC"),
    (RSA | {"kty": "OKP"}, ".kty", "neither RSA nor EC"),
    (RSA | {"kty": ["RSA"]}, ".kty", "neither RSA nor EC"),
    (RSA | {"kty": "rsa"}, ".kty", "neither RSA nor EC"),
    (RSA | {"x5u": "https://a.example"}, "", 'unknown members: "x5u"'),
    (RSA | {"x5c": ["x"], "jku": "x"}, "", 'unknown members: "x5c", "jku"'),
    (RSA | {"key_ops": ["verify"]}, "", 'unknown members: "key_ops"'),
    (RSA | {f"m{n}": 1 for n in range(9)}, "", "and 4 more"),
    (RSA | {"crv": "P-256"}, "", 'unknown members: "crv"'),
    (RSA | {"kid": ""}, ".kid", "1 to 200"),
    (RSA | {"kid": "x" * 201}, ".kid", "1 to 200"),
    (RSA | {"kid": 1}, ".kid", "1 to 200"),
    (RSA | {"kid": "a\n"}, ".kid", "1 to 200"),
    (RSA | {"alg": "ES256"}, ".alg", "not RS256 or PS256"),
    (RSA | {"alg": "RS512"}, ".alg", "not RS256 or PS256"),
    (RSA | {"alg": "HS256"}, ".alg", "not RS256 or PS256"),
    (RSA | {"alg": ["RS256"]}, ".alg", "not RS256 or PS256"),
    (EC | {"alg": "RS256"}, ".alg", "not ES256"),
    (EC | {"use": "enc"}, ".use", "not sig"),
    (RSA | {"n": None}, ".n", "modulus"),
    (RSA | {"n": 5}, ".n", "modulus"),
    (RSA | {"n": RSA["n"] + "="}, ".n", "modulus"),
    (RSA | {"n": "é"}, ".n", "modulus"),
    (RSA | {"n": number(MODULUS, 257)}, ".n", "modulus"),
    (RSA | {"n": number(2**2046 + 1)}, ".n", "2048 to 4096"),
    (RSA | {"n": number(2**4096 + 1)}, ".n", "2048 to 4096"),
    (RSA | {"n": number(2**2047)}, ".n", "modulus"),
    (RSA | {"e": ""}, ".e", "exponent"),
    (RSA | {"e": "AQ"}, ".e", "exponent"),
    (RSA | {"e": "BA"}, ".e", "exponent"),
    (RSA | {"e": number(2**32 + 1)}, ".e", "exponent"),
    (RSA | {"e": None}, ".e", "exponent"),
    (EC | {"crv": "P-384"}, ".crv", "P-256"),
    (EC | {"crv": "secp256k1"}, ".crv", "P-256"),
    (EC | {"crv": None}, ".crv", "P-256"),
    (EC | {"x": None}, ".x", "coordinate"),
    (EC | {"y": number(1, 31)}, ".y", "coordinate"),
    (EC | {"y": number(1, 33)}, ".y", "coordinate"),
    (EC | {"x": number(1, 32)}, "", "no point"),
    (EC | {"x": EC["y"], "y": EC["x"]}, "", "no point"),
    (EC | {"x": number(0, 32), "y": number(0, 32)}, "", "no point"),
]
BAD_SETS: list[tuple[object, str, str]] = [
    ("x", "", "not an object"),
    ([RSA], "", "not an object"),
    (True, "", "not an object"),
    ({}, ".keys", "1 to 10 keys"),
    (RSA, ".keys", "1 to 10 keys"),
    ({"keys": None}, ".keys", "1 to 10 keys"),
    ({"keys": []}, ".keys", "1 to 10 keys"),
    ({"keys": {}}, ".keys", "1 to 10 keys"),
    ({"keys": [EC | {"kid": str(n)} for n in range(11)]}, ".keys", "1 to 10 keys"),
    ({"keys": [RSA], "jku": "https://a.example"}, "", 'unknown members: "jku"'),
    ({"keys": [RSA, EC]}, ".keys", "not a kid for each"),
    ({"keys": [RSA | {"kid": "a"}, EC]}, ".keys", "not a kid for each"),
    ({"keys": [RSA | {"kid": "a"}, EC | {"kid": "a"}]}, ".keys", "same kid twice"),
]


@pytest.mark.parametrize("keys", GOOD_SETS)
def test_good_key_sets_are_kept_without_nulls(keys: list[Key]) -> None:
    kept = [{name: value for name, value in key.items() if value is not None} for key in keys]
    assert read_key_set({"keys": keys, "x": None}) == {"keys": kept}


@pytest.mark.requirement("R-66", "R-70")
@pytest.mark.parametrize(("key", "place", "said"), BAD_KEYS)
def test_a_bad_key_is_named(key: object, place: str, said: str) -> None:
    faults = read_key_set({"keys": [key]})
    assert isinstance(faults, list)
    assert [fault.place for fault in faults] == [f".keys[0]{place}"]
    assert said in faults[0].problem
    assert faults[0].mend


@pytest.mark.requirement("R-66", "R-68")
@pytest.mark.parametrize(("value", "place", "said"), BAD_SETS)
def test_a_bad_key_set_is_named(value: object, place: str, said: str) -> None:
    faults = read_key_set(value)
    assert isinstance(faults, list)
    assert faults[-1].place == place
    assert said in faults[-1].problem


@pytest.mark.requirement("R-30", "R-59")
@pytest.mark.parametrize("key", [RSA_KEY, EC_KEY])
def test_a_private_key_is_refused_and_not_repeated(key: RSAKey | ECKey) -> None:
    whole = key.as_dict(private=True)
    private = {"d", "p", "q", "dp", "dq", "qi"} & whole.keys()
    for sent in ({"Jwks": {"keys": [whole]}}, {"Jwks": whole}, {"Jwks": [whole]}, [whole]):
        _, problems = read(sent)
        told = " ".join(f"{p.member} {p.reason} {p.mend}" for p in problems)
        assert problems
        assert not [name for name in private if str(whole[name])[:20] in told]
    _, problems = read({"Jwks": {"keys": [whole]}})
    assert len(problems) == 1
    assert problems[0].reason.startswith("Extensions.Jwks.keys[0] has private parts (d")
    assert "only public keys" in problems[0].reason


@pytest.mark.requirement("R-30")
@pytest.mark.parametrize("name", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
def test_any_private_part_makes_a_key_private(name: str) -> None:
    faults = read_key_set({"keys": [{"kty": "oct", name: "c2VjcmV0"}]})
    assert isinstance(faults, list)
    assert f"private parts ({name})" in faults[0].problem


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["keys", "kty", "kid", "n", "e", "crv", "x", "y", "alg", "d"])
            | st.text(max_size=4),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
NEARLY = st.fixed_dictionaries(
    {"kty": st.sampled_from(["RSA", "EC"]) | JSON},
    optional=dict.fromkeys(("kid", "alg", "use", "n", "e", "crv", "x", "y"), JSON),
)


@pytest.mark.requirement("R-72")
@settings(deadline=None, max_examples=300)
@given(JSON | st.fixed_dictionaries({"keys": st.lists(NEARLY | JSON, max_size=4)}))
def test_any_key_set_is_read_or_named_safely(value: object) -> None:
    found, problems = read({"Jwks": value})
    assert (found is None) == (bool(problems) or value is None)
    assert all(refused_character(problem.reason) is None for problem in problems)
    assert all(problem.member.startswith("Extensions.Jwks") for problem in problems)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, PRIME - 1))
def test_a_point_is_on_the_curve_where_the_library_says_so(x: int) -> None:
    """Half of all x have a y; the square root is easy as the prime is 3 modulo 4."""
    y = pow(x**3 - 3 * x + B, (PRIME + 1) // 4, PRIME)
    try:
        ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        is_point = True
    except ValueError:
        is_point = False
    key = {"kty": "EC", "crv": "P-256", "x": number(x, 32), "y": number(y, 32)}
    assert isinstance(read_key_set({"keys": [key]}), dict) is is_point
