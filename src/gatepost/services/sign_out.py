"""RP-initiated logout: what the request proves, what is still to be asked, and the end."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gatepost.model.clients import StoredClient
from gatepost.model.people import User
from gatepost.model.tenants import Tenant
from gatepost.model.uris import MAX_LENGTH
from gatepost.protocol import logout, redirects
from gatepost.protocol.logout import Hint
from gatepost.protocol.parameters import invalid_request
from gatepost.services.browsers import Browser, sign_in_of, tenants_of
from gatepost.services.courier import Courier
from gatepost.services.endings import Ended
from gatepost.services.flows import Flow, Shown
from gatepost.services.named_clients import folded_id
from gatepost.services.sessions import leave_session


class SignOutRequest(NamedTuple):
    """What a request to sign out amounts to. `proved` needs no question."""

    proved: bool
    tenant: Tenant | None
    client: StoredClient | None
    person: User | None
    way_back: str | None


EVERYWHERE = SignOutRequest(proved=True, tenant=None, client=None, person=None, way_back=None)


class SignedOut(NamedTuple):
    """The browser is signed out: the tokens it keeps, the frames to show."""

    sessions: tuple[str, ...]
    silents: tuple[str, ...]
    frames: tuple[str, ...]

    def __repr__(self) -> str:
        return "SignedOut(***)"


class _About(NamedTuple):
    """Which client and which person a request speaks of, as far as it can be believed."""

    tenant_id: str | None
    client_id: str | None
    hint: Hint | None


class SignOutService:
    """Ends the sign-ins of a browser."""

    def __init__(self, flow: Flow, courier: Courier) -> None:
        self._flow = flow
        self._world = flow.world
        self._courier = courier

    def asked(self, parameters: Mapping[str, str], browser: Browser) -> SignOutRequest:
        """What is asked, and whether the person must confirm it (R-40)."""
        about = self._about(parameters)
        if about.tenant_id is None:
            return self._of_nobody_known(browser)
        with self._world.store.reading(about.tenant_id) as tenancy:
            client = tenancy.clients.find(about.client_id or "")
            sign_in = sign_in_of(self._world, tenancy, browser)
            person = tenancy.directory.user(sign_in.user_id) if sign_in else None
            tenant = tenancy.directory.tenant()
        proved = about.hint is not None and (
            sign_in is None or about.hint.sid == sign_in.id or about.hint.sub == sign_in.user_id
        )
        way_back = self._way_back(about.tenant_id, parameters, client, browser)
        refused = way_back is None and "post_logout_redirect_uri" in parameters
        return SignOutRequest(proved and not refused, tenant, client, person, way_back)

    def sign_out(self, request: SignOutRequest, browser: Browser) -> SignedOut:
        """End this browser's sign-ins: in the client's tenant, or all where none is named."""
        tenants = [request.tenant.id] if request.tenant else list(tenants_of(self._world, browser))
        ended = Ended()
        for tenant_id in tenants:
            with self._world.store.writing(tenant_id) as tenancy:
                left = leave_session(self._flow, tenancy, browser)
            ended += left.ended
            browser = browser._replace(sessions=left.cookies.sessions, silents=left.cookies.silents)
        self._courier.send(ended.notes)
        return SignedOut(browser.sessions, browser.silents, ended.frames)

    def _about(self, parameters: Mapping[str, str]) -> _About:
        named = folded_id(parameters.get("client_id", "")) or None
        hint = None
        if "id_token_hint" in parameters:
            hint = self._flow.mint.read_hint(parameters["id_token_hint"])
            if hint is not None and named not in (None, hint.aud):
                hint = None
        client_id = hint.aud if hint is not None else named
        if client_id is None:
            return _About(None, None, None)
        with self._world.store.reading_all() as deployment:
            return _About(deployment.tenant_of_client(client_id), client_id, hint)

    def _of_nobody_known(self, browser: Browser) -> SignOutRequest:
        """No client is named, so the person is asked, and nobody is sent anywhere."""
        for tenant_id in tenants_of(self._world, browser):
            with self._world.store.reading(tenant_id) as tenancy:
                sign_in = sign_in_of(self._world, tenancy, browser)
                if sign_in is not None:
                    person = tenancy.directory.user(sign_in.user_id)
                    return EVERYWHERE._replace(proved=False, person=person)
        return EVERYWHERE

    def _way_back(
        self,
        tenant_id: str,
        parameters: Mapping[str, str],
        client: StoredClient | None,
        browser: Browser,
    ) -> str | None:
        if client is None or "post_logout_redirect_uri" not in parameters:
            return None
        registered = getattr(client.settings, "post_logout_redirect_uris", ())
        target = logout.way_back(parameters, client.settings.id, registered)
        if target is None:
            error = invalid_request("the address is not registered", "logout_uri_unknown")
            known = _known(registered, parameters["post_logout_redirect_uri"])
            shown = Shown(client.settings.id, known)
            self._flow.refuse(tenant_id, error, browser.origin, shown)
            return None
        state = parameters.get("state")
        if state is not None and len(state) > logout.MAX_STATE:
            state = None
        return logout.way_back_address(target, state)


def _known(registered: Sequence[str], asked: str) -> dict[str, object]:
    """What the journal tells of a refused address. One that is cut is too long to be registered."""
    known: dict[str, object] = {"Sent": asked[: MAX_LENGTH + 1], "Registered": list(registered)}
    found = redirects.difference(registered, asked)
    if found is not None:
        known |= {"Nearest": found.nearest, "FirstDifference": found.position + 1}
    return known | {"Mend": "Register the address under Allowed Logout Redirect URL(s)."}
