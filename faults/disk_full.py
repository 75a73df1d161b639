"""L-07: the disk of the store is full for a while, and then there is room again."""

import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from faults.here import NotHere, need_root
from faults.journal import Attempt
from faults.nodes import serving
from faults.outcome import Outcome, at_least, none_of, told
from faults.size import Size, Stage
from faults.stand import Stand, stand
from faults.tally import spans
from faults.trial import LOADS, ended, loaded

TITLE = "disk full"
STORES = ("sqlite", "postgresql")
FULL_S: Mapping[Size, float] = {Size.WHOLE: 60.0, Size.QUICK: 15.0, Size.SHORT: 8.0}
DISK_MB: Mapping[str, int] = {"sqlite": 64, "postgresql": 160}
READS = frozenset({"get token", "read client", "discover", "userinfo"})
_BLOCK = b"\0" * 65_536
_ROOM_S = 5.0


def run(stage: Stage) -> Outcome:
    """Fill the disk, keep it full, and empty it; ours is not restarted."""
    with _small_disk(stage) as disk:
        return _on(stage, disk)


def _on(stage: Stage, disk: Path) -> Outcome:
    load = LOADS[stage.size]
    with ExitStack() as stack:
        made = stack.enter_context(stand(stage.folder, stage.store, load.callers, disk))
        node = stack.enter_context(serving(made.place, "--workers", "2"))
        callers = stack.enter_context(loaded(stage, made, (node.port,), load))
        before = node.workers()
        full_at = time.monotonic()
        with _filled(disk):
            time.sleep(FULL_S[stage.size])
        room_at = time.monotonic()
        fell = _started_again(made)
        callers.wait_for_success()
        time.sleep(_ROOM_S)
        restarted = sum(pid not in node.workers() for pid in before)
        found = ended(stage, made, node.port, callers.end())
    full = [each for each in found.attempts if full_at < each.began and each.ended < room_at]
    late = [each for each in found.attempts if each.began > room_at + _ROOM_S / 2]
    return found.outcome(
        "L-07",
        f"{DISK_MB[stage.store]} MB, full for {FULL_S[stage.size]:g} s under load",
        spans([room_at]),
        (
            at_least("writes that were refused", _refused(full), 1),
            none_of("answers other than 503", _other(found.attempts)),
            *(() if fell else (at_least("reads that went on", _read(full), 0.95),)),
            none_of("failures when there was room for a while", sum(not e.is_good for e in late)),
            none_of("workers restarted", restarted),
            told("the database fell and was started again", "yes" if fell else "no"),
        ),
    )


def _refused(attempts: Sequence[Attempt]) -> int:
    return sum(each.status == 503 and each.deed not in READS for each in attempts)


def _other(attempts: Sequence[Attempt]) -> int:
    return sum(not each.is_good and each.status != 503 for each in attempts)


def _read(attempts: Sequence[Attempt]) -> float:
    """The share of the reads that were answered as ever."""
    reads = [each for each in attempts if each.deed in READS]
    return sum(each.is_good for each in reads) / max(1, len(reads))


def _started_again(made: Stand) -> bool:
    """PostgreSQL may fall when it has no room for its log; then its operator starts it."""
    if made.database is None or made.database.run("pg_ctl", "-D", "data", "status").returncode == 0:
        return False
    made.database.start()
    return True


@contextmanager
def _filled(disk: Path) -> Iterator[None]:
    """No room on the disk in the block."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(_BLOCK)
    # the rest, which is less than a block
    with filler.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0")
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def _small_disk(stage: Stage) -> Iterator[Path]:
    """A file system in memory, which only root can mount."""
    need_root("to mount a small disk")
    disk = stage.folder.with_name(stage.folder.name + "-disk")
    disk.mkdir(parents=True)
    size = f"size={DISK_MB[stage.store]}m,mode=1777"
    done = subprocess.run(
        ("mount", "-t", "tmpfs", "-o", size, "gatepost-faults", str(disk)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise NotHere(f"no small disk could be mounted: {done.stderr.strip()}")
    try:
        yield disk
    finally:
        subprocess.run(("umount", "-l", str(disk)), check=False)
        disk.rmdir()
