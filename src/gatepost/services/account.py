"""Your account: what a person may see and end of their own, and how they sign in."""

from datetime import timedelta
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace

from gatepost.model.events import Action
from gatepost.model.factors import Owed
from gatepost.model.people import User
from gatepost.model.requests import AccountErrand, AccountPart
from gatepost.model.sign_ins import (
    PASSKEY,
    PASSKEY_LIMIT,
    PASSKEY_NAME_MAX,
    Consent,
    Passkey,
    SignIn,
)
from gatepost.model.tenants import Tenant
from gatepost.model.text import refused_character
from gatepost.protocol.authorization import ShowError
from gatepost.protocol.interaction import Step
from gatepost.services import endings, new_passwords, tenants
from gatepost.services.browsers import Browser, sign_in_of, tenants_of
from gatepost.services.courier import Courier
from gatepost.services.digests import first_found
from gatepost.services.endings import Ended
from gatepost.services.errands import Errands
from gatepost.services.factor_letters import FactorLetters
from gatepost.services.first_steps import owed_by
from gatepost.services.flows import Flow, Next, Reference, Stand
from gatepost.services.new_passwords import NewPassword
from gatepost.services.own_account import (
    Someone,
    changing,
    end_all_else,
    known_password,
    own_event,
)
from gatepost.services.sign_in import Problem

_WINDOW = timedelta(minutes=5)


class Agreed(NamedTuple):
    """A consent with the name that the client has now."""

    consent: Consent
    client_name: str


class Overview(NamedTuple):
    """All that the account page shows."""

    tenant: Tenant
    user: User
    sign_in: SignIn
    sign_ins: tuple[SignIn, ...]
    consents: tuple[Agreed, ...]
    passkeys: tuple[Passkey, ...]


def asks_for_one_time(stand: Stand) -> bool:
    """Whether who replaces a one-time password must type it: nobody did who came by a passkey."""
    return stand.sign_in is not None and stand.sign_in.method == PASSKEY


