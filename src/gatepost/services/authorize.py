"""The authorization endpoint: read the request, and answer it at once or begin an errand.

A bad client or redirect address is shown to the person and never redirected (R-03).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from gatepost.model import throttle
from gatepost.model.clients import StoredClient
from gatepost.model.events import Action
from gatepost.model.grants import PUSHED_LIFETIME, PushedRequest
from gatepost.model.requests import AuthorizationRequest
from gatepost.ports import Tenancy
from gatepost.protocol import authorization, request_lengths, request_objects, response
from gatepost.protocol.authorization import Expected, ShowError
from gatepost.protocol.parameters import OAuthError, invalid_request
from gatepost.protocol.redirects import Target
from gatepost.protocol.response import Answer
from gatepost.protocol.scopes import split
from gatepost.services.browsers import Browser
from gatepost.services.client_login import ClientLogin, FormRequest, KnownClient, registered_keys
from gatepost.services.digests import first_found
from gatepost.services.errands import Errands
from gatepost.services.finishing import error_fields, placed
from gatepost.services.floods import Flood
from gatepost.services.flows import Flow, Home, Next, Shown
from gatepost.services.named_clients import folded_id

REQUEST_URI_PREFIX = "urn:ietf:params:oauth:request_uri:"
_REQUEST_BYTES = 32
_QUIET = frozenset({"login_required", "consent_required", "interaction_required"})

Outcome = Answer | Next | ShowError


class Pushed(NamedTuple):
    """A pushed request was kept (RFC 9126, 2.2)."""

    request_uri: str
    expires_in: int


class _Read(NamedTuple):
    """A request whose address is in order, and what it says or what is wrong with it."""

    tenant_id: str
    target: Target
    parameters: Mapping[str, str]
    request: AuthorizationRequest | OAuthError


class AuthorizeService:
    """Begins authorization requests."""

    def __init__(self, flow: Flow, errands: Errands, login: ClientLogin) -> None:
        self._flow = flow
        self._world = flow.world
        self._errands = errands
        self._login = login
        self._flood = Flood(flow.world.clock, throttle.BEGUN_BY_STRANGERS, "too_many_begun")

    def begin(self, parameters: Mapping[str, str], browser: Browser) -> Outcome:
        """Answer at once where no page is needed, or name the first page."""
        too_many = self._flood.refusal(browser.origin.address)
        if too_many is not None:
            return ShowError(too_many)
        read = self._read(parameters, browser)
        if isinstance(read, ShowError):
            return read
        if isinstance(read.request, OAuthError):
            return self._refuse(read, read.request, browser)
        outcome = self._errands.begin(read.tenant_id, read.request, browser)
        if isinstance(outcome, OAuthError):
            return self._refuse(read, outcome, browser)
        assert not isinstance(outcome, Home)  # noqa: S101  (only errands of our own end at home)
        return outcome

    def keep_posted(self, parameters: Mapping[str, str], browser: Browser) -> Pushed | Outcome:
        """A request that came by POST, from another site and so without our cookies.

        It is checked and kept, and the browser comes back for it by GET, with them.
        """
        too_many = self._flood.refusal(browser.origin.address)
        if too_many is not None:
            return ShowError(too_many)
        read = self._read(parameters, browser)
        if isinstance(read, ShowError):
            return read
        if isinstance(read.request, OAuthError):
            return self._refuse(read, read.request, browser)
        return self._keep(read)

    def push(self, request: FormRequest) -> Pushed | OAuthError:
        """A request that a client sends ahead of the browser (RFC 9126)."""
        known = self._login.known(request)
        if isinstance(known, OAuthError):
            return known
        if known.secret_id is None:  # anybody knows the id of a public client
            too_many = self._flood.refusal(request.origin.address)
            if too_many is not None:
                return too_many
        outcome = self._pushed(known, request.form)
        if isinstance(outcome, OAuthError):
            self._login.remember(known.tenant_id, known.id, outcome, request.origin)
            return outcome
        return self._keep(outcome)

    def _pushed(self, known: KnownClient, form: Mapping[str, str]) -> _Read | OAuthError:
        if "request_uri" in form:
            return invalid_request("request_uri cannot be pushed", "request_uri_pushed")
        sent = {name: form[name] for name in form if name not in _CREDENTIALS}
        read = self._compared(known.tenant_id, known.client, sent | {"client_id": known.id})
        if isinstance(read, ShowError):
            return read.error
        return read.request if isinstance(read.request, OAuthError) else read

    def _keep(self, read: _Read) -> Pushed:
        reference = self._world.dice.token(_REQUEST_BYTES)
        now = self._world.clock.now()
        with self._world.store.writing(read.tenant_id) as tenancy:
            tenancy.grants.add_pushed(
                PushedRequest(
                    digest=self._world.secrets.digest_of("pushed-request", reference),
                    client_id=read.target.client_id,
                    parameters={
                        name: value
                        for name, value in read.parameters.items()
                        if name in request_lengths.READ
                    },
                    created_at=now,
                    expires_at=now + PUSHED_LIFETIME,
                )
            )
        seconds = int(PUSHED_LIFETIME.total_seconds())
        return Pushed(REQUEST_URI_PREFIX + reference, seconds)

    def _read(self, parameters: Mapping[str, str], browser: Browser) -> _Read | ShowError:
        client_id = folded_id(parameters.get("client_id", ""))
        if not client_id:
            return self._unknown(client_id, "client_id is missing", browser)
        with self._world.store.reading_all() as deployment:
            tenant_id = deployment.tenant_of_client(client_id)
        if tenant_id is None:
            return self._unknown(client_id, "there is no such client", browser)
        taken = self._taken(tenant_id, client_id, parameters)
        if isinstance(taken, ShowError):
            return self._show(tenant_id, client_id, taken, browser)
        with self._world.store.reading(tenant_id) as tenancy:
            read = self._checked(tenancy, tenant_id, client_id, taken)
        if isinstance(read, ShowError):
            return self._show(tenant_id, client_id, read, browser)
        # After the store was closed: the keys may have to be read, on a connection of their own.
        return self._with_hint(read)

    def _checked(
        self, tenancy: Tenancy, tenant_id: str, client_id: str, parameters: Mapping[str, str]
    ) -> _Read | ShowError:
        client = tenancy.clients.find(client_id)
        if client is None or not client.settings.enabled:
            return ShowError(
                OAuthError(
                    "unauthorized_client", "the application is switched off here", "client_disabled"
                )
            )
        return self._compared(tenant_id, client, parameters)

    def _compared(
        self, tenant_id: str, client: StoredClient, parameters: Mapping[str, str]
    ) -> _Read | ShowError:
        """The request, compared with what is registered: first its address, then the rest."""
        opened = self._opened(client, parameters)
        if isinstance(opened, OAuthError):
            target = authorization.target(parameters, client)
            if isinstance(target, ShowError):
                return ShowError(opened)
            return _Read(tenant_id, target, parameters, opened)
        target = authorization.target(opened, client)
        if isinstance(target, ShowError):
            return target
        expected = Expected(tenant_id, self._flow.rules.resources)
        return _Read(
            tenant_id, target, opened, authorization.read(opened, target, client, expected)
        )

    def _opened(
        self, client: StoredClient, parameters: Mapping[str, str]
    ) -> Mapping[str, str] | OAuthError:
        """The parameters, out of the object that the client signed where it sent one."""
        keys = registered_keys(client)
        if "request" not in parameters or keys is None:
            return parameters
        payload = self._world.client_keys.verify(
            keys, parameters["request"], request_objects.TOKEN_TYPES
        )
        if payload is None:
            return request_objects.invalid("request_object_signature")
        issuer = self._flow.mint.issuer
        return request_objects.read(payload, client.settings.id, issuer, self._now())

    def _with_hint(self, read: _Read) -> _Read:
        """The request, for the person whom an id token of ours names."""
        if "id_token_hint" not in read.parameters or isinstance(read.request, OAuthError):
            return read
        hint = self._flow.mint.read_hint(read.parameters["id_token_hint"])
        if hint is None:
            problem = "id_token_hint is not an id token of ours"
            return read._replace(request=invalid_request(problem, "hint_malformed"))
        return read._replace(request=replace(read.request, hinted_user=hint.sub))

    def _taken(
        self, tenant_id: str, client_id: str, parameters: Mapping[str, str]
    ) -> Mapping[str, str] | ShowError:
        """The parameters themselves, or those that were pushed ahead; each is taken once."""
        reference = parameters.get("request_uri", "")
        if not reference.startswith(REQUEST_URI_PREFIX):
            return parameters
        value = reference.removeprefix(REQUEST_URI_PREFIX)
        digests = self._world.secrets.digests_of("pushed-request", value)
        with self._world.store.writing(tenant_id) as tenancy:
            pushed = first_found(tenancy.grants.pushed, digests)
            if pushed is None or pushed.client_id != client_id:
                return _NOT_PUSHED
            taken = tenancy.grants.remove_pushed(pushed.digest)
        return pushed.parameters if taken and self._now() < pushed.expires_at else _NOT_PUSHED

    def _refuse(self, read: _Read, error: OAuthError, browser: Browser) -> Answer:
        """An error that the application is told."""
        if error.reason not in _QUIET:
            shown = Shown(read.target.client_id)
            self._flow.refuse(read.tenant_id, error, browser.origin, shown)
        fields = error_fields(self._flow, error, read.parameters.get("state"))
        prompts = split(read.parameters.get("prompt", ""))
        return placed(read.target.uri, response.mode_for_errors(read.parameters), fields, prompts)

    def _show(
        self, tenant_id: str, client_id: str, shown: ShowError, browser: Browser
    ) -> ShowError:
        about = Shown(client_id, dict(shown.known))
        self._flow.refuse(tenant_id, shown.error, browser.origin, about)
        return shown

    def _unknown(self, client_id: str, words: str, browser: Browser) -> ShowError:
        """No tenant's journal can hold it, because no client is known."""
        self._flow.refusals.tell(
            Action.AUTHORIZATION_REFUSED, "unknown_client", client_id, browser.origin
        )
        return ShowError(OAuthError("unauthorized_client", words, "unknown_client"))

    def _now(self) -> datetime:
        return self._world.clock.now()


_CREDENTIALS = frozenset({"client_secret", "client_assertion", "client_assertion_type"})
_NOT_PUSHED = ShowError(
    OAuthError(
        "invalid_request_uri",
        "the request_uri is unknown, was used, or has expired",
        "request_uri_unknown",
    )
)
