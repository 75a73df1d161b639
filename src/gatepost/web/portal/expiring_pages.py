"""Security > Secrets: what has expired or soon will, of all clients, and what may be removed."""

from typing import Any, NamedTuple

from gatepost.model.rotation import SOON
from gatepost.ports import ExpiringSecret, Tenancy
from gatepost.web.http import Reply
from gatepost.web.portal import paging
from gatepost.web.portal.paging import Shown
from gatepost.web.portal.secret_views import Owner, view
from gatepost.web.portal.visits import PREFIX, Allowed, Route, Visit, redirect

PATH = "/security/secrets"
MOST_COUNTED = 1_000


class _Found(NamedTuple):
    """A page of secrets, each with all secrets of its client, and how many there are."""

    rows: tuple[tuple[ExpiringSecret, Owner], ...]
    total: int


def expiring(visit: Visit) -> Reply:
    """Secrets that need attention, the one that ends first on top."""
    number = paging.number_in(visit.query())
    found = _found(visit, number)
    if not found.rows and number > 1:
        return redirect(_address(paging.last(found.total)))
    shown = Shown(len(found.rows), found.total, found.total >= MOST_COUNTED)
    return visit.page(
        200,
        "secrets.html",
        "secrets",
        rows=[_row(visit, secret, whose) for secret, whose in found.rows],
        days=SOON.days,
        pager=paging.pager(visit, number, shown, _address),
    )


def _found(visit: Visit, number: int) -> _Found:
    before = visit.world.clock.now() + SOON
    with visit.world.store.reading_calmly(visit.tenant_id) as tenancy:
        secrets = tenancy.clients.expiring(before, paging.part(number))
        owners = _owners(tenancy, secrets)
        total = tenancy.clients.count_expiring(before, MOST_COUNTED)
    return _Found(tuple((one, owners[one.client.settings.id]) for one in secrets), total)


def _owners(tenancy: Tenancy, secrets: tuple[ExpiringSecret, ...]) -> dict[str, Owner]:
    clients = {one.client.settings.id: one.client for one in secrets}
    return {id_: Owner(client, tenancy.clients.secrets(id_)) for id_, client in clients.items()}


def _row(visit: Visit, one: ExpiringSecret, whose: Owner) -> dict[str, Any]:
    settings, secret = one.client.settings, one.secret
    return view(visit, secret, whose.secrets) | {
        "client": settings.name,
        "client_id": settings.id,
        "kind": visit.say(f"kind.{whose.kind.name}.one"),
        "href": whose.tab,
        "remove_href": whose.address(f"{secret.id}/remove"),
        "add_href": None if whose.is_full else whose.address("add"),
    }


def _address(number: int) -> str:
    return f"{PREFIX}{PATH}" + (f"?page={number}" if number > 1 else "")


ROUTES = (Route("GET", PATH, Allowed.ADMINISTRATOR, expiring),)
