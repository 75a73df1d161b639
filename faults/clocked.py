"""The program with a clock that can be set: `python -m faults.clocked FILE serve ...`.

The file says how many seconds the clock is ahead of the real one, and is read at each look. The
product asks for the time in one place only; what is put in its place here is the one thing that is
not the product's own.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gatepost.cli import main
from gatepost.system import SystemClock


def run() -> None:
    """Run the program by the set clock."""
    file = Path(sys.argv.pop(1))

    def now(_clock: SystemClock) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(file.read_text()))

    SystemClock.now = now  # type: ignore[assignment, method-assign]  # the one place that reads the clock
    main()


if __name__ == "__main__":
    run()
