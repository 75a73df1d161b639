import base64
import hashlib
import hmac
import json
import threading
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwk as joserfc_jwk
from joserfc import jws as joserfc_jws
from msgspec.structs import replace

from gatepost.crypto.jose import Jose
from gatepost.crypto.sealing import MasterKey, SealBroken, Sealer
from gatepost.model import base64url
from gatepost.model.keys import Algorithm, Phase
from gatepost.ports import Signer
from gatepost.system import SystemDice

NOW = datetime(2026, 5, 1, tzinfo=UTC)
SEALER = Sealer(MasterKey(bytes(range(32))), SystemDice())
JOSE = Jose(SEALER)
SIGNER: Signer = JOSE
ALGORITHMS: tuple[Algorithm, ...] = ("RS256", "ES256", "PS256")
KEYS = {algorithm: SIGNER.generate(algorithm, NOW) for algorithm in ALGORITHMS}
ALL = tuple(KEYS.values())
STRANGERS = {algorithm: SIGNER.generate(algorithm, NOW) for algorithm in ALGORITHMS}
TYPE = "at+jwt"
PAYLOAD = b'{"sub":"client:1"}'
TOKENS = {algorithm: SIGNER.sign(key, TYPE, PAYLOAD) for algorithm, key in KEYS.items()}

each_algorithm = pytest.mark.parametrize("algorithm", ALGORITHMS)


def encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def forged(algorithm: Algorithm, header: str, payload: bytes = PAYLOAD) -> str:
    """A token with any header at all, under a signature that is right for it."""
    key = KEYS[algorithm]
    signed = f"{encoded(header.encode())}.{encoded(payload)}"
    return f"{signed}.{encoded(JOSE._prepared_sign(key)(signed.encode()))}"


def header_of(algorithm: Algorithm, **more: Any) -> dict[str, Any]:
    return {"alg": algorithm, "kid": KEYS[algorithm].kid, "typ": TYPE} | more


class TestKeys:
    @each_algorithm
    @pytest.mark.requirement("R-73", "D-03")
    def test_private_parts_are_sealed(self, algorithm: Algorithm) -> None:
        key = KEYS[algorithm]
        place = f"signing-key {algorithm} {key.kid}".encode()
        plain = SEALER.open(key.sealed_private, place)
        private = serialization.load_der_private_key(plain, None)
        assert isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
        assert plain not in key.sealed_private
        assert not {"d", "p", "q", "dp", "dq", "qi"} & key.public_jwk.keys()

    @each_algorithm
    @pytest.mark.requirement("R-42")
    def test_public_part_is_a_complete_jwk(self, algorithm: Algorithm) -> None:
        key = KEYS[algorithm]
        own = {"kty", "crv", "x", "y"} if algorithm == "ES256" else {"kty", "n", "e"}
        assert key.public_jwk.keys() == own | {"kid", "use", "alg"}
        assert key.public_jwk["kid"] == key.kid
        assert (key.public_jwk["use"], key.public_jwk["alg"]) == ("sig", algorithm)

    @each_algorithm
    def test_kid_is_the_thumbprint_as_others_compute_it(self, algorithm: Algorithm) -> None:
        key = KEYS[algorithm]
        assert joserfc_jwk.import_key(dict(key.public_jwk)).thumbprint() == key.kid

    @each_algorithm
    def test_is_active_from_its_creation(self, algorithm: Algorithm) -> None:
        key = KEYS[algorithm]
        assert key.algorithm == algorithm
        assert key.created_at == key.active_from == NOW
        assert key.phase(NOW) is Phase.ACTIVE

    @pytest.mark.requirement("R-73")
    @pytest.mark.parametrize("bits", [2048, 3072])
    def test_rsa_keys_are_as_long_as_asked_and_never_the_same(self, bits: int) -> None:
        one, other = (Jose(SEALER, bits).generate("RS256", NOW) for _ in range(2))
        assert len(decoded(one.public_jwk["n"])) * 8 == bits
        assert one.public_jwk["e"] == "AQAB"
        assert one.kid != other.kid

    @pytest.mark.requirement("D-03")
    def test_a_private_part_does_not_open_under_another_name_or_algorithm(self) -> None:
        one, other = KEYS["RS256"], STRANGERS["RS256"]
        for changed in (
            replace(one, sealed_private=other.sealed_private),
            replace(one, algorithm="PS256"),
        ):
            with pytest.raises(SealBroken):
                Jose(SEALER).sign(changed, TYPE, PAYLOAD)


