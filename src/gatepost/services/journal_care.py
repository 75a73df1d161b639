"""What is done for the journals in the background: written down, attested, trimmed; in this order.

What was not attested is not removed, so the checkpoints come first.
"""

from datetime import datetime

from gatepost.model.events import DEPLOYMENT, Action, Actor, Event, Origin
from gatepost.model.tenants import Tenant
from gatepost.ports import Deployment
from gatepost.services import journal
from gatepost.services.checkpoints import CheckpointBook
from gatepost.services.retention import Retention
from gatepost.services.world import World

ROLL = Actor("operator", "roll")


class JournalCare:
    """For the process that sweeps; it is asked once a minute, and once when the process ends."""

    def __init__(self, world: World, book: CheckpointBook, retention: Retention) -> None:
        self._world = world
        self._book = book
        self._retention = retention
        self._is_enrolled = False

    def act(self, now: datetime) -> int:
        """Do what is due; how many links went."""
        if not self._is_enrolled:
            enrol(self._world)
            self._is_enrolled = True
        self._book.act(now)
        return self._retention.act(now)

    def finish(self) -> None:
        """Attest what happened since."""
        self._book.finish()


def enrol(world: World) -> int:
    """Write tenants of older versions into the deployment's journal; how many."""
    written = journal.written_tenants(world)
    with world.store.reading_all() as deployment:
        missing = [tenant for tenant in deployment.tenants() if tenant.id not in written]
    for tenant in missing:
        with world.store.writing_all() as deployment:
            note_tenant(world, deployment, tenant, ROLL)
    return len(missing)


def note_tenant(world: World, deployment: Deployment, tenant: Tenant, by: Actor) -> None:
    """Write into the deployment's journal that a tenant was founded."""
    deployment.open(DEPLOYMENT).journal.append(
        Event(
            at=world.clock.now(),
            action=Action.TENANT_ADDED,
            actor=by,
            origin=Origin(world.dice.guid(), ""),
            target=tenant.id,
            after={"Name": tenant.name, "FoundedAt": tenant.created_at.isoformat()},
        )
    )
