import pytest

from bench import probes, profile, profile_code, profile_load, profile_signed, profile_stand
from bench.load import Shot
from bench.probes import Least, Probe
from bench.profile_load import Spent
from bench.profile_stand import NotAtHandError
from gatepost.crypto import compact

STAT = "4242 (a name) with) S 1 2 3 4 5 6 7 8 9 10 100 50 20 10 20 0 1 0 77 88"
PARTS = {"reading": 5.0, "signature": 20.0}


def test_the_rest_is_what_the_whole_takes_beyond_its_parts() -> None:
    assert probes.rows(PARTS, 40.0) == [
        ("reading", 5.0, 0.125),
        ("signature", 20.0, 0.5),
        (probes.REST, 15.0, 0.375),
    ]


def test_of_two_batches_the_lesser_figures_are_kept() -> None:
    assert probes.lesser(Least(1.0, 9.0), Least(2.0, 3.0)) == Least(1.0, 3.0)


def test_probes_take_their_turn_in_every_round() -> None:
    told: list[str] = []
    some = probes.named("a ", {"one": lambda: told.append("1"), "two": lambda: told.append("2")})
    found = probes.least(some, 2, lambda: told.append("-"))
    each = probes.CALLS + probes.WARMING
    assert "".join(told) == 2 * ("-" + "1" * each + "2" * each)
    assert list(found) == ["a one", "a two"]


def test_figures_are_picked_by_how_their_names_begin() -> None:
    found = {"RS256 total": Least(1.0, 2.0), "ES256 total": Least(3.0, 4.0)}
    assert probes.picked(found, "ES256 ") == {"total": 3.0}


def test_what_the_loop_takes_is_not_of_a_redemption() -> None:
    found = {
        profile_code.LOOP: Least(1.0, 2.0),
        profile_code.TURN: Least(4.0, 6.0),
        "RS256 deciding": Least(3.0, 3.5),
        "RS256 total": Least(21.0, 42.0),
        "ES256 total": Least(11.0, 12.0),
    }
    assert profile_code.told(found, "RS256 ") == {
        "parts": {"deciding": 3.0, profile_code.TURN: 3.0},
        "parts_elapsed": {"deciding": 3.5, profile_code.TURN: 4.0},
        "total": 20.0,
        "total_elapsed": 40.0,
    }


def test_user_and_system_time_are_told_apart_with_those_of_children() -> None:
    ticks = profile_load.TICKS_A_SECOND
    assert profile_load.in_stat(STAT) == Spent(120 / ticks, 60 / ticks)


def test_time_is_told_for_each_request() -> None:
    spent = Spent(3.0, 1.5).since(Spent(1.0, 1.0))
    assert spent.each(1000) == {"user": 2000.0, "system": 500.0}


def test_a_shot_is_told_by_what_the_server_spent_meanwhile() -> None:
    looks = iter([Spent(1.0, 0.0), Spent(1.5, 0.25)])
    counted = profile_load.counted(lambda: Shot(1000, 500.0, 1.0, 2.0, 0), lambda: next(looks))
    assert counted["server"] == {"user": 500.0, "system": 250.0}


@pytest.mark.parametrize("shot", [Shot(0, 0.0, 0.0, 0.0, 0), Shot(10, 5.0, 1.0, 2.0, 1)])
def test_a_shot_with_errors_tells_nothing(shot: Shot) -> None:
    with pytest.raises(NotAtHandError, match="requests failed"):
        profile_load.counted(lambda: shot, lambda: Spent(0.0, 0.0))


def test_algorithms_stand_side_by_side() -> None:
    ways = {"RS256": {"parts": PARTS, "total": 40.0}, "ES256": {"parts": PARTS, "total": 50.0}}
    assert list(profile.parts(ways, "parts", "total")) == [
        "| | RS256 | share | ES256 | share |",
        "|---|---|---|---|---|",
        "| reading | 5.0 | 12.5% | 5.0 | 10.0% |",
        "| signature | 20.0 | 50.0% | 20.0 | 40.0% |",
        "| the rest | 15.0 | 37.5% | 25.0 | 50.0% |",
        "| **in all** | 40.0 |  | 50.0 |  |",
    ]


def test_without_a_load_generator_the_served_worker_is_left_out() -> None:
    around = {"protocol": 10.0, "ready": 15.0, "after_wait": 50.0}
    token = {"ways": {"RS256": {"total": 40.0, "line": 2.0}}, **around}
    assert list(profile.around(token, {}))[2:] == [
        "| the answer itself (above) | 40.0 |",
        "| server library, parser, timers | 10.0 |",
        "| its line of the access log, written behind | 2.0 |",
        "| all but signature and base64, again and again | 15.0 |",
        "| the same, each after a wait for the disk | 50.0 |",
    ]


def test_a_served_worker_is_told_in_program_and_kernel_and_both() -> None:
    around = {"protocol": 10.0, "ready": 15.0, "after_wait": 50.0}
    token = {"ways": {"RS256": {"total": 40.0, "line": 2.0}}, **around}
    spent = {"user": 60.0, "system": 12.0}
    served = {"RS256": {"server": spent, "load": spent}}
    assert list(profile.around(token, served))[-6:-3] == [
        "| served worker, in the program | 60.0 |",
        "| served worker, in the kernel | 12.0 |",
        "| served worker, both | 72.0 |",
    ]


def test_a_request_is_the_same_on_the_wire_and_as_it_is_read() -> None:
    asked = profile_stand.request("grant_type=client_credentials&client_id=a")
    assert asked.read.form == {"grant_type": "client_credentials", "client_id": "a"}
    head, _, body = profile_stand.message(asked).partition(b"\r\n\r\n")
    assert head.startswith(b"POST /identity/connect/token HTTP/1.1\r\nhost: ")
    assert b"content-length: %d" % len(body) in head


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_token_in_pieces_is_one_that_can_be_opened(algorithm: str) -> None:
    way = dict(profile_signed.ways().items())[algorithm]  # type: ignore[index]
    pieces = profile_signed.token(way, b"e30", b'{"iss":"here"}')
    opened = compact.opened(profile_signed.assembled(way, pieces))
    assert opened is not None
    assert opened.payload == b'{"iss":"here"}'


def test_probe_names_begin_alike() -> None:
    def nothing() -> None:
        """Does nothing."""

    assert probes.named("RS256 ", {"total": nothing}) == [Probe("RS256 total", nothing)]
