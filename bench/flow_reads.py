"""What is only read: people's claims, the worth of tokens, the documents, REST and the portal."""

from typing import Any

from bench import shown, verifying
from bench.fill import Shape
from bench.grounds import POSTGRESQL, SQLITE, on_both
from bench.rounds import Side, interleaved, ratios, summed
from bench.size import Size
from bench.verifying import verifiers
from bench.workloads import WORKLOADS

SHAPE = Shape(tenants=20, clients=2_000, users=200)
_READ = (
    "userinfo",
    "introspection",
    "discovery",
    "key set",
    "REST list",
    "REST get",
    "portal list",
)
_OF_TOKENS = frozenset({"userinfo", "introspection"})


def measure(size: Size) -> dict[str, Any]:
    """Medians of interleaved rounds, a table each."""
    told = {}
    with on_both(SHAPE) as grounds, verifiers() as bare:
        for name in _READ:
            sides = [
                Side(store, WORKLOADS[name](ground), ground.running.process.pid)
                for store, ground in grounds.items()
            ]
            pairs = [(POSTGRESQL, SQLITE)]
            if name in _OF_TOKENS:
                sides.append(Side(verifying.NAME, bare.shoot))
                pairs += [(SQLITE, verifying.NAME), (POSTGRESQL, verifying.NAME)]
            rounds = interleaved(sides, size.value)
            told[name] = {"sides": summed(rounds), "ratios": ratios(rounds, pairs)}
    return told


def tables(results: dict[str, Any]) -> str:
    """The figures, in Markdown."""
    lines: list[str] = []
    for name in _READ:
        told = results[name]
        title = name[0].upper() + name[1:]
        lines += shown.titled(title, shown.sides(told["sides"]), shown.ratios(told["ratios"]))
    return "\n".join(lines).strip()
