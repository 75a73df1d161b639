"""What earlier whole runs kept in bench/results, with where it was found."""

import json
from pathlib import Path
from typing import Any

PLACE = Path(__file__).parent / "results"
_WORKER_MB = 60.0


def results(family: str, place: Path = PLACE) -> tuple[dict[str, Any], str] | None:
    """The figures of a family's last whole run, and the name of their file."""
    file = place / f"{family}.json"
    if not file.is_file():
        return None
    return json.loads(file.read_text()), f"bench/results/{file.name}"


def worker_mb(place: Path = PLACE) -> tuple[float, str]:
    """The memory of one worker without cards (proportional), as the foundation was measured."""
    found = results("foundation", place)
    if found is None:
        return _WORKER_MB, "supposed"
    told, source = found
    return float(told["memory"]["after_requests"]["pss_mb"]), source
