"""Your account: the authenticator app, and recovery codes."""

from collections.abc import Callable

from gatepost.services.own_account import Someone, is_recent
from gatepost.services.second_steps import Enrolled, NewApp
from gatepost.services.sign_in import Problem
from gatepost.web import pages
from gatepost.web.http import Reply
from gatepost.web.interaction.account_pages import sign_in_first
from gatepost.web.interaction.second_step_pages import codes_page, key_values
from gatepost.web.interaction.sign_in_pages import person_values, retry_after, signed_cookies
from gatepost.web.interaction.visits import ACCOUNT, Form, Visit, redirect

APP = f"{ACCOUNT}/authenticator"


def authenticator(visit: Visit) -> Reply:
    """The page that shows a new key; only shortly after a sign-in."""
    return _recently(visit, lambda who: _key_page(visit, who))


def post_authenticator(visit: Visit) -> Reply:
    """The first code of the app; the recovery codes are shown this once."""

    def add(who: Someone, form: Form) -> Reply:
        new = NewApp(form.get("key", ""), form.get("code", ""))
        outcome = visit.rooms.factors.add(who, new, visit.browser)
        if isinstance(outcome, Enrolled):
            page = codes_page(outcome.codes, f"{ACCOUNT}?done=app-added")
            return page._replace(headers=page.headers + signed_cookies(visit, outcome.cookies))
        return _key_page(visit, who, outcome, new.sealed)

    return _changed(visit, add)


def post_codes(visit: Visit) -> Reply:
    """New recovery codes, shown this once."""

    def make(who: Someone, _form: Form) -> Reply:
        outcome = visit.rooms.factors.new_codes(who, visit.browser)
        if isinstance(outcome, Problem):
            return redirect(ACCOUNT)
        return codes_page(outcome, f"{ACCOUNT}?done=codes-made")

    return _changed(visit, make)


def remove(visit: Visit) -> Reply:
    """The question before the app goes, which asks for the password."""
    who = visit.rooms.account.someone(visit.browser)
    return _remove_page(visit, who) if who else sign_in_first(visit, None, fresh=False)


def post_remove(visit: Visit) -> Reply:
    """Remove it."""
    form = visit.proved_form("account")
    who = visit.rooms.account.someone(visit.browser)
    if who is None:
        return sign_in_first(visit, None, fresh=False)
    problem = visit.rooms.factors.remove(who, form.get("current", ""), visit.browser)
    return _remove_page(visit, who, problem) if problem else redirect(f"{ACCOUNT}?done=app-removed")


def _changed(visit: Visit, change: Callable[[Someone, Form], Reply]) -> Reply:
    """A change that only somebody may make who signed in a moment ago."""
    form = visit.proved_form("account")
    return _recently(visit, lambda who: change(who, form))


def _recently(visit: Visit, show: Callable[[Someone], Reply]) -> Reply:
    who = visit.rooms.account.someone(visit.browser)
    if who is None:
        return sign_in_first(visit, None, fresh=False)
    if not is_recent(visit.rooms.flow.world, who):
        return sign_in_first(visit, None, fresh=True, tenant_id=who.tenant_id)
    return show(who)


def _key_page(
    visit: Visit, who: Someone, problem: Problem | None = None, sealed: str = ""
) -> Reply:
    draft = visit.rooms.factors.draft(who, visit.browser, sealed)
    if draft is None:
        return redirect(ACCOUNT)
    page = pages.page(
        _status(problem),
        "authenticator.html",
        person=person_values(who.user),
        problem=problem.text if problem else None,
        action=APP,
        request="",
        proof=visit.proof("account"),
        key=key_values(draft.shown, draft.address, draft.sealed),
        cancel=ACCOUNT,
    )
    return page._replace(headers=page.headers + retry_after(problem))


def _remove_page(visit: Visit, who: Someone, problem: Problem | None = None) -> Reply:
    held = visit.rooms.factors.held(who)
    if held.added_at is None:
        return redirect(ACCOUNT)
    page = pages.page(
        _status(problem),
        "authenticator_remove.html",
        problem=problem.text if problem else None,
        is_demanded=held.is_demanded and not held.has_passkey,
        action=f"{APP}/remove",
        proof=visit.proof("account"),
        cancel=ACCOUNT,
    )
    return page._replace(headers=page.headers + retry_after(problem))


def _status(problem: Problem | None) -> int:
    return 200 if problem is None else 429 if problem.wait else 400
