"""Your account: the authenticator app, and recovery codes."""

from collections.abc import Callable

from gatepost.model.requests import AccountPart
from gatepost.services.first_factors import Enrolled, NewApp
from gatepost.services.own_account import Someone, is_recent
from gatepost.services.sign_in import Problem
from gatepost.web import pages
from gatepost.web.http import Reply
from gatepost.web.interaction.account_pages import sign_in_anew, sign_in_first
from gatepost.web.interaction.second_step_pages import codes_page, key_values
from gatepost.web.interaction.sign_in_pages import person_values, retry_after, signed_cookies
from gatepost.web.interaction.visits import ACCOUNT, Form, Visit, redirect

APP = f"{ACCOUNT}/authenticator"


def authenticator(visit: Visit) -> Reply:
    """The page that shows a new key; only shortly after a sign-in."""
    return _recently(visit, "add-app", lambda who: _key_page(visit, who))


def post_authenticator(visit: Visit) -> Reply:
    """The first code of the app; the recovery codes are shown this once."""

    def add(who: Someone, form: Form) -> Reply:
        new = NewApp(form.get("key", ""), form.get("code", ""))
        outcome = visit.rooms.factors.add(who, new, visit.browser)
        if isinstance(outcome, Enrolled):
            page = codes_page(visit, outcome.codes, f"{ACCOUNT}?done=app-added")
            return page._replace(headers=page.headers + signed_cookies(visit, outcome.cookies))
        return _key_page(visit, who, outcome, new.sealed)

    return _changed(visit, "add-app", add)


def post_codes(visit: Visit) -> Reply:
    """New recovery codes, shown this once."""

    def make(who: Someone, _form: Form) -> Reply:
        outcome = visit.rooms.factors.new_codes(who, visit.browser)
        if isinstance(outcome, Problem):
            return redirect(ACCOUNT)
        return codes_page(visit, outcome, f"{ACCOUNT}?done=codes-made")

    return _changed(visit, "again", make)


def remove(visit: Visit) -> Reply:
    """The question before the app goes, which asks for the password; only after a sign-in too."""
    return _recently(visit, "remove-app", lambda who: _remove_page(visit, who))


def post_remove(visit: Visit) -> Reply:
    """Remove it."""

    def take_away(who: Someone, form: Form) -> Reply:
        problem = visit.rooms.factors.remove(who, form.get("current", ""), visit.browser)
        done = redirect(f"{ACCOUNT}?done=app-removed")
        return _remove_page(visit, who, problem) if problem else done

    return _changed(visit, "remove-app", take_away)


def _changed(visit: Visit, part: AccountPart, change: Callable[[Someone, Form], Reply]) -> Reply:
    """A change that only somebody may make who signed in a moment ago."""
    form = visit.proved_form("account")
    return _recently(visit, part, lambda who: change(who, form))


def _recently(visit: Visit, part: AccountPart, show: Callable[[Someone], Reply]) -> Reply:
    """What only somebody sees who signed in a moment ago; else they do, and come back to a part."""
    who = visit.rooms.account.someone(visit.browser)
    if who is None:
        return sign_in_first(visit, part=part)
    if not is_recent(visit.rooms.flow.world, who):
        return sign_in_anew(visit, who, part)
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
