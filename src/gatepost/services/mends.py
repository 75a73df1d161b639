"""What an administrator can do about a refusal in the journal: some of it with one click (R-76).

What was refused may have been sent by anybody. So a mend is never made without a person who has
seen what would be added, and what it adds passes the same grammar as what is typed.
"""

from enum import StrEnum
from typing import NamedTuple

from gatepost.model import reading
from gatepost.model.client_kinds import BY_NAME, PORTAL
from gatepost.model.clients import StoredClient
from gatepost.model.errors import Code, NotFound, Refused
from gatepost.model.events import Action, ChainedEvent, Event
from gatepost.model.fields import MAX_LIST_ITEMS
from gatepost.model.uris import redirect_uri_fault
from gatepost.ports import Tenancy
from gatepost.protocol import redirects
from gatepost.protocol.redirects import Difference
from gatepost.services import clients
from gatepost.services.world import Act, World

_MAX_SEQ = 2**63 - 1


class Way(StrEnum):
    """How a refusal can be mended. The first three are made here, the others lead to a page."""

    ADD_REDIRECT = "add_redirect"
    ADD_LOGOUT = "add_logout"
    ENABLE = "enable"
    ADD_SECRET = "add_secret"
    EDIT = "edit"


class Hindrance(NamedTuple):
    """Why a mend cannot be made, and what to do instead."""

    reason: str
    resolution: str


class Mend(NamedTuple):
    """What would help against a refusal, as things are now."""

    way: Way
    member: str = ""
    value: str = ""
    hindrance: Hindrance | None = None
    is_done: bool = False

    @property
    def is_offered(self) -> bool:
        """Whether it can be made here and now."""
        return self.way in _MADE_HERE and self.hindrance is None and not self.is_done


class Found(NamedTuple):
    """A refusal with its client and what would help."""

    link: ChainedEvent
    client: StoredClient
    mend: Mend


def of_event(world: World, tenant_id: str, seq: int) -> Found:
    """The refusal of a number; refused when there is none, or nothing to be done about it."""
    with world.store.reading(tenant_id) as tenancy:
        link = _event(tenancy, seq)
        client = tenancy.clients.find(link.event.target) if link else None
    mend = mend_for(link.event, client) if link else None
    if link is None or client is None or mend is None:
        raise NotFound(Code.ROUTE_NOT_FOUND, "refusal to mend", seq)
    return Found(link, client, mend)


def mend_for(event: Event, client: StoredClient | None) -> Mend | None:
    """What would help against a refusal, for its client as it is now."""
    row = _MENDS.get((event.action, event.reason or ""))
    if row is None or client is None or client.kind == PORTAL.name:
        return None
    way, member = row
    if way in _LISTS:
        return _address(event, client, way)
    if way is Way.ADD_SECRET:
        return Mend(way) if BY_NAME[client.kind].has_secret else None
    if not hasattr(client.settings, member):
        return None
    return Mend(way, member, is_done=bool(getattr(client.settings, member)))


def difference(found: Found) -> Difference | None:
    """How the address that would be added differs from the nearest one registered now."""
    registered = getattr(found.client.settings, found.mend.member, ())
    return redirects.difference(registered, found.mend.value)


def apply(world: World, act: Act, seq: int) -> Found:
    """Make the mend of a refusal. One that was made already changes nothing."""
    found = of_event(world, act.tenant_id, seq)
    mend, client = found.mend, found.client
    if mend.is_done:
        return found
    if mend.hindrance is not None:
        raise Refused(Code.INVALID_MEMBER, *mend.hindrance)
    if mend.way not in _MADE_HERE:
        raise NotFound(Code.ROUTE_NOT_FOUND, "mend to be made here for event", seq)
    change = {mend.member: True if mend.way is Way.ENABLE else _list_with(client, mend)}
    clients.edit(world, act, client.settings.id, change, client.version)
    return found


def _event(tenancy: Tenancy, seq: int) -> ChainedEvent | None:
    if not 1 <= seq <= _MAX_SEQ:
        return None
    found = tenancy.journal.entries(seq - 1, 1)
    return found[0] if found and found[0].seq == seq else None


def _address(event: Event, client: StoredClient, way: Way) -> Mend | None:
    """To register the address that was sent, if it is whole and could be registered."""
    member = _LISTS[way]
    sent = (event.after or {}).get("Sent")
    if not isinstance(sent, str) or not hasattr(client.settings, member):
        return None
    if redirects.is_registered(getattr(client.settings, member), sent):
        return Mend(way, member, sent, is_done=True)
    return Mend(way, member, sent, _hindrance(client, member, sent, way))


def _hindrance(client: StoredClient, member: str, sent: str, way: Way) -> Hindrance | None:
    fault = redirect_uri_fault(sent)
    if fault is not None:
        return Hindrance(f"This address can never be registered: it {fault.problem}.", fault.mend)
    if len(getattr(client.settings, member)) >= MAX_LIST_ITEMS:
        return _FULL
    problem = _problem(client, Mend(way, member, sent))
    return Hindrance(problem.reason, problem.mend) if problem else None


def _problem(client: StoredClient, mend: Mend) -> reading.Problem | None:
    """What the rules of the field say to the list with the address in it."""
    members = reading.members_of(type(client.settings))
    field = next(member for member in members if member.attribute == mend.member)
    read = reading.read_member(field, list(_list_with(client, mend)))
    return read if isinstance(read, reading.Problem) else None


def _list_with(client: StoredClient, mend: Mend) -> tuple[str, ...]:
    return (*getattr(client.settings, mend.member), mend.value)


_MADE_HERE = frozenset({Way.ADD_REDIRECT, Way.ADD_LOGOUT, Way.ENABLE})
_LISTS = {Way.ADD_REDIRECT: "redirect_uris", Way.ADD_LOGOUT: "post_logout_redirect_uris"}
_FULL = Hindrance(
    f"The client has {MAX_LIST_ITEMS} addresses of this sort already, which is the most.",
    "Remove one that is not used any more, and come back.",
)
_REFUSED, _NO_TOKEN = Action.AUTHORIZATION_REFUSED, Action.TOKEN_REFUSED
_MENDS: dict[tuple[Action, str], tuple[Way, str]] = {
    (_REFUSED, "redirect_uri_unknown"): (Way.ADD_REDIRECT, "redirect_uris"),
    (_REFUSED, "logout_uri_unknown"): (Way.ADD_LOGOUT, "post_logout_redirect_uris"),
    (_REFUSED, "client_disabled"): (Way.ENABLE, "enabled"),
    (_NO_TOKEN, "client_disabled"): (Way.ENABLE, "enabled"),
    (_REFUSED, "token_via_browser_not_allowed"): (Way.EDIT, "allow_access_tokens_via_browser"),
    (_NO_TOKEN, "refresh_not_allowed"): (Way.EDIT, "allow_offline_access"),
    (_NO_TOKEN, "wrong_secret"): (Way.ADD_SECRET, ""),
    (_NO_TOKEN, "expired_secret"): (Way.ADD_SECRET, ""),
    (_NO_TOKEN, "no_credentials"): (Way.ADD_SECRET, ""),
}
