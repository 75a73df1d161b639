"""People who sign in: by password to their account, and the whole way to a hybrid application.

The reference is the bare rate of password comparisons (argon2id) on as many cores.
"""

from typing import Any

from bench import shown
from bench.fill import Shape
from bench.grounds import on_both
from bench.journeys import bare_hashes, hybrid_sign_in, password_sign_in
from bench.rounds import Side, interleaved, ratios, summed
from bench.size import Size

SHAPE = Shape(tenants=1, clients=100, users=400)
_BARE = "bare: argon2id comparisons"
_WAYS = {"password": password_sign_in, "hybrid": hybrid_sign_in}


def measure(size: Size) -> dict[str, Any]:
    """Medians of interleaved rounds, and the share of the bare rate."""
    told = {}
    with on_both(SHAPE) as grounds:
        for name, way in _WAYS.items():
            sides = [
                Side(store, way(ground), ground.running.process.pid)
                for store, ground in grounds.items()
            ]
            rounds = interleaved([*sides, Side(_BARE, bare_hashes)], size.value)
            pairs = [(store, _BARE) for store in grounds]
            told[name] = {"sides": summed(rounds), "ratios": ratios(rounds, pairs)}
    return told


def tables(results: dict[str, Any]) -> str:
    """The figures, in Markdown."""
    lines: list[str] = []
    for name, title in (
        ("password", "Sign-ins by password to one's account: a journey of three pages"),
        ("hybrid", "Sign-ins to a hybrid application: pages, consent, code, tokens"),
    ):
        told = results[name]
        lines += shown.titled(title, shown.sides(told["sides"]), shown.ratios(told["ratios"]))
    return "\n".join(lines).strip()
