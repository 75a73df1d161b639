import hmac
import pickle
import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.crypto.sealing import KeyedSecrets, MasterKey, SealBroken, Sealer, check_value
from gatepost.model.events import GENESIS, Head
from gatepost.ports import Kind, Secrets
from gatepost.system import SystemDice

OCTETS = bytes(range(32))
MASTER = MasterKey(OCTETS)
OTHER = MasterKey(bytes(32))


class TestTheKey:
    @pytest.mark.requirement("D-24")
    def test_prints_as_stars(self) -> None:
        assert f"{MASTER} {MASTER!r}" == "*** ***"
        with pytest.raises(TypeError):
            pickle.dumps(MASTER)

    @pytest.mark.parametrize("keys", [bytes(31), {}, {1: OCTETS, 2: bytes(33)}])
    def test_has_32_bytes(self, keys: bytes | dict[int, bytes]) -> None:
        with pytest.raises(ValueError, match="32"):
            MasterKey(keys)

    def test_of_several_the_newest_writes_until_told_otherwise(self) -> None:
        several = MasterKey({1: OCTETS, 3: bytes(32), 2: b"\2" * 32})
        assert several.numbers == (3, 2, 1)
        assert several.in_use == 3
        assert several.derive("proof", 1) == MASTER.derive("proof")
        assert several.derive("proof") == OTHER.derive("proof")

    @pytest.mark.requirement("D-02")
    def test_each_purpose_has_a_key_of_its_own(self) -> None:
        keys = [
            MASTER.derive("secret-hmac"),
            MASTER.derive("key-wrap"),
            MASTER.derive("journal"),
            MASTER.derive("key-check"),
            MASTER.derive("one-time"),
            MASTER.derive("proof"),
        ]
        assert len({OCTETS, *keys}) == 7
        assert {len(key) for key in keys} == {32}

    def test_stays_the_same_in_every_release(self) -> None:
        assert check_value(MASTER).hex() == CHECK_VALUE
        assert KeyedSecrets(MASTER, SystemDice()).digest("geheim").hex() == DIGEST

    def test_is_derived_by_rfc_5869(self) -> None:
        extracted = hmac.digest(bytes(32), OCTETS, "sha256")
        expected = hmac.digest(extracted, b"gatepost 1 journal\x01", "sha256")
        assert MASTER.derive("journal") == expected

    @pytest.mark.requirement("D-02")
    def test_the_wrong_key_is_told_by_its_check_value(self) -> None:
        assert check_value(MASTER) == check_value(MasterKey(OCTETS))
        assert check_value(MASTER) != check_value(OTHER)


class TestDigests:
    secrets: Secrets = KeyedSecrets(MASTER, SystemDice())

    @pytest.mark.requirement("R-60", "D-01")
    def test_needs_the_key_and_begins_with_its_id(self) -> None:
        digest = self.secrets.digest("a-secret")
        assert len(digest) == 33
        assert digest[:1] == b"\x01"
        assert digest != KeyedSecrets(OTHER, SystemDice()).digest("a-secret")
        assert b"a-secret" not in digest

    @given(st.text(), st.text())
    def test_is_the_same_for_the_same_text_only(self, one: str, other: str) -> None:
        assert (self.secrets.digest(one) == self.secrets.digest(other)) == (one == other)

    def test_of_a_lone_surrogate_is_a_digest(self) -> None:
        assert self.secrets.digest("\ud800") != self.secrets.digest("?")

    @pytest.mark.requirement("R-78")
    @pytest.mark.parametrize(
        ("tenant", "head"),
        [
            ("tenant2", Head(1, GENESIS)),
            ("tenant", Head(2, GENESIS)),
            ("tenant", Head(1, b"\x01" + GENESIS[1:])),
            ("tenan", Head(1, b"t" + GENESIS)),
            ("", Head(1, GENESIS)),
        ],
    )
    def test_every_part_of_a_head_counts(self, tenant: str, head: Head) -> None:
        seal = self.secrets.seal_head("tenant", Head(1, GENESIS))
        assert seal != self.secrets.seal_head(tenant, head)
        assert seal != KeyedSecrets(OTHER, SystemDice()).seal_head("tenant", Head(1, GENESIS))

    @pytest.mark.requirement("R-78")
    def test_parts_of_a_head_do_not_run_into_each_other(self) -> None:
        seq = int.from_bytes(b"aaaaaaaa", "big")
        one = self.secrets.seal_head("tenant", Head(seq, (1).to_bytes(8, "big") + GENESIS))
        assert one != self.secrets.seal_head("tenantaaaaaaaa", Head(1, GENESIS))

    heads = st.tuples(st.text(max_size=9), st.integers(0, 2**64 - 1), st.binary(max_size=9))

    @given(heads, heads)
    def test_no_two_heads_share_a_seal(
        self, one: tuple[str, int, bytes], other: tuple[str, int, bytes]
    ) -> None:
        seals = [self.secrets.seal_head(head[0], Head(head[1], head[2])) for head in (one, other)]
        assert (seals[0] == seals[1]) == (one == other)


