"""A wait for the disk, to see what it costs whatever comes after it.

While a thread waits, others use its core: what comes next finds the caches cold. A redemption waits
once, and comes to a thread and back besides.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_PAGES = bytes(8192)


@contextmanager
def waiting(folder: Path) -> Iterator[Callable[[], object]]:
    """A call that writes two pages and returns when the disk has them."""
    handle = os.open(folder / "pages", os.O_CREAT | os.O_RDWR, 0o600)

    def wait() -> None:
        os.pwrite(handle, _PAGES, 0)
        os.fdatasync(handle)

    try:
        yield wait
    finally:
        os.close(handle)
