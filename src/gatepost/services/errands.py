"""Errands: begun, carried on from page to page, and finished once (decision 0003).

Every visit of a page asks the one dispatcher again, with the facts as the store has them now.
"""

from collections.abc import Callable

from msgspec.structs import replace

from gatepost.model.client_kinds import BY_NAME
from gatepost.model.clients import StoredClient
from gatepost.model.events import Origin
from gatepost.model.factors import Owed
from gatepost.model.requests import (
    PENDING_LIFETIME,
    AccountErrand,
    AuthorizationRequest,
    DeviceErrand,
    Errand,
    Pending,
    Progress,
)
from gatepost.model.sign_ins import SignIn
from gatepost.ports import Tenancy
from gatepost.protocol import authorization, interaction
from gatepost.protocol.authorization import ShowError
from gatepost.protocol.interaction import NONE, ConsentRule, Facts, Step
from gatepost.protocol.parameters import OAuthError
from gatepost.protocol.response import Answer
from gatepost.services import devices, finishing
from gatepost.services.browsers import Browser, sign_in_of, silent_sign_in_of
from gatepost.services.digests import is_one_of
from gatepost.services.finishing import Granted
from gatepost.services.first_steps import owed_after, owed_by, standing
from gatepost.services.flows import (
    ACCOUNT_PAGE,
    GONE,
    OTHER_BROWSER,
    SWITCHED_OFF,
    Flow,
    Home,
    Next,
    Reference,
    Stand,
)

_PENDING_BYTES = 32
_DENIED = OAuthError("access_denied", "the person said no", "person_denied")
End = Answer | Home | ShowError
Kept = Granted | Home | ShowError | OAuthError


