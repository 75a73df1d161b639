"""How much is measured: the whole, which is kept, or a quick look, which is only shown."""

from enum import Enum
from typing import NamedTuple


class Plan(NamedTuple):
    """The rounds of a workload, and the seconds of each shot in them."""

    rounds: int
    seconds: int
    warm_up: int


class Size(Enum):
    """What each family is asked for."""

    WHOLE = Plan(rounds=3, seconds=3, warm_up=2)
    QUICK = Plan(rounds=1, seconds=2, warm_up=1)
