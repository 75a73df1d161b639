"""Edit Client. Who edits at the same time as another loses nothing and is told what they did."""

from typing import Any, NamedTuple

import msgspec

from gatepost.model.client_kinds import BY_NAME
from gatepost.model.clients import StoredClient
from gatepost.model.errors import Code, Refused
from gatepost.model.events import Action
from gatepost.protocol.parameters import json_object
from gatepost.services import clients
from gatepost.web.http import Reply
from gatepost.web.portal import client_forms, form_pages
from gatepost.web.portal.client_forms import Form
from gatepost.web.portal.list_state import ListState
from gatepost.web.portal.visits import PREFIX, Allowed, Fields, Route, Visit, redirect

_MOST_DIGITS = 9


class Theirs(NamedTuple):
    """What somebody else changed meanwhile; mine stays where both changed the same field."""

    name: str
    value: Any
    mine_stays: bool


def edit(visit: Visit) -> Reply:
    """The form with the client as it is."""
    client = clients.of_any_kind(visit.world, visit.tenant_id, visit.path["client_id"])
    return _page(visit, client, client_forms.of(BY_NAME[client.kind], client.settings), 200)


def post_edit(visit: Visit) -> Reply:
    """Save, or a button of a list."""
    client = clients.of_any_kind(visit.world, visit.tenant_id, visit.path["client_id"])
    fields = visit.form(_purpose(client))
    op = fields.get("op")
    form = client_forms.read(client_forms.of(BY_NAME[client.kind], client.settings), fields)
    if client_forms.is_list_op(op, fields):
        form = client_forms.only_lists_judged(client_forms.with_lists(form, op))
        return _page(visit, client, form, 200, fields=fields, at=op)
    if form.is_wrong:
        return _page(visit, client, form, 400, fields=fields)
    try:
        clients.edit(visit.world, visit.act, client.settings.id, form.members, _version(fields))
    except Refused as refused:
        if refused.code is Code.CHANGED_MEANWHILE:
            return _meanwhile(visit, form, fields)
        problem = f"{refused.reason} {refused.resolution}"
        return _page(visit, client, form, 400, fields=fields, problem=problem)
    state = ListState(type=client.kind, client=client.settings.id)
    return redirect(f"{state.address()}&done=saved")


def _meanwhile(visit: Visit, form: Form, fields: Fields) -> Reply:
    """Somebody else saved first: their changes and ours stand together, to be looked at."""
    client = clients.of_any_kind(visit.world, visit.tenant_id, visit.path["client_id"])
    theirs = client_forms.of(form.kind, client.settings)
    merged, told = merge(form, theirs, _base(fields))
    who = _who_changed(visit, client)
    lines = [_line(visit, change) for change in told]
    return _page(visit, client, merged, 409, meanwhile={"who": who, "lines": lines})


def merge(mine: Form, theirs: Form, base: dict[str, Any]) -> tuple[Form, list[Theirs]]:
    """What each changed of what both saw, and what of it was theirs."""
    merged = mine
    told: list[Theirs] = []
    for my, their in zip(mine.entries, theirs.entries, strict=True):
        before = base.get(my.name)
        if _plain(their.value) == before or _plain(my.value) == _plain(their.value):
            continue
        keep_mine = _plain(my.value) != before
        if not keep_mine:
            merged = merged.but(my.name, value=their.value)
        told.append(Theirs(my.name, their.value, keep_mine))
    return merged, told


def _line(visit: Visit, change: Theirs) -> str:
    value = ", ".join(change.value) if isinstance(change.value, tuple) else change.value
    if isinstance(value, bool):
        value = visit.say("clients.yes" if value else "clients.no")
    key = "edit.theirs_differs" if change.mine_stays else "edit.theirs_taken"
    field = visit.say(f"field.{change.name}.label")
    return visit.say(key, field=field, value=value or visit.say("edit.nothing"))


def _page(visit: Visit, client: StoredClient, form: Form, status: int, **more: Any) -> Reply:
    fields: Fields | None = more.pop("fields", None)
    seen = client_forms.of(form.kind, client.settings)
    base = fields.get("base") if fields else _told(seen)
    return visit.page(
        status,
        "client_edit.html",
        "clients",
        problem=more.get("problem"),
        name=client.settings.name,
        kind=client.kind,
        action=f"{PREFIX}/security/clients/{client.settings.id}/edit",
        proof=visit.proof(_purpose(client)),
        version=fields.get("version") if fields else client.version,
        base=base,
        meanwhile=more.get("meanwhile"),
        wrong=form_pages.problem_links(form),
        cancel_href=ListState(type=client.kind, client=client.settings.id).address(),
        **form_pages.shown(visit, form, more.get("at", "")),
    )


def _who_changed(visit: Visit, client: StoredClient) -> str:
    with visit.world.store.reading(visit.tenant_id) as tenancy:
        for link in tenancy.journal.about(client.settings.id, None, 5):
            if link.event.action is Action.CLIENT_CHANGED:
                user = tenancy.directory.user(link.event.actor.id)
                return (user.name if user else None) or link.event.actor.id
    return visit.say("edit.somebody")


def _told(form: Form) -> str:
    return msgspec.json.encode({e.name: _plain(e.value) for e in form.entries}).decode()


def _base(fields: Fields) -> dict[str, Any]:
    """What the person saw when they began; it decides only about their own form."""
    return json_object(fields.get("base")) or {}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _version(fields: Fields) -> int:
    text = fields.get("version")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else 0


def _purpose(client: StoredClient) -> str:
    return f"client-edit {client.settings.id}"


ROUTES = (
    Route("GET", "/security/clients/{client_id}/edit", Allowed.ADMINISTRATOR, edit),
    Route("POST", "/security/clients/{client_id}/edit", Allowed.ADMINISTRATOR, post_edit),
)
