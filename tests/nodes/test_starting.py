"""Nodes that start together make everything once."""

from contextlib import ExitStack
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from gatepost.storage import schema
from gatepost.storage.engine import make_engine, transaction
from tests.cli.program import Place, listening, postgresql_place
from tests.nodes.cluster import PUBLIC_URL, folder_of, log_of

NODES = 3


@pytest.mark.parametrize("attempt", [1, 2])
def test_nodes_that_start_together_migrate_once_and_make_one_key(
    attempt: int, tmp_path: Path
) -> None:
    assert attempt
    place = postgresql_place(tmp_path).with_settings(GATEPOST_PUBLIC_URL=PUBLIC_URL)
    told = place.init()
    _as_the_version_before_left_it(place)
    with ExitStack() as stack:
        started = []
        for number in range(NODES):
            node = folder_of(place, number)
            log = stack.enter_context((node.folder / "server.log").open("w"))
            started.append(node.start("serve", "--port", "0", stderr=log))
        for process in started:
            stack.enter_context(process)
            stack.callback(process.kill)
        for number, process in enumerate(started):
            running = listening(process)
            assert running, log_of(place, number)
            stack.enter_context(running.http)
            assert running.token(told["AdminClientId"], told["AdminClientSecret"])
            assert running.stop() == 0
    assert len(place.rows("SELECT kid FROM signing_keys")) == 1
    assert place.rows("SELECT version_num FROM alembic_version") == [(schema.HEAD,)]


def _as_the_version_before_left_it(place: Place) -> None:
    """The revision before this one, and no signing key."""
    place.rows("DELETE FROM signing_keys")
    engine = make_engine(place.settings["GATEPOST_DATABASE_URL"])
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    with transaction(engine, writing=True) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "-1")
    engine.dispose()
