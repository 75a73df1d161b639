"""Your account: sessions, consents, passkeys, password."""

from collections.abc import Callable
from datetime import datetime

from gatepost.model.requests import AccountPart
from gatepost.protocol import scopes
from gatepost.services.account import Overview
from gatepost.services.factors import Held
from gatepost.services.new_passwords import NewPassword
from gatepost.services.own_account import Someone, is_recent
from gatepost.services.sign_in import Problem
from gatepost.services.sign_out import EVERYWHERE
from gatepost.web import pages
from gatepost.web.agents import described
from gatepost.web.http import Reply
from gatepost.web.interaction.sign_in_pages import person_values, retry_after, user_handle
from gatepost.web.interaction.sign_out_pages import signed_out
from gatepost.web.interaction.visits import ACCOUNT, Form, Values, Visit, redirect, to_step

_NOTICES = {
    "signed-in": "You just signed in again. Please make your change once more.",
    "ended": "That browser is signed out.",
    "ended-others": "All other browsers are signed out.",
    "taken-back": "The application has no access any more.",
    "passkey-added": "The passkey is ready to sign in with.",
    "passkey-removed": "The passkey opens nothing any more.",
    "app-added": "Your authenticator app is added, and all other browsers are signed out.",
    "app-removed": "Your authenticator app and its recovery codes open nothing any more.",
    "codes-made": "Your old recovery codes open nothing any more.",
    "password": "Your password is changed, and all other browsers are signed out.",
}


def account(visit: Visit) -> Reply:
    """The page, for whoever is signed in."""
    who = visit.rooms.account.someone(visit.browser)
    if who is None:
        return sign_in_first(visit)
    return _page(visit, who, notice=_NOTICES.get(visit.query().get("done", "")))


def post_alias(visit: Visit) -> Reply:
    """Which tenant to sign in to, where there are several."""
    return sign_in_first(visit, visit.proved_form("alias").get("alias", ""))


def post_end(visit: Visit) -> Reply:
    """End one sign-in."""

    def end(who: Someone, form: Form) -> None:
        visit.rooms.account.end_sign_in(who, form.get("id", ""), visit.browser)

    return _changed(visit, end, "ended")


def post_end_others(visit: Visit) -> Reply:
    """End all sign-ins but this."""

    def end(who: Someone, _form: Form) -> None:
        visit.rooms.account.end_others(who, visit.browser)

    return _changed(visit, end, "ended-others")


def post_take_back(visit: Visit) -> Reply:
    """Take back a consent."""

    def take_back(who: Someone, form: Form) -> None:
        visit.rooms.account.take_back(who, form.get("client_id", ""), visit.browser)

    return _changed(visit, take_back, "taken-back")


def post_add_passkey(visit: Visit) -> Reply:
    """Keep a new passkey; only shortly after a sign-in."""

    def add(who: Someone, form: Form) -> Problem | Reply | None:
        if not is_recent(visit.rooms.flow.world, who):
            return sign_in_anew(visit, who, "again")
        name, attestation = form.get("name", ""), form.get("attestation", "")
        return visit.rooms.account.add_passkey(who, name, attestation, visit.browser)

    return _changed(visit, add, "passkey-added")


def post_remove_passkey(visit: Visit) -> Reply:
    """Remove a passkey; only shortly after a sign-in."""

    def remove(who: Someone, form: Form) -> Reply | None:
        if not is_recent(visit.rooms.flow.world, who):
            return sign_in_anew(visit, who, "again")
        visit.rooms.account.remove_passkey(who, form.get("id", ""), visit.browser)
        return None

    return _changed(visit, remove, "passkey-removed")


def password(visit: Visit) -> Reply:
    """The page to change the password."""
    who = visit.rooms.account.someone(visit.browser)
    return _password_page(visit) if who else sign_in_first(visit)


def post_password(visit: Visit) -> Reply:
    """A new password."""

    def change(who: Someone, form: Form) -> Reply | None:
        typed = NewPassword(
            form.get("current", ""), form.get("password", ""), form.get("again", "")
        )
        problem = visit.rooms.account.change_password(who, typed, visit.browser)
        return _password_page(visit, problem) if problem else None

    return _changed(visit, change, "password")


