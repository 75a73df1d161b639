"""What is measured: one row each, from which counting, the page of metrics and its tests read.

A series is a measure with a value for each of its labels. Such a value is a word of ours: a route
as its table has it, a reason code, the name of a pool. Nothing that a caller sent is one, and
nothing that names a tenant, a client, a person or an address (docs/decisions/0024).
"""

import re
from enum import StrEnum
from typing import NamedTuple

Series = tuple[str, ...]
"""The name of a measure, and the values of its labels in their order."""

_MS, _S = 1_000_000, 1_000_000_000
BOUNDS_NS = (
    *(200_000, 500_000, 1 * _MS, 2 * _MS, 5 * _MS, 10 * _MS, 20 * _MS, 50 * _MS),
    *(100 * _MS, 200 * _MS, 500 * _MS, 1 * _S, 2 * _S, 5 * _S),
)
"""The bounds of the buckets of a histogram: a token takes 0.3 ms, and patience ends at 5 s."""


class Kind(StrEnum):
    """Counters only grow. An age is a gauge that is kept as the moment since which it grows."""

    COUNTER = "counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"
    AGE = "age"


class Join(StrEnum):
    """What the gauges of several workers come to on their node."""

    SUM = "sum"
    HIGHEST = "highest"
    LOWEST = "lowest"


class Measure(NamedTuple):
    """One measure."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    join: Join = Join.SUM


BUILD = "gatepost_build_info"
READY = "gatepost_ready"
WORKERS = "gatepost_workers"
WORKERS_WANTED = "gatepost_workers_wanted"
WORKER_STARTS = "gatepost_worker_starts_total"
REQUESTS = "gatepost_requests_total"
SECONDS = "gatepost_request_seconds"
LAG = "gatepost_loop_lag_seconds"
TOKENS = "gatepost_tokens_total"
REFUSALS = "gatepost_refusals_total"
ERRORS = "gatepost_errors_total"
CALLS = "gatepost_calls"
CALLS_LIMIT = "gatepost_calls_limit"
CALLS_REFUSED = "gatepost_calls_refused_total"
QUEUE = "gatepost_queue_length"
QUEUE_LIMIT = "gatepost_queue_limit"
CONNECTIONS = "gatepost_store_connections"
CONNECTIONS_LIMIT = "gatepost_store_connections_limit"
STORE_AGE = "gatepost_store_seen_age_seconds"
KEYS = "gatepost_signing_keys"
KEY_AGE = "gatepost_signing_key_age_seconds"
KEY_LEFT = "gatepost_signing_key_remaining_seconds"
KEY_SCHEDULE = "gatepost_signing_key_schedule_seconds"
SECRETS = "gatepost_client_secrets_expiring"
SWEEP_AGE = "gatepost_sweep_age_seconds"
CHECKPOINT_WAIT = "gatepost_checkpoint_wait_seconds"
LINES_LOST = "gatepost_log_lines_lost_total"

_ROWS = (
    Measure(BUILD, Kind.GAUGE, "Always 1; the version that serves.", ("version",), Join.HIGHEST),
    Measure(
        READY, Kind.GAUGE, "1 when every worker of this node is ready, else 0.", (), Join.LOWEST
    ),
    Measure(WORKERS, Kind.GAUGE, "Workers of this node that are alive."),
    Measure(WORKERS_WANTED, Kind.GAUGE, "Workers that this node was started with.", ()),
    Measure(WORKER_STARTS, Kind.COUNTER, "Workers that were started, replacements too."),
    Measure(REQUESTS, Kind.COUNTER, "Answers.", ("method", "route", "status")),
    Measure(
        SECONDS,
        Kind.HISTOGRAM,
        "From when a request is read to its last byte until its answer is made.",
        ("method", "route"),
    ),
    Measure(
        LAG,
        Kind.HISTOGRAM,
        "How late a worker came to its next turn: so long do requests wait before they are read.",
    ),
    Measure(TOKENS, Kind.COUNTER, "Answers of the token endpoint.", ("grant", "outcome")),
    Measure(REFUSALS, Kind.COUNTER, "Refusals, as the log has them.", ("action", "reason")),
    Measure(ERRORS, Kind.COUNTER, "Requests that were refused or failed, by code.", ("code",)),
    Measure(CALLS, Kind.GAUGE, "Calls that need a thread.", ("pool", "state")),
    Measure(CALLS_LIMIT, Kind.GAUGE, "So many may be under way; more are refused.", ("pool",)),
    Measure(CALLS_REFUSED, Kind.COUNTER, "Calls beyond the limit.", ("pool",)),
    Measure(QUEUE, Kind.GAUGE, "What waits to be done behind the answers.", ("queue",)),
    Measure(QUEUE_LIMIT, Kind.GAUGE, "So many may wait; more are let go.", ("queue",)),
    Measure(CONNECTIONS, Kind.GAUGE, "Connections to the store.", ("state",)),
    Measure(CONNECTIONS_LIMIT, Kind.GAUGE, "So many may be in use at once."),
    Measure(STORE_AGE, Kind.AGE, "Since the last good look at the store began.", (), Join.HIGHEST),
    Measure(KEYS, Kind.GAUGE, "Signing keys by phase.", ("phase",), Join.HIGHEST),
    Measure(KEY_AGE, Kind.GAUGE, "How long the signing key has been signing.", (), Join.HIGHEST),
    Measure(
        KEY_LEFT,
        Kind.GAUGE,
        "Until the signing key is followed by another; absent where none is announced.",
        (),
        Join.LOWEST,
    ),
    Measure(
        KEY_SCHEDULE,
        Kind.GAUGE,
        "How long a key is to sign by the schedule; absent where keys change on order alone.",
        (),
        Join.LOWEST,
    ),
    Measure(
        SECRETS,
        Kind.GAUGE,
        "Client secrets of the whole deployment that expire so soon; told by its sweeper.",
        ("within",),
        Join.HIGHEST,
    ),
    Measure(
        SWEEP_AGE, Kind.AGE, "Since the deployment was last swept, if it was here.", (), Join.LOWEST
    ),
    Measure(
        CHECKPOINT_WAIT,
        Kind.GAUGE,
        "How long checkpoints have waited for a place that takes them; told by the sweeper.",
        (),
        Join.HIGHEST,
    ),
    Measure(LINES_LOST, Kind.COUNTER, "Lines of answers that the log could not take."),
)
MEASURES = {row.name: row for row in _ROWS}

_CODE = re.compile(r"[a-z][a-z0-9_]{0,50}")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"


def method_word(method: str) -> str:
    """A method as a label: one of HTTP's, whatever a caller makes up."""
    return method if method in METHODS else OTHER


def error(code: str) -> Series:
    """The series of a refusal by its code."""
    return (ERRORS, code)


def refusal(action: str, reason: str) -> Series:
    """The series of a refusal that the log tells; what is no code of ours is another."""
    return (REFUSALS, action, reason if _CODE.fullmatch(reason) else OTHER)
