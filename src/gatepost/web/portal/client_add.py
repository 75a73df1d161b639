"""Add Client: what the client is, its first secret where it has one, and the window with both.

Which steps there are is a matter of kind and theme, as the printed procedures have it (facts.md,
2.2 to 2.4); the buttons' words stand with the others.
"""

from typing import Any, NamedTuple

from msgspec.structs import replace

from gatepost.model.client_kinds import ClientKind
from gatepost.model.clients import SecretDraft
from gatepost.model.errors import Code, NotFound, Refused
from gatepost.services import client_secrets, clients, listing
from gatepost.web.http import Reply
from gatepost.web.portal import client_forms, drafts, form_pages, list_state, secret_form
from gatepost.web.portal.client_forms import Form
from gatepost.web.portal.drafts import Draft
from gatepost.web.portal.list_state import LIST_PATH, ListState
from gatepost.web.portal.visits import Allowed, Fields, Route, Visit

PATH = f"{LIST_PATH}/add"
_PURPOSE = "client-add"
# The oldest procedures go from the form straight to the result: there the secret is on the form.
_ON_ONE_PAGE = frozenset({("ocs", "hybrid")})


class _Typed(NamedTuple):
    """All that was typed up to now, over both steps."""

    fields: Fields
    form: Form
    draft: Draft
    secret_problems: dict[str, str]


def add(visit: Visit) -> Reply:
    """The empty form."""
    kind = list_state.kind_in(visit.query())
    draft = drafts.new(visit, visit.world.dice.guid())
    typed = _Typed(Fields(()), client_forms.empty(kind), draft, {})
    return _first_page(visit, typed, 200)


def post_add(visit: Visit) -> Reply:
    """A button of one of the two steps."""
    fields = visit.form(_PURPOSE)
    kind, op = list_state.kind_in(fields), fields.get("op")
    draft = drafts.opened(visit, fields.get("draft"))
    form = client_forms.read(client_forms.empty(kind), fields)
    typed = _Typed(fields, form, draft or drafts.new(visit, visit.world.dice.guid()), {})
    if client_forms.is_list_op(op, fields):
        form = client_forms.only_lists_judged(client_forms.with_lists(form, op))
        return _first_page(visit, typed._replace(form=form), 200, at=op)
    if op == "back":
        return _first_page(visit, typed, 200, at=op)
    if form.is_wrong:
        return _first_page(visit, typed, 400)
    if has_second_step(visit, kind) and fields.get("step") != "secret":
        return _second_page(visit, typed, 200)
    return _save(visit, typed)


def has_second_step(visit: Visit, kind: ClientKind) -> bool:
    """Whether the secret has a page of its own."""
    return kind.has_secret and (visit.place.theme, kind.name) not in _ON_ONE_PAGE


def _save(visit: Visit, typed: _Typed) -> Reply:
    kind, draft = typed.form.kind, typed.draft
    members = typed.form.members
    members["id"] = members.pop("id", None) or draft.client_id
    secret = SecretDraft(made_at=draft.made_at)
    if kind.has_secret:
        found, problems = secret_form.read(visit, typed.fields)
        if found is None:
            typed = typed._replace(secret_problems=problems)
            show = _second_page if has_second_step(visit, kind) else _first_page
            return show(visit, typed, 400)
        value = drafts.value_for(visit, draft, members["id"])
        secret = replace(found, value=value, made_at=draft.made_at)
    try:
        added = clients.add(visit.world, visit.act, kind, members, secret)
    except Refused as refused:
        return _refused(visit, typed, refused, members["id"])
    return _created(visit, kind, added.client.settings.id, added.value)


def _refused(visit: Visit, typed: _Typed, refused: Refused, client_id: str) -> Reply:
    """The same form sent twice shows the same window; what else is refused is told on the form."""
    if refused.code is Code.CLIENT_ID_TAKEN:
        again = _sent_twice(visit, typed, client_id)
        if again is not None:
            return again
    if refused.code in (Code.CLIENT_ID_TAKEN, Code.INVALID_MEMBER) and typed.fields.get("id"):
        typed = typed._replace(form=typed.form.but("id", problem=refused.reason))
        return _first_page(visit, typed, 400)
    problem = f"{refused.reason} {refused.resolution}"
    if refused.code is Code.CHANGED_MEANWHILE:
        problem = visit.say("add.removed_since")
        typed = typed._replace(draft=drafts.new(visit, visit.world.dice.guid()))
    return _first_page(visit, typed, 400, problem=problem)


