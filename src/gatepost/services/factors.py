"""The second factors of somebody who is signed in: their app and their recovery codes.

A new factor is added only shortly after a sign-in, and the app goes only with the password. Each
change ends all other sessions and all that applications were given (R-52).
"""

from datetime import datetime
from typing import NamedTuple

from gatepost.model.events import Action
from gatepost.model.factors import CODES_AND_ADDRESS, is_demanded
from gatepost.model.sign_ins import PASSWORD, TOTP
from gatepost.model.tenants import Tenant
from gatepost.ports import Tenancy
from gatepost.services import enrolments, throttling
from gatepost.services.browsers import Browser
from gatepost.services.courier import Courier
from gatepost.services.endings import Ended, Ending
from gatepost.services.enrolments import Draft, Whose
from gatepost.services.factor_letters import FactorLetters
from gatepost.services.first_factors import KEY_TOO_OLD, WRONG_FIRST, Enrolled, NewApp
from gatepost.services.flows import Flow
from gatepost.services.own_account import Someone, changing, end_all_else, known_password
from gatepost.services.sessions import Proved, open_session
from gatepost.services.sign_in import Problem, too_many

_ONE_ALREADY = Problem("You have an authenticator app already. Remove it before you add another.")
_NOTHING_TO_RECOVER = Problem("Add an authenticator app or a passkey first.")


class Held(NamedTuple):
    """What the account page shows of a person's second factors."""

    added_at: datetime | None
    last_used_at: datetime | None
    codes_left: int
    has_passkey: bool
    is_demanded: bool


class _Adding(NamedTuple):
    """Who adds an app, by which form, and where."""

    who: Someone
    form: NewApp
    browser: Browser


class OwnFactors:
    """What people do about their second factors."""

    def __init__(self, flow: Flow, courier: Courier, letters: FactorLetters) -> None:
        self._flow = flow
        self._world = flow.world
        self._courier = courier
        self._letters = letters

    def held(self, who: Someone) -> Held:
        """What there is."""
        with self._world.store.reading(who.tenant_id) as tenancy:
            known = tenancy.sign_ins.factors(who.user.id)
            app = tenancy.sign_ins.authenticator(who.user.id)
            left = tenancy.sign_ins.count_recovery_codes(who.user.id)
        demanded = is_demanded(known.demanded, is_administrator=known.is_administrator)
        return Held(
            app.created_at if app else None,
            app.last_used_at if app else None,
            left,
            known.has_passkey,
            demanded,
        )

    def draft(self, who: Someone, browser: Browser, sealed: str = "") -> Draft | None:
        """A new key to be shown, the same while its form is good; None beside an app."""
        with self._world.store.reading(who.tenant_id) as tenancy:
            tenant = tenancy.directory.tenant()
            has_one = tenancy.sign_ins.authenticator(who.user.id) is not None
        if has_one or tenant is None:
            return None
        return enrolments.same_draft(self._world, Whose(tenant, who.user, browser), sealed)

    def add(self, who: Someone, form: NewApp, browser: Browser) -> Enrolled | Problem:
        """Add an app that shows its first code; this session is a stronger one from now on."""
        limits = throttling.keys(
            self._world, {f"{who.tenant_id} new app {who.user.id}": CODES_AND_ADDRESS}
        )
        with self._world.store.writing(who.tenant_id) as tenancy:
            wait = throttling.count(self._world, tenancy, limits)
        if wait:
            return too_many(wait)
        with changing(self._flow, who, browser) as (tenancy, ending):
            added = self._added(tenancy, ending, _Adding(who, form, browser))
            if isinstance(added, Problem):
                return added
            throttling.give_back(self._world, tenancy, limits)
            tenant, enrolled, ended = added
        self._courier.send(ended.notes)
        self._letters.tell(tenant, who.user, Action.AUTHENTICATOR_ADDED)
        return enrolled

    def new_codes(self, who: Someone, browser: Browser) -> tuple[str, ...] | Problem:
        """New recovery codes in place of the old ones."""
        with changing(self._flow, who, browser) as (tenancy, ending):
            known = tenancy.sign_ins.factors(who.user.id)
            if not known.has_authenticator and not known.has_passkey:
                return _NOTHING_TO_RECOVER
            codes = enrolments.make_codes(ending, tenancy, who.tenant_id, who.user.id)
            ended = end_all_else(ending, tenancy, who, "recovery_codes_made")
            tenant = tenancy.directory.tenant()
        self._courier.send(ended.notes)
        if tenant is not None:
            self._letters.tell(tenant, who.user, Action.RECOVERY_CODES_MADE)
        return codes

    def remove(self, who: Someone, password: str, browser: Browser) -> Problem | None:
        """Remove the app and the recovery codes, by somebody who knows the password."""
        known = known_password(self._flow, who, password, browser)
        if isinstance(known, Problem):
            return known
        with changing(self._flow, who, browser) as (tenancy, ending):
            if tenancy.directory.password(who.user.id) != known:
                return Problem("The password was changed elsewhere at this moment.")
            if not tenancy.sign_ins.remove_authenticator(who.user.id):
                return None
            tenancy.sign_ins.set_recovery_codes(who.user.id, ())
            removed = enrolments.factor_event(ending, Action.AUTHENTICATOR_REMOVED, who.user.id)
            tenancy.journal.append(removed)
            ended = end_all_else(ending, tenancy, who, "authenticator_removed")
            tenant = tenancy.directory.tenant()
        self._courier.send(ended.notes)
        if tenant is not None:
            self._letters.tell(tenant, who.user, Action.AUTHENTICATOR_REMOVED)
        return None

    def _added(
        self, tenancy: Tenancy, ending: Ending, adding: _Adding
    ) -> tuple[Tenant, Enrolled, Ended] | Problem:
        who, form, browser = adding
        tenant = tenancy.directory.tenant()
        if tenant is None or tenancy.sign_ins.authenticator(who.user.id) is not None:
            return _ONE_ALREADY
        whose = Whose(tenant, who.user, browser)
        key = enrolments.key_of(self._world, whose, form.sealed)
        if key is None:
            return KEY_TOO_OLD
        codes = enrolments.keep(ending, tenancy, whose, key, form.code)
        if codes is None:
            return WRONG_FIRST
        ended = end_all_else(ending, tenancy, who, "authenticator_added")
        method = TOTP if who.sign_in.method == PASSWORD else who.sign_in.method
        opened = open_session(self._flow, tenancy, Proved(who.user, method, who.sign_in), browser)
        return tenant, Enrolled(opened.cookies, codes), ended + opened.ended
