"""Reads everything back after a fault: what was acknowledged, by the API and in the database."""

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

from bench.credentials import Presented, refresh_form, token_form
from bench.served import Answer
from faults import kept
from faults.desk import FORM, TOKEN
from faults.journal import Entry, acknowledged
from faults.stand import Stand
from faults.standing import Standing, standing
from faults.wire import Unanswered, Wire
from gatepost.web.interaction.visits import ACCOUNT

_THREADS = 4
_MOST_OF_A_KIND = 3_000
_MOST_WRONG_SECRETS = 300
_TRIES = 20

Check = Callable[[Wire], str | None]
"""Looks for one thing, and says what is wrong with it."""


class Reckoning(NamedTuple):
    """What became of the acknowledged writes."""

    acknowledged: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    unanswered: tuple[str, ...] = ()
    """What had to be asked twice, though nothing was broken any more, and how it went."""


def reckoned(stand: Stand, port: int, entries: list[Entry]) -> Reckoning:
    """Read all back at the server on a port of this machine, and in its store."""
    return looked_for(stand, port, standing(entries))._replace(acknowledged=acknowledged(entries))


def looked_for(stand: Stand, port: int, wanted: Standing) -> Reckoning:
    """Look for what must be there and for what must not; nothing is said of how much it is."""
    with stand.open() as house:
        in_store = kept.faults(house, wanted)
        doubled = [*wanted.twice, *kept.doubled(house)]
    present = _run(port, _present(stand, wanted))
    # only now, because a used token that comes again ends all that came of it
    over = _run(port, _over(stand, wanted))
    lost = (*wanted.gone, *in_store, *present.wrong)
    return Reckoning(0, lost, (*doubled, *over.wrong), present.unanswered + over.unanswered)


def _present(stand: Stand, wanted: Standing) -> Iterator[Check]:
    """What must be there."""
    bearer = _Bearer(stand)
    yield from (partial(_client, stand, bearer, each) for each in _some(wanted.names.items()))
    yield from (partial(_roles, stand, bearer, each) for each in _some(wanted.roles.items()))
    yield from (partial(_secret, each) for each in _some(wanted.secrets.items()))
    yield from (partial(_token, stand, each) for each in _some(wanted.tokens))
    yield from (partial(_sign_in, each) for each in _some(wanted.sign_ins.items()))


def _over(stand: Stand, wanted: Standing) -> Iterator[Check]:
    """What must not work any more."""
    dead = itertools.islice(wanted.dead_secrets.items(), _MOST_WRONG_SECRETS)
    yield from (partial(_dead_secret, each) for each in dead)
    yield from (partial(_used_token, stand, each) for each in _some(wanted.rotated.items()))


class _Bearer:
    """The token of an administrator, got once."""

    def __init__(self, stand: Stand) -> None:
        self._tenant = stand.tenant
        self._lock = threading.Lock()
        self._headers: Mapping[str, str] | None = None

    def headers(self, wire: Wire) -> Mapping[str, str]:
        with self._lock:
            if self._headers is None:
                form = token_form(self._tenant.client_id, self._tenant.secret)
                token = _asked(wire, "POST", TOKEN, form, FORM).json()["access_token"]
                self._headers = {"Authorization": f"Bearer {token}"}
        return self._headers


def _client(stand: Stand, bearer: _Bearer, item: tuple[str, str], wire: Wire) -> str | None:
    client_id, name = item
    path = f"{_collection(stand)}/{client_id}"
    answer = _asked(wire, "GET", path, None, bearer.headers(wire))
    there = answer.status == 200 and answer.json()["Name"] == name
    return None if there else f"client {client_id}: {answer.status}"


def _roles(
    stand: Stand, bearer: _Bearer, item: tuple[str, tuple[str, ...]], wire: Wire
) -> str | None:
    client_id, wanted = item
    path = f"{_collection(stand)}/{client_id}/Roles"
    answer = _asked(wire, "GET", path, None, bearer.headers(wire))
    found = answer.status == 200 and tuple(sorted(role["Id"] for role in answer.json()))
    return None if found == wanted else f"roles of {client_id}: {answer.status} {found}"


def _secret(item: tuple[str, str], wire: Wire) -> str | None:
    secret, client_id = item
    answer = _asked(wire, "POST", TOKEN, token_form(client_id, secret), FORM)
    return None if answer.status == 200 else f"secret of {client_id}: {answer.status}"


def _token(stand: Stand, token: str, wire: Wire) -> str | None:
    answer = _refreshed(stand, token, wire)
    return None if answer.status == 200 else f"refresh token {token[:12]}: {answer.status}"


def _sign_in(item: tuple[str, str], wire: Wire) -> str | None:
    cookie, person = item
    answer = _asked(wire, "GET", ACCOUNT, None, {"Cookie": cookie})
    there = answer.status == 200 and person.encode() in answer.body
    return None if there else f"sign-in of {person}: {answer.status}"


def _dead_secret(item: tuple[str, str], wire: Wire) -> str | None:
    secret, client_id = item
    answer = _asked(wire, "POST", TOKEN, token_form(client_id, secret), FORM)
    return f"removed secret of {client_id} works" if answer.status == 200 else None


def _used_token(stand: Stand, item: tuple[str, str], wire: Wire) -> str | None:
    """One whose answer may have been lost is given the same successor, and no other."""
    before, after = item
    answer = _refreshed(stand, before, wire)
    again = answer.status == 200 and answer.json()["refresh_token"] != after
    return f"refresh token {before[:12]} has two successors" if again else None


def _refreshed(stand: Stand, token: str, wire: Wire) -> Answer:
    form = refresh_form(Presented(*stand.application_pair, token))
    return _asked(wire, "POST", TOKEN, form, FORM)


def _asked(
    wire: Wire, method: str, path: str, body: str | None, headers: Mapping[str, str]
) -> Answer:
    """The answer; who is told to wait waits."""
    answer = wire.call(method, path, body, headers)
    for _ in range(_TRIES):
        if answer.status not in {429, 503}:
            break
        time.sleep(1)
        answer = wire.call(method, path, body, headers)
    return answer


class _Seen(NamedTuple):
    """What is wrong, of all that was looked for, and how it went where there was no answer."""

    wrong: tuple[str, ...]
    unanswered: tuple[str, ...]


def _run(port: int, checks: Iterable[Check]) -> _Seen:
    """Look for all; what has no answer is looked for once more, as any careful client does."""
    local = threading.local()
    wires: list[Wire] = []
    unanswered: list[str] = []

    def look(check: Check) -> str | None:
        if not hasattr(local, "wire"):
            local.wire = Wire(port)
            wires.append(local.wire)
        try:
            return check(local.wire)
        except Unanswered as fault:
            unanswered.append(str(fault))
            return check(local.wire)

    with ThreadPoolExecutor(_THREADS) as threads:
        found = tuple(each for each in threads.map(look, checks) if each is not None)
    for wire in wires:
        wire.close()
    return _Seen(found, tuple(unanswered))


def _some(items: Iterable[Any]) -> Iterator[Any]:
    """At most so many of a kind, from all over the run."""
    there = list(items)
    step = max(1, -(-len(there) // _MOST_OF_A_KIND))
    return iter(there[::step])


def _collection(stand: Stand) -> str:
    return f"/api/v1/Tenants/{stand.tenant.id}/ClientCredentialClients"
