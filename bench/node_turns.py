"""How long a writer of a tenant keeps the next one waiting: from its turn to its commit.

While one client after another is changed, the lock of the turn is looked for at short intervals.
The share of looks that find it, of the time that went by, is how long the changes held it.
"""

import threading
import time
from typing import Any

import psycopg

from bench import progress
from bench.fill import Filled
from bench.node_costs import changes
from bench.served import serving
from bench.workloads import Ground

_LOOK_EVERY_S = 0.002
_HELD = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"


def measure(filled: Filled, connection: psycopg.Connection, seconds: float) -> dict[str, Any]:
    """Changes one after another in a store of one tenant."""
    progress.say("nodes: the turn of a tenant's writer")
    looks: list[bool] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_LOOK_EVERY_S):
            row = connection.execute(_HELD).fetchone()
            looks.append(bool(row and row[0]))

    with serving(filled.first) as running:
        shoot = changes(Ground(filled, running), seconds)
        watcher = threading.Thread(target=watch)
        began = time.perf_counter()
        watcher.start()
        shot = shoot(seconds)
        lasted = time.perf_counter() - began
        done.set()
        watcher.join()
    return {
        "requests": shot.requests,
        "errors": shot.errors,
        "p50_ms": shot.p50_ms,
        "turn_ms": held_ms(looks, lasted, shot.requests),
    }


def held_ms(looks: list[bool], lasted: float, requests: int) -> float:
    """The time that each request held the lock."""
    return 1000 * lasted * sum(looks) / max(1, len(looks)) / max(1, requests)
