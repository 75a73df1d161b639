"""A server's processes, and the memory they hold, as the kernel counts it (Linux only)."""

from collections.abc import Iterator
from pathlib import Path


def family(pid: int) -> list[int]:
    """A process and all that it started."""
    return list(_family(pid))


def used_mb(pid: int) -> dict[str, float]:
    """Resident memory, and the share of it that is this process's own part of what is shared."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    sizes = {line.split(":")[0]: line.split()[1] for line in lines[1:]}
    return {"rss_mb": int(sizes["Rss"]) / 1024, "pss_mb": int(sizes["Pss"]) / 1024}


def pss_mb(pid: int) -> float:
    """The proportional memory of a process and all that it started."""
    return sum(used_mb(each)["pss_mb"] for each in family(pid))


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _family(int(child))