class TestSignatures:
    @each_algorithm
    @pytest.mark.requirement("R-84")
    def test_joserfc_reads_them(self, algorithm: Algorithm) -> None:
        public = joserfc_jwk.import_key(dict(KEYS[algorithm].public_jwk))
        read = joserfc_jws.deserialize_compact(TOKENS[algorithm], public, [algorithm])
        assert read.payload == PAYLOAD
        assert read.protected == header_of(algorithm)

    @each_algorithm
    @pytest.mark.requirement("R-84")
    def test_pyjwt_reads_them(self, algorithm: Algorithm) -> None:
        public = jwt.PyJWK(KEYS[algorithm].public_jwk)
        read = jwt.decode_complete(TOKENS[algorithm], public, [algorithm])
        assert read["payload"] == json.loads(PAYLOAD)
        assert read["header"] == header_of(algorithm)

    @pytest.mark.requirement("R-84")
    def test_es256_numbers_keep_their_leading_zeros(self) -> None:
        public = jwt.PyJWK(KEYS["ES256"].public_jwk)
        for number in range(600):  # about one in 128 has such a number
            token = SIGNER.sign(KEYS["ES256"], TYPE, b'{"n":%d}' % number)
            assert len(decoded(token.split(".")[2])) == 64
            assert jwt.decode(token, public, ["ES256"]) == {"n": number}
            assert SIGNER.verify(ALL, TYPE, token) is not None

    @each_algorithm
    def test_we_read_those_of_joserfc(self, algorithm: Algorithm) -> None:
        place = f"signing-key {algorithm} {KEYS[algorithm].kid}".encode()
        private = joserfc_jwk.import_key(
            serialization.load_der_private_key(
                SEALER.open(KEYS[algorithm].sealed_private, place), None
            ).private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
            "EC" if algorithm == "ES256" else "RSA",
        )
        token = joserfc_jws.serialize_compact(header_of(algorithm), PAYLOAD, private, [algorithm])
        assert SIGNER.verify(ALL, TYPE, token) == PAYLOAD

    @each_algorithm
    @pytest.mark.requirement("R-29")
    def test_header_is_exactly_alg_kid_typ(self, algorithm: Algorithm) -> None:
        header = decoded(TOKENS[algorithm].split(".")[0]).decode()
        kid = KEYS[algorithm].kid
        assert header == f'{{"alg":"{algorithm}","kid":"{kid}","typ":"at+jwt"}}'

    @each_algorithm
    def test_any_octets_are_a_payload(self, algorithm: Algorithm) -> None:
        for payload in (b"", b"\xff\x00", b"x" * 5000):
            token = SIGNER.sign(KEYS[algorithm], "JWT", payload)
            assert SIGNER.verify(ALL, "JWT", token) == payload

    def test_many_keys_are_bounded_in_memory_and_all_work(self) -> None:
        signer = Jose(SEALER)
        keys = [signer.generate("ES256", NOW) for _ in range(40)]
        for _ in range(2):
            for key in keys:
                assert signer.verify([key], TYPE, signer.sign(key, TYPE, PAYLOAD)) == PAYLOAD
        kept = (signer._signs._kept, signer._checks._kept)
        assert [len(shelf) for shelf in kept] == [32, 32]

    def test_threads_may_share_it(self) -> None:
        signer = Jose(SEALER)
        keys = [signer.generate("ES256", NOW) for _ in range(36)]
        failures: list[object] = []

        def work() -> None:
            try:
                for key in keys * 3:
                    assert signer.verify(keys, TYPE, signer.sign(key, TYPE, PAYLOAD)) == PAYLOAD
            except Exception as failure:  # noqa: BLE001 (handed to the test's own thread)
                failures.append(failure)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []


