"""L-18: in each flow every call of the store fails once, in turn.

A call fails before it is made, or after it was made and its answer is lost. Whatever fails: a
success is true, what must be refused is refused, and what a unit writes is there whole or not at
all. Afterwards the same is done again without a fault.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain
from random import Random
from typing import NamedTuple

import httpx
from sqlalchemy import func, select

from faults import flows_factors, flows_oauth, flows_operator, flows_rest
from faults.balky import Break, Fuse, balky
from faults.flows import Flow, Ground, Ready
from faults.outcome import Outcome, Row, holds, none_of, told
from faults.postgresql import cluster
from faults.size import Size, Stage
from gatepost.app import journal_verdicts
from gatepost.storage.engine import transaction
from gatepost.storage.tables import metadata
from tests.flows import new_application, new_person
from tests.served import Served, postgresql_settings, serve, sqlite_settings

TITLE = "every call of the store fails once"
STORES = ("sqlite", "postgresql")
SHARE: Mapping[Size, float] = {Size.WHOLE: 1.0, Size.QUICK: 0.25, Size.SHORT: 0.03}
"""So many of the calls are made to fail, chosen by chance."""

MOST_CALLS = 150
_FLOWS = (flows_rest, flows_oauth, flows_factors, flows_operator)
OBJECTS = (
    *("clients", "client_secrets", "client_roles", "client_tags", "client_words"),
    *("roles", "users", "user_roles", "sign_ins", "consents", "families", "codes"),
    *("refresh_tokens", "device_codes", "pushed_requests", "signing_keys"),
    *("passwords", "password_links", "passkeys", "authenticators", "recovery_codes"),
)
SWEPT = frozenset(name for name in OBJECTS if "expires_at" in metadata.tables[name].c) - {
    "client_secrets"
}  # a secret that is over stays, to be seen
Shape = Mapping[str, int]


class Broken(NamedTuple):
    """Something that must not be, and at which call."""

    kind: str
    where: str


FALSE_SUCCESS = "false success"
OPEN = "success of what must be refused"
HALF = "half-written object"
STUCK = "failure of the same afterwards"
WRONG_STATUS = "answer from 500 on but 503"
KINDS = (FALSE_SUCCESS, OPEN, HALF, STUCK, WRONG_STATUS)


def run(stage: Stage) -> Outcome:
    """Every flow, every call."""
    with _ground(stage) as (ground, fuse):
        play = Play(ground, fuse)
        for flow in chain.from_iterable(each.flows() for each in _FLOWS):
            play.all_calls(flow, Random(f"{stage.seed} {flow.name}"), SHARE[stage.size])
        verdicts = list(journal_verdicts(ground.served.house))
    return Outcome(
        "L-18",
        stage.store,
        f"{len(play.tried)} flows, {sum(play.tried.values())} calls made to fail",
        Row(server_errors=sum(n for status, n in play.answers.items() if status >= 500)),
        (
            *(holds(f"no {kind}", said=_said(kind, play.broken)) for kind in KINDS),
            none_of("broken chains of events", sum(each.fault is not None for each in verdicts)),
            told("answers by status", str(dict(sorted(play.answers.items())))),
        ),
    )


class Play:
    """Does flows while calls fail, and writes down what must not be."""

    def __init__(self, ground: Ground, fuse: Fuse) -> None:
        self._ground = ground
        self._fuse = fuse
        self.tried: Counter[str] = Counter()
        self.answers: Counter[int] = Counter()
        self.broken: list[Broken] = []

    def all_calls(self, flow: Flow, chance: Random, share: float) -> None:
        """First without a fault, to know what it comes to; then a share of its calls."""
        whole = self._whole(flow)
        for at in range(1, MOST_CALLS):
            for when in Break:
                if chance.random() < share and not self._failing(flow, (at, when), whole):
                    return

    def _whole(self, flow: Flow) -> Shape:
        ready = self._ready(flow)
        before = _shape(self._ground.served)
        answer = flow.act(self._ground, ready)
        assert flow.is_closed != flow.claims(answer), f"{flow.name}: {answer.status_code}"
        added = _less(_shape(self._ground.served), before)
        self._note(_wrongs(self._ground, flow, ready, answer), f"{flow.name}, without a fault")
        return added

    def _failing(self, flow: Flow, at: tuple[int, Break], whole: Shape) -> bool:
        """Do the flow with a fault at a call; False when it has no such call."""
        ready = self._ready(flow)
        before = _shape(self._ground.served)
        self._fuse.arm(*at)
        answer = flow.act(self._ground, ready)
        self._fuse.disarm()
        if self._fuse.blown is None:
            return False
        added = _less(_shape(self._ground.served), before)
        self.tried[flow.name] += 1
        self.answers[answer.status_code] += 1
        where = f"{flow.name}, {at[1].value} call {at[0]} ({self._fuse.blown})"
        self._note(_wrongs(self._ground, flow, ready, answer), f"{where}: {answer.status_code}")
        added = _but_swept(added, whole)
        if added not in ({}, whole):
            self._note([HALF], f"{where}: {answer.status_code}, {added} and not {whole}")
        if not flow.is_closed and not flow.claims(answer):
            self._note(_stuck(self._ground, flow, ready), where)
        return True

    def _ready(self, flow: Flow) -> Ready:
        """Prepared, and without the attempts at passwords that were counted so far."""
        engine = self._ground.served.house.database.engine
        with transaction(engine, writing=True) as connection:
            connection.execute(metadata.tables["attempts"].delete())
        return flow.prepare(self._ground)

    def _note(self, kinds: Iterable[str], where: str) -> None:
        self.broken.extend(Broken(kind, where) for kind in kinds)


def _wrongs(ground: Ground, flow: Flow, ready: Ready, answer: httpx.Response) -> Iterator[str]:
    if answer.status_code >= 500 and answer.status_code != 503:
        yield WRONG_STATUS
    if not flow.claims(answer):
        return
    if flow.is_closed:
        yield OPEN
    elif not flow.is_so(ground, ready, answer):
        yield FALSE_SUCCESS


def _stuck(ground: Ground, flow: Flow, ready: Ready) -> Iterator[str]:
    """The same once more, now that nothing fails. What was done after all may be told as such."""
    answer = flow.act(ground, ready)
    if answer.status_code >= 500:
        yield STUCK
    yield from _wrongs(ground, flow, ready, answer)


def _said(kind: str, broken: Sequence[Broken]) -> str:
    """How often, and where first."""
    found = [each.where for each in broken if each.kind == kind]
    return f"{len(found)}: {found[0]}" if found else ""


def _shape(served: Served) -> dict[str, int]:
    """How many rows there are of everything that counts."""
    tables = [metadata.tables[name] for name in OBJECTS]
    with transaction(served.house.database.engine, writing=False) as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in tables
        }


def _less(after: Shape, before: Shape) -> dict[str, int]:
    return {name: after[name] - before[name] for name in after if after[name] != before[name]}


def _but_swept(added: Shape, whole: Shape) -> dict[str, int]:
    """Without what the sweeper took meanwhile, of which the flow itself takes nothing."""
    return {
        name: rows for name, rows in added.items() if rows > 0 or name in whole or name not in SWEPT
    }


@contextmanager
def _ground(stage: Stage) -> Iterator[tuple[Ground, Fuse]]:
    fuse = Fuse()
    stage.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(balky(fuse))
        if stage.store == "sqlite":
            settings = sqlite_settings(stage.folder)
        else:
            database = stack.enter_context(cluster())
            settings = postgresql_settings(database.fresh(), stage.folder)
        served = stack.enter_context(serve(settings))
        app = new_application(served, served.first, AllowOfflineAccess=True)
        kim, admin = new_person(served, served.first), served.admin()
        roles = served.http.get(f"{served.api()}/Roles", headers=admin).json()
        ids = tuple(role["Id"] for role in roles)[:1]
        yield Ground(served, app, kim, admin, ids), fuse
