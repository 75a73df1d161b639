"""The store of a place, opened in this process: for what an attacker or the sweeper does there."""

from collections.abc import Iterator
from contextlib import contextmanager

from gatepost.app import House, open_house
from gatepost.settings import Settings
from tests.cli.program import Place


@contextmanager
def house_of(place: Place) -> Iterator[House]:
    """The store of a place."""
    url = place.settings["GATEPOST_DATABASE_URL"].replace(":///", f":///{place.folder}/")
    key_file = place.folder / "store/master.key"
    house = open_house(Settings(database_url=url, master_key_file=key_file))
    try:
        yield house
    finally:
        house.close()
