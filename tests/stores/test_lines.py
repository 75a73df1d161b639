"""Lines: connections that are kept for the hot path, and let go when one was found broken."""

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psycopg
import pytest

from gatepost.model.errors import StoreUnavailable
from gatepost.storage.engine import make_engine
from gatepost.storage.lines import Lines
from tests import postgres
from tests.stores.crowd import at_once

ASKED = "SELECT :a + :b_c AS sum"
VALUES = {"a": 2, "b_c": 3}
on_postgresql = pytest.mark.parametrize("lines", ["postgresql"], indirect=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def lines(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """The lines at an empty database of each kind."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('lines') / 'gatepost.db'}"
    else:
        url = postgres.fresh_database(postgres.shared_server())
    engine = make_engine(url)
    made = Lines(engine)
    yield made
    made.close()
    engine.dispose()


def asked(lines: Lines) -> object:
    """The answer to the one question of these tests."""
    return lines.one(lines.written(ASKED.replace(":a", "CAST(:a AS INTEGER)")), VALUES)[0]


def free(lines: Lines) -> list[Any]:
    """The lines that nobody uses."""
    return list(lines._free)


def cut(line: Any) -> None:
    """End the session of a line behind its back."""
    pid = line.info.backend_pid
    with psycopg.connect(postgres.shared_server(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_a_line_is_kept_and_used_again(lines: Lines) -> None:
    assert free(lines) == []
    assert asked(lines) == 5
    (kept,) = free(lines)
    assert asked(lines) == 5
    assert free(lines) == [kept]


def test_each_caller_has_a_line_of_its_own(lines: Lines) -> None:
    with lines.taken() as one, lines.taken() as other:
        assert one is not other
    assert at_once([lambda: asked(lines)] * 16) == [5] * 16
    assert len(set(map(id, free(lines)))) == len(free(lines)) <= 16


def test_a_line_on_which_something_went_wrong_is_not_used_again(lines: Lines) -> None:
    asked(lines)
    (kept,) = free(lines)
    with suppress(ZeroDivisionError), lines.taken() as line:
        assert line is kept
        raise ZeroDivisionError
    assert free(lines) == []
    assert asked(lines) == 5
    assert free(lines) != [kept]


def test_a_fault_of_ours_is_told_as_it_is(lines: Lines) -> None:
    # for the callers tell a digest that is taken from a store that is lost
    with pytest.raises(Exception, match="syntax error") as caught:
        lines.one("no such sentence", {})
    assert isinstance(caught.value, StoreUnavailable) is (lines.written(":a") == ":a")


def test_closed_lines_are_closed(lines: Lines) -> None:
    with lines.taken(), lines.taken():
        pass
    kept = free(lines)
    lines.close()
    assert free(lines) == []
    assert len(kept) == 2
    for line in kept:
        with pytest.raises(Exception, match="closed"):
            line.execute("SELECT 1")


@pytest.mark.requirement("R-72")
@on_postgresql
def test_a_database_that_was_started_anew_costs_no_question(lines: Lines) -> None:
    with lines.taken(), lines.taken(), lines.taken():
        pass
    broken = free(lines)
    for line in broken:
        cut(line)
    assert asked(lines) == 5
    assert not set(map(id, broken)) & set(map(id, free(lines)))
    assert all(line.closed for line in broken)


@on_postgresql
def test_a_write_is_not_asked_twice(lines: Lines) -> None:
    asked(lines)
    cut(free(lines)[0])
    with pytest.raises(StoreUnavailable), lines.taken() as line:
        line.execute("SELECT 1")
    assert free(lines) == []
    assert asked(lines) == 5


def test_a_store_that_is_lost_is_told_so() -> None:
    lines = Lines(make_engine("postgresql://postgres@127.0.0.1:1/none"))
    with pytest.raises(StoreUnavailable) as told:
        lines.one("SELECT 1", {})
    assert "\n" not in str(told.value)


def test_names_are_put_into_the_words_of_the_driver(lines: Lines) -> None:
    written = lines.written("a::text = :a AND b = :b_c")
    assert written in {"a::text = :a AND b = :b_c", "a::text = %(a)s AND b = %(b_c)s"}


def test_a_line_that_was_in_use_at_the_end_is_closed_when_it_is_given_back(lines: Lines) -> None:
    with lines.taken() as line:
        lines.close()
        line.execute("SELECT 1").fetchone()
    assert free(lines) == []
    with pytest.raises((psycopg.OperationalError, sqlite3.ProgrammingError)):
        line.execute("SELECT 1")
