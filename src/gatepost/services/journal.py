"""The journal read and verified: each link follows from the last, the head bears our seal.

Verifying gives a verdict for each journal and goes on, whatever a row holds. Each batch of links is
a transaction of its own, so that no view of the store is held for minutes.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice

from gatepost.model.checkpoints import is_fit
from gatepost.model.errors import StoreUnavailable
from gatepost.model.events import (
    DEPLOYMENT,
    Action,
    ChainedEvent,
    Event,
    Head,
    is_told,
    next_hash,
    written,
)
from gatepost.model.journal_lines import cut_told
from gatepost.model.journal_walk import START, Attested, Link, Verdict, Walk
from gatepost.services.heads import is_sealed
from gatepost.services.world import World

BATCH = 1_000
Checkpoints = Mapping[str, Sequence[Attested]]

UNREADABLE = (
    *(ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError),
)
"""What comes of a row that holds what we never wrote."""
_ALL_TENANTS = 1_000_000_000
_GONE = "the tenant is not there, and it was founded here"


class UnreadableEvent(Exception):
    """An event holds what was never written; carries its number."""

    @property
    def seq(self) -> int:
        """The number."""
        return int(self.args[0])


def of_operation(world: World, operation_id: str) -> tuple[ChainedEvent, ...]:
    """The events of one request, whichever tenant it was in: what a support id leads to."""
    with world.store.reading_all() as deployment:
        ids = deployment.journals.known()
    found: list[ChainedEvent] = []
    for tenant_id in ids:
        with world.store.reading(tenant_id) as tenancy:
            found += tenancy.journal.of_operation(operation_id)
    return tuple(found)


def known(world: World) -> tuple[str, ...]:
    """The journals that there are, and those that there should be; the deployment's first."""
    with world.store.reading_all() as deployment:
        there = deployment.journals.known()
    written = map(str, written_tenants(world))
    return tuple(sorted({*there, *written, *((DEPLOYMENT,) if there else ())}))


def written_tenants(world: World) -> frozenset[str]:
    """The tenants that the deployment's journal knows, as far as it can be read."""
    return _written(world, Action.TENANT_ADDED)


def tenant_ids(world: World) -> frozenset[str]:
    """The tenants that have a row."""
    with world.store.reading_all() as deployment:
        return frozenset(deployment.some_tenant_ids(_ALL_TENANTS))


def verify_all(
    world: World, checkpoints: Checkpoints | None = None, only: str | None = None
) -> Iterator[Verdict]:
    """Check the journals of the deployment and of all tenants, also of those that are gone."""
    attested, there = checkpoints or {}, tenant_ids(world)
    names = sorted({*known(world), *attested}) if only is None else [only]
    for tenant_id in names:
        verdict = verify(world, tenant_id, attested.get(tenant_id, ()))
        is_gone = tenant_id != DEPLOYMENT and tenant_id not in there
        yield verdict._replace(fault=_GONE) if is_gone else verdict


def verify(world: World, tenant_id: str, attested: Sequence[Attested] = ()) -> Verdict:
    """Check one journal from its first event on."""
    while True:
        try:
            walk = Walk(begins(world, tenant_id), attested)
            verdict = _walked(world, tenant_id, walk)
            # The beginning may move on meanwhile, and then what was read first is no fault.
            if verdict.fault is None or begins(world, tenant_id) == walk.begins:
                return verdict
        except UnreadableEvent:
            return Verdict(tenant_id, 0, "where it begins cannot be read, so that was changed")


def links(world: World, tenant_id: str, after: int) -> Iterator[ChainedEvent]:
    """The links behind a number, in order; raises UnreadableEvent at one that was changed so."""
    while found := _batch(world, tenant_id, after)[0]:
        for link in found:
            if not is_fit(tenant_id, Head(link.seq, link.hash)):
                raise UnreadableEvent(after + 1)
            yield link
            after = link.seq


def some_links(world: World, tenant_id: str, after: int, most: int) -> tuple[ChainedEvent, ...]:
    """The next links behind a number, at most so many; raises UnreadableEvent likewise."""
    return tuple(islice(links(world, tenant_id, after), most))


def begins(world: World, tenant_id: str) -> Head:
    """The last link that was removed; raises UnreadableEvent where its row is not of our making."""
    try:
        with world.store.reading(tenant_id) as tenancy:
            found = tenancy.journal.begins()
    except (*UNREADABLE, StoreUnavailable):
        _check_reachable(world, tenant_id)
        raise UnreadableEvent(0) from None
    if found != START and not is_fit(tenant_id, found):
        raise UnreadableEvent(0)
    return found


