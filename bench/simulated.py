"""What the simulation says, as tables to read, and how its predictions are held to account."""

from collections.abc import Iterator, Mapping
from typing import Any

from bench import node_costs, node_pair, shown

_COSTS = {
    "card": node_costs.COUNTED,
    "store": node_costs.FROM_STORE,
    "refresh": node_costs.REFRESH,
    "sign_in": node_costs.SIGN_IN,
    "change": node_costs.CHANGE,
}
_ROWS: Mapping[str, str] = {
    "tokens a second": "{rates[tokens]:,.0f}",
    "refreshes a second": "{rates[refreshes]:,.0f}",
    "sign-ins a second": "{rates[sign_ins]:,.1f}",
    "tokens from a card": "{from_card:.0%}",
    "processor of nodes, cores": "{node_cores:,.1f}",
    "nodes": "{nodes:,}",
    "workers in all": "{workers:,}",
    "cards in a worker, MB": "{cards_mb:,.0f}",
    "memory of nodes, GB": "{memory_gb:,.1f}",
    "processor of databases, cores": "{database_cores:,.1f}",
    "commits a second": "{commits:,.0f}",
    "write-ahead log, MB a second": "{wal_mb_s:,.1f}",
    "storage, GB": "{storage_gb:,.0f}",
    "network of tokens, Mbit a second": "{network_mbit_s:,.1f}",
    "PostgreSQL servers at least": "{databases:,}",
    "what of one is used up first": "{first_limit}, {most:,.2f} of what it has",
}


def told(results: Mapping[str, Any]) -> str:
    """The whole answer, as Markdown."""
    lines = [
        *shown.titled("What it takes", _needs(results["needs"])),
        "",
        _one_tenant(results["measured"]),
        *shown.titled("What was measured", _measured(results)),
        *shown.titled("What is supposed", _supposed(results)),
        *shown.titled("Foretold and measured", _checks(results["checks"])),
    ]
    return "\n".join(lines).strip()


def check(what: str, foretold: float, measured: float) -> dict[str, Any]:
    """A prediction beside what was measured."""
    ratio = foretold / measured
    return {"what": what, "foretold": foretold, "measured": measured, "ratio": ratio}


def of_speed(spent: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Tokens a second by the clock, foretold by the processor time of all who had a part.

    One node alone has one core, and the load the other; two nodes share both with the database and
    the load.
    """
    cost = spent["costs"][node_costs.FROM_CARD]
    middle = node_pair.middle(spent["pair"]["rounds"])
    for name in ("A alone", "B alone"):
        yield check(f"tokens a second, {name}", 1000 / cost["node_ms"], middle[name].per_second)
    both = middle["both"]
    load_ms = 1000 * both.load_s / both.requests
    each = cost["node_ms"] + cost["database_ms"] + load_ms
    yield check("tokens a second, both", spent["pair"]["cores"] * 1000 / each, both.per_second)


def _needs(needs: list[Mapping[str, Any]]) -> Iterator[str]:
    heads = [f"{row['who']['devices']:,}, {time}" for row in needs for time in row["times"]]
    yield f"| devices | {' | '.join(heads)} |"
    yield "|---" * (1 + len(heads)) + "|"
    yield _counted("people", needs, "people")
    yield _counted("tenants", needs, "tenants")
    for name, form in _ROWS.items():
        cells = [
            form.format(**found, most=max(found["of_one"].values()))
            for row in needs
            for found in row["times"].values()
        ]
        yield f"| {name} | {' | '.join(cells)} |"


def _counted(name: str, needs: list[Mapping[str, Any]], of: str) -> str:
    cells = [f"{row['who'][of]:,}" for row in needs for _ in row["times"]]
    return f"| {name} | {' | '.join(cells)} |"


def _one_tenant(measured: Mapping[str, Any]) -> str:
    return (
        f"Sign-ins and changes of one tenant take turns: {1000 / measured['turn_ms']:,.0f} a "
        "second at most, whatever there is of nodes and databases. Tokens and refreshes take none."
    )


def _measured(results: Mapping[str, Any]) -> Iterator[str]:
    measured, sources = results["measured"], results["sources"]
    yield "| | node ms | database ms | log bytes | from |"
    yield "|---|---|---|---|---|"
    for key, name in _COSTS.items():
        node_ms, database_ms, wal = measured[key]
        yield f"| {name} | {node_ms:.2f} | {database_ms:.2f} | {wal:,.0f} | {sources['costs']} |"
    for name, n in measured["bytes_of"].items():
        yield f"| {name}, bytes | {n:,.0f} | | | measured in this run |"
    yield f"| commits a second | | {measured['commits_a_second']:,.0f} | | measured in this run |"
    yield (
        f"| memory of a worker, MB | {measured['worker_mb']:.0f} | | "
        f"| {sources['memory of a worker']} |"
    )
    yield f"| cards kept in a worker | {measured['cards_kept']:,} | | | the code |"
    yield f"| bytes of a token request | {measured['token_bytes']:,.0f} | | | {sources['costs']} |"


def _supposed(results: Mapping[str, Any]) -> Iterator[str]:
    yield "| | |"
    yield "|---|---|"
    for name, value in {**results["habits"], **results["machines"]}.items():
        yield f"| {name.replace('_', ' ')} | {value:,g} |"


def _checks(checks: list[Mapping[str, Any]]) -> Iterator[str]:
    yield "| | foretold | measured | ratio |"
    yield "|---|---|---|---|"
    for row in checks:
        yield (
            f"| {row['what']} | {row['foretold']:,.0f} | {row['measured']:,.0f} "
            f"| {row['ratio']:.2f} |"
        )
