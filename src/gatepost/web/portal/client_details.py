"""The Details pane of a client: its tabs, and the first of them."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from gatepost.model.client_kinds import CLIENT_KINDS, ClientKind
from gatepost.model.reading import Member, members_of
from gatepost.ports import ListedClient
from gatepost.web.portal import activity_pages, role_tab, secret_pages, use_pages
from gatepost.web.portal.list_state import ListState
from gatepost.web.portal.visits import PREFIX, Visit


class Tab(NamedTuple):
    """A tab: what it shows, and of which clients and to whom it is shown."""

    values: Callable[[Visit, ListedClient], Mapping[str, Any]]
    has: Callable[[ClientKind], bool] = lambda _kind: True
    for_administrators: bool = False


def shown(visit: Visit, state: ListState, chosen: ListedClient) -> dict[str, Any]:
    """What the pane shows of the chosen client."""
    settings = chosen.client.settings
    there = [
        key
        for key, tab in TABS.items()
        if tab.has(state.kind) and (visit.may_change or not tab.for_administrators)
    ]
    current = state.tab if state.tab in there else "details"
    return {
        "name": settings.name,
        "id": settings.id,
        "enabled": settings.enabled,
        "tabs": [
            (visit.say(f"clients.tab.{key}"), state.address(tab=key), key == current)
            for key in there
        ],
        "template": f"portal/client_tab_{current}.html",
        "tab": TABS[current].values(visit, chosen),
        "base": f"{PREFIX}/security/clients/{settings.id}",
        "close_href": state.address(client="", tab=""),
    }


def _details(visit: Visit, chosen: ListedClient) -> dict[str, Any]:
    """Every setting that says something, under the words of its field."""
    client = chosen.client
    return {
        "enabled": client.settings.enabled,
        "settings": [
            (_title(visit, member), value)
            for member in members_of(type(client.settings))
            if member.attribute not in _SHOWN_ELSEWHERE
            and (value := _in_words(visit, member, getattr(client.settings, member.attribute)))
        ],
        "created": visit.moment(client.created_at),
        "updated": visit.moment(client.updated_at),
        "last_used": visit.moment(chosen.last_used_at),
        "toggle": f"{PREFIX}/security/clients/{client.settings.id}/"
        + ("disable" if client.settings.enabled else "enable"),
    }


def _title(visit: Visit, member: Member) -> str:
    """As the form says it; what no form asks for has its name of the API."""
    asked = {name for kind in CLIENT_KINDS for name in (*kind.asked, *kind.asked_rarely)}
    if member.attribute in asked:
        return visit.say(f"field.{member.attribute}.label")
    return str(member.meta.title)


def _in_words(visit: Visit, member: Member, value: object) -> list[str]:
    if value is None or value == ():
        return []
    if isinstance(value, bool):
        return [visit.say("clients.yes" if value else "clients.no")]
    if isinstance(value, tuple):
        return [str(item) for item in value]
    if member.attribute.endswith("_lifetime"):
        return [visit.say("clients.seconds", number=value)]
    if member.inner is not None:
        return [visit.say("clients.extensions_set")]
    return [str(value)]


_SHOWN_ELSEWHERE = frozenset({"id", "name", "enabled", "role_ids"})
TABS: Mapping[str, Tab] = {
    "details": Tab(_details),
    "secrets": Tab(secret_pages.tab, lambda kind: kind.has_secret, for_administrators=True),
    "roles": Tab(role_tab.tab, lambda kind: kind.has_roles),
    "use": Tab(use_pages.tab),
    "activity": Tab(activity_pages.tab, for_administrators=True),
}
