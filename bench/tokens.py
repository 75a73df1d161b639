"""The family "tokens": client credentials, beside the bare rate of signatures and three peers.

All servers of a workload are up at once and are loaded in turn, so that each ratio is between two
shots of the same minute. Every server has two processes; the load shares the two cores with it.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from bench import fill, names, product, progress, rounds, shown, signing
from bench.fill import Filled, Shape
from bench.peers import servers
from bench.product import WORKERS, Asked, for_tokens
from bench.rounds import Side
from bench.served import NotServedError, serving
from bench.size import Plan, Size
from tests import postgres

CLIENTS, TENANTS = 10_000, 100
ONE, MANY, SPREAD = "Gatepost, 1 client", "Gatepost, 10,000 clients", "Gatepost, 100 tenants"
NODE, AUTHLIB, DJANGO = "oidc-provider (npm)", "Authlib with Flask", "django-oauth-toolkit"
FLOOR = "signing behind HTTP, nothing else"
BARE, BARE_ONE = "signatures alone, two cores", "signatures alone, one core"
HALF = 0.5
HALVED = (FLOOR, NODE, ONE)
_PASSES = 4

Results = dict[str, Any]


class Houses(NamedTuple):
    """The product's stores: one tenant with many clients, many tenants, and one for ES256."""

    one: Filled
    spread: Filled
    small: Filled


