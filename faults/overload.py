"""L-16: three times as much as the server can carry, for a while, and then the usual again."""

import re
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from bench.credentials import token_form, written
from bench.load import NoLoadError
from faults.desk import FORM, TOKEN
from faults.here import need_wrk
from faults.nodes import Node, serving
from faults.outcome import Bar, Outcome, Row, at_least, at_most, none_of, told
from faults.size import Size, Stage
from faults.stand import Stand
from faults.wire import Wire

TITLE = "overload"
STORES = ("sqlite", "postgresql")
SECONDS: Mapping[Size, float] = {Size.WHOLE: 60.0, Size.QUICK: 8.0, Size.SHORT: 2.0}
TOP, OVER = 32, 2_000
"""Connections: enough to keep the server busy, and far more than can be answered."""

TIMES = 3.0
GOODPUT, BACK_S = 0.8, 5.0
_USUAL_S = 1.0
_SCRIPT = Path(__file__).parent / "lua" / "overload.lua"
_COUNTED = ("good", "shed", "silent", "other", "broken", "late")
_WORD = re.compile(r"(\w+)=(\d+)")


class Shot(NamedTuple):
    """What a run of the load came to."""

    seconds: float
    good: int
    shed: int
    """Refused with 429 or 503 and Retry-After."""
    silent: int
    """Refused so without Retry-After."""
    other: int
    broken: int
    late: int
    """Not answered in the time that wrk waits."""
    p50_ms: float
    p99_ms: float

    @property
    def goodput(self) -> float:
        """Good answers a second."""
        return self.good / self.seconds

    @property
    def asked(self) -> float:
        """Requests that got any answer, or none in time, a second."""
        return (self.good + self.shed + self.silent + self.other + self.late) / self.seconds


class Side(NamedTuple):
    """What is asked for: at top speed, far above it, and how soon all was usual after that."""

    name: str
    top: Shot
    over: Shot
    back: float
    top_after: Shot

    @property
    def top_goodput(self) -> float:
        """Before and after, because a machine that others use is not always as fast."""
        return (self.top.goodput + self.top_after.goodput) / 2


def run(stage: Stage) -> Outcome:
    """Tokens, which need no thread, and reads, which do."""
    need_wrk()
    with stage.founded(1) as made, serving(made.place, "--workers", "2") as node:
        sides = [
            _side(name, node, file, SECONDS[stage.size])
            for name, file in _requests(made, node).items()
        ]
    return Outcome(
        "L-16",
        stage.store,
        f"{TIMES:g} times top speed for {SECONDS[stage.size]:g} s, by {OVER:,} connections",
        Row(
            server_errors=sum(side.over.shed + side.over.silent for side in sides),
            other=sum(side.over.other + side.over.broken + side.over.late for side in sides),
            recovery=max(side.back for side in sides),
        ),
        tuple(bar for side in sides for bar in _bars(side)),
    )


def _bars(side: Side) -> tuple[Bar, ...]:
    over, name = side.over, side.name
    return (
        at_least(f"{name}: goodput, times top", over.goodput / side.top_goodput, GOODPUT),
        none_of(f"{name}: refused without Retry-After", over.silent),
        none_of(f"{name}: other answers", over.other),
        at_most(f"{name}: usual again after", side.back, BACK_S, " s"),
        told(
            f"{name}: top, above it, top",
            f"{side.top.goodput:,.0f} a second (p99 {side.top.p99_ms:.0f} ms), "
            f"{over.goodput:,.0f} (p99 {over.p99_ms:.0f} ms), {side.top_after.goodput:,.0f} again; "
            f"{over.asked:,.0f} were asked, {over.shed} refused, {over.late} late, "
            f"{over.broken} broken",
        ),
    )


def _side(name: str, node: Node, file: Path, seconds: float) -> Side:
    top = shot(node, file, seconds / 4, TOP)
    over = shot(node, file, seconds, OVER, 1_000 * OVER / (TIMES * top.goodput))
    began, wire = time.monotonic(), Wire(node.port)
    method, path, rest = file.read_text().split("\n", 1)[0].split("\t")
    how = (rest, FORM) if method == "POST" else (None, {"Authorization": f"Bearer {rest}"})
    while True:
        asked = time.monotonic()
        status = wire.call(method, path, *how).status
        if status == 200 and time.monotonic() - asked < _USUAL_S:
            break
        time.sleep(0.1)
    back = time.monotonic() - began
    wire.close()
    return Side(name, top, over, back, shot(node, file, seconds / 4, TOP))


def shot(node: Node, file: Path, seconds: float, connections: int, pause_ms: float = 0) -> Shot:
    """One run of wrk over the requests in a file."""
    options = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s"]
    url = f"http://127.0.0.1:{node.port}"
    line = ["wrk", *options, "-s", str(_SCRIPT), url, "--", str(file), f"{pause_ms:.3f}"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    found = [row for row in done.stdout.splitlines() if row.startswith("faults ")]
    if not found:
        raise NoLoadError(f"wrk told no figures: {done.stdout}{done.stderr}")
    said = {name: int(number) for name, number in _WORD.findall(found[0])}
    return Shot(
        seconds=said["microseconds"] / 1e6,
        p50_ms=said["p50"] / 1_000,
        p99_ms=said["p99"] / 1_000,
        **{name: said[name] for name in _COUNTED},
    )


def _requests(made: Stand, node: Node) -> dict[str, Path]:
    """A file of requests for each side."""
    form = token_form(made.tenant.client_id, made.tenant.secret)
    wire = Wire(node.port)
    token = wire.call("POST", TOKEN, form, FORM).json()["access_token"]
    wire.close()
    reads = f"GET\t/api/v1/Tenants/{made.tenant.id}/Roles\t{token}"
    folder = made.place.folder
    return {
        "tokens": written(folder / "asked-tokens", [f"POST\t{TOKEN}\t{form}"]),
        "reads": written(folder / "asked-reads", [reads]),
    }
