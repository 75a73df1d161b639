"""L-03: PostgreSQL is killed and comes back, over and over under load; the server goes on."""

import time
from collections.abc import Mapping
from random import Random

from faults.outcome import Outcome, at_most, holds, none_of
from faults.size import Size, Stage
from faults.tally import recoveries, spans
from faults.trial import trial

TITLE = "kill -9 of PostgreSQL"
STORES = ("postgresql",)
KILLS: Mapping[Size, int] = {Size.WHOLE: 12, Size.QUICK: 3, Size.SHORT: 1}
BACK_S = 2.0
_UP_S, _DOWN_S = (1.0, 3.0), (0.2, 2.0)


def run(stage: Stage) -> Outcome:
    """Kill the database, leave it for a while, start it, and let them work again."""
    chance, killed_at, back_at = Random(stage.seed), [], []
    with trial(stage, "--workers", "2") as on:
        database, before = on.stand.database, on.node.workers()
        assert database is not None
        for _ in range(KILLS[stage.size]):
            time.sleep(chance.uniform(*_UP_S))
            killed_at.append(time.monotonic())
            database.kill()
            time.sleep(chance.uniform(*_DOWN_S))
            back_at.append(database.start())
            on.callers.wait_for_success()
        time.sleep(BACK_S)
        after = on.node.workers()
        found = on.end()
    well = spans(back_at, killed_at)
    back = recoveries(found.attempts, well)
    bad = [each for each in found.attempts if not each.is_good]
    return found.outcome(
        "L-03",
        f"{len(back_at)} kills of all of the database's processes",
        well,
        (
            none_of("answers other than 503", sum(each.status != 503 for each in bad)),
            none_of("503 without Retry-After", found.met.without_retry_after),
            at_most("the last failure after it is back", max(back), BACK_S, " s"),
            holds("no worker was restarted", said="" if before == after else "some were"),
        ),
    )
