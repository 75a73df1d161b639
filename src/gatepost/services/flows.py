"""What the services of the flows share: their rules, and how they end."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import NamedTuple

from gatepost.model.clients import StoredClient
from gatepost.model.events import ANONYMOUS, Action, Event, Origin
from gatepost.model.people import User
from gatepost.model.requests import AccountPart, AuthorizationRequest, Errand, Pending
from gatepost.model.sign_ins import SignIn
from gatepost.model.tenants import Tenant
from gatepost.ports import PasskeyVerifier
from gatepost.protocol.authorization import ShowError
from gatepost.protocol.interaction import ConsentRule, Step
from gatepost.protocol.parameters import OAuthError, invalid_request
from gatepost.services.issuing import Mint
from gatepost.services.refusals import RefusalBook
from gatepost.services.world import World


class RefreshRules(NamedTuple):
    """How long refresh tokens live: without use, and at all (R-26)."""

    idle: timedelta
    absolute: timedelta


class FlowRules(NamedTuple):
    """What the operator set for the flows, and what follows from where the server is reached.

    `try_out_uri` is where the portal takes answers in place of an application that is tried out.
    """

    consent: ConsentRule
    refresh: RefreshRules
    resources: frozenset[str]
    try_out_uri: str

    def is_try_out(self, errand: Errand) -> bool:
        """Whether the answer goes to the portal, in place of the application."""
        if not isinstance(errand, AuthorizationRequest):
            return False
        return errand.redirect_uri == self.try_out_uri

    def consent_to(self, errand: Errand) -> ConsentRule:
        """Whether a yes is asked for; in a try-out it is good for that errand alone (R-38)."""
        is_asked = self.consent != "never"
        return "always" if is_asked and self.is_try_out(errand) else self.consent


class Flow(NamedTuple):
    """What the services of the flows are handed."""

    world: World
    mint: Mint
    refusals: RefusalBook
    rules: FlowRules
    passkeys: PasskeyVerifier

    def refuse(self, tenant_id: str, error: OAuthError, origin: Origin, shown: "Shown") -> None:
        """Write into the tenant's journal that a request was refused, and what was known."""
        self.refusals.remember(
            tenant_id,
            Event(
                at=self.world.clock.now(),
                action=Action.AUTHORIZATION_REFUSED,
                actor=ANONYMOUS,
                origin=origin,
                target=shown.target,
                reason=error.reason,
                after=dict(shown.known) or None,
            ),
        )


class Shown(NamedTuple):
    """Whom and what a refusal is about, for the journal."""

    target: str
    known: Mapping[str, object] = MappingProxyType({})


class Reference(NamedTuple):
    """How a page names an errand: the tenant it is kept in, and its id there."""

    tenant_id: str
    pending_id: str

    @property
    def text(self) -> str:
        """As it stands in addresses and forms."""
        return f"{self.tenant_id}.{self.pending_id}"

    @classmethod
    def parse(cls, text: str) -> "Reference | None":
        """Back from the text; None for what cannot be one."""
        tenant_id, dot, pending_id = text.partition(".")
        usual = dot and pending_id and len(text) <= _MAX_REFERENCE and text.isascii()
        return cls(tenant_id, pending_id) if usual else None


class Stand(NamedTuple):
    """Where an errand stands: the next step or the error it ends with, and what a page shows."""

    step: Step | OAuthError
    reference: Reference
    pending: Pending
    tenant: Tenant
    client: StoredClient | None
    person: User | None
    sign_in: SignIn | None


class Next(NamedTuple):
    """The browser has to go to a page."""

    reference: Reference
    step: Step


class Home(NamedTuple):
    """The errand was the person's own: they go on to one of our pages."""

    page: str
    client_name: str = ""
    part: AccountPart = ""


ACCOUNT_PAGE = "account"
DEVICE_ALLOWED_PAGE = "device/allowed"
DEVICE_DENIED_PAGE = "device/denied"
_MAX_REFERENCE = 200
SWITCHED_OFF = ShowError(
    OAuthError("unauthorized_client", "the application was switched off here", "client_disabled")
)
GONE = ShowError(
    invalid_request(
        "this sign-in was finished or took too long; go back to the application and start again",
        "errand_gone",
    )
)
OTHER_BROWSER = ShowError(
    invalid_request(
        "this page belongs to a sign-in that was started in another browser, or cookies are "
        "blocked; go back to the application and start again",
        "errand_of_another_browser",
    )
)
