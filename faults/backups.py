"""L-14: backups under load, restored beside on either store, with all that was acknowledged."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.served import NotServedError
from faults.campaign import attempts
from faults.journal import Entry, acknowledged
from faults.nodes import serving
from faults.outcome import Outcome, holds, none_of, nothing_lost, row_of, told
from faults.postgresql import cluster
from faults.reckoning import Reckoning, looked_for
from faults.size import Size, Stage
from faults.soundness import unsound
from faults.stand import Stand
from faults.standing import Standing, standing
from faults.tally import tally
from faults.trial import trial
from tests.cli.program import Place

TITLE = "backup under load, and restore"
STORES = ("sqlite", "postgresql")
BACKUPS: Mapping[Size, int] = {Size.WHOLE: 6, Size.QUICK: 2, Size.SHORT: 1}
_BETWEEN_S = 3.0


class Copy(NamedTuple):
    """A backup: its file, the journal of the callers before and after it began, and its time."""

    file: Path
    lines_before: int
    seconds: float


class Looked(NamedTuple):
    """What was found in a restored copy."""

    reckoning: Reckoning
    unsound: str


def run(stage: Stage) -> Outcome:
    """Back up again and again; restore each, alternately on SQLite and on PostgreSQL."""
    copies = []
    with ExitStack() as stack:
        on = stack.enter_context(trial(stage, "--workers", "2"))
        for number in range(BACKUPS[stage.size]):
            time.sleep(_BETWEEN_S)
            copies.append(_backed_up(on.stand, on.callers.done(), number))
        entries = on.callers.end()
        found = [_restored(on.stand, copy, entries, n) for n, copy in enumerate(copies)]
    met = tally(attempts(entries))
    whole = Reckoning(
        found[-1].reckoning.acknowledged,
        tuple(lost for each in found for lost in each.reckoning.lost),
        tuple(twice for each in found for twice in each.reckoning.doubled),
        tuple(asked for each in found for asked in each.reckoning.unanswered),
    )
    return Outcome(
        "L-14",
        stage.store,
        f"{len(copies)} backups under load, restored on SQLite and PostgreSQL in turn",
        row_of(met).reckoned(whole),
        (
            *nothing_lost(whole),
            holds(
                "each copy is sound", said="; ".join(each.unsound for each in found if each.unsound)
            ),
            none_of("failed requests meanwhile", met.server_errors + met.other),
            told("a backup took", ", ".join(f"{copy.seconds:.1f} s" for copy in copies)),
        ),
    )


def lasting(before: Standing, after: Standing) -> Standing:
    """What was so at a moment and is so still, however much was changed since.

    What was changed later may stand in a copy of that moment in either way.
    """
    return before._replace(
        secrets={each: of for each, of in before.secrets.items() if each in after.secrets},
        roles={each: ids for each, ids in before.roles.items() if after.roles.get(each) == ids},
        tokens=before.tokens & after.tokens,
    )


def _backed_up(made: Stand, lines: int, number: int) -> Copy:
    file, began = made.place.folder / f"copy-{number}.db", time.monotonic()
    done = made.place.run("backup", str(file))
    if done.status != 0:
        raise NotServedError(f"the backup failed: {done.err}")
    return Copy(file, lines, time.monotonic() - began)


def _restored(made: Stand, copy: Copy, entries: Sequence[Entry], number: int) -> Looked:
    """The copy restored beside, on another store each time, and all looked for there."""
    before = entries[: copy.lines_before]
    wanted = lasting(standing(before), standing(entries))
    with ExitStack() as stack:
        place = stack.enter_context(_beside(made, copy, number))
        beside = made._replace(place=place)
        node = stack.enter_context(serving(place))
        said = unsound(beside)
        reckoning = looked_for(beside, node.port, wanted)
    return Looked(reckoning._replace(acknowledged=acknowledged(before)), said)


@contextmanager
def _beside(made: Stand, copy: Copy, number: int) -> Iterator[Place]:
    """An empty store filled from the copy, under the same master key."""
    folder = copy.file.with_suffix("")
    folder.mkdir()
    with ExitStack() as stack:
        url = f"sqlite:///{folder}/gatepost.db"
        if number % 2:
            url = stack.enter_context(cluster()).fresh()
        key_file = made.place.folder / "master.key"
        settings = {"GATEPOST_DATABASE_URL": url, "GATEPOST_MASTER_KEY_FILE": str(key_file)}
        place = Place(folder, {**made.place.settings, **settings})
        # later checkpoints rightly say that a copy is an older state
        place.settings.pop("GATEPOST_CHECKPOINTS", None)
        done = place.run("restore", str(copy.file))
        if done.status != 0:
            raise NotServedError(f"the restore failed: {done.err}")
        yield place