def post_sign_out(visit: Visit) -> Reply:
    """Sign out of this browser."""
    visit.proved_form("account")
    return signed_out(visit, EVERYWHERE)


def sign_in_first(visit: Visit, alias: str | None = None, part: AccountPart = "") -> Reply:
    """Off to sign in, in the tenant of this alias, or to say which."""
    tenant_id = visit.rooms.account.tenant_for(alias, visit.browser)
    if tenant_id is None:
        problem = None if alias is None else "No organisation has this alias."
        return pages.page(
            200 if problem is None else 400,
            "alias.html",
            problem=problem,
            action=f"{ACCOUNT}/alias",
            proof=visit.proof("alias"),
        )
    begun = visit.rooms.account.begin(tenant_id, visit.browser, fresh=False, part=part)
    return to_step(begun.step, begun.reference) if begun else redirect(ACCOUNT)


def sign_in_anew(visit: Visit, who: Someone, part: AccountPart) -> Reply:
    """Off to show once more that it is them, and then back to where they were going."""
    begun = visit.rooms.account.begin(who.tenant_id, visit.browser, fresh=True, part=part)
    return to_step(begun.step, begun.reference) if begun else redirect(ACCOUNT)


def _changed(
    visit: Visit, change: Callable[[Someone, Form], Problem | Reply | None], done: str
) -> Reply:
    """One change by somebody who is signed in; then the page again, or what is wrong."""
    form = visit.proved_form("account")
    who = visit.rooms.account.someone(visit.browser)
    if who is None:
        return sign_in_first(visit)
    outcome = change(who, form)
    if isinstance(outcome, Reply):
        return outcome
    if outcome is not None:
        return _page(visit, who, problem=outcome)
    return redirect(f"{ACCOUNT}?done={done}")


def _page(
    visit: Visit, who: Someone, notice: str | None = None, problem: Problem | None = None
) -> Reply:
    found = visit.rooms.account.overview(who)
    if found is None:
        return sign_in_first(visit)
    return pages.page(
        400 if problem else 200,
        "account.html",
        notice=notice,
        problem=problem.text if problem else None,
        proof=visit.proof("account"),
        base=ACCOUNT,
        challenge=visit.rooms.account.passkey_challenge(who),
        rp_id=visit.place.rp_id,
        user_handle=user_handle(who.user),
        factors=_factors(visit.rooms.factors.held(who)),
        **_shown(found),
    )


def _shown(found: Overview) -> Values:
    return {
        "person": person_values(found.user),
        "tenant": {"name": found.tenant.name},
        "sessions": [
            {
                "id": sign_in.id,
                "here": sign_in.id == found.sign_in.id,
                "agent": described(sign_in.agent),
                "address": sign_in.address,
                "signed_in_at": _moment(sign_in.signed_in_at),
                "last_seen_at": _moment(sign_in.last_seen_at),
            }
            for sign_in in found.sign_ins
        ],
        "consents": [
            {
                "client_id": agreed.consent.client_id,
                "client_name": agreed.client_name,
                "items": [scope.title for scope in scopes.described(agreed.consent.scopes)],
                "given_at": _moment(agreed.consent.given_at),
            }
            for agreed in found.consents
        ],
        "passkeys": [
            {
                "id": passkey.id,
                "name": passkey.name,
                "created_at": _moment(passkey.created_at),
                "last_used_at": _moment(passkey.last_used_at) if passkey.last_used_at else None,
            }
            for passkey in found.passkeys
        ],
    }


def _factors(held: Held) -> Values:
    return {
        "app": _moment(held.added_at) if held.added_at else None,
        "last_used_at": _moment(held.last_used_at) if held.last_used_at else None,
        "codes_left": held.codes_left,
        "may_have_codes": held.added_at is not None or held.has_passkey,
        "is_demanded": held.is_demanded,
    }


def _password_page(visit: Visit, problem: Problem | None = None) -> Reply:
    status = 200 if problem is None else 429 if problem.wait else 400
    page = pages.page(
        status,
        "password.html",
        problem=problem.text if problem else None,
        action=f"{ACCOUNT}/password",
        request="",
        proof=visit.proof("account"),
        must=False,
        asks_current=True,
        cancel=ACCOUNT,
    )
    return page._replace(headers=page.headers + retry_after(problem))


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")
