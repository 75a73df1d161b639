"""The token endpoint: authenticate the client, decide by the grant's row, sign, or refuse.

A refusal is a returned value and leaves its mark: in the journal of the client's tenant, or only
in the log where no client is known.
"""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from gatepost.model import client_kinds
from gatepost.model.clients import SecretDigest, StoredClient
from gatepost.model.events import ANONYMOUS, DEPLOYMENT, Action, Actor, Event, Origin
from gatepost.ports import SecretUse, Tenancy
from gatepost.protocol import claims, client_authentication
from gatepost.protocol.client_authentication import Credentials
from gatepost.protocol.grants import GRANTS, Grant
from gatepost.protocol.grants.decisions import Issue
from gatepost.protocol.parameters import OAuthError, invalid_request, printable
from gatepost.services.keys import KeyRing
from gatepost.services.named_clients import folded_id
from gatepost.services.principals import mark, standing_of_client
from gatepost.services.refusals import RefusalBook
from gatepost.services.usage import UsageBook
from gatepost.services.world import World

_JTI_BYTES = 16
_encoder = msgspec.json.Encoder()


class TokenRequest(NamedTuple):
    """What reached the token endpoint."""

    form: Mapping[str, str]
    authorization: str | None
    origin: Origin

    def __repr__(self) -> str:
        return "TokenRequest(***)"


class Tokens(NamedTuple):
    """A successful answer (RFC 6749, 5.1)."""

    access_token: str
    expires_in: int
    scope: str

    def __repr__(self) -> str:
        return f"Tokens(access_token=***, expires_in={self.expires_in}, scope={self.scope!r})"


class Books(NamedTuple):
    """What is written down beside the answers."""

    usage: UsageBook
    refusals: RefusalBook


class TokenService:
    """Issues tokens under one issuer."""

    def __init__(self, world: World, issuer: str, ring: KeyRing, books: Books) -> None:
        self._world = world
        self._issuer = issuer
        self._ring = ring
        self._book = books.usage
        self._refusals = books.refusals

    def answer(self, request: TokenRequest) -> Tokens | OAuthError:
        """Tokens, or the error to send."""
        credentials = _presented(request)
        if isinstance(credentials, OAuthError):
            return self._refuse_nobody(credentials, request)
        client_id = credentials.client_id
        tenant_id = self._tenant_of(client_id)
        if tenant_id is None:
            self._look_busy(credentials)
            return self._refuse_nobody(client_authentication.refused("unknown_client"), request)
        with self._world.store.reading(tenant_id) as tenancy:
            outcome = self._decide(tenancy, tenant_id, credentials, request.form)
        if isinstance(outcome, OAuthError):
            self._remember_refusal(tenant_id, client_id, outcome, request.origin)
        return outcome

    def _look_busy(self, credentials: Credentials) -> None:
        """Do for an unknown client what is done for a known one, so that time tells little."""
        self._world.secrets.digest(credentials.secret)
        with self._world.store.reading(DEPLOYMENT) as nobody:
            nobody.clients.find(credentials.client_id)
            nobody.clients.digests(credentials.client_id)

    def _tenant_of(self, client_id: str) -> str | None:
        with self._world.store.reading_all() as deployment:
            return deployment.tenant_of_client(client_id)

    def _decide(
        self, tenancy: Tenancy, tenant_id: str, credentials: Credentials, form: Mapping[str, str]
    ) -> Tokens | OAuthError:
        client = tenancy.clients.find(credentials.client_id)
        if client is None:
            return client_authentication.refused("unknown_client")
        secret = self._authenticate(tenancy, client, credentials)
        if isinstance(secret, OAuthError):
            return secret
        grant = _grant_for(client, form["grant_type"])
        if isinstance(grant, OAuthError):
            return grant
        decision = grant.decide(form, client)
        if isinstance(decision, OAuthError):
            return decision
        now = self._world.clock.now()
        self._book.note(tenant_id, SecretUse(client.settings.id, secret.id, 1, now))
        return self._issue(tenancy, (tenant_id, secret.id), client, decision)

    def _authenticate(
        self, tenancy: Tenancy, client: StoredClient, credentials: Credentials
    ) -> SecretDigest | OAuthError:
        presented = self._world.secrets.digest(credentials.secret)
        digests = tenancy.clients.digests(client.settings.id)
        found = client_authentication.matching_secret(digests, presented, self._world.clock.now())
        if isinstance(found, SecretDigest) and not client.settings.enabled:
            return client_authentication.refused("client_disabled")
        return found

    def _issue(
        self, tenancy: Tenancy, stem: tuple[str, int], client: StoredClient, decision: Issue
    ) -> Tokens | OAuthError:
        tenant_id, secret_id = stem
        client_id = client.settings.id
        subject = claims.client_subject(client_id)
        stands = standing_of_client(tenancy, client)
        key = self._ring.signing()
        if stands is None or key is None:
            return OAuthError("server_error", "no signing key is active", "no_signing_key", 503)
        stands = stands._replace(incarnation=mark(stands.incarnation, secret_id))
        principal = claims.Principal(tenant_id, subject, client_id, *stands)
        lifetime = client.settings.access_token_lifetime
        payload = claims.access_claims(
            self._issuer,
            principal,
            decision.scopes,
            (self._world.clock.now(), lifetime),
            self._world.dice.token(_JTI_BYTES),
        )
        token = self._world.signer.sign(key, claims.ACCESS_TOKEN_TYPE, _encoder.encode(payload))
        return Tokens(token, lifetime, " ".join(decision.scopes))

    def _refuse_nobody(self, error: OAuthError, request: TokenRequest) -> OAuthError:
        """A refusal that no tenant's journal can hold, because no client is known yet."""
        claimed = request.form.get("client_id", "")
        self._refusals.tell(Action.TOKEN_REFUSED, error.reason, claimed, request.origin)
        return error

    def _remember_refusal(
        self, tenant_id: str, client_id: str, error: OAuthError, origin: Origin
    ) -> None:
        authenticated = error.error != "invalid_client"
        self._refusals.remember(
            tenant_id,
            Event(
                at=self._world.clock.now(),
                action=Action.TOKEN_REFUSED,
                actor=Actor("client", client_id) if authenticated else ANONYMOUS,
                origin=origin,
                target=client_id,
                reason=error.reason,
            ),
        )


def _presented(request: TokenRequest) -> Credentials | OAuthError:
    if "grant_type" not in request.form:
        return invalid_request("grant_type is missing", "no_grant_type")
    found = client_authentication.presented(request.authorization, request.form)
    if isinstance(found, OAuthError):
        return found
    return Credentials(folded_id(found.client_id), found.secret)


def _grant_for(client: StoredClient, grant_type: str) -> Grant | OAuthError:
    grant = GRANTS.get(grant_type)
    if grant is None:
        return OAuthError(
            "unsupported_grant_type",
            f"the grant type {printable(grant_type)} is not supported; "
            f"supported: {' '.join(GRANTS)}",
            "unsupported_grant_type",
        )
    if grant_type not in client_kinds.BY_NAME[client.kind].grants:
        return OAuthError(
            "unauthorized_client",
            "a client of this kind may not use this grant type",
            "grant_not_allowed",
        )
    return grant
