"""How many durable commits a second PostgreSQL makes on this disk, by writers at once."""

import threading
import time

import psycopg

WRITERS = 16
SECONDS = 2.0
# As little as can be committed and must be synced: a line in the write-ahead log.
_WRITE = "SELECT pg_logical_emit_message(true, 'bench', 'commit')"


def a_second(url: str, seconds: float = SECONDS) -> float:
    """Commits a second of some connections, each of which waits for its own."""
    made: list[int] = []
    ends = time.perf_counter() + seconds

    def write() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            n = 0
            while time.perf_counter() < ends:
                connection.execute(_WRITE)
                n += 1
            made.append(n)

    threads = [threading.Thread(target=write) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(made) / seconds