def step(before: Head, tenant_id: str, link: ChainedEvent) -> Link:
    """A link as the walk meets it; raises UnreadableEvent where it holds what is never written."""
    try:
        event = written(link.event)
        # what JSON has no word for is written as another, and so would not show
        made = next_hash(before.hash, tenant_id, link.seq, event) if is_told(link.event) else b""
        return Link(link.seq, before.hash, link.hash, made, cut_told(link.event))
    except UNREADABLE:
        raise UnreadableEvent(before.seq + 1) from None


def _written(world: World, action: Action) -> frozenset[str]:
    """What the events of this kind in the deployment's journal are about."""
    found: set[str] = set()
    with suppress(UnreadableEvent):  # the verdict of this journal tells of it
        for link in links(world, DEPLOYMENT, 0):
            if link.event.action is action:
                found.add(link.event.target)
    return frozenset(found)


def _walked(world: World, tenant_id: str, walk: Walk) -> Verdict:
    fault = None
    try:
        fault = _end_of(world, tenant_id, walk)
    except UnreadableEvent as event:
        fault = f"event {event.seq} cannot be read, so it was changed"
    return walk.verdict(tenant_id, fault)


def _end_of(world: World, tenant_id: str, walk: Walk) -> str | None:
    """Walk to the end; what is wrong there."""
    while walk.fault is None:
        found, sealed = _batch(world, tenant_id, walk.head.seq)
        for link in found:
            if walk.follow(step(walk.head, tenant_id, link)) is not None:
                break
            if link.seq == 1 and not _is_first(tenant_id, link.event):
                return "event 1 is not the founding of the tenant: the journal was begun anew"
        if not found:
            fault = _head_fault(world, tenant_id, walk.head, sealed)
            return (
                fault or _beginning_fault(walk) or walk.shortness() or _key_fault(world, tenant_id)
            )
    return walk.fault


def _is_first(tenant_id: str, event: Event) -> bool:
    """A tenant's journal begins with its founding."""
    is_founding = event.action is Action.TENANT_ADDED and event.target == tenant_id
    return is_founding or tenant_id == DEPLOYMENT


def _key_fault(world: World, tenant_id: str) -> str | None:
    """The deployment's journal tells of the making of each key that is there, and is never cut."""
    if tenant_id != DEPLOYMENT:
        return None
    with world.store.reading_all() as deployment:
        kids = {key.kid for key in deployment.signing_keys()}
    unwritten = kids - _written(world, Action.KEY_ADDED)
    if not unwritten:
        return None
    return f"it does not tell of the making of the signing key {min(unwritten)}: it was begun anew"


def _batch(
    world: World, tenant_id: str, after: int
) -> tuple[tuple[ChainedEvent, ...], tuple[Head, bytes] | None]:
    """The next links, or none; and the head as it was at the same moment."""
    try:
        with world.store.reading(tenant_id) as tenancy:
            return tenancy.journal.entries(after, BATCH), tenancy.journal.head()
    except (*UNREADABLE, StoreUnavailable):
        return _before_the_unreadable(world, tenant_id, after), None


def _before_the_unreadable(world: World, tenant_id: str, after: int) -> tuple[ChainedEvent, ...]:
    """The links before one that cannot be read, or UnreadableEvent where it comes first."""
    found: tuple[ChainedEvent, ...] = ()
    more: tuple[ChainedEvent, ...] = ()
    while len(found) < BATCH:
        try:
            with world.store.reading(tenant_id) as tenancy:
                more = tenancy.journal.entries(found[-1].seq if found else after, 1)
        except (*UNREADABLE, StoreUnavailable):
            if found:
                return found
            _check_reachable(world, tenant_id)
            raise UnreadableEvent(after + 1) from None
        if not more:
            return found
        found += more
    return found


def _check_reachable(world: World, tenant_id: str) -> None:
    """A database that is away says so here; one that met a row that is no text does not."""
    with world.store.reading(tenant_id) as tenancy, suppress(*UNREADABLE):
        tenancy.journal.attested()


def _beginning_fault(walk: Walk) -> str | None:
    if walk.beginning() != "part":
        return None
    return f"events 1 to {walk.begins.seq} are missing, and no event tells of their removal"


def _head_fault(
    world: World, tenant_id: str, head: Head, sealed: tuple[Head, bytes] | None
) -> str | None:
    if sealed is None:
        return "the head is missing"
    if sealed[0] != head:
        return f"the journal ends at event {head.seq}, its head says {sealed[0].seq}"
    is_ours = is_sealed(world.secrets, tenant_id, *sealed)
    return None if is_ours else "the seal of the head is not ours"
