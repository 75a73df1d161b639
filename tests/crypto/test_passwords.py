import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

import pytest
from argon2 import PasswordHasher as Argon2
from argon2 import extract_parameters
from argon2.low_level import Type
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.crypto.passwords import Argon2Passwords, TooBusy
from gatepost.model.errors import StoreUnavailable
from gatepost.ports import PasswordHasher
from gatepost.system import SystemDice

PASSWORDS = Argon2Passwords(SystemDice(), cores=2)
PASSWORD = "correct horse battery staple"
MADE = PASSWORDS.hash(PASSWORD)
PHC = Argon2(2, 19_456, 1).hash(PASSWORD, salt=bytes(16))  # the same in every test process
WEAKER = "$argon2id$v=19$m=9216,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43


def test_serves_the_port() -> None:
    port: PasswordHasher = PASSWORDS
    assert port.verify(MADE, PASSWORD)
    assert not port.verify(MADE, PASSWORD + " ")


@pytest.mark.requirement("R-46", "D-04")
def test_is_argon2id_with_the_parameters_of_the_rule() -> None:
    found = extract_parameters(MADE)
    assert MADE.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert (found.type, found.salt_len, found.hash_len) == (Type.ID, 16, 32)


@pytest.mark.requirement("R-46")
def test_every_hash_has_a_salt_of_its_own() -> None:
    assert PASSWORDS.hash(PASSWORD) != MADE


@pytest.mark.requirement("R-46")
@pytest.mark.parametrize(
    ("phc", "answer"), [(PHC, False), (WEAKER, True), ("rubbish", True), ("é", True)]
)
def test_tells_when_to_hash_again(phc: str, answer: bool) -> None:
    assert PASSWORDS.needs_rehash(phc) is answer


@pytest.mark.requirement("R-46")
def test_a_hash_of_older_parameters_still_verifies() -> None:
    assert PASSWORDS.verify(Argon2(1, 9216, 1).hash(PASSWORD), PASSWORD)


@pytest.mark.requirement("R-45")
@pytest.mark.parametrize(
    "password", ["pässwörd 密码 🔑", "a\0b\nc-----", "x" * 128, "\ud800-------"]
)
def test_takes_any_characters_whole(password: str) -> None:
    phc = PASSWORDS.hash(password)
    assert PASSWORDS.verify(phc, password)
    assert not PASSWORDS.verify(phc, password[:-1])


@pytest.mark.requirement("R-45")
def test_what_has_no_bytes_is_not_taken_for_something_else() -> None:
    assert not PASSWORDS.verify(PASSWORDS.hash("?-------"), "\ud800-------")


@pytest.mark.requirement("R-45")
def test_a_longer_password_is_never_hashed() -> None:
    full = Argon2Passwords(SystemDice(), cores=1, waiting=0)
    with occupied(full, 1):
        assert not full.verify(PHC, "x" * 129)
        with pytest.raises(ValueError, match="128"):
            full.hash("x" * 129)


@pytest.mark.requirement("R-79")
@pytest.mark.parametrize(
    "phc",
    [
        "",
        "rubbish",
        "$argon2id$",
        "$argon2id$v=19$m=19456,t=2,p=1$$",
        "$argon2id$v=19$m=x,t=2,p=1$c29tZXNhbHQ$aGFzaA",
        "$argon2id$v=19$m=8,t=0,p=9$c29tZXNhbHQ$aGFzaA",
        "$2b$12$abcdefghijklmnopqrstuv",
        "$argon2id$é",
        "\ud800",
        PHC[:-1],
        PHC + "A",
    ],
)
def test_a_malformed_hash_verifies_nothing(phc: str) -> None:
    assert PASSWORDS.verify(phc, PASSWORD) is False


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=100))
def test_any_text_as_a_hash_verifies_nothing(phc: str) -> None:
    assert PASSWORDS.verify(phc, PASSWORD) is False
    assert PASSWORDS.needs_rehash(phc) is True


@pytest.mark.requirement("R-48", "D-04")
def test_the_decoy_costs_what_a_user_costs_and_fits_no_password() -> None:
    one, other = (Argon2Passwords(SystemDice(), cores=1) for _ in range(2))
    assert one.decoy == one.decoy
    assert one.decoy != other.decoy
    assert extract_parameters(one.decoy) == extract_parameters(MADE)
    assert not one.verify(one.decoy, "")


class occupied:  # noqa: N801 (reads as a sentence in a with statement)
    """Keeps some threads of a hasher at work until the block ends."""

    def __init__(self, passwords: Argon2Passwords, threads: int) -> None:
        self._passwords = passwords
        self._pool = ThreadPoolExecutor(threads)
        self._gate = threading.Event()
        self._patience = threading.Timer(20, self._gate.set)  # a broken hasher fails, not hangs
        self._threads = threads
        self.futures: list[Future[bool]] = []
        self.inside = 0
        self.most = 0
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        verify: Callable[[str, bytes], bool] = self._passwords._argon2.verify

        class Slow:
            @staticmethod
            def verify(phc: str, password: bytes) -> bool:
                with self._lock:
                    self.inside += 1
                    self.most = max(self.most, self.inside)
                try:
                    self._gate.wait()
                    return verify(phc, password)
                finally:
                    with self._lock:
                        self.inside -= 1

        self._passwords._argon2 = Slow  # type: ignore[assignment]
        self._patience.start()
        places = self._passwords._places
        before = places._value
        for _ in range(self._threads):
            self.futures.append(self._pool.submit(self._passwords.verify, PHC, PASSWORD))
        until(lambda: places._value == before - self._threads)
        return self

    def __exit__(self, *_: object) -> None:
        self._patience.cancel()
        self._gate.set()
        self._pool.shutdown()


def until(reached: Callable[[], bool]) -> None:
    for _ in range(1000):
        if reached():
            return
        threading.Event().wait(0.01)
    raise AssertionError("never came")


@pytest.mark.requirement("R-47", "D-04")
def test_only_as_many_hash_at_once_as_there_are_cores() -> None:
    passwords = Argon2Passwords(SystemDice(), cores=2)
    with occupied(passwords, 8) as crowd:
        until(lambda: crowd.inside == 2)
    assert [future.result() for future in crowd.futures] == [True] * 8
    assert crowd.most == 2


@pytest.mark.requirement("R-47", "D-04")
def test_who_finds_the_queue_full_is_sent_away_at_once() -> None:
    passwords = Argon2Passwords(SystemDice(), cores=1)
    with occupied(passwords, 65):
        started = time.monotonic()
        with pytest.raises(TooBusy) as caught:
            passwords.verify(PHC, PASSWORD)
        assert time.monotonic() - started < 0.25
        with pytest.raises(TooBusy):
            passwords.hash(PASSWORD)
    assert isinstance(caught.value, StoreUnavailable)
    assert passwords.verify(PHC, PASSWORD)


def test_a_failed_hash_gives_its_place_back() -> None:
    passwords = Argon2Passwords(SystemDice(), cores=1, waiting=0)
    for _ in range(3):
        assert not passwords.verify("rubbish", PASSWORD)
    assert passwords.verify(PHC, PASSWORD)
