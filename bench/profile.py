"""The family "profile": where the time of a token request goes, part by part.

The parts are the product's own functions, called in one process with what a real request gives
them (`profile_token`, `profile_code`), then the protocol around them (`profile_protocol`), then
the kernel and the load generator (`profile_load`). How times are taken stands in `probes`.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import probes, profile_code, profile_load, profile_stand, profile_token, progress, shown
from bench.profile_stand import Stand
from bench.size import Plan, Size
from gatepost.model.keys import Algorithm

ALGORITHMS: tuple[Algorithm, ...] = ("RS256", "ES256")
_ROUNDS, _CODE_ROUNDS = 80, 20
"""Batches of each part for one round of the plan."""

_REST = (
    "A part is called here again and again. In its place, after a signature or a wait, it takes "
    "longer, as the next table shows of a wait for the disk; the rest holds what it takes longer."
)

Results = dict[str, Any]


def measure(size: Size) -> Results:
    """On SQLite, a store for each algorithm."""
    plan = size.value
    with tempfile.TemporaryDirectory(prefix="gatepost-bench-") as name, ExitStack() as stack:
        stands = {
            algorithm: stack.enter_context(profile_stand.stand(Path(name) / algorithm, algorithm))
            for algorithm in ALGORITHMS
        }
        progress.say("the parts of a token")
        token = profile_token.measure(stands, plan.rounds * _ROUNDS)
        progress.say("the parts of a redemption")
        code = profile_code.measure(stands, plan.rounds * _CODE_ROUNDS)
        progress.say("kernel and load")
        served = _served(stands, Path(name), plan)
    return {"token": token, "code": code, "served": served, "batches": plan.rounds * _ROUNDS}


def tables(results: Results) -> str:
    """A table of each: the parts of a token, what is around it, the parts of a redemption."""
    token, code = results["token"], results["code"]
    served = results["served"]
    return "\n".join(
        [
            *shown.titled(
                "Client credentials: microseconds of processor, the least of "
                f"{results['batches']} batches",
                parts(token["ways"], "parts", "total"),
            ),
            "",
            _REST,
            *shown.titled("Around it: microseconds of processor a request", around(token, served)),
            *shown.titled(
                "A code for tokens, SQLite: microseconds of processor",
                parts(code, "parts", "total"),
            ),
            *shown.titled(
                "A code for tokens, SQLite: microseconds that pass",
                parts(code, "parts_elapsed", "total_elapsed"),
            ),
        ]
    ).strip()


def parts(ways: Mapping[str, Mapping[str, Any]], of: str, whole: str) -> Iterator[str]:
    """Each part with its share, the algorithms side by side."""
    told = {name: probes.rows(way[of], way[whole]) for name, way in ways.items()}
    yield "| | " + " | ".join(f"{name} | share" for name in told) + " |"
    yield "|---" * (1 + 2 * len(told)) + "|"
    for each in zip(*told.values(), strict=True):
        cells = " | ".join(f"{row.spent:.1f} | {row.share:.1%}" for row in each)
        yield f"| {each[0].name} | {cells} |"
    cells = " | ".join(f"{way[whole]:.1f} | " for way in ways.values())
    yield f"| **in all** | {cells} |"


def around(token: Mapping[str, Any], served: Mapping[str, Any]) -> Iterator[str]:
    """The protocol and the line of the log; then, of a served worker, all that was counted."""
    ways = token["ways"]
    rows = {
        "the answer itself (above)": {name: way["total"] for name, way in ways.items()},
        "server library, parser, timers": dict.fromkeys(ways, token["protocol"]),
        "its line of the access log, written behind": {n: way["line"] for n, way in ways.items()},
        "all but signature and base64, again and again": dict.fromkeys(ways, token["ready"]),
        "the same, each after a wait for the disk": dict.fromkeys(ways, token["after_wait"]),
    }
    for who, name in (("server", "served worker"), ("load", "load generator (wrk)")):
        if served:
            rows[f"{name}, in the program"] = {n: way[who]["user"] for n, way in served.items()}
            rows[f"{name}, in the kernel"] = {n: way[who]["system"] for n, way in served.items()}
            rows[f"{name}, both"] = {n: sum(way[who].values()) for n, way in served.items()}
    yield "| | " + " | ".join(ways) + " |"
    yield "|---" * (1 + len(ways)) + "|"
    for name, row in rows.items():
        yield f"| {name} | " + " | ".join(f"{row[way]:.1f}" for way in ways) + " |"


def _served(stands: Mapping[Algorithm, Stand], folder: Path, plan: Plan) -> Results:
    """Nothing where there is no load generator; the tables say it by what they leave out."""
    if not profile_load.has_load():
        progress.say("wrk is not installed, so kernel and load are not measured")
        return {}
    return {
        algorithm: profile_load.measure(stand.filled, folder, algorithm, plan.seconds)
        for algorithm, stand in stands.items()
    }
