"""Which faults of a database pass by themselves, and are told as such."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from gatepost.model.errors import Code, Refused, StoreUnavailable
from gatepost.storage.engine import make_engine, transaction
from tests.postgres import fresh_database, shared_server


class Fault(Exception):
    """A driver's error with a state."""

    def __init__(self, state: str) -> None:
        super().__init__(f"state {state}")
        self.sqlstate = state


@pytest.mark.requirement("R-72")
@pytest.mark.parametrize("state", ["25006", "57P01", "53300", "08006", "0A000"])
def test_a_standby_or_a_full_server_is_unavailable(state: str) -> None:
    engine = make_engine(fresh_database(shared_server()))
    with pytest.raises(StoreUnavailable, match=state), transaction(engine, writing=True):
        raise DBAPIError("INSERT", None, Fault(state))
    engine.dispose()


def test_a_text_that_fills_an_index_is_told_as_bad_input_and_not_as_a_fault() -> None:
    engine = make_engine(fresh_database(shared_server()))
    with pytest.raises(Refused) as refused, transaction(engine, writing=True):
        raise OperationalError("INSERT", None, Fault("54000"))
    engine.dispose()
    assert refused.value.code is Code.INVALID_MEMBER
    with transaction(engine, writing=True) as connection:
        connection.execute(text("CREATE TABLE t (a text PRIMARY KEY)"))
    letters = "SELECT string_agg(md5(i::text), '') FROM generate_series(1, 500) AS i"
    with pytest.raises(Refused), transaction(engine, writing=True) as connection:
        connection.execute(text(f"INSERT INTO t {letters}"))
    engine.dispose()


def test_a_fault_of_ours_is_not_passing() -> None:
    engine = make_engine(fresh_database(shared_server()))
    with pytest.raises(DBAPIError), transaction(engine, writing=True):
        raise DBAPIError("INSERT", None, Fault("42601"))
    engine.dispose()


@pytest.mark.requirement("R-59", "R-76")
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_fault_does_not_tell_the_values_of_a_statement(
    kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("engine")
    url = f"sqlite:///{folder}/a.db" if kind == "sqlite" else fresh_database(shared_server())
    engine = make_engine(url)
    assert engine.hide_parameters
    engine.dispose()
