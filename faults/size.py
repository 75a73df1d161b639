"""How much of a fault is done: the whole plan, a quick look, or the short version of the tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from faults.stand import Stand, stand


class Size(Enum):
    """What each fault is asked for."""

    WHOLE = "whole"
    QUICK = "quick"
    SHORT = "short"


class Stage(NamedTuple):
    """Where a fault is played, how much of it, and by which chance."""

    folder: Path
    store: str
    size: Size
    seed: int
    minutes: float | None = None
    """How long the soak is, if not as long as the plan says."""
    stand: Stand | None = None
    """A deployment that is there already, if it is not to be a new one."""

    @contextmanager
    def founded(self, people: int, **settings: str) -> Iterator[Stand]:
        """A deployment with so many people, served under these settings."""
        if self.stand is None:
            with stand(self.folder, self.store, people, None, **settings) as made:
                yield made
        else:
            place = self.stand.place.with_settings(**settings)
            yield self.stand._replace(place=place, people=self.stand.people[:people])
