"""The journal read and verified: each link follows from the last, the head bears our seal."""

from typing import NamedTuple

from gatepost.model.events import DEPLOYMENT, GENESIS, ChainedEvent, Head, chain
from gatepost.ports import Tenancy
from gatepost.services.digests import is_one_of
from gatepost.services.world import World

_BATCH = 500


class Verdict(NamedTuple):
    """What was found in one tenant's journal; `fault` is None when it is whole."""

    tenant_id: str
    events: int
    fault: str | None


def of_operation(world: World, operation_id: str) -> tuple[ChainedEvent, ...]:
    """The events of one request, whichever tenant it was in: what a support id leads to."""
    with world.store.reading_all() as deployment:
        ids = (DEPLOYMENT, *(tenant.id for tenant in deployment.tenants()))
    found: list[ChainedEvent] = []
    for tenant_id in ids:
        with world.store.reading(tenant_id) as tenancy:
            found += tenancy.journal.of_operation(operation_id)
    return tuple(found)


def verify_all(world: World) -> tuple[Verdict, ...]:
    """Check the journals of all tenants and of the deployment."""
    with world.store.reading_all() as deployment:
        ids = [tenant.id for tenant in deployment.tenants()]
        if deployment.signing_keys():
            ids.insert(0, DEPLOYMENT)
    return tuple(verify(world, tenant_id) for tenant_id in ids)


def verify(world: World, tenant_id: str) -> Verdict:
    """Check one tenant's journal from its first event."""
    with world.store.reading(tenant_id) as tenancy:
        try:
            head, fault = _walk(tenancy, tenant_id)
        except ValueError:
            return Verdict(tenant_id, 0, "an event cannot be read, so it was changed")
        sealed = tenancy.journal.head()
    if fault is None:
        fault = _head_fault(world, tenant_id, head, sealed)
    return Verdict(tenant_id, head.seq, fault)


def _walk(tenancy: Tenancy, tenant_id: str) -> tuple[Head, str | None]:
    head = Head(0, GENESIS)
    while links := tenancy.journal.entries(head.seq, _BATCH):
        for link in links:
            if link.seq != head.seq + 1:
                return head, f"event {head.seq + 1} is missing"
            if chain(head, tenant_id, link.event).hash != link.hash:
                return head, f"event {link.seq} was changed"
            head = Head(link.seq, link.hash)
    return head, None


def _head_fault(
    world: World, tenant_id: str, head: Head, sealed: tuple[Head, bytes] | None
) -> str | None:
    if sealed is None:
        return "the head is missing"
    if sealed[0] != head:
        return f"the journal ends at event {head.seq}, its head says {sealed[0].seq}"
    if not is_one_of(sealed[1], world.secrets.seals_of_head(tenant_id, head)):
        return "the seal of the head is not ours"
    return None
