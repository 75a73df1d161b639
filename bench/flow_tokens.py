"""Codes and refresh tokens: what redeeming and rotating them costs, on both databases.

A code is answered with an access token, an id token and a refresh token, so its reference is the
bare rate of two signatures.
"""

from typing import Any

from bench import shown, workloads
from bench.fill import Shape
from bench.grounds import POSTGRESQL, SQLITE, on_both
from bench.rounds import Rounds, Side, interleaved, ratios, summed
from bench.signing import TWO_RS256, signers
from bench.size import Size

SHAPE = Shape(tenants=20, clients=2_000, users=200, refresh_tokens=2_000)
_BARE = f"bare: {TWO_RS256}"


def measure(size: Size) -> dict[str, Any]:
    """Medians of interleaved rounds, and their ratios."""
    with on_both(SHAPE) as grounds, signers(TWO_RS256) as bare:
        codes = [
            Side(name, workloads.codes(ground), ground.running.process.pid)
            for name, ground in grounds.items()
        ]
        rotation = [
            Side(name, workloads.rotation(ground), ground.running.process.pid)
            for name, ground in grounds.items()
        ]
        redeemed = interleaved([*codes, Side(_BARE, bare.shoot)], size.value)
        rotated = interleaved(rotation, size.value)
    return {
        "codes": _told(redeemed, ((SQLITE, _BARE), (POSTGRESQL, _BARE))),
        "rotation": _told(rotated, ((POSTGRESQL, SQLITE),)),
    }


def tables(results: dict[str, Any]) -> str:
    """The figures, in Markdown."""
    lines: list[str] = []
    for name, title in (
        ("codes", "Codes redeemed for three tokens, RS256"),
        ("rotation", "Refresh tokens rotated, RS256"),
    ):
        told = results[name]
        lines += shown.titled(title, shown.sides(told["sides"]), shown.ratios(told["ratios"]))
    return "\n".join(lines).strip()


def _told(rounds: Rounds, pairs: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    return {"sides": summed(rounds), "ratios": ratios(rounds, pairs)}
