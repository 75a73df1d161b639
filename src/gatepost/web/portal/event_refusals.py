"""A refusal opened out: what was sent, what is registered, where the two part, and what helps."""

from typing import Any, NamedTuple

from gatepost.model.clients import StoredClient
from gatepost.model.events import Action, Event
from gatepost.services import mends
from gatepost.services.mends import Hindrance, Mend, Way
from gatepost.web.portal import event_names, event_words
from gatepost.web.portal.event_names import Names, visible
from gatepost.web.portal.event_words import MOST_SHOWN, Reason
from gatepost.web.portal.visits import PREFIX, Visit

_BEFORE = 100
_CUT = "…"


class Compared(NamedTuple):
    """Two addresses to be shown above each other, and the first place where they differ."""

    sent: str
    registered: str | None = None
    position: int = 0


class Offer(NamedTuple):
    """What an administrator can do: where to, or why there is nothing to press."""

    words: str | None
    href: str | None = None
    label: str | None = None
    is_done: bool = False
    hindrance: Hindrance | None = None


class Refusal(NamedTuple):
    """What is told of a refusal beyond its sentence."""

    reason: Reason
    compared: Compared | None
    registered: list[str]
    request: str | None
    unwritten: int
    offer: Offer | None


def refusal(visit: Visit, names: Names, seq: int, event: Event) -> Refusal | None:
    """A refusal opened out; None for what is none."""
    if event.reason is None:
        return None
    known = event.after or {}
    unwritten = known.get("NotWrittenBefore")
    return Refusal(
        reason=event_words.reason(visit.say, event.reason),
        compared=_compared_of(known),
        registered=[visible(uri, MOST_SHOWN) for uri in _texts(known.get("Registered"))],
        request=visible(event.target) if event.action is Action.ACCESS_REFUSED else None,
        unwritten=unwritten if isinstance(unwritten, int) else 0,
        offer=_offer(visit, names, seq, event),
    )


def compared(sent: str, registered: str, position: int) -> Compared:
    """Two addresses that part at `position`, of long ones only what stands around it."""
    start = max(0, position - _BEFORE) if max(len(sent), len(registered)) > MOST_SHOWN else 0
    return Compared(
        _window(sent, start),
        _window(registered, start),
        len(_window(sent[:position], start)),
    )


def _window(text: str, start: int) -> str:
    cut = text[start : start + MOST_SHOWN]
    tail = _CUT if len(text) > start + MOST_SHOWN else ""
    return (_CUT if start else "") + visible(cut, MOST_SHOWN) + tail


def _compared_of(known: dict[str, Any]) -> Compared | None:
    sent, nearest, first = (known.get(key) for key in ("Sent", "Nearest", "FirstDifference"))
    if not isinstance(sent, str):
        return None
    if not isinstance(nearest, str) or not isinstance(first, int):
        return Compared(_window(sent, 0))
    return compared(sent, nearest, first - 1)


def _offer(visit: Visit, names: Names, seq: int, event: Event) -> Offer | None:
    client = names.clients.get(event_names.subject(event)[1])
    mend = mends.mend_for(event, client)
    if client is None or mend is None:
        return None
    if mend.is_done:
        return Offer(visit.say(f"mend.{mend.way}.done"), is_done=True)
    if mend.hindrance is not None:
        return Offer(None, hindrance=mend.hindrance)
    words = visit.say(f"mend.edit.{mend.member}") if mend.way is Way.EDIT else None
    label = visit.say(f"mend.{mend.way}.button")
    return Offer(words, _address(client, mend, seq), label)


def _address(client: StoredClient, mend: Mend, seq: int) -> str:
    """Where a mend is made."""
    if mend.is_offered:
        return f"{PREFIX}/activity/{seq}/mend"
    tail = "secrets/add" if mend.way is Way.ADD_SECRET else "edit"
    return f"{PREFIX}/security/clients/{client.settings.id}/{tail}"


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
