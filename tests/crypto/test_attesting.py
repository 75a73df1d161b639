"""Keys of checkpoints: one for each master key, told apart from all others, verified by anybody."""

import base64
import subprocess
from pathlib import Path

import pytest

from gatepost.crypto.attesting import CheckpointKeys, as_pem, is_signed
from gatepost.crypto.sealing import MasterKey

pytestmark = pytest.mark.requirement("D-02", "D-14")

MASTER = MasterKey(bytes(range(32)))
KEYS = CheckpointKeys(MASTER)
BODY = b'{"kind":"gatepost-checkpoint-1"'


def test_a_signature_is_of_this_key_and_these_bytes() -> None:
    made = KEYS.sign(BODY)
    other = CheckpointKeys(MasterKey(bytes(32))).key
    assert is_signed(KEYS.key, BODY, made)
    assert not is_signed(KEYS.key, BODY + b" ", made)
    assert not is_signed(other, BODY, made)


@pytest.mark.parametrize("key", ["", "x", KEYS.key[:-1], KEYS.key + "A", "é", "A" * 43, "_" * 43])
def test_what_is_no_key_has_signed_nothing(key: str) -> None:
    assert not is_signed(key, BODY, KEYS.sign(BODY))


@pytest.mark.parametrize("signature", ["", "x", "A" * 86, "é", KEYS.sign(b"") + "=="])
def test_what_is_no_signature_is_none(signature: str) -> None:
    assert not is_signed(KEYS.key, BODY, signature)


def test_the_same_master_key_gives_the_same_key() -> None:
    assert CheckpointKeys(MasterKey(bytes(range(32)))).key == KEYS.key
    assert KEYS.keys == (KEYS.key,)
    assert MASTER.derive("checkpoint") not in {MASTER.derive("journal"), MASTER.derive("proof")}


def test_while_one_master_key_follows_another_each_has_its_key() -> None:
    both = MasterKey({1: bytes(range(32)), 2: bytes(32)})
    keys = CheckpointKeys(both)
    assert keys.keys == (CheckpointKeys(MasterKey({2: bytes(32)})).key, KEYS.key)
    both.in_use = 1
    assert keys.key == keys.keys[0] == KEYS.key
    assert is_signed(KEYS.key, BODY, keys.sign(BODY))


def test_openssl_says_the_same(tmp_path: Path) -> None:
    names = ("key.pem", "body", "signature")
    made = base64.urlsafe_b64decode(KEYS.sign(BODY) + "==")
    for name, octets in zip(names, (as_pem(KEYS.key).encode(), BODY, made), strict=True):
        (tmp_path / name).write_bytes(octets)
    command = "openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in body -sigfile signature"
    done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    (tmp_path / "body").write_bytes(BODY + b" ")
    assert subprocess.run(
        command.split(), cwd=tmp_path, capture_output=True, check=False
    ).returncode