def measure(size: Size) -> Results:
    """Everything on SQLite, then on PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="gatepost-bench-") as name:
        folder, plan = Path(name), size.value
        with postgres.server(durable=True) as address:
            stores = {"SQLite": None, "PostgreSQL": address}
            return {
                "plan": plan._asdict(),
                "peers": servers.versions(),
                "stores": {
                    store: _on_store(folder / store, address, plan)
                    for store, address in stores.items()
                },
            }


def tables(results: Results) -> str:
    """A heading for each store and workload."""
    peers = ", ".join(f"{name} {version}" for name, version in results["peers"].items())
    lines = [f"The peers: {peers}."]
    for store, workloads in results["stores"].items():
        for name, told in workloads.items():
            compared = [shown.ratios(rows, of) for of, rows in told["ratios"].items()]
            lines += shown.titled(f"{name}, {store}", shown.sides(told["sides"]), *compared)
    return "\n".join(lines).strip()


def _on_store(folder: Path, address: str | None, plan: Plan) -> Results:
    progress.say(f"filling stores on {folder.name}")
    folder.mkdir()
    houses = Houses(
        one=_house(folder / "one", address, Shape(1, CLIENTS, 1)),
        spread=_house(folder / "spread", address, Shape(TENANTS, CLIENTS, TENANTS)),
        small=_house(folder / "small", address, Shape(1, 1, 1)),
    )
    with _two(folder / "memory", houses) as two:
        held = _memory(two, plan)
    with _rs256(folder / "rs256", houses) as asked:
        _warm(asked, plan)
        full = _full_load("RS256", asked, plan)
        half = _half_load(full["sides"], [each for each in asked if each.name in HALVED], plan)
    with _es256(folder / "es256", houses) as asked:
        es256 = _full_load("ES256", asked, plan)
    return {
        "Client credentials, RS256": full,
        "Client credentials, RS256, at half of each one's top speed": half,
        "Client credentials, ES256": es256,
        "Memory of all processes under load": held,
    }


def _warm(asked: Sequence[Asked], plan: Plan) -> None:
    """Let each worker meet most of the clients, which a short warm-up is too short for."""
    progress.say("warming up")
    for each in asked:
        if each.name == MANY:
            each.warm(CLIENTS * min(plan.rounds, _PASSES))


def _full_load(way: str, asked: Sequence[Asked], plan: Plan) -> Results:
    """As many as they answer. Each of ours is told beside the bare rate and every peer."""
    progress.say(f"{way} under full load")
    signing_tokens = [each for each in asked if each.name != FLOOR]
    wrong = [each.name for each in signing_tokens if product.algorithm(each) not in (way, None)]
    if wrong:
        raise NotServedError(f"not signed with {way}: {', '.join(wrong)}")
    with signing.signers(way) as signers:
        sides = [Side(BARE, signers.shoot), *(each.side() for each in asked)]
        taken = rounds.interleaved(sides, plan)
    ours = [each.name for each in asked if each.name in (ONE, MANY, SPREAD)]
    others = [BARE, *(each.name for each in asked if each.name not in ours)]
    pairs = [(one, other) for one in ours for other in others]
    return {
        "sides": rounds.summed(taken),
        "ratios": {"requests a second": rounds.ratios(taken, pairs)},
    }


def _half_load(full: Results, asked: Sequence[Asked], plan: Plan) -> Results:
    """How long the slowest wait at half load, as times of one bare signature."""
    progress.say("RS256 at half load")
    with signing.signers("RS256", cores=1) as signer:
        sides = [each.side_at(full[each.name]["per_second"] * HALF) for each in asked]
        taken = rounds.interleaved([Side(BARE_ONE, signer.shoot), *sides], plan)
    pairs = [(each.name, BARE_ONE) for each in asked]
    return {
        "sides": rounds.summed(taken),
        "ratios": {"p99": rounds.ratios(taken, pairs, rounds.slowest)},
    }


def _memory(asked: Sequence[Asked], plan: Plan) -> Results:
    """With no other server up: what two share would be counted for each of them by half."""
    progress.say("memory")
    taken = rounds.interleaved([each.side_with_memory() for each in asked], plan)
    return {
        "sides": rounds.summed(taken),
        "ratios": {"memory": rounds.ratios(taken, [(ONE, NODE)], rounds.memory)},
    }


@contextmanager
def _two(folder: Path, houses: Houses) -> Iterator[list[Asked]]:
    folder.mkdir()
    with (
        servers.oidc_provider(folder / "node", "RS256") as node,
        serving(houses.one.first, *WORKERS) as one,
    ):
        yield [
            _peer(folder, NODE, node),
            for_tokens(ONE, one, folder / "one.forms", _clients([0])),
        ]


@contextmanager
def _rs256(folder: Path, houses: Houses) -> Iterator[list[Asked]]:
    folder.mkdir()
    with (
        servers.floor(folder / "floor", "RS256") as floor,
        servers.oidc_provider(folder / "node", "RS256") as node,
        servers.authlib(folder / "authlib") as authlib,
        servers.django_toolkit(folder / "django") as django,
        serving(houses.one.first, *WORKERS) as one,
        serving(houses.spread.first, *WORKERS) as spread,
    ):
        a_client_each = range(0, CLIENTS, CLIENTS // TENANTS)
        yield [
            _peer(folder, FLOOR, floor),
            _peer(folder, NODE, node),
            _peer(folder, AUTHLIB, authlib),
            _peer(folder, DJANGO, django),
            for_tokens(ONE, one, folder / "one.forms", _clients([0])),
            for_tokens(MANY, one, folder / "many.forms", _clients(range(CLIENTS))),
            for_tokens(SPREAD, spread, folder / "spread.forms", _clients(a_client_each)),
        ]


@contextmanager
def _es256(folder: Path, houses: Houses) -> Iterator[list[Asked]]:
    folder.mkdir()
    settings = {"SIGNING_ALGORITHM": "ES256"}
    with (
        servers.floor(folder / "floor", "ES256") as floor,
        servers.oidc_provider(folder / "node", "ES256") as node,
        serving(houses.small.first, *WORKERS, settings=settings) as one,
    ):
        yield [
            _peer(folder, FLOOR, floor),
            _peer(folder, NODE, node),
            for_tokens(ONE, one, folder / "one.forms", _clients([0])),
        ]


def _peer(folder: Path, name: str, peer: servers.Peer) -> Asked:
    forms = product.written(folder / "peers.forms", [servers.FORM])
    return Asked(name, peer.token_url, peer.pid, forms)


def _house(folder: Path, address: str | None, shape: Shape) -> Filled:
    return fill.house(folder, address and postgres.fresh_database(address), shape)


def _clients(numbers: Iterable[int]) -> list[tuple[str, str]]:
    """Clients with their secrets."""
    ids = [names.device(number) for number in numbers]
    return [(id_, names.secret(id_)) for id_ in ids]
