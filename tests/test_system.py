import base64
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from gatepost.ports import Clock, Dice
from gatepost.system import SystemClock, SystemDice

CLOCK: Clock = SystemClock()
DICE: Dice = SystemDice()


@pytest.mark.requirement("R-76")
def test_the_clock_tells_utc() -> None:
    now = CLOCK.now()
    assert now.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - now) < timedelta(seconds=5)


@pytest.mark.requirement("R-74")
def test_guids_are_random_and_in_lower_case() -> None:
    guids = {DICE.guid() for _ in range(100)}
    assert len(guids) == 100
    assert all(str(uuid.UUID(guid)) == guid and uuid.UUID(guid).version == 4 for guid in guids)


@pytest.mark.requirement("R-60", "R-74")
@pytest.mark.parametrize("size", [1, 12, 16, 32])
def test_tokens_have_all_their_bytes_and_no_padding(size: int) -> None:
    tokens = {DICE.token(size) for _ in range(20)}
    assert size == 1 or len(tokens) == 20
    for token in tokens:
        octets = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        assert len(octets) == size
        assert base64.urlsafe_b64encode(octets).decode().rstrip("=") == token