class TestOneTimeThings:
    secrets: Secrets = KeyedSecrets(MASTER, SystemDice())
    other: Secrets = KeyedSecrets(OTHER, SystemDice())

    @pytest.mark.requirement("R-50", "R-60")
    def test_a_digest_needs_the_key_and_begins_with_its_id(self) -> None:
        digest = self.secrets.digest_of("code", "a-code")
        assert len(digest) == 33
        assert digest[:1] == b"\x01"
        assert digest != self.other.digest_of("code", "a-code")
        assert b"a-code" not in digest

    @pytest.mark.requirement("R-50")
    def test_no_kind_passes_for_another(self) -> None:
        kinds = get_args(Kind)
        digests = {self.secrets.digest_of(kind, "the same") for kind in kinds}
        assert len(digests | {self.secrets.digest("the same")}) == len(kinds) + 1

    @given(st.sampled_from(get_args(Kind)), st.text(), st.sampled_from(get_args(Kind)), st.text())
    def test_a_digest_is_of_one_kind_and_one_text(
        self, kind: Kind, text: str, other_kind: Kind, other: str
    ) -> None:
        digests = self.secrets.digest_of(kind, text), self.secrets.digest_of(other_kind, other)
        assert (digests[0] == digests[1]) == ((kind, text) == (other_kind, other))

    def test_a_proof_is_text_for_an_address(self) -> None:
        proof = self.secrets.proof("a", "bc")
        assert re.fullmatch("[A-Za-z0-9_-]{43}", proof)
        assert proof == self.secrets.proof("a", "bc")
        assert proof != self.other.proof("a", "bc")

    @pytest.mark.parametrize(
        "parts", [("ab", "c"), ("abc",), ("a", "bc", ""), ("", "a", "bc"), ("bc", "a"), ()]
    )
    def test_the_parts_of_a_proof_do_not_run_into_each_other(self, parts: tuple[str, ...]) -> None:
        assert self.secrets.proof("a", "bc") != self.secrets.proof(*parts)

    parts = st.lists(st.text(max_size=9), max_size=3)

    @given(parts, parts)
    def test_no_two_proofs_are_alike(self, one: list[str], other: list[str]) -> None:
        assert (self.secrets.proof(*one) == self.secrets.proof(*other)) == (one == other)

    def test_of_a_lone_surrogate_there_is_a_digest_and_a_proof(self) -> None:
        assert self.secrets.digest_of("code", "\ud800") != self.secrets.digest_of("code", "?")
        assert self.secrets.proof("\ud800") != self.secrets.proof("?")

    @given(st.text(), st.text())
    def test_what_was_sealed_is_unsealed(self, place: str, plain: str) -> None:
        assert self.secrets.unseal(place, self.secrets.seal(place, plain)) == plain

    @pytest.mark.requirement("R-73")
    def test_is_unsealed_at_its_place_and_by_its_key_only(self) -> None:
        sealed = self.secrets.seal("place", "a token")
        assert b"a token" not in sealed
        assert sealed != self.secrets.seal("place", "a token")
        assert self.secrets.unseal("another place", sealed) is None
        assert self.secrets.unseal("", sealed) is None
        assert self.other.unseal("place", sealed) is None

    @pytest.mark.requirement("R-73", "R-79")
    def test_what_is_broken_is_none(self) -> None:
        sealed = self.secrets.seal("place", "a token")
        for index in range(len(sealed)):
            changed = bytearray(sealed)
            changed[index] ^= 1
            assert self.secrets.unseal("place", bytes(changed)) is None
            assert self.secrets.unseal("place", sealed[:index]) is None

    def test_a_sealed_text_is_no_private_key(self) -> None:
        sealed = Sealer(MASTER, SystemDice()).seal(b"private", b"place")
        assert self.secrets.unseal("place", sealed) is None
        with pytest.raises(SealBroken):
            Sealer(MASTER, SystemDice()).open(self.secrets.seal("place", "text"), b"place")


