"""Which faults of a database pass by themselves, and are told as such."""

import pytest
from sqlalchemy.exc import DBAPIError

from gatepost.model.errors import StoreUnavailable
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
