"""The family "flows": what people and applications do beside client credentials."""

from typing import Any

from bench import flow_reads, flow_sign_in, flow_tokens, progress
from bench.size import Size

_PARTS = {"tokens": flow_tokens, "sign-in": flow_sign_in, "reads": flow_reads}


def measure(size: Size) -> dict[str, Any]:
    """Each part after the other."""
    told = {}
    for name, part in _PARTS.items():
        progress.say(f"flows: {name}")
        told[name] = part.measure(size)
    return told


def tables(results: dict[str, Any]) -> str:
    """The tables of all parts, in Markdown."""
    return "\n\n".join(part.tables(results[name]) for name, part in _PARTS.items())
