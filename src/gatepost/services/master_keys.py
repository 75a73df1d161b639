"""Master keys: one that follows another, what is sealed anew under it, and what rests on each.

The order of a change is in docs/decisions/0027: the file to all nodes, then `use_newest`, then
`rewrap`, and when nothing rests on the old key any more it is taken out of the file.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from gatepost.model.events import DEPLOYMENT, OPERATOR, Action, Head
from gatepost.ports import PRESENCE, Deployment, Rewrapping, Sealed, SealedRow
from gatepost.services import enrolments, try_out_state
from gatepost.services.digests import is_one_of
from gatepost.services.world import World, unasked_event

BATCH = 100
_HOLDER = "servers"


class Anew(NamedTuple):
    """How many seals of a kind were made anew, and the rows whose seal could not be opened."""

    kind: Sealed
    rows: int
    broken: tuple[tuple[str, ...], ...]


def note_presence(world: World, deployment: Deployment, until: datetime) -> None:
    """Note which master keys this process has, so that none is put into use that it lacks."""
    office = PRESENCE + ",".join(map(str, world.secrets.numbers))
    deployment.take_lease(office, _HOLDER, world.clock.now(), until)


def lacking(world: World, rows: Rewrapping) -> datetime | None:
    """Until when a server is taken to run that has not the newest key; None where there is none."""
    newest, present = world.secrets.numbers[0], rows.present(world.clock.now())
    return max((each.until for each in present if newest not in each.numbers), default=None)


def next_number(world: World, deployment: Deployment) -> int:
    """The number of the next key; no number comes twice."""
    known = {check[0] for check in deployment.key_checks()}
    return max(known | set(world.secrets.numbers)) + 1


def note_new(world: World, deployment: Deployment, check: bytes) -> None:
    """Keep the check value of a key that was made."""
    deployment.note_key_check(check)
    note(world, deployment, Action.MASTER_KEY_ADDED, check[0])


def use_newest(world: World) -> bool:
    """Put the newest key into use; False when it is in use already."""
    newest = world.secrets.numbers[0]
    with world.store.writing_all() as deployment:
        known = deployment.key_check()
        if known is not None and known[0] >= newest:
            return False
        deployment.use_key(world.secrets.check_of(newest))
        note(world, deployment, Action.MASTER_KEY_USED, newest)
    world.secrets.write_under(newest)
    return True


def rewrap(world: World, rows: Rewrapping) -> tuple[Anew, ...]:
    """Seal anew, under the newest key, all that can be; a batch is one transaction."""
    return tuple(_rewrap(world, rows, kind) for kind in _ANEW)


def note(world: World, deployment: Deployment, action: Action, number: int) -> None:
    """Write into the deployment's journal what became of a master key."""
    done = unasked_event(world, OPERATOR, action, str(number))
    deployment.open(DEPLOYMENT).journal.append(done)


def _rewrap(world: World, rows: Rewrapping, kind: Sealed) -> Anew:
    newest, after, met = world.secrets.numbers[0], None, 0
    broken: list[tuple[str, ...]] = []
    while found := rows.sealed(kind, newest, after, BATCH):
        sealed = [(row, _ANEW[kind](world, row)) for row in found]
        broken += [row.key for row, seal in sealed if seal is None]
        met += rows.reseal(kind, [(row, seal) for row, seal in sealed if seal is not None])
        after = found[-1].key
    return Anew(kind, met, tuple(broken))


def _signing_key(world: World, row: SealedRow) -> bytes | None:
    (kid,), (algorithm,) = row.key, row.about
    return world.signer.resealed(kid, algorithm, row.sealed)


def _head(world: World, row: SealedRow) -> bytes | None:
    """A head that does not bear our seal is not given one."""
    (tenant_id,), head = row.key, Head(*row.about)
    if not is_one_of(row.sealed, world.secrets.seals_of_head(tenant_id, head)):
        return None
    return world.secrets.seal_head(tenant_id, head)


def _text(place_of: Callable[[SealedRow], str]) -> Callable[[World, SealedRow], bytes | None]:
    def anew(world: World, row: SealedRow) -> bytes | None:
        place = place_of(row)
        plain = world.secrets.unseal(place, row.sealed)
        return None if plain is None else world.secrets.seal(place, plain)

    return anew


_ANEW: Mapping[Sealed, Callable[[World, SealedRow], bytes | None]] = {
    "signing keys": _signing_key,
    "heads of journals": _head,
    "try-outs": _text(lambda row: try_out_state.place_of(row.key[1])),
    "authenticator apps": _text(lambda row: enrolments.authenticator_place(*row.key)),
}
