"""Security > Clients: the list of one kind, and beside it the Details pane of the chosen client."""

from typing import Any

from gatepost.model.client_kinds import CLIENT_KINDS
from gatepost.model.errors import NotFound
from gatepost.model.rotation import standing_of_expiry
from gatepost.ports import ListedClient
from gatepost.services import listing
from gatepost.web.http import Reply
from gatepost.web.portal import client_details, list_state
from gatepost.web.portal.list_state import ORDERS, PAGE_SIZE, ListState, slug
from gatepost.web.portal.visits import PREFIX, Allowed, Route, Visit, redirect

_NOTICES = frozenset(
    {
        "saved",
        "disabled",
        "enabled",
        "removed",
        "mended",
        "secret-changed",
        "secret-removed",
        "roles-saved",
        "tried",
    }
)


def clients(visit: Visit) -> Reply:
    """The page."""
    state = list_state.read(visit.query())
    chosen = None
    if state.client:
        try:
            chosen = listing.one(visit.world, visit.tenant_id, state.client)
        except NotFound:
            return redirect(state.address(client="", tab=""))
        if chosen.client.kind != state.type:
            return redirect(state.address(type=chosen.client.kind))
    found = listing.page(visit.world, visit.tenant_id, state.query(visit.world.clock.now()))
    if not found.rows and state.page > 1:
        return redirect(state.address(page=max(1, -(-found.total // PAGE_SIZE))))
    return visit.page(
        200,
        "clients.html",
        "clients",
        notice=_notice(visit),
        state=state,
        kinds=[(slug(kind.name), visit.say(f"kind.{kind.name}.choice")) for kind in CLIENT_KINDS],
        columns=_columns(visit, state),
        rows=[_row(visit, state, row) for row in found.rows],
        pager=_pager(visit, state, found),
        add_href=f"{PREFIX}/security/clients/add?type={slug(state.type)}",
        kind_words=visit.say(f"kind.{state.type}.about"),
        details=client_details.shown(visit, state, chosen) if chosen else None,
    )


def _notice(visit: Visit) -> str | None:
    done = visit.query().get("done")
    return visit.say(f"clients.done.{done}") if done in _NOTICES else None


def _row(visit: Visit, state: ListState, row: ListedClient) -> dict[str, Any]:
    settings = row.client.settings
    return {
        "id": settings.id,
        "name": settings.name,
        "enabled": settings.enabled,
        "lifetime": settings.access_token_lifetime,
        "href": state.address(client=settings.id),
        "current": settings.id == state.client,
        "next_expiry": visit.moment(row.next_expiry),
        "expiry_standing": standing_of_expiry(row.next_expiry, visit.world.clock.now()),
        "last_used": visit.moment(row.last_used_at),
    }


def _columns(visit: Visit, state: ListState) -> list[dict[str, Any]]:
    names = ["name", "id", "status", "lifetime", "expiry", "used"]
    if not state.kind.has_secret:
        names.remove("expiry")
    return [_column(visit, state, name) for name in names]


def _column(visit: Visit, state: ListState, name: str) -> dict[str, Any]:
    """The head of a column. Those that the list can be ordered by are called as the order is."""
    label = visit.say(f"clients.column.{name}")
    if name not in ORDERS:
        return {"label": label, "kind": "number" if name == "lifetime" else None}
    here = state.sort == name
    turned = here and not state.descending
    return {
        "label": label,
        "href": state.address(sort=name, descending=turned, page=1),
        "direction": ("descending" if state.descending else "ascending") if here else None,
    }


def _pager(visit: Visit, state: ListState, found: listing.Listing) -> dict[str, Any]:
    first = (state.page - 1) * PAGE_SIZE + 1
    last = first + len(found.rows) - 1
    is_last = last >= found.total and not (found.is_more and len(found.rows) == PAGE_SIZE)
    key = "clients.range_of_many" if found.is_more else "clients.range"
    text = visit.say(key, first=first, last=last, total=found.total) if found.rows else ""
    return {
        "text": text,
        "previous": state.address(page=state.page - 1) if state.page > 1 else None,
        "next": None if is_last else state.address(page=state.page + 1),
    }


ROUTES = (Route("GET", "/security/clients", Allowed.MEMBER, clients),)
