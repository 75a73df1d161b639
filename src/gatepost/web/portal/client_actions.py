"""Disable, enable and remove a client, each after a question; and the live check of an address."""

from gatepost.model.client_kinds import BY_NAME, CLIENT_KINDS
from gatepost.model.clients import StoredClient
from gatepost.model.reading import Member, members_of
from gatepost.services import clients, listing
from gatepost.web.http import Reply, json_reply
from gatepost.web.portal.client_forms import control_of, item_problem
from gatepost.web.portal.list_state import ListState
from gatepost.web.portal.visits import PREFIX, Allowed, Route, Visit, redirect

_MAX_CHECKED = 4_000


def ask(visit: Visit) -> Reply:
    """The question before it is done; what it is, is the last part of the address."""
    what = visit.call.segments[-1].lower()
    client = clients.of_any_kind(visit.world, visit.tenant_id, visit.path["client_id"])
    id_ = client.settings.id
    return visit.page(
        200,
        "client_ask.html",
        "clients",
        what=what,
        name=client.settings.name,
        client_id=id_,
        depends=_depends(visit, id_) if what != "enable" else [],
        action=f"{PREFIX}/security/clients/{id_}/{what}",
        proof=visit.proof(f"client-{what} {id_}"),
        cancel_href=_here(client).address(),
    )


def switch(visit: Visit) -> Reply:
    """Disable or enable, at once and for everything."""
    what = visit.call.segments[-1].lower()
    client = _answered(visit, what)
    kind, enabled = BY_NAME[client.kind], what == "enable"
    clients.change(visit.world, visit.act, kind, client.settings.id, {"enabled": enabled})
    return redirect(f"{_here(client).address()}&done={what}d")


def remove(visit: Visit) -> Reply:
    """Remove the client with all that depends on it."""
    client = _answered(visit, "remove")
    clients.remove(visit.world, visit.act, BY_NAME[client.kind], client.settings.id)
    return redirect(f"{ListState(type=client.kind).address()}&done=removed")


def check(visit: Visit) -> Reply:
    """What is wrong with one entry of a list, for the script that asks while somebody types."""
    query = visit.query()
    member = _LISTS.get(query.get("field"))
    value = query.get("value").strip()[:_MAX_CHECKED]
    problem = item_problem(member, value) if member is not None and value else None
    return json_reply(200, {"problem": problem})


def _answered(visit: Visit, what: str) -> StoredClient:
    client = clients.of_any_kind(visit.world, visit.tenant_id, visit.path["client_id"])
    visit.form(f"client-{what} {client.settings.id}")
    return client


def _depends(visit: Visit, client_id: str) -> list[str]:
    found = listing.belongings(visit.world, visit.tenant_id, client_id)
    used = listing.one(visit.world, visit.tenant_id, client_id).last_used_at
    moment = visit.moment(used)
    more = listing.MOST_COUNTED
    counts = (
        ("secrets", len(found.secrets)),
        ("sessions", found.dependents.sessions),
        ("refresh_tokens", found.dependents.refresh_tokens),
    )
    lines = [
        visit.say(f"ask.{name}.one" if number == 1 else f"ask.{name}", number=number)
        if number < more
        else visit.say(f"ask.{name}.many", number=more)
        for name, number in counts
        if number
    ]
    last = visit.say("ask.last_used", at=moment.full) if moment else visit.say("ask.never_used")
    return [last, *lines]


def _here(client: StoredClient) -> ListState:
    return ListState(type=client.kind, client=client.settings.id)


_LISTS: dict[str, Member] = {
    member.attribute: member
    for kind in CLIENT_KINDS
    for member in members_of(kind.settings)
    if member.attribute in kind.asked and control_of(member) == "list"
}
_ONE = "/security/clients/{client_id}"
ROUTES = (
    Route("GET", f"{_ONE}/disable", Allowed.ADMINISTRATOR, ask),
    Route("POST", f"{_ONE}/disable", Allowed.ADMINISTRATOR, switch),
    Route("GET", f"{_ONE}/enable", Allowed.ADMINISTRATOR, ask),
    Route("POST", f"{_ONE}/enable", Allowed.ADMINISTRATOR, switch),
    Route("GET", f"{_ONE}/remove", Allowed.ADMINISTRATOR, ask),
    Route("POST", f"{_ONE}/remove", Allowed.ADMINISTRATOR, remove),
    Route("GET", "/check", Allowed.ADMINISTRATOR, check),
)
