"""Changing description and expiry of a secret, and removing a secret."""

from typing import NamedTuple

from msgspec import UNSET
from msgspec.structs import replace

from gatepost.model import rotation
from gatepost.model.clients import Secret, SecretDraft
from gatepost.model.errors import Code, NotFound, Refused
from gatepost.services import client_secrets
from gatepost.services.client_secrets import SecretChange
from gatepost.web.http import Reply
from gatepost.web.portal import secret_form
from gatepost.web.portal.secret_form import Problems
from gatepost.web.portal.secret_views import Owner, named, owner, view
from gatepost.web.portal.visits import Allowed, Fields, Route, Visit, redirect

_PATH = "/security/clients/{client_id}/secrets/{secret_id}"
_NEVER = "never"
_ANYWAY = "anyway"


class _Edit(NamedTuple):
    """A form of a secret under change: what was typed, what was seen, and what is wrong."""

    whose: Owner
    secret: Secret
    fields: Fields | None = None
    seen: tuple[str, str] | None = None
    problems: Problems = {}  # noqa: RUF012  (never changed)
    caution: str | None = None


def edit(visit: Visit) -> Reply:
    """The form of a change."""
    whose = owner(visit)
    return _form(visit, 200, _Edit(whose, named(visit, whose)))


def post_edit(visit: Visit) -> Reply:
    """Change what was asked for, unless somebody else changed the secret meanwhile."""
    whose = owner(visit)
    secret = named(visit, whose)
    form = visit.form(_purpose("edit", whose, secret))
    seen = form.get("seen_description"), form.get("seen_expiration")
    asked, problems = secret_form.read(visit, form, secret)
    shown = _Edit(whose, secret, form, seen, problems)
    if asked is None:
        return _form(visit, 400, shown)
    if seen != _seen(secret):
        return _changed_meanwhile(visit, shown)
    pushed_out = rotation.is_pushed_out(secret.expires_at, asked.expiration)
    if pushed_out and form.get("op") != _ANYWAY:
        return _form(visit, 400, shown._replace(caution="pushed_out"))
    as_seen = (secret.description or None, secret.expires_at)
    change = SecretChange(secret.id, _draft(asked, secret), as_seen)
    try:
        client_secrets.change_seen(visit.world, visit.act, whose.kind, whose.id, change)
    except Refused as refused:
        if refused.code is not Code.CHANGED_MEANWHILE:
            raise
        whose = owner(visit)
        return _changed_meanwhile(visit, shown._replace(whose=whose, secret=named(visit, whose)))
    return redirect(whose.done("secret-changed"))


def remove(visit: Visit) -> Reply:
    """The question whether the secret is to go, with what depends on it."""
    whose = owner(visit)
    secret = named(visit, whose)
    now = visit.world.clock.now()
    return visit.page(
        200,
        "secret_remove.html",
        "clients",
        client={"name": whose.client.settings.name, "id": whose.id},
        kind=whose.kind.name,
        secret=view(visit, secret, whose.secrets),
        has_keys=whose.has_keys,
        is_last=rotation.is_last_valid(secret, whose.secrets, now),
        proof=visit.proof(_purpose("remove", whose, secret)),
        action=whose.address(f"{secret.id}/remove"),
        add_href=whose.address("add"),
        back=whose.tab,
    )


def post_remove(visit: Visit) -> Reply:
    """Remove the secret; sent twice, it is gone all the same."""
    whose = owner(visit)
    secret_id = visit.path["secret_id"]
    visit.form(f"secret-remove {whose.id}/{secret_id}")
    try:
        secret = named(visit, whose)
        client_secrets.remove(visit.world, visit.act, whose.kind, whose.id, secret.id)
    except NotFound as refused:
        if refused.code is not Code.SECRET_NOT_FOUND:
            raise
    return redirect(whose.done("secret-removed"))


def _changed_meanwhile(visit: Visit, shown: _Edit) -> Reply:
    """What was typed, beside what the secret is by now; sent again it counts."""
    return _form(visit, 409, shown._replace(seen=None, caution="changed_meanwhile"))


def _form(visit: Visit, status: int, shown: _Edit) -> Reply:
    whose, secret = shown.whose, shown.secret
    seen = shown.seen or _seen(secret)
    return visit.page(
        status,
        "secret_edit.html",
        "clients",
        client={"name": whose.client.settings.name, "id": whose.id},
        stored=view(visit, secret, whose.secrets),
        secret=secret_form.shown(visit, shown.fields, secret) | {"problems": shown.problems},
        seen={"description": seen[0], "expiration": seen[1]},
        problems=secret_form.links(shown.problems),
        caution=shown.caution,
        proof=visit.proof(_purpose("edit", whose, secret)),
        action=whose.address(f"{secret.id}/edit"),
        add_href=whose.address("add"),
        back=whose.tab,
    )


def _draft(asked: SecretDraft, secret: Secret) -> SecretDraft:
    """The change as the service takes it, where an empty description has to be said."""
    return replace(asked, description=asked.description or ("" if secret.description else UNSET))


def _seen(secret: Secret) -> tuple[str, str]:
    expires_at = secret.expires_at
    return secret.description or "", expires_at.isoformat() if expires_at else _NEVER


def _purpose(verb: str, whose: Owner, secret: Secret) -> str:
    return f"secret-{verb} {whose.id}/{secret.id}"


ROUTES = (
    Route("GET", f"{_PATH}/edit", Allowed.ADMINISTRATOR, edit),
    Route("POST", f"{_PATH}/edit", Allowed.ADMINISTRATOR, post_edit),
    Route("GET", f"{_PATH}/remove", Allowed.ADMINISTRATOR, remove),
    Route("POST", f"{_PATH}/remove", Allowed.ADMINISTRATOR, post_remove),
)
