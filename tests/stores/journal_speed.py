"""What exporting and verifying a journal takes: `python -m tests.stores.journal_speed`.

Each size has a store and a process of its own, because memory is told by its highest mark.
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gatepost.services import journal, journal_export
from gatepost.services.journal_export import Part
from gatepost.services.journal_files import verify_lines
from gatepost.services.world import World
from gatepost.storage.engine import make_engine
from gatepost.storage.schema import migrate
from gatepost.storage.sql_store import SqlStore
from tests import postgres
from tests.services.world import new_world
from tests.stores.examples import SECRETS, event, found_tenant, guid

SIZES = (20_000, 100_000)
KINDS = ("sqlite", "postgresql")
_AT_ONCE = 5_000


def main(arguments: list[str]) -> None:
    """Measure one size, or all, each in a process of its own."""
    if arguments:
        measure(arguments[0], int(arguments[1]))
        return
    print("store       events   export  verify  verify a file  highest memory")
    with postgres.server() as url:
        for kind in KINDS:
            for size in SIZES:
                where = url if kind == "postgresql" else kind
                program = (sys.executable, "-m", "tests.stores.journal_speed", where, str(size))
                subprocess.run(program, check=True)


def measure(where: str, size: int) -> None:
    """Fill a store, take its journal away, and verify both."""
    with tempfile.TemporaryDirectory() as folder:
        address = f"sqlite:///{folder}/gatepost.db"
        engine = make_engine(address if where == "sqlite" else postgres.fresh_database(where))
        migrate(engine)
        store = SqlStore(engine, SECRETS)
        world = new_world()._replace(store=store, secrets=SECRETS)
        tenant_id, file = _filled(world, size), Path(folder) / "export.jsonl"
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        export = _seconds(lambda: _export(world, tenant_id, file))
        verify = _seconds(lambda: _is_whole(journal.verify(world, tenant_id).fault))
        with file.open("rb") as lines:
            again = _seconds(lambda: _is_whole(verify_lines(lines, SECRETS, {}).journals[0].fault))
        highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        store.close()
    kind = "sqlite" if where == "sqlite" else "postgresql"
    times = f"{export:5.1f} s {verify:5.1f} s {again:12.1f} s"
    print(f"{kind:<10} {size:>7}  {times}  {highest / 1024:7.0f} MB (+{highest - before} kB)")


def _filled(world: World, size: int) -> str:
    tenant_id = found_tenant(world.store)
    told = {"Name": "Boiler house", "Tags": ["a", "b"], "RoleIds": [guid()]}
    for _ in range(0, size, _AT_ONCE):
        with world.store.writing(tenant_id) as unit:
            for _ in range(_AT_ONCE):
                unit.journal.append(event(target=guid(), before=told, after={**told, "Tags": []}))
    return tenant_id


def _export(world: World, tenant_id: str, file: Path) -> None:
    with file.open("wb") as opened:
        for line in journal_export.export(world, tenant_id, Part()):
            opened.write(line)


def _is_whole(fault: str | None) -> None:
    if fault is not None:
        raise SystemExit(fault)


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main(sys.argv[1:])
