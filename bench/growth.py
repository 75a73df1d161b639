"""How much is needed for so many devices and people: the model, as functions of values.

What is measured comes in as `Measured`; what is supposed stands in `Habits` and `Machines` and is
printed with the answer. Rates are those of the busiest hour. Nothing here measures anything.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

HOUR_S, DAY_S, DAYS_A_YEAR = 3_600, 86_400, 365
EPOCHS = 256
_ROUNDS = 8


class Population(NamedTuple):
    """Who is to be served."""

    devices: int
    people: int
    tenants: int


class Habits(NamedTuple):
    """What they do."""

    token_every_s: float = HOUR_S
    outage_minutes: float = 10
    """After an outage all devices ask once within so many minutes."""
    sign_ins_a_day: float = 2
    busiest_hour: float = 0.2
    """The share of a day's sign-ins that falls on its busiest hour."""
    working: float = 0.5
    """The share of people whose application refreshes its token each hour, in the busiest hour."""
    family_hours: float = 8
    """How long a family of refresh tokens and its sign-in are kept."""
    changes_a_tenant_a_day: float = 10
    commits_a_sign_in: float = 6
    """An errand that begins and goes on, the sign-in, consent, the code, and its redemption."""
    events_a_sign_in: float = 2
    journal_years: float = 1
    """Events are never removed by the product; so many years of them are counted."""


class Machines(NamedTuple):
    """What there is to run on."""

    worker_use: float = 0.6
    """A worker is one core; so much of it is to be used in the busiest hour."""
    cores_a_node: int = 8
    database_cores: int = 64
    """Of the largest database server that is thought of."""
    database_use: float = 0.5
    database_tb: float = 10
    slack: float = 1.3
    """Tables and indexes with what updates leave behind, as times of their bare size."""


class Cost(NamedTuple):
    """A request, in milliseconds of processor time and bytes of the write-ahead log."""

    node_ms: float
    database_ms: float
    wal_bytes: float = 0


class Measured(NamedTuple):
    """What the model starts from."""

    card: Cost
    store: Cost
    refresh: Cost
    sign_in: Cost
    change: Cost
    bytes_of: Mapping[str, float]
    cards_kept: int
    worker_mb: float
    commits_a_second: float
    turn_ms: float
    """How long a change of a tenant keeps the next one of that tenant waiting."""
    token_bytes: float


class Rates(NamedTuple):
    """Requests a second."""

    tokens: float
    refreshes: float
    sign_ins: float
    changes: float


class Needs(NamedTuple):
    """What it takes."""

    rates: Rates
    from_card: float
    """The share of tokens that need no read of the store."""
    node_cores: float
    workers: int
    nodes: int
    cards_mb: float
    """In one worker."""
    memory_gb: float
    """Of all nodes."""
    database_cores: float
    commits: float
    wal_mb_s: float
    storage_gb: float
    network_mbit_s: float
    of_one: Mapping[str, float]
    """Of each thing that one PostgreSQL has, how many times as much is needed."""

    @property
    def databases(self) -> int:
        """How many PostgreSQL servers it takes at least, if tenants are spread evenly."""
        return max(1, math.ceil(max(self.of_one.values())))

    @property
    def first_limit(self) -> str:
        """What of one PostgreSQL is used up first."""
        return max(self.of_one, key=lambda name: self.of_one[name])


def rates(who: Population, habits: Habits, *, outage: float) -> Rates:
    """The busiest hour; with an outage of 1 the minutes after one, with 0 a usual hour."""
    usual = who.devices / habits.token_every_s
    return Rates(
        tokens=max(usual, outage * who.devices / (60 * habits.outage_minutes)),
        refreshes=who.people * habits.working / HOUR_S,
        sign_ins=who.people * habits.sign_ins_a_day * habits.busiest_hour / HOUR_S,
        changes=who.tenants * habits.changes_a_tenant_a_day / DAY_S,
    )


