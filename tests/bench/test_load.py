import pytest

from bench import load
from bench.load import NoLoadError, Shot

SAID = """Running 2s test @ http://127.0.0.1:9/token
  1 threads and 16 connections
Requests/sec:   1631.59
bench requests=3300 microseconds=2000000 p50=1973 p99=9264 errors=7
"""


def test_the_figures_are_read_from_the_line_that_the_script_prints() -> None:
    assert load.read(SAID) == Shot(3300, 1650.0, 1.973, 9.264, 7)


def test_a_run_without_figures_is_refused() -> None:
    with pytest.raises(NoLoadError, match="wrk told no figures"):
        load.read("Running 2s test @ http://127.0.0.1:9/token\n")


@pytest.mark.parametrize(("seconds", "told"), [(2, "-d2s"), (0.2, "-d1s"), (2.6, "-d3s")])
def test_the_time_is_told_in_whole_seconds(seconds: float, told: str) -> None:
    assert told in load.command("http://127.0.0.1:9/", seconds, 16, [])


def test_the_arguments_of_the_script_come_last() -> None:
    line = load.command("http://127.0.0.1:9/", 1, 4, ["forms"])
    assert line[-3:] == ["http://127.0.0.1:9/", "--", "forms"]
    assert "-c4" in line
