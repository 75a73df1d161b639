import pytest

from bench import signing


@pytest.mark.parametrize("way", signing.WAYS)
def test_two_processes_sign_until_they_are_told_to_stop(way: str) -> None:
    with signing.signers(way) as signers:
        shot = signers.shoot(0.01)
    assert shot.requests > 0
    assert shot.per_second > 0
    assert [process.returncode for process in signers.processes] == [0] * len(signers.processes)
