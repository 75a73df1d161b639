"""Add Role, Edit Role and Remove Role."""

from typing import Any, NamedTuple

from gatepost.model.bodies import RoleBody
from gatepost.model.errors import Code, Refused
from gatepost.model.tenants import Role
from gatepost.services import role_members, roles
from gatepost.services.roles import RoleDraft
from gatepost.web.http import Reply
from gatepost.web.portal import role_pages, typed
from gatepost.web.portal.role_pages import LIST
from gatepost.web.portal.typed import Typed
from gatepost.web.portal.visits import Allowed, Fields, Route, Visit, redirect

_FIELDS = ("name", "description")


class _Shown(NamedTuple):
    """A form as it is shown: its place, what stands in it, and what somebody else made of it."""

    action: str
    purpose: str
    typed: Typed
    seen: Role | None = None
    theirs: bool = False


def add_form(visit: Visit) -> Reply:
    """An empty form."""
    return _page(visit, 200, _adding(Typed(dict.fromkeys(_FIELDS, ""), {}, {})))


def add(visit: Visit) -> Reply:
    """Add the role, or show what is wrong. The same form sent twice finds the role it made."""
    sent = _read(visit.form("role-add"))
    if sent.problems:
        return _page(visit, 400, _adding(sent))
    draft = RoleDraft(name=sent.values["name"], description=sent.values.get("description"))
    try:
        made = roles.add(visit.world, visit.act, draft)
    except Refused as refused:
        return _page(visit, 400, _adding(_with_problem(sent, refused)))
    return redirect(role_pages.address(role=made.role.id, done="added"))


def edit_form(visit: Visit) -> Reply:
    """The form with the role as it is."""
    role = _custom(visit)
    texts = {"name": role.name, "description": role.description or ""}
    return _page(visit, 200, _editing(role, Typed(texts, {}, {})))


def edit(visit: Visit) -> Reply:
    """Change the role. When somebody else did so meanwhile, both are shown."""
    role = _custom(visit)
    form = visit.form(f"role-edit {role.id}")
    sent, seen = _read(form), RoleDraft(None, form.get("seen_name"), form.get("seen_description"))
    if sent.problems:
        before = Role(id=role.id, name=seen.name or "", description=seen.description)
        return _page(visit, 400, _editing(before, sent))
    draft = RoleDraft(None, sent.values["name"], sent.values.get("description", ""))
    try:
        roles.change(visit.world, visit.act, role.id, draft, seen)
    except Refused as refused:
        if refused.code is Code.CHANGED_MEANWHILE:
            return _page(visit, 409, _editing(_custom(visit), sent)._replace(theirs=True))
        return _page(visit, 400, _editing(role, _with_problem(sent, refused)))
    return redirect(role_pages.address(role=role.id, done="saved"))


def remove_form(visit: Visit) -> Reply:
    """Ask first, and say who loses the role."""
    counted = role_members.one(visit.world, visit.tenant_id, _custom(visit).id)
    return visit.page(
        200,
        "role_remove.html",
        "roles",
        role=role_pages.told(visit, counted),
        proof=visit.proof(f"role-remove {counted.role.id}"),
    )


def remove(visit: Visit) -> Reply:
    """Remove the role from everybody, and then the role."""
    role_id = visit.path["role_id"]
    visit.form(f"role-remove {role_id.lower()}")
    roles.remove(visit.world, visit.act, role_id)
    return redirect(role_pages.address(done="removed"))


def _custom(visit: Visit) -> Role:
    """The role of the address, if it is one that can be changed."""
    role = roles.get(visit.world, visit.tenant_id, visit.path["role_id"])
    if role.type_id is not None:
        raise Refused(
            Code.BUILT_IN_ROLE,
            visit.say("roles.built_in", name=role_pages.name_of(visit, role)),
            visit.say("roles.built_in_mend"),
        )
    return role


def _read(form: Fields) -> Typed:
    return typed.read(RoleBody, _FIELDS, ("name",), form)


def _with_problem(sent: Typed, refused: Refused) -> Typed:
    return sent._replace(problems={"name": f"{refused.reason} {refused.resolution}"})


def _adding(sent: Typed) -> _Shown:
    return _Shown(f"{LIST}/add", "role-add", sent)


def _editing(seen: Role, sent: Typed) -> _Shown:
    return _Shown(f"{LIST}/{seen.id}/edit", f"role-edit {seen.id}", sent, seen)


def _page(visit: Visit, status: int, shown: _Shown) -> Reply:
    back: dict[str, Any] = {"role": shown.seen.id} if shown.seen else {}
    return visit.page(
        status,
        "role_form.html",
        "roles",
        action=shown.action,
        proof=visit.proof(shown.purpose),
        texts=shown.typed.texts,
        problems=shown.typed.problems,
        seen=shown.seen,
        theirs=shown.seen if shown.theirs else None,
        back=role_pages.address(**back),
    )


ROUTES = (
    Route("GET", "/security/roles/add", Allowed.ADMINISTRATOR, add_form),
    Route("POST", "/security/roles/add", Allowed.ADMINISTRATOR, add),
    Route("GET", "/security/roles/{role_id}/edit", Allowed.ADMINISTRATOR, edit_form),
    Route("POST", "/security/roles/{role_id}/edit", Allowed.ADMINISTRATOR, edit),
    Route("GET", "/security/roles/{role_id}/remove", Allowed.ADMINISTRATOR, remove_form),
    Route("POST", "/security/roles/{role_id}/remove", Allowed.ADMINISTRATOR, remove),
)
