"""Manage Roles: a check list of roles, for a client or a person, that is saved as it was seen."""

from collections.abc import Callable, Collection
from typing import NamedTuple

from gatepost.model.errors import Code, NotFound, Refused
from gatepost.web.http import Reply
from gatepost.web.portal import role_choices, typed
from gatepost.web.portal.visits import Visit, redirect


class Holder(NamedTuple):
    """Who has the roles, as the page needs to know them; the version is the one that was read."""

    kind: str
    id: str
    name: str
    held: tuple[str, ...]
    version: int
    action: str
    back: str

    @property
    def purpose(self) -> str:
        """What the proof of the form is for."""
        return f"{self.kind}-roles {self.id}"


class _Trouble(NamedTuple):
    """Why the form is shown again: what was refused, or the roles that another gave meanwhile."""

    status: int = 200
    problem: str | None = None
    theirs: Collection[str] | None = None


def form(visit: Visit, holder: Holder) -> Reply:
    """The check list with the roles as they are."""
    return _page(visit, holder, holder.held, _Trouble())


def save(
    visit: Visit,
    find: Callable[[Visit], Holder],
    give: Callable[[tuple[str, ...], int], object],
    done: str,
) -> Reply:
    """Give the checked roles. When somebody else changed the holder meanwhile, look again."""
    holder = find(visit)
    sent = visit.form(holder.purpose)
    try:
        give(role_choices.chosen(sent), typed.seen_version(sent))
    except NotFound:
        raise
    except Refused as refused:
        checked = sent.all(role_choices.FIELD)
        if refused.code is Code.CHANGED_MEANWHILE:
            now = find(visit)
            return _page(visit, now, checked, _Trouble(409, theirs=now.held))
        problem = f"{refused.reason} {refused.resolution}"
        return _page(visit, holder, checked, _Trouble(400, problem))
    return redirect(f"{holder.back}&done={done}")


def _page(visit: Visit, holder: Holder, checked: Collection[str], trouble: _Trouble) -> Reply:
    is_client = holder.kind == "client"
    choices = role_choices.role_choices if is_client else role_choices.person_role_choices
    theirs = None if trouble.theirs is None else role_choices.names(visit, trouble.theirs)
    return visit.page(
        trouble.status,
        "manage_roles.html",
        f"{holder.kind}s",
        holder=holder,
        is_client=is_client,
        choices=choices(visit, checked),
        refused=trouble.problem,
        theirs=theirs,
        proof=visit.proof(holder.purpose),
    )