def _sent_twice(visit: Visit, typed: _Typed, client_id: str) -> Reply | None:
    kind, draft = typed.form.kind, typed.draft
    try:
        found = clients.of_any_kind(visit.world, visit.tenant_id, client_id)
    except NotFound:
        return None
    if found.kind != kind.name or found.created_at < draft.made_at:
        return None
    if not kind.has_secret:
        is_same = found.settings.name == typed.form.members["name"]
        return _created(visit, kind, found.settings.id, None) if is_same else None
    value = drafts.value_for(visit, draft, found.settings.id)
    made = client_secrets.made_of(visit.world, visit.tenant_id, found.settings.id, value)
    if made is None:
        return None
    is_fresh = visit.world.clock.now() - made.created_at < drafts.SHOWN_AGAIN
    return _created(visit, kind, found.settings.id, value if is_fresh else None)


def _created(visit: Visit, kind: ClientKind, client_id: str, value: str | None) -> Reply:
    state = ListState(type=kind.name, client=client_id)
    client = listing.one(visit.world, visit.tenant_id, client_id).client
    return visit.page(
        200,
        "client_created.html",
        "clients",
        name=client.settings.name,
        client_id=client_id,
        secret=value,
        has_secret=kind.has_secret,
        namesakes=listing.namesakes(visit.world, visit.tenant_id, client),
        close_href=state.address(),
        use_href=state.address(tab="use"),
        kind=kind.name,
    )


def _first_page(
    visit: Visit, typed: _Typed, status: int, problem: str | None = None, at: str = ""
) -> Reply:
    kind = typed.form.kind
    on_one_page = kind.has_secret and not has_second_step(visit, kind)
    return visit.page(
        status,
        "client_add.html",
        "clients",
        problem=problem,
        secret=_secret_values(visit, typed) if on_one_page else None,
        carried=[] if on_one_page else _secret_pairs(typed),
        came_back=at == "back",
        wrong=form_pages.problem_links(typed.form) + _secret_links(typed),
        **_common(visit, typed),
        **form_pages.shown(visit, typed.form, at),
    )


def _second_page(visit: Visit, typed: _Typed, status: int) -> Reply:
    return visit.page(
        status,
        "client_add_secret.html",
        "clients",
        secret=_secret_values(visit, typed),
        wrong=_secret_links(typed),
        carried=typed.form.pairs(),
        carried_name=typed.form.members["name"],
        **_common(visit, typed),
    )


def _secret_values(visit: Visit, typed: _Typed) -> dict[str, Any]:
    sent = typed.fields if typed.fields.has("secret_zone") else None
    return secret_form.shown(visit, sent) | {"problems": typed.secret_problems}


def _secret_pairs(typed: _Typed) -> list[tuple[str, str]]:
    """What was typed about the secret before somebody went back to look at the client."""
    return [pair for pair in typed.fields.pairs if pair[0].startswith("secret_")]


def _secret_links(typed: _Typed) -> list[tuple[str, str]]:
    return [(f"#{name}", text) for name, text in typed.secret_problems.items()]


def _common(visit: Visit, typed: _Typed) -> dict[str, Any]:
    kind = typed.form.kind
    return {
        "kind": kind.name,
        "type": list_state.slug(kind.name),
        "action": PATH,
        "proof": visit.proof(_PURPOSE),
        "draft": drafts.sealed(visit, typed.draft),
        "cancel_href": ListState(type=kind.name).address(),
    }


ROUTES = (
    Route("GET", "/security/clients/add", Allowed.ADMINISTRATOR, add),
    Route("POST", "/security/clients/add", Allowed.ADMINISTRATOR, post_add),
)