class TestSeals:
    sealer = Sealer(MASTER, SystemDice())

    @given(st.binary(), st.binary())
    def test_what_was_sealed_opens(self, plain: bytes, place: bytes) -> None:
        sealed = self.sealer.seal(plain, place)
        assert self.sealer.open(sealed, place) == plain
        assert len(sealed) == 1 + 12 + len(plain) + 16

    @pytest.mark.requirement("R-73", "R-74")
    def test_no_two_seals_are_alike(self) -> None:
        nonces = {self.sealer.seal(b"private", b"place")[1:13] for _ in range(100)}
        assert len(nonces) == 100

    @pytest.mark.requirement("D-03")
    def test_opens_at_its_place_only(self) -> None:
        sealed = self.sealer.seal(b"private", b"place")
        with pytest.raises(SealBroken):
            self.sealer.open(sealed, b"other place")
        with pytest.raises(SealBroken):
            Sealer(OTHER, SystemDice()).open(sealed, b"place")

    @pytest.mark.requirement("R-73", "R-79")
    def test_every_changed_byte_breaks_it(self) -> None:
        sealed = self.sealer.seal(b"private", b"place")
        for index in range(len(sealed)):
            changed = bytearray(sealed)
            changed[index] ^= 1
            with pytest.raises(SealBroken):
                self.sealer.open(bytes(changed), b"place")

    @given(st.binary(max_size=64))
    def test_rubbish_is_a_broken_seal(self, rubbish: bytes) -> None:
        with pytest.raises(SealBroken):
            self.sealer.open(rubbish, b"place")


@pytest.mark.requirement("D-02")
class TestSeveralKeys:
    """What one key made is known under two; which of them makes is told."""

    old = KeyedSecrets(MASTER, SystemDice())

    def both(self) -> KeyedSecrets:
        return KeyedSecrets(MasterKey({1: OCTETS, 2: bytes(32)}), SystemDice())

    def test_what_is_made_names_the_key_in_use(self) -> None:
        both = self.both()
        assert (both.numbers, both.key_in_use) == ((2, 1), 2)
        assert both.digest("x")[:1] == both.seal("here", "x")[:1] == b"\2"
        assert both.write_under(1)
        assert both.key_in_use == 1
        assert both.digest("x")[:1] == both.digest_of("code", "x")[:1] == b"\1"
        assert both.seal("here", "x")[:1] == both.seal_head("", Head(1, GENESIS))[:1] == b"\1"

    def test_a_key_that_is_not_there_is_not_used(self) -> None:
        both = self.both()
        assert not both.write_under(3)
        assert both.key_in_use == 2

    def test_each_thing_has_a_form_under_each_key_the_one_in_use_first(self) -> None:
        both = self.both()
        for number in (2, 1):
            both.write_under(number)
            head = ("tenant", Head(7, GENESIS))
            assert both.digests("x")[0] == both.digest("x")
            assert self.old.digest("x") in both.digests("x")
            assert both.digests_of("code", "x")[0] == both.digest_of("code", "x")
            assert self.old.digest_of("code", "x") in both.digests_of("code", "x")
            assert both.proofs("a", "b")[0] == both.proof("a", "b")
            assert self.old.proof("a", "b") in both.proofs("a", "b")
            assert both.seals_of_head(*head)[0] == both.seal_head(*head)
            assert self.old.seal_head(*head) in both.seals_of_head(*head)

    def test_with_one_key_there_is_one_form(self) -> None:
        assert self.old.digests("x") == (self.old.digest("x"),)
        assert self.old.digests_of("code", "x") == (self.old.digest_of("code", "x"),)
        assert self.old.proofs("x") == (self.old.proof("x"),)

    def test_what_either_sealed_is_opened(self) -> None:
        both = self.both()
        assert both.unseal("here", self.old.seal("here", "x")) == "x"
        assert self.old.unseal("here", both.seal("here", "x")) is None

    def test_what_an_older_key_made_is_old(self) -> None:
        both = self.both()
        assert both.is_old(self.old.digest("x"))
        assert not both.is_old(both.digest("x"))
        both.write_under(1)
        assert not both.is_old(self.old.digest("x"))
        assert not both.is_old(b"\2")

    def test_each_key_has_its_check_value(self) -> None:
        both = self.both()
        assert both.check_of(1) == check_value(MASTER)
        assert both.check_of(2)[:1] == b"\2"
        assert both.check_of(2)[1:] == check_value(OTHER)[1:]


CHECK_VALUE = "01ca2a258d76d5e1e91243bcf5e6cb1fa178b6369009c168919682bcff5f914386"
DIGEST = "01cbec88e4b4d8f9e103873d2a438e0e51506431f404e2e8c550ace32370720794"