def share_from_card(asked: Rates, who: Population, kept: int, workers: int) -> float:
    """How often a worker still has the card of the device that asks.

    A device meets each of the workers by chance. A card is gone when newer ones filled its place,
    or when anything was changed in one of the tenants that share its number of the epochs. A
    sign-in is such a change.
    """
    if asked.tokens <= 0:
        return 0.0
    room = min(1.0, kept / who.devices)
    meets_again = asked.tokens / who.devices / workers
    moves = (asked.sign_ins + asked.changes) / min(EPOCHS, who.tenants)
    return room * meets_again / (meets_again + moves)


def storage(who: Population, habits: Habits, bytes_of: Mapping[str, float]) -> float:
    """Bytes of tables and indexes, before any slack."""
    a_day = who.people * habits.sign_ins_a_day
    families = a_day * min(1.0, habits.family_hours / 24)
    refreshes = 1 + habits.family_hours * habits.working
    token = bytes_of["refresh token"] + bytes_of["sealed successor"]
    events = a_day * habits.events_a_sign_in + who.tenants * habits.changes_a_tenant_a_day
    return (
        who.devices * bytes_of["client"]
        + who.people * bytes_of["person"]
        + who.tenants * bytes_of["tenant"]
        + families * (bytes_of["sign-in"] + bytes_of["family"] + bytes_of["code"])
        + families * refreshes * token
        + events * DAYS_A_YEAR * habits.journal_years * bytes_of["event"]
    )


def commits(asked: Rates, habits: Habits, workers: int) -> float:
    """Durable commits a second. A worker writes its counts of use once a second."""
    books = min(asked.tokens, workers)
    return books + asked.refreshes + habits.commits_a_sign_in * asked.sign_ins + asked.changes


def needs(
    who: Population, measured: Measured, habits: Habits, machines: Machines, *, outage: float = 0
) -> Needs:
    """What it takes. How many workers there are and how often cards are met depend on each other,
    so both are worked out until they hardly move."""
    asked = rates(who, habits, outage=outage)
    met, workers = 0.0, 1
    for _ in range(_ROUNDS):
        workers = max(1, math.ceil(_spent(asked, measured, met)[0] / machines.worker_use))
        met = share_from_card(asked, who, measured.cards_kept, workers)
    node, database, wal = _spent(asked, measured, met)
    cards_mb = min(measured.cards_kept, who.devices) * measured.bytes_of["card"] / 1e6
    stored = storage(who, habits, measured.bytes_of) * machines.slack
    made = commits(asked, habits, workers)
    return Needs(
        rates=asked,
        from_card=met,
        node_cores=node,
        workers=workers,
        nodes=math.ceil(workers / machines.cores_a_node),
        cards_mb=cards_mb,
        memory_gb=workers * (measured.worker_mb + cards_mb) / 1e3,
        database_cores=database,
        commits=made,
        wal_mb_s=wal / 1e6,
        storage_gb=stored / 1e9,
        network_mbit_s=asked.tokens * measured.token_bytes * 8 / 1e6,
        of_one={
            "processor": database / (machines.database_cores * machines.database_use),
            "commits": made / measured.commits_a_second,
            "storage": stored / (machines.database_tb * 1e12),
        },
    )


def of_one_tenant(measured: Measured) -> float:
    """Sign-ins and changes a second that one tenant can have at most, because they take turns."""
    return 1_000 / measured.turn_ms


def _spent(asked: Rates, measured: Measured, met: float) -> tuple[float, float, float]:
    """Processor seconds a second of nodes and database, and bytes a second of the log."""
    pairs = (
        (asked.tokens * met, measured.card),
        (asked.tokens * (1 - met), measured.store),
        (asked.refreshes, measured.refresh),
        (asked.sign_ins, measured.sign_in),
        (asked.changes, measured.change),
    )
    return (
        sum(rate * cost.node_ms for rate, cost in pairs) / 1_000,
        sum(rate * cost.database_ms for rate, cost in pairs) / 1_000,
        sum(rate * cost.wal_bytes for rate, cost in pairs),
    )
