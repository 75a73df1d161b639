"""Add User, Edit User, and the roles of a user."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from gatepost.model.bodies import UserBody
from gatepost.model.errors import Code, Refused
from gatepost.model.people import LOCAL_PROVIDER, User
from gatepost.services import users
from gatepost.web.http import Reply
from gatepost.web.portal import drafts, manage_roles, role_choices, typed, user_pages
from gatepost.web.portal.manage_roles import Holder
from gatepost.web.portal.people import USERS
from gatepost.web.portal.typed import Typed
from gatepost.web.portal.user_links import link_window
from gatepost.web.portal.visits import Allowed, Fields, Route, Visit, redirect

_NAMES = ("contact_given_name", "contact_surname", "contact_email")
_ADDRESS = "contact_email"


class _Again(NamedTuple):
    """Why a form is shown again, beside what is wrong with its fields."""

    status: int = 400
    problem: str | None = None
    theirs: User | None = None


def add_form(visit: Visit) -> Reply:
    """An empty form. It carries the id of the new user: sent twice, it makes one."""
    empty = Typed(dict.fromkeys(_NAMES, ""), {}, {})
    return _add_page(visit, visit.world.dice.guid(), empty, (), _Again(200))


def add(visit: Visit) -> Reply:
    """Add the user, and show once the link by which they set their password."""
    form = visit.form("user-add")
    sent, checked = _read(form, (_ADDRESS,)), form.all(role_choices.FIELD)
    id_ = typed.read(UserBody, ("id",), (), form).values.get("id") or visit.world.dice.guid()
    if sent.problems:
        return _add_page(visit, id_, sent, checked, _Again())
    try:
        user = _added(visit, id_, sent, form)
    except Refused as refused:
        again = _Again(problem=f"{refused.reason} {refused.resolution}")
        if refused.code is Code.DUPLICATE_USER:
            sent, again = _taken(visit, sent), _Again()
        return _add_page(visit, id_, sent, checked, again)
    return link_window(visit, user, visit.say("users.added"))


def edit_form(visit: Visit) -> Reply:
    """The form with the person as they are."""
    user = users.get(visit.world, visit.tenant_id, visit.path["user_id"])
    texts = {name: getattr(user, name) or "" for name in _NAMES}
    return _edit_page(visit, user, Typed(texts, {}, {}), user.version, _Again(200))


def edit(visit: Visit) -> Reply:
    """Change the person. When somebody else did so meanwhile, both are shown."""
    user = users.get(visit.world, visit.tenant_id, visit.path["user_id"])
    form = visit.form(f"user-edit {user.id}")
    needed = (_ADDRESS,) if user.provider_id == LOCAL_PROVIDER else ()
    sent, seen = _read(form, needed), typed.seen_version(form)
    if sent.problems:
        return _edit_page(visit, user, sent, seen, _Again())
    members = {name: sent.values.get(name) for name in _NAMES}
    try:
        users.change(visit.world, visit.act, user.id, members, seen)
    except Refused as refused:
        if refused.code is Code.CHANGED_MEANWHILE:
            now = users.get(visit.world, visit.tenant_id, user.id)
            return _edit_page(visit, now, sent, now.version, _Again(409, theirs=now))
        if refused.code is Code.DUPLICATE_USER:
            return _edit_page(visit, user, _taken(visit, sent), seen, _Again())
        raise
    return redirect(user_pages.address(user=user.id, done="saved"))


def roles_form(visit: Visit) -> Reply:
    """The check list with the roles as they are."""
    return manage_roles.form(visit, _holder(visit))


def roles(visit: Visit) -> Reply:
    """Give the person the checked roles."""

    def give(role_ids: tuple[str, ...], seen: int) -> None:
        members = {"role_ids": role_ids}
        users.change(visit.world, visit.act, visit.path["user_id"], members, seen)

    return manage_roles.save(visit, _holder, give, "roles-saved")


def _read(form: Fields, required: tuple[str, ...]) -> Typed:
    return typed.read(UserBody, _NAMES, required, form)


def _added(visit: Visit, id_: str, sent: Typed, form: Fields) -> User:
    """The new user, or the one that this very form made a moment ago."""
    wanted: dict[str, Any] = {
        **sent.values,
        "id": id_,
        "provider_id": LOCAL_PROVIDER,
        "role_ids": role_choices.chosen(form),
    }
    try:
        return users.add(visit.world, visit.act, wanted)
    except Refused as refused:
        made = _made_by_this_form(visit, id_, sent.values)
        if refused.code is Code.DUPLICATE_USER and made is not None:
            return made
        raise


def _made_by_this_form(visit: Visit, id_: str, values: Mapping[str, Any]) -> User | None:
    found = users.with_email(visit.world, visit.tenant_id, values[_ADDRESS])
    if found is None or found.id != id_ or found.has_password:
        return None
    age = visit.world.clock.now() - found.created_at
    return found if age < drafts.SHOWN_AGAIN else None


def _taken(visit: Visit, sent: Typed) -> Typed:
    return sent._replace(problems={_ADDRESS: visit.say("users.address_taken")})


def _add_page(
    visit: Visit, id_: str, sent: Typed, checked: tuple[str, ...], again: _Again
) -> Reply:
    return visit.page(
        again.status,
        "user_form.html",
        "users",
        problem=again.problem,
        action=f"{USERS}/add",
        proof=visit.proof("user-add"),
        texts=sent.texts,
        problems=sent.problems,
        new={"id": id_, "choices": role_choices.person_role_choices(visit, checked)},
        seen=None,
        theirs=None,
        back=USERS,
    )


def _edit_page(visit: Visit, user: User, sent: Typed, seen: int, again: _Again) -> Reply:
    return visit.page(
        again.status,
        "user_form.html",
        "users",
        action=f"{USERS}/{user.id}/edit",
        proof=visit.proof(f"user-edit {user.id}"),
        texts=sent.texts,
        problems=sent.problems,
        new=None,
        seen=seen,
        theirs=again.theirs,
        back=user_pages.address(user=user.id),
    )


def _holder(visit: Visit) -> Holder:
    user = users.get(visit.world, visit.tenant_id, visit.path["user_id"])
    return Holder(
        kind="user",
        id=user.id,
        name=user.name or user.id,
        held=user.role_ids,
        version=user.version,
        action=f"{USERS}/{user.id}/roles",
        back=user_pages.address(user=user.id),
    )


ROUTES = (
    Route("GET", "/security/users/add", Allowed.ADMINISTRATOR, add_form),
    Route("POST", "/security/users/add", Allowed.ADMINISTRATOR, add),
    Route("GET", "/security/users/{user_id}/edit", Allowed.ADMINISTRATOR, edit_form),
    Route("POST", "/security/users/{user_id}/edit", Allowed.ADMINISTRATOR, edit),
    Route("GET", "/security/users/{user_id}/roles", Allowed.ADMINISTRATOR, roles_form),
    Route("POST", "/security/users/{user_id}/roles", Allowed.ADMINISTRATOR, roles),
)