class Errands:
    """Carries errands from their beginning to their end."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._world = flow.world

    def begin(self, tenant_id: str, errand: Errand, browser: Browser) -> Next | End | OAuthError:
        """Finish at once where no page is needed, or keep the errand and name its first page."""
        silent = isinstance(errand, AuthorizationRequest) and NONE in errand.prompts
        look = silent_sign_in_of if silent else sign_in_of
        with self._world.store.reading(tenant_id) as tenancy:
            step = self._step(tenancy, errand, Progress(), look(self._world, tenancy, browser))
        if isinstance(step, OAuthError):
            return step
        with self._world.store.writing(tenant_id) as tenancy:
            # Asked again, because who was signed in a moment ago may not be any more.
            sign_in = look(self._world, tenancy, browser)
            step = self._step(tenancy, errand, Progress(), sign_in)
            if isinstance(step, OAuthError):
                return step
            if step is not Step.FINISH:
                return Next(self._keep(tenancy, tenant_id, errand, browser), step)
            kept = self._finish(tenancy, tenant_id, errand, (sign_in, browser.origin))
        return self._told(kept, errand, browser)

    def stand(self, reference: Reference, browser: Browser) -> Stand | ShowError:
        """Where the errand stands; for a page that is about to be shown."""
        with self._world.store.reading(reference.tenant_id) as tenancy:
            return self.stand_within(tenancy, reference, browser)

    def stand_within(
        self, tenancy: Tenancy, reference: Reference, browser: Browser
    ) -> Stand | ShowError:
        """The same within a change that is under way."""
        pending = tenancy.grants.pending(reference.pending_id)
        tenant = tenancy.directory.tenant()
        if pending is None or tenant is None or self._world.clock.now() >= pending.expires_at:
            return GONE
        mine = self._world.secrets.digests_of("browser", browser.binding)
        if not browser.binding or not is_one_of(pending.browser_digest, mine):
            return OTHER_BROWSER
        client = None
        if not isinstance(pending.errand, AccountErrand):
            found = self._client(tenancy, pending.errand)
            if isinstance(found, ShowError):
                return found
            client = found
        sign_in = sign_in_of(self._world, tenancy, browser)
        step = self._step(tenancy, pending.errand, pending.progress, sign_in)
        first = standing(self._world, tenancy, pending.progress)
        # Whoever typed a right password is who is asked for more, whoever was signed in before.
        halfway = owed_after(tenancy, first) is not Owed.NOTHING
        whose = first if first and halfway else sign_in
        person = tenancy.directory.user(whose.user_id) if whose else None
        return Stand(step, reference, pending, tenant, client, person, sign_in)

    def resume(self, reference: Reference, browser: Browser) -> Next | End:
        """Go to the next page, or finish."""
        stand = self.stand(reference, browser)
        if isinstance(stand, ShowError):
            return stand
        if not isinstance(stand.step, OAuthError) and stand.step is not Step.FINISH:
            return Next(reference, stand.step)
        return self._ended(reference, browser, self._finish_or_fail)

    def deny(self, reference: Reference, browser: Browser) -> Next | End:
        """The person said no, on the page that asked them."""
        return self._ended(reference, browser, self._deny)

    def advance(
        self,
        reference: Reference,
        browser: Browser,
        step: Step,
        change: Callable[[Tenancy, Stand], Progress],
    ) -> ShowError | None:
        """Note progress, if the errand stands at this step; the dispatcher decides what follows."""
        with self._world.store.writing(reference.tenant_id) as tenancy:
            stand = self.stand_within(tenancy, reference, browser)
            if isinstance(stand, ShowError):
                return stand
            if stand.step is step:
                progress = change(tenancy, stand)
                tenancy.grants.save_pending(replace(stand.pending, progress=progress))
        return None

    def _ended(
        self,
        reference: Reference,
        browser: Browser,
        way: Callable[[Tenancy, Stand, Origin], Kept | None],
    ) -> Next | End:
        with self._world.store.writing(reference.tenant_id) as tenancy:
            stand = self.stand_within(tenancy, reference, browser)
            if isinstance(stand, ShowError):
                return stand
            kept = way(tenancy, stand, browser.origin)
            if kept is None and isinstance(stand.step, Step):
                return Next(reference, stand.step)
            if kept is None or not tenancy.grants.remove_pending(reference.pending_id):
                return GONE
        return self._told(kept, stand.pending.errand, browser)

    def _finish_or_fail(self, tenancy: Tenancy, stand: Stand, origin: Origin) -> Kept | None:
        if isinstance(stand.step, OAuthError):
            return stand.step
        if stand.step is not Step.FINISH:
            return None
        by = (stand.sign_in, origin)
        return self._finish(tenancy, stand.reference.tenant_id, stand.pending.errand, by)

    def _deny(self, tenancy: Tenancy, stand: Stand, origin: Origin) -> Kept | None:
        # Also where nothing is asked any more, because they said yes in another window meanwhile.
        if stand.sign_in is None or stand.step not in (Step.CONSENT, Step.DEVICE, Step.FINISH):
            return None
        errand = stand.pending.errand
        if isinstance(errand, DeviceErrand):
            return devices.turn_away(self._flow, tenancy, errand, (stand.sign_in, origin))
        return _DENIED

    def _finish(
        self, tenancy: Tenancy, tenant_id: str, errand: Errand, by: tuple[SignIn | None, Origin]
    ) -> Kept:
        sign_in, origin = by
        if sign_in is None:
            return GONE
        if isinstance(errand, AccountErrand):
            return Home(ACCOUNT_PAGE, part=errand.part)
        client = self._client(tenancy, errand)
        if isinstance(client, ShowError):
            return client
        if isinstance(errand, DeviceErrand):
            return devices.let_in(self._flow, tenancy, errand, (client, sign_in, origin))
        return finishing.keep(self._flow, tenancy, tenant_id, errand, (client, sign_in))

    def _told(self, kept: Kept, errand: Errand, browser: Browser) -> End:
        """The answer, signed outside of the transaction."""
        if isinstance(kept, Granted):
            return finishing.answer(self._flow, kept, browser)
        if isinstance(kept, OAuthError):
            if isinstance(errand, AuthorizationRequest):
                return finishing.error_answer(self._flow, errand, kept)
            return ShowError(kept)
        return kept

    def _keep(
        self, tenancy: Tenancy, tenant_id: str, errand: Errand, browser: Browser
    ) -> Reference:
        now = self._world.clock.now()
        pending = Pending(
            id=self._world.dice.token(_PENDING_BYTES),
            client_id=getattr(errand, "client_id", None),
            browser_digest=self._world.secrets.digest_of("browser", browser.binding),
            errand=errand,
            created_at=now,
            expires_at=now + PENDING_LIFETIME,
        )
        tenancy.grants.add_pending(pending)
        return Reference(tenant_id, pending.id)

    def _client(
        self, tenancy: Tenancy, errand: AuthorizationRequest | DeviceErrand
    ) -> StoredClient | ShowError:
        """The client of an errand, as it is registered now and not as it was at the beginning."""
        client = tenancy.clients.find(errand.client_id)
        if client is None or not client.settings.enabled:
            return SWITCHED_OFF
        if isinstance(errand, AuthorizationRequest):
            return authorization.no_longer_fits(errand, client) or client
        return client

    def _consent_rule(self, tenancy: Tenancy, errand: Errand) -> ConsentRule:
        """Our own portal is no application that somebody might mistrust."""
        client = tenancy.clients.find(getattr(errand, "client_id", None) or "")
        asks = client is None or BY_NAME[client.kind].asks_consent
        return self._flow.rules.consent_to(errand) if asks else "never"

    def _step(
        self, tenancy: Tenancy, errand: Errand, progress: Progress, sign_in: SignIn | None
    ) -> Step | OAuthError:
        facts = Facts(
            halfway=owed_after(tenancy, standing(self._world, tenancy, progress)),
            sign_in=sign_in,
            owed=owed_by(tenancy, sign_in),
            must_change_password=sign_in is not None
            and tenancy.directory.password_is_one_time(sign_in.user_id),
            consented=sign_in is not None and _has_consented(tenancy, errand, sign_in),
            consent_rule=self._consent_rule(tenancy, errand),
            now=self._world.clock.now(),
        )
        return interaction.next_step(errand, progress, facts)


def _has_consented(tenancy: Tenancy, errand: Errand, sign_in: SignIn) -> bool:
    if not isinstance(errand, AuthorizationRequest):
        return False
    consent = tenancy.sign_ins.consent(sign_in.user_id, errand.client_id)
    return consent is not None and set(errand.scopes) <= set(consent.scopes)
