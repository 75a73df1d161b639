"""The secrets of a client: the tab that lists them, a new one, and its value, shown once."""

from typing import Any

from msgspec.structs import replace

from gatepost.model.clients import Secret
from gatepost.model.errors import Code, Refused
from gatepost.model.tenants import SECRET_LIMIT
from gatepost.ports import ListedClient
from gatepost.services import client_secrets
from gatepost.web.http import Reply
from gatepost.web.portal import drafts, secret_change_pages, secret_form
from gatepost.web.portal.drafts import SHOWN_AGAIN, Draft
from gatepost.web.portal.secret_form import Problems
from gatepost.web.portal.secret_views import Owner, owner, owner_of, view
from gatepost.web.portal.visits import Allowed, Fields, Route, Visit

_PATH = "/security/clients/{client_id}/secrets/add"


def tab(visit: Visit, listed: ListedClient) -> dict[str, Any]:
    """The Secrets tab of the Details pane, newest secret first."""
    whose = owner_of(visit, listed.client)
    return {
        "secrets": [
            view(visit, secret, whose.secrets)
            | {
                "edit_href": whose.address(f"{secret.id}/edit"),
                "remove_href": whose.address(f"{secret.id}/remove"),
            }
            for secret in reversed(whose.secrets)
        ],
        "add_href": whose.address("add"),
        "is_full": whose.is_full,
        "has_keys": whose.has_keys,
        "limit": SECRET_LIMIT,
    }


def add(visit: Visit) -> Reply:
    """The form of a new secret."""
    return _form(visit, 200, owner(visit))


def post_add(visit: Visit) -> Reply:
    """Keep the new secret, and show its value; the same form sent again shows it again."""
    whose = owner(visit)
    form = visit.form(_purpose(whose))
    draft = drafts.opened(visit, form.get("draft"))
    if draft is None or draft.client_id != whose.id:
        return _form(visit, 400, whose, form, {"": visit.say("secrets.too_old")})
    asked, problems = secret_form.read(visit, form)
    if asked is None:
        return _form(visit, 400, whose, form, problems)
    prepared = (replace(asked, value=draft.value), draft.made_at)
    try:
        secret = client_secrets.add_prepared(visit.world, visit.act, whose.kind, whose.id, prepared)
    except Refused as refused:
        if refused.code is not Code.LIMIT_REACHED:
            raise
        return _form(visit, 400, owner(visit), form)
    if secret is None:
        return _form(visit, 400, whose, form, {"": visit.say("secrets.too_old")})
    return _created(visit, whose, secret, draft)


def _form(
    visit: Visit,
    status: int,
    whose: Owner,
    fields: Fields | None = None,
    problems: Problems | None = None,
) -> Reply:
    """The form; its draft stays the same as long as it can be used."""
    sent = fields.get("draft") if fields else ""
    kept = sent and problems is not None and "" not in problems
    draft = sent if kept else drafts.sealed(visit, drafts.new(visit, whose.id))
    return visit.page(
        status,
        "secret_add.html",
        "clients",
        client={"name": whose.client.settings.name, "id": whose.id},
        secret=secret_form.shown(visit, fields) | {"problems": problems or {}},
        problems=secret_form.links(problems or {}),
        draft=draft,
        proof=visit.proof(_purpose(whose)),
        action=whose.address("add"),
        back=whose.tab,
        number=len(whose.secrets),
        is_full=whose.is_full,
        limit=SECRET_LIMIT,
    )


def _created(visit: Visit, whose: Owner, secret: Secret, draft: Draft) -> Reply:
    """The window with the value, within a minute; later only that it was shown."""
    shows = visit.world.clock.now() - secret.created_at < SHOWN_AGAIN
    return visit.page(
        200,
        "secret_created.html",
        "clients",
        client={"name": whose.client.settings.name, "id": whose.id},
        number=secret.id,
        expires=visit.moment(secret.expires_at),
        value=draft.value if shows else None,
        back=whose.tab,
    )


def _purpose(whose: Owner) -> str:
    return f"secret-add {whose.id}"


ROUTES = (
    Route("GET", _PATH, Allowed.ADMINISTRATOR, add),
    Route("POST", _PATH, Allowed.ADMINISTRATOR, post_add),
    *secret_change_pages.ROUTES,
)
