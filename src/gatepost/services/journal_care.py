"""What is done for the journals in the background: written down, attested, trimmed; in this order.

What was not attested is not removed, so the checkpoints come first.
"""

from datetime import datetime, timedelta

from gatepost.model.events import DEPLOYMENT, Action, Actor
from gatepost.model.tenants import Tenant
from gatepost.ports import Deployment
from gatepost.services import journal
from gatepost.services.checkpoints import CheckpointBook
from gatepost.services.retention import Retention
from gatepost.services.sweeping import Chore
from gatepost.services.world import World, unasked_event

ROLL = Actor("operator", "roll")


class JournalCare:
    """For the process that sweeps: its chores, in their order, and what is left at the end."""

    def __init__(self, world: World, book: CheckpointBook, retention: Retention) -> None:
        self._world = world
        self._book = book
        self._retention = retention
        self._is_enrolled = False

    @property
    def chores(self) -> tuple[Chore, ...]:
        """What is asked once a minute; each by itself, so that none hinders the others."""
        return self._enrol, self._book.act, self._retention.act

    def waiting(self, now: datetime) -> timedelta | None:
        """How long checkpoints have waited for their place; None where others write them."""
        return self._book.waiting(now)

    def finish(self) -> None:
        """Attest what happened since."""
        self._book.finish()

    def _enrol(self, _now: datetime) -> int:
        if not self._is_enrolled:
            enrol(self._world)
            self._is_enrolled = True
        return 0


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
    told = {"Name": tenant.name, "FoundedAt": tenant.created_at.isoformat()}
    founded = unasked_event(world, by, Action.TENANT_ADDED, tenant.id, after=told)
    deployment.open(DEPLOYMENT).journal.append(founded)
