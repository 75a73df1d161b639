"""Activity: the journal of the organisation, and the mends of what was refused."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple
from urllib.parse import urlencode

from gatepost.model.client_kinds import PORTAL
from gatepost.model.clients import StoredClient
from gatepost.model.errors import Code, NotFound, Refused
from gatepost.model.events import ChainedEvent
from gatepost.model.fields import GUID_PATTERN
from gatepost.model.text import refused_character
from gatepost.ports import ListedClient, Tenancy
from gatepost.protocol import redirects
from gatepost.services import mends
from gatepost.services.mends import Found, Way
from gatepost.web.http import Reply
from gatepost.web.portal import event_names, event_refusals, event_words
from gatepost.web.portal.event_names import Piece, visible
from gatepost.web.portal.event_refusals import Refusal
from gatepost.web.portal.event_words import Told
from gatepost.web.portal.visits import PREFIX, Allowed, Fields, Route, Visit, redirect

PATH = f"{PREFIX}/activity"
PAGE_SIZE = 50
TAB_SIZE = 20
_MAX_DIGITS = 18
_MAX_ABOUT = 100
_GUID = re.compile(GUID_PATTERN)


class Asked(NamedTuple):
    """Which events are wanted: all, refusals, those about a thing, or those of one request."""

    show: str = "all"
    about: str = ""
    support: str = ""
    before: int | None = None

    @property
    def is_support_id(self) -> bool:
        """Whether the text can be a support id."""
        return _GUID.match(self.support) is not None

    def address(self, **changes: Any) -> str:
        """The address of this selection, or of one that differs in something."""
        known = self._replace(**changes)._asdict()
        said = {name: value for name, value in known.items() if value and value != "all"}
        return f"{PATH}?{urlencode(said)}" if said else PATH


class Row(NamedTuple):
    """An event as the page shows it."""

    told: Told
    refusal: Refusal | None


def activity(visit: Visit) -> Reply:
    """The newest events first, or one request's."""
    asked = _asked(visit.query())
    with visit.world.store.reading_calmly(visit.tenant_id) as tenancy:
        links = _links(tenancy, asked)
        names = event_names.found(tenancy, [link.event for link in links])
        about = tenancy.clients.find(asked.about) if asked.about else None
    is_more = len(links) > PAGE_SIZE and not asked.support
    shown = links[:PAGE_SIZE] if is_more else links
    return visit.page(
        200,
        "activity.html",
        "activity",
        days=_days(visit, names, shown),
        filters=_filters(visit, asked),
        asked=asked,
        about=_about(visit, asked.about, about),
        support_problem=_support_problem(visit, asked, links),
        older=asked.address(before=shown[-1].seq) if is_more else None,
        newest=asked.address(before=None) if asked.before else None,
        all=PATH,
    )


def tab(visit: Visit, listed: ListedClient) -> dict[str, Any]:
    """The newest events about a client, for its Details pane."""
    client_id = listed.client.settings.id
    with visit.world.store.reading(visit.tenant_id) as tenancy:
        links = tenancy.journal.about(client_id, None, TAB_SIZE + 1)
        names = event_names.found(tenancy, [link.event for link in links])
    is_more = len(links) > TAB_SIZE
    return {
        "days": _days(visit, names, links[:TAB_SIZE]),
        "more": Asked(about=client_id).address() if is_more else None,
    }


def mend(visit: Visit) -> Reply:
    """What a mend would change, before it is made."""
    return _mend_page(visit, mends.of_event(visit.world, visit.tenant_id, _seq(visit)))


def post_mend(visit: Visit) -> Reply:
    """Make the mend, and on to the client."""
    seq = _seq(visit)
    visit.form(f"mend {seq}")
    try:
        found = mends.apply(visit.world, visit.act, seq)
    except NotFound:
        raise
    except Refused as refused:
        found = mends.of_event(visit.world, visit.tenant_id, seq)
        return _mend_page(visit, found, refused)
    return redirect(event_names.client_address(found.client, "details") + "&done=mended")


