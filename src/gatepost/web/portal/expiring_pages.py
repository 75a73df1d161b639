"""Security > Secrets: what has expired or soon will, of all clients, and what may be removed."""

from typing import Any, NamedTuple

from gatepost.model.rotation import SOON
from gatepost.ports import ExpiringSecret, PageOf, Tenancy
from gatepost.web.http import Reply
from gatepost.web.portal.secret_views import Owner, view
from gatepost.web.portal.visits import PREFIX, Allowed, Route, Visit

PATH = "/security/secrets"
PAGE_SIZE = 25
MOST_COUNTED = 1_000
_MAX_PAGE = MOST_COUNTED // PAGE_SIZE
_MAX_DIGITS = 3


class _Found(NamedTuple):
    """A page of secrets, each with all secrets of its client, and how many there are."""

    rows: tuple[tuple[ExpiringSecret, Owner], ...]
    total: int


def expiring(visit: Visit) -> Reply:
    """Secrets that need attention, the one that ends first on top."""
    number = _page_number(visit.query().get("page"))
    found = _found(visit, number)
    first = (number - 1) * PAGE_SIZE + 1
    last = first + len(found.rows) - 1
    many = found.total >= MOST_COUNTED
    key = "expiring.range_of_many" if many else "expiring.range"
    return visit.page(
        200,
        "secrets.html",
        "secrets",
        rows=[_row(visit, secret, whose) for secret, whose in found.rows],
        days=SOON.days,
        range=visit.say(key, first=first, last=last, total=found.total) if found.rows else "",
        previous=_address(number - 1) if number > 1 else None,
        next=_address(number + 1) if last < found.total and number < _MAX_PAGE else None,
    )


def _found(visit: Visit, number: int) -> _Found:
    before = visit.world.clock.now() + SOON
    page = PageOf((number - 1) * PAGE_SIZE, PAGE_SIZE)
    with visit.world.store.reading(visit.tenant_id) as tenancy:
        secrets = tenancy.clients.expiring(before, page)
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
        "kind": visit.say(f"secrets.kind.{whose.kind.name}"),
        "href": whose.tab,
        "remove_href": whose.address(f"{secret.id}/remove"),
        "add_href": None if whose.is_full else whose.address("add"),
    }


def _page_number(text: str) -> int:
    known = text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
    return min(max(int(text), 1), _MAX_PAGE) if known else 1


def _address(number: int) -> str:
    return f"{PREFIX}{PATH}" + (f"?page={number}" if number > 1 else "")


ROUTES = (Route("GET", PATH, Allowed.ADMINISTRATOR, expiring),)
