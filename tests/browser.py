"""The system's Chromium for tests: playwright drives it, and brings none of its own."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
# root may not have Chromium's sandbox, containers have little shared memory, and QUIC is not served
ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-quic")


class NoBrowserError(RuntimeError):
    """Chromium is not installed."""


def chromium() -> str:
    """Where Chromium is: as CHROMIUM says, or by one of its names in PATH."""
    wanted = os.environ.get("CHROMIUM")
    for name in (wanted,) if wanted else NAMES:
        if found := shutil.which(name):
            return found
    if wanted:
        raise NoBrowserError(f"CHROMIUM names no program: {wanted}")
    raise NoBrowserError("no Chromium here; tools/browser.sh installs one")


@contextmanager
def launched() -> Iterator[Browser]:
    """A Chromium without windows until the block ends."""
    program = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()