def _mend_page(visit: Visit, found: Found, refused: Refused | None = None) -> Reply:
    way, value = found.mend.way, found.mend.value
    if way in (Way.ADD_SECRET, Way.EDIT):
        raise NotFound(Code.ROUTE_NOT_FOUND, "mend of the event", found.link.seq)
    difference = mends.difference(found) if value else None
    statuses = {None: 200, Code.CHANGED_MEANWHILE: 409}
    return visit.page(
        statuses.get(refused.code if refused else None, 400),
        "activity_mend.html",
        "activity",
        way=way.value,
        title=_title(visit, found),
        seq=found.link.seq,
        mend=found.mend,
        compared=event_refusals.compared(value, *difference) if difference else None,
        value=visible(value, len(value)),
        origin=visible(redirects.origin(value)) if value else None,
        at=visit.moment(found.link.event.at),
        proof=visit.proof(f"mend {found.link.seq}"),
        back=event_names.client_address(found.client, "activity"),
        problem=f"{refused.reason} {refused.resolution}" if refused else None,
    )


def _title(visit: Visit, found: Found) -> str:
    if found.mend.is_done:
        return visit.say("mend.is_done")
    if found.mend.hindrance is not None:
        return visit.say("mend.cannot")
    return visit.say(f"mend.{found.mend.way}.title", client=found.client.settings.name)


def _asked(query: Fields) -> Asked:
    """What an address asks for; what it says wrongly is as if it were not said."""
    about, before = query.get("about")[:_MAX_ABOUT], query.get("before")
    return Asked(
        show="refusals" if query.get("show") == "refusals" else "all",
        about="" if refused_character(about) else about,
        support=query.get("support").strip()[:_MAX_ABOUT].lower(),
        before=_number(before) or None,
    )


def _links(tenancy: Tenancy, asked: Asked) -> tuple[ChainedEvent, ...]:
    """The events asked for, with one more where there are more."""
    wanted = asked.before, PAGE_SIZE + 1
    if asked.support:
        return tenancy.journal.of_operation(asked.support) if asked.is_support_id else ()
    if asked.about:
        return tenancy.journal.about(asked.about, *wanted)
    if asked.show == "refusals":
        return tenancy.journal.newest_refusals(*wanted)
    return tenancy.journal.newest(*wanted)


def _days(
    visit: Visit, names: event_names.Names, links: Sequence[ChainedEvent]
) -> list[dict[str, Any]]:
    """Events by the day they were on in the person's zone."""
    rows = [
        Row(
            event_words.told(visit, names, link),
            event_refusals.refusal(visit, names, link.seq, link.event),
        )
        for link in links
    ]
    grouped = groupby(rows, key=lambda row: row.told.at.shown.rpartition(",")[0])
    return [{"day": day, "events": list(events)} for day, events in grouped]


def _filters(visit: Visit, asked: Asked) -> list[tuple[str, str, bool]]:
    is_plain = not asked.about and not asked.support
    return [
        (visit.say(f"activity.show_{show}"), Asked(show).address(), is_plain and show == asked.show)
        for show in ("all", "refusals")
    ]


def _about(visit: Visit, id_: str, client: StoredClient | None) -> Piece | None:
    if not id_:
        return None
    known = {id_: client} if client and client.kind != PORTAL.name else {}
    return event_names.client(visit, event_names.NOBODY._replace(clients=known), id_)


def _support_problem(visit: Visit, asked: Asked, links: Sequence[ChainedEvent]) -> str | None:
    if not asked.support or links:
        return None
    return visit.say("activity.support_none" if asked.is_support_id else "activity.support_wrong")


def _seq(visit: Visit) -> int:
    return _number(visit.path["seq"]) or 0


def _number(text: str) -> int | None:
    usual = text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
    return int(text) if usual else None


ROUTES = (
    Route("GET", "/activity", Allowed.ADMINISTRATOR, activity),
    Route("GET", "/activity/{seq}/mend", Allowed.ADMINISTRATOR, mend),
    Route("POST", "/activity/{seq}/mend", Allowed.ADMINISTRATOR, post_mend),
)