class AccountService:
    """What people do about themselves."""

    def __init__(
        self, flow: Flow, errands: Errands, courier: Courier, letters: FactorLetters
    ) -> None:
        self._flow = flow
        self._world = flow.world
        self._errands = errands
        self._courier = courier
        self._letters = letters

    def someone(self, browser: Browser) -> Someone | None:
        """Who is signed in, in the tenant they signed in to last; nobody who owes more first."""
        for tenant_id in tenants_of(self._world, browser):
            with self._world.store.reading(tenant_id) as tenancy:
                sign_in = sign_in_of(self._world, tenancy, browser)
                user = tenancy.directory.user(sign_in.user_id) if sign_in else None
                one_time = user is not None and tenancy.directory.password_is_one_time(user.id)
                is_half = one_time or owed_by(tenancy, sign_in) is not Owed.NOTHING
            if sign_in is not None and user is not None and not is_half:
                return Someone(tenant_id, sign_in, user)
        return None

    def tenant_for(self, alias: str | None, browser: Browser) -> str | None:
        """The tenant to sign in to: the one of this alias, one where more is owed, the only one."""
        if alias is None:
            for tenant_id in tenants_of(self._world, browser):
                with self._world.store.reading(tenant_id) as tenancy:
                    if sign_in_of(self._world, tenancy, browser) is not None:
                        return tenant_id
        return tenants.chosen(self._world, alias)

    def begin(
        self, tenant_id: str, browser: Browser, *, fresh: bool, part: AccountPart = ""
    ) -> Next | None:
        """Sign in for the account page; None when there is nothing to do first."""
        errand = AccountErrand(fresh=fresh, part=part)
        outcome = self._errands.begin(tenant_id, errand, browser)
        return outcome if isinstance(outcome, Next) else None

    def overview(self, who: Someone) -> Overview | None:
        """What the page shows."""
        with self._world.store.reading(who.tenant_id) as tenancy:
            tenant = tenancy.directory.tenant()
            if tenant is None:
                return None
            now = self._world.clock.now()
            alive = tuple(s for s in tenancy.sign_ins.of_user(who.user.id) if s.alive(now))
            agreed = tuple(
                Agreed(consent, client.settings.name)
                for consent in tenancy.sign_ins.consents_of(who.user.id)
                if (client := tenancy.clients.find(consent.client_id)) is not None
            )
            passkeys = tenancy.sign_ins.passkeys_of(who.user.id)
        return Overview(tenant, who.user, who.sign_in, alive, agreed, passkeys)

    def end_sign_in(self, who: Someone, sign_in_id: str, browser: Browser) -> None:
        """End one of the person's sign-ins."""
        with changing(self._flow, who, browser) as (tenancy, ending):
            sign_in = tenancy.sign_ins.get(sign_in_id)
            ended = Ended()
            if sign_in is not None and sign_in.user_id == who.user.id:
                ended = endings.end_sign_in(ending, tenancy, sign_in)
        self._courier.send(ended.notes)

    def end_others(self, who: Someone, browser: Browser) -> None:
        """End all of the person's sign-ins but this one."""
        with changing(self._flow, who, browser) as (tenancy, ending):
            ended = endings.end_all(ending, tenancy, who.user.id, but=who.sign_in.id)
        self._courier.send(ended.notes)

    def take_back(self, who: Someone, client_id: str, browser: Browser) -> None:
        """Take back a consent, and with it all that the client was given."""
        with changing(self._flow, who, browser) as (tenancy, ending):
            if tenancy.sign_ins.remove_consent(who.user.id, client_id):
                taken = own_event(self._world, Action.CONSENT_REMOVED, who, browser)
                tenancy.journal.append(replace(taken, target=client_id))
            endings.revoke_grants(ending, tenancy, who.user.id, "consent_removed", client_id)

    def replace_one_time(
        self, reference: Reference, typed: NewPassword, browser: Browser
    ) -> Problem | ShowError | None:
        """Change a one-time password, as a step of an errand; by who showed that they know it."""
        stand = self._errands.stand(reference, browser)
        if isinstance(stand, ShowError):
            return stand
        if stand.step is not Step.PASSWORD or stand.person is None or stand.sign_in is None:
            return None
        who = Someone(reference.tenant_id, stand.sign_in, stand.person)
        if asks_for_one_time(stand):
            # a passkey may be somebody else's, whom the one-time password is to keep out
            known = known_password(self._flow, who, typed.current, browser)
            if isinstance(known, Problem):
                return known
        fault = new_passwords.typed_fault(self._world, typed, stand.person, stand.tenant)
        if fault:
            return Problem(fault)
        with self._world.store.reading(who.tenant_id) as tenancy:
            phc = tenancy.directory.password(who.user.id) or self._world.passwords.decoy
        if self._world.passwords.verify(phc, typed.new):
            return Problem("That is the one-time password. Please choose another.")
        return self._set_password(who, phc, typed, browser)

    def change_password(self, who: Someone, typed: NewPassword, browser: Browser) -> Problem | None:
        """Change a password that the person knows (R-52)."""
        known = known_password(self._flow, who, typed.current, browser)
        if isinstance(known, Problem):
            return known
        with self._world.store.reading(who.tenant_id) as tenancy:
            tenant = tenancy.directory.tenant()
        fault = new_passwords.typed_fault(self._world, typed, who.user, tenant)
        return Problem(fault) if fault else self._set_password(who, known, typed, browser)

    def _set_password(
        self, who: Someone, known: str, typed: NewPassword, browser: Browser
    ) -> Problem | None:
        """Keep the new one; all other sign-ins and all grants end with the old (R-52)."""
        phc = self._world.passwords.hash(typed.new)
        with changing(self._flow, who, browser) as (tenancy, ending):
            if tenancy.directory.password(who.user.id) != known:
                return Problem("The password was changed elsewhere at this moment.")
            now = self._world.clock.now()
            tenancy.directory.set_password(who.user.id, phc, now, must_change=False)
            tenancy.journal.append(own_event(self._world, Action.PASSWORD_SET, who, browser))
            endings.end_password_link(ending, tenancy, who.user.id)
            ended = end_all_else(ending, tenancy, who, "password_changed")
        self._courier.send(ended.notes)
        return None

    def passkey_challenge(self, who: Someone) -> str:
        """What a new passkey is to sign: good for this sign-in and a few minutes."""
        return self._challenges(who, 0)[0]

    def add_passkey(
        self, who: Someone, name: str, attestation: str, browser: Browser
    ) -> Problem | None:
        """Keep a new passkey."""
        name = name.strip() or "Passkey"
        if len(name) > PASSKEY_NAME_MAX or refused_character(name):
            return Problem(f"The name has more than {PASSKEY_NAME_MAX} or odd characters.")
        challenges = (each for ago in (0, 1) for each in self._challenges(who, ago))
        made = first_found(partial(self._flow.passkeys.registered, attestation), challenges)
        if made is None:
            return Problem("The passkey was not accepted. Please try again.")
        passkey = Passkey(
            id=made.id,
            user_id=who.user.id,
            name=name,
            public_key=made.public_key,
            sign_count=made.sign_count,
            created_at=self._world.clock.now(),
        )
        with changing(self._flow, who, browser) as (tenancy, ending):
            if len(tenancy.sign_ins.passkeys_of(who.user.id)) >= PASSKEY_LIMIT:
                return Problem(f"You have {PASSKEY_LIMIT} passkeys, which is the most.")
            if not tenancy.sign_ins.add_passkey(passkey):
                return Problem("This passkey is known here already.")
            tenancy.journal.append(own_event(self._world, Action.PASSKEY_ADDED, who, browser))
            ended = end_all_else(ending, tenancy, who, "passkey_added")
            tenant = tenancy.directory.tenant()
        self._courier.send(ended.notes)
        if tenant is not None:
            self._letters.tell(tenant, who.user, Action.PASSKEY_ADDED)
        return None

    def remove_passkey(self, who: Someone, passkey_id: str, browser: Browser) -> None:
        """Remove a passkey; whoever has it is out too (R-52)."""
        with changing(self._flow, who, browser) as (tenancy, ending):
            passkey = tenancy.sign_ins.passkey(passkey_id)
            if passkey is None or passkey.user_id != who.user.id:
                return
            if not endings.remove_passkey(ending, tenancy, passkey):
                return
            ended = end_all_else(ending, tenancy, who, "passkey_removed")
            tenant = tenancy.directory.tenant()
        self._courier.send(ended.notes)
        if tenant is not None:
            self._letters.tell(tenant, who.user, Action.PASSKEY_REMOVED)

    def _challenges(self, who: Someone, windows_ago: int) -> tuple[str, ...]:
        window = int(self._world.clock.now().timestamp() // _WINDOW.total_seconds()) - windows_ago
        return self._world.secrets.proofs("new passkey", who.sign_in.id, str(window))