class TestRefusals:
    @each_algorithm
    def test_the_forger_of_these_tests_makes_good_tokens(self, algorithm: Algorithm) -> None:
        token = forged(algorithm, json.dumps(header_of(algorithm)))
        assert SIGNER.verify(ALL, TYPE, token) == PAYLOAD

    @pytest.mark.requirement("R-30")
    @pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", ""])
    def test_alg_none(self, name: str) -> None:
        header = encoded(json.dumps(header_of("RS256", alg=name)).encode())
        signature = TOKENS["RS256"].split(".")[2]
        for last in ("", signature):
            assert SIGNER.verify(ALL, TYPE, f"{header}.{encoded(PAYLOAD)}.{last}") is None

    @each_algorithm
    @pytest.mark.requirement("R-30")
    def test_an_empty_signature(self, algorithm: Algorithm) -> None:
        assert SIGNER.verify(ALL, TYPE, TOKENS[algorithm].rpartition(".")[0] + ".") is None

    @pytest.mark.requirement("R-30")
    @pytest.mark.parametrize("alg", ["HS256", "RS256"])
    def test_hmac_with_the_public_key(self, alg: str) -> None:
        jwk = KEYS["RS256"].public_jwk
        n, e = (int.from_bytes(decoded(jwk[name]), "big") for name in "ne")
        public = rsa.RSAPublicNumbers(e, n).public_key()
        forms = serialization.PublicFormat
        secrets = [json.dumps(jwk).encode(), b""] + [
            public.public_bytes(encoding, form)
            for encoding in (serialization.Encoding.PEM, serialization.Encoding.DER)
            for form in (forms.SubjectPublicKeyInfo, forms.PKCS1)
        ]
        header = json.dumps(header_of("RS256", alg=alg)).encode()
        signed = f"{encoded(header)}.{encoded(PAYLOAD)}"
        for secret in secrets:
            mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
            assert SIGNER.verify(ALL, TYPE, f"{signed}.{encoded(mac)}") is None

    @each_algorithm
    @pytest.mark.requirement("R-30")
    def test_a_key_that_the_token_brings_along(self, algorithm: Algorithm) -> None:
        stranger = STRANGERS[algorithm]
        sign = JOSE._prepared_sign(stranger)
        for kid in (stranger.kid, KEYS[algorithm].kid):
            header = header_of(algorithm, kid=kid, jwk=dict(stranger.public_jwk))
            signed = f"{encoded(json.dumps(header).encode())}.{encoded(PAYLOAD)}"
            token = f"{signed}.{encoded(sign(signed.encode()))}"
            assert SIGNER.verify(ALL, TYPE, token) is None

    @pytest.mark.requirement("R-30", "R-31", "R-36")
    @pytest.mark.parametrize(
        "more",
        [
            {"crit": []},
            {"crit": ["exp"]},
            {"crit": ["b64"], "b64": False},
            {"b64": False},
            {"jwk": dict(KEYS["RS256"].public_jwk)},
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
        assert (
            SIGNER.verify(ALL, TYPE, forged("RS256", json.dumps(header_of("RS256", **more))))
            is None
        )

    @pytest.mark.requirement("R-31", "R-79")
    @pytest.mark.parametrize("name", ["alg", "kid", "typ"])
    @pytest.mark.parametrize("value", [None, 1, True, [], {}, ["RS256"], "", "x", "absent"])
    def test_a_header_member_that_is_absent_or_of_another_value(
        self, name: str, value: object
    ) -> None:
        header = header_of("RS256", **{name: value})
        if value == "absent":
            del header[name]
        assert SIGNER.verify(ALL, TYPE, forged("RS256", json.dumps(header))) is None

    @pytest.mark.requirement("R-31", "R-32")
    @pytest.mark.parametrize("other", ["JWT", "logout+jwt", "AT+JWT", "application/at+jwt", ""])
    def test_a_token_of_another_type(self, other: str) -> None:
        assert SIGNER.verify(ALL, other, TOKENS["RS256"]) is None
        token = SIGNER.sign(KEYS["RS256"], other, PAYLOAD)
        assert SIGNER.verify(ALL, other, token) == PAYLOAD
        assert SIGNER.verify(ALL, TYPE, token) is None

    @pytest.mark.requirement("R-30")
    @pytest.mark.parametrize(
        ("signed_as", "announced"),
        [("RS256", "PS256"), ("PS256", "RS256"), ("RS256", "ES256"), ("ES256", "RS256")],
    )
    def test_another_algorithm_than_the_keys(
        self, signed_as: Algorithm, announced: Algorithm
    ) -> None:
        as_announced = forged(signed_as, json.dumps(header_of(signed_as, alg=announced)))
        by_the_other = forged(signed_as, json.dumps(header_of(announced)))
        assert SIGNER.verify(ALL, TYPE, as_announced) is None
        assert SIGNER.verify(ALL, TYPE, by_the_other) is None

    @pytest.mark.requirement("R-30")
    def test_the_same_modulus_under_the_other_rsa_algorithm(self) -> None:
        key = replace(KEYS["RS256"], algorithm="PS256")
        assert SIGNER.verify([key], TYPE, TOKENS["RS256"]) is None
        token = forged("RS256", json.dumps(header_of("RS256", alg="PS256")))
        assert SIGNER.verify([key], TYPE, token) is None

    @each_algorithm
    @pytest.mark.requirement("R-30")
    def test_a_key_that_is_not_among_ours(self, algorithm: Algorithm) -> None:
        stranger, own = STRANGERS[algorithm], KEYS[algorithm]
        assert SIGNER.verify(ALL, TYPE, SIGNER.sign(stranger, TYPE, PAYLOAD)) is None
        claimed = replace(stranger, kid=own.kid)
        signed = f"{encoded(json.dumps(header_of(algorithm)).encode())}.{encoded(PAYLOAD)}"
        signature = encoded(JOSE._prepared_sign(stranger)(signed.encode()))
        assert SIGNER.verify(ALL, TYPE, f"{signed}.{signature}") is None
        assert SIGNER.verify([claimed], TYPE, "") is None

    @each_algorithm
    @pytest.mark.requirement("R-27", "R-73")
    def test_a_removed_key_though_it_is_still_in_memory(self, algorithm: Algorithm) -> None:
        assert SIGNER.verify(ALL, TYPE, TOKENS[algorithm]) == PAYLOAD
        rest = [key for key in ALL if key.algorithm != algorithm]
        assert SIGNER.verify(rest, TYPE, TOKENS[algorithm]) is None
        assert SIGNER.verify([], TYPE, TOKENS[algorithm]) is None

    @pytest.mark.requirement("R-31")
    @pytest.mark.parametrize("name", ["alg", "kid", "typ"])
    def test_a_name_that_stands_twice_in_the_header(self, name: str) -> None:
        good = json.dumps(header_of("RS256"))
        member = json.dumps({name: header_of("RS256")[name]})[1:-1]
        for twice in (f"{{{member}, {good[1:]}", f"{good[:-1]}, {member}}}"):
            assert len(json.loads(twice)) == 3
            assert SIGNER.verify(ALL, TYPE, forged("RS256", twice)) is None
        two_of_three = f'{{"alg":"RS256",{member},"typ":"{TYPE}"}}'
        if name != "kid":
            assert SIGNER.verify(ALL, TYPE, forged("RS256", two_of_three)) is None

    @pytest.mark.requirement("R-79")
    @pytest.mark.parametrize(
        "header",
        [
            "",
            "null",
            "[]",
            "{}",
            '"x"',
            "1",
            "[1,2,3]",
            '["a","b","c"]',
            '[["alg","RS256"],1,2]',
            "{",
            "{}x",
            "[" * 4000,
            '{"a":' * 800,
            "9" * 5000,
            "NaN",
            "\ufeff{}",
        ],
    )
    def test_a_header_of_another_form(self, header: str) -> None:
        assert SIGNER.verify(ALL, TYPE, forged("RS256", header)) is None

    @pytest.mark.requirement("R-79")
    @pytest.mark.parametrize("code", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
    def test_a_header_in_another_code(self, code: str) -> None:
        header = encoded(json.dumps(header_of("RS256")).encode(code))
        signed = f"{header}.{encoded(PAYLOAD)}"
        signature = encoded(JOSE._prepared_sign(KEYS["RS256"])(signed.encode()))
        assert SIGNER.verify(ALL, TYPE, f"{signed}.{signature}") is None

    @each_algorithm
    @pytest.mark.requirement("R-30", "R-79")
    @pytest.mark.parametrize("part", [0, 1, 2])
    @pytest.mark.parametrize("odd", ["=", "==", " ", "\n", "\r\n", "\t", "\0", "+", "/", "*", "A"])
    def test_padding_and_blanks_in_any_part(
        self, algorithm: Algorithm, part: int, odd: str
    ) -> None:
        for place in (0, 1):
            parts = TOKENS[algorithm].split(".")
            parts[part] = odd + parts[part] if place == 0 else parts[part] + odd
            assert SIGNER.verify(ALL, TYPE, ".".join(parts)) is None

    @pytest.mark.requirement("R-30")
    def test_padding_and_blanks_even_under_a_right_signature(self) -> None:
        header = encoded(json.dumps(header_of("RS256")).encode())
        body = encoded(b"1234")  # 6 characters, so 2 of padding are missing
        sign = JOSE._prepared_sign(KEYS["RS256"])
        for head, payload, good in [
            (header, body, True),
            (header, body + "==", False),
            (header, body + "\n", False),
            (header, " " + body, False),
            (header, body[:-1] + "B", False),
            (header + "\n", body, False),
            (header[:4] + " " + header[4:], body, False),
        ]:
            signed = f"{head}.{payload}"
            token = f"{signed}.{encoded(sign(signed.encode()))}"
            assert (SIGNER.verify(ALL, TYPE, token) is not None) is good

    @each_algorithm
    @pytest.mark.requirement("R-30")
    def test_trailing_bits_in_the_signature(self, algorithm: Algorithm) -> None:
        token = TOKENS[algorithm]
        signature = token.split(".")[2]
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        others = [c for c in alphabet if decoded(signature[:-1] + c) == decoded(signature)]
        assert len(others) > 1
        accepted = [c for c in others if SIGNER.verify(ALL, TYPE, token[:-1] + c) is not None]
        assert accepted == [token[-1]]

    @pytest.mark.requirement("R-68")
    def test_more_than_8_kilobytes_first_of_all(self, monkeypatch: pytest.MonkeyPatch) -> None:
        longest = next(
            token
            for size in range(6000, 5000, -1)
            if len(token := SIGNER.sign(KEYS["ES256"], TYPE, b"x" * size)) <= 8192
        )
        assert SIGNER.verify(ALL, TYPE, longest) is not None
        nine = SIGNER.sign(KEYS["ES256"], TYPE, b"x" * 6700)
        assert 9000 < len(nine) < 10_000

        def never(_part: str) -> bytes:
            raise AssertionError("decoded before its length was looked at")

        monkeypatch.setattr(base64url, "decoded", never)
        assert SIGNER.verify(ALL, TYPE, nine) is None
        assert SIGNER.verify(ALL, TYPE, "." * 100_000_000) is None

    @each_algorithm
    @pytest.mark.requirement("R-79")
    def test_other_than_three_parts(self, algorithm: Algorithm) -> None:
        head, payload, signature = TOKENS[algorithm].split(".")
        for token in (
            "",
            ".",
            "..",
            "...",
            head,
            f"{head}.{payload}",
            f"{head}..{signature}",
            f"{TOKENS[algorithm]}.",
            f".{TOKENS[algorithm]}",
            f"{TOKENS[algorithm]}.{signature}",
            f"{head}.{payload}.{payload}.{payload}.{signature}",
        ):
            assert SIGNER.verify(ALL, TYPE, token) is None

    @each_algorithm
    @pytest.mark.requirement("R-30")
    def test_a_payload_or_signature_of_another_token(self, algorithm: Algorithm) -> None:
        other = SIGNER.sign(KEYS[algorithm], TYPE, b'{"sub":"client:2"}')
        head, payload, signature = TOKENS[algorithm].split(".")
        _, other_payload, other_signature = other.split(".")
        assert SIGNER.verify(ALL, TYPE, f"{head}.{other_payload}.{signature}") is None
        assert SIGNER.verify(ALL, TYPE, f"{head}.{payload}.{other_signature}") is None

    @pytest.mark.requirement("R-30")
    @pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 70, 72])
    def test_es256_signatures_of_zeros_or_another_length(self, size: int) -> None:
        signed = TOKENS["ES256"].rpartition(".")[0]
        assert SIGNER.verify(ALL, TYPE, f"{signed}.{encoded(bytes(size))}") is None

    @pytest.mark.requirement("R-30")
    def test_es256_numbers_with_more_zeros_than_they_have(self) -> None:
        signed, _, signature = TOKENS["ES256"].rpartition(".")
        r, s = decoded(signature)[:32], decoded(signature)[32:]
        for other in (r + b"\0" + s, b"\0" + r + b"\0" + s, r + s + b"\0"):
            assert SIGNER.verify(ALL, TYPE, f"{signed}.{encoded(other)}") is None

    @each_algorithm
    @pytest.mark.requirement("R-79")
    def test_characters_beyond_ascii(self, algorithm: Algorithm) -> None:
        for odd in ("é", "\ud800", "\u2028", "\uff0e", "\U0001f511"):
            assert SIGNER.verify(ALL, TYPE, TOKENS[algorithm] + odd) is None
            assert SIGNER.verify(ALL, TYPE, TOKENS[algorithm].replace(".", odd, 1)) is None


@pytest.mark.requirement("R-72", "R-79")
@settings(max_examples=1000)
@given(
    st.text() | st.from_regex(r"[A-Za-z0-9_=-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*", fullmatch=True)
)
def test_any_text_is_refused_in_peace(token: str) -> None:
    assert SIGNER.verify(ALL, TYPE, token) is None


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
    assert SIGNER.verify(ALL, TYPE, forged("ES256", json.dumps(header))) is None


@pytest.mark.requirement("R-30")
@settings(max_examples=600, deadline=None)
@given(st.data(), st.sampled_from(ALGORITHMS))
def test_a_changed_token_never_verifies(data: st.DataObject, algorithm: Algorithm) -> None:
    token = TOKENS[algorithm]
    start = data.draw(st.integers(0, len(token)))
    end = data.draw(st.integers(start, min(len(token), start + 3)))
    middle = data.draw(st.text(max_size=3) | st.text("ABab01-_.=", max_size=3))
    changed = token[:start] + middle + token[end:]
    expected = PAYLOAD if changed == token else None
    assert SIGNER.verify(ALL, TYPE, changed) == expected
