"""Which client is calling: the same answer for every endpoint that clients call (R-19..R-21)."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from gatepost.model import client_kinds
from gatepost.model.clients import StoredClient, extension
from gatepost.model.events import ANONYMOUS, DEPLOYMENT, Action, Actor, Event, Origin
from gatepost.ports import SecretUse, Tenancy
from gatepost.protocol import client_authentication
from gatepost.protocol.client_assertions import (
    AssertionClaims,
    check_assertion_claims,
    claimed_client,
)
from gatepost.protocol.client_authentication import Credentials, refused
from gatepost.protocol.parameters import OAuthError
from gatepost.services.named_clients import folded_id
from gatepost.services.refusals import RefusalBook
from gatepost.services.usage import UsageBook
from gatepost.services.world import World

BY_KEY = 0


class FormRequest(NamedTuple):
    """What reached an endpoint that clients call."""

    form: Mapping[str, str]
    authorization: str | None
    origin: Origin

    def __repr__(self) -> str:
        return "FormRequest(***)"


class KnownClient(NamedTuple):
    """The client that is calling; `secret_id` is 0 for a key and None for a public client."""

    tenant_id: str
    client: StoredClient
    secret_id: int | None

    @property
    def id(self) -> str:
        """The client's id."""
        return self.client.settings.id


class Books(NamedTuple):
    """What is written down beside the answers."""

    usage: UsageBook
    refusals: RefusalBook


class _Asserted(NamedTuple):
    """A client that signed an assertion, which must be used only once."""

    known: KnownClient
    claims: AssertionClaims


class ClientLogin:
    """Authenticates clients for the endpoints of one issuer."""

    def __init__(self, world: World, audiences: frozenset[str], books: Books) -> None:
        self._world = world
        self._audiences = audiences
        self._usage = books.usage
        self._refusals = books.refusals

    def known(self, request: FormRequest) -> KnownClient | OAuthError:
        """The client, or the error to send; a refusal leaves its mark."""
        found = client_authentication.presented(request.authorization, request.form)
        if isinstance(found, OAuthError):
            return self._refuse_nobody(found, request)
        credentials = found._replace(client_id=folded_id(found.client_id))
        with self._world.store.reading_all() as deployment:
            tenant_id = deployment.tenant_of_client(credentials.client_id)
        if tenant_id is None:
            self._look_busy(credentials)
            return self._refuse_nobody(refused("unknown_client"), request)
        with self._world.store.reading(tenant_id) as tenancy:
            known = self._authenticated(tenancy, tenant_id, credentials)
        if isinstance(known, _Asserted):
            known = self._proved_once(*known)
        if isinstance(known, OAuthError):
            self.remember(tenant_id, credentials.client_id, known, request.origin)
        else:
            use = SecretUse(known.id, known.secret_id or 0, 1, self._world.clock.now())
            self._usage.note(tenant_id, use)
        return known

    def remember(self, tenant_id: str, client_id: str, error: OAuthError, origin: Origin) -> None:
        """Write a refusal into the journal of the client's tenant."""
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

    def _authenticated(
        self, tenancy: Tenancy, tenant_id: str, credentials: Credentials
    ) -> KnownClient | _Asserted | OAuthError:
        client = tenancy.clients.find(credentials.client_id)
        if client is None:
            return refused("unknown_client")
        found = self._by_its_method(tenancy, tenant_id, client, credentials)
        if not isinstance(found, OAuthError) and not client.settings.enabled:
            return refused("client_disabled")
        return found

    def _by_its_method(
        self, tenancy: Tenancy, tenant_id: str, client: StoredClient, credentials: Credentials
    ) -> KnownClient | _Asserted | OAuthError:
        has_secret = client_kinds.BY_NAME[client.kind].has_secret
        if credentials.assertion:
            claims = self._read_assertion(client, credentials)
            if isinstance(claims, OAuthError):
                return claims
            return _Asserted(KnownClient(tenant_id, client, BY_KEY), claims)
        if not credentials.secret:
            if has_secret:
                return refused("no_credentials")
            return KnownClient(tenant_id, client, None)
        if not has_secret:
            return refused("secret_of_public_client")
        digest = self._world.secrets.digest(credentials.secret)
        digests = tenancy.clients.digests(client.settings.id)
        match = client_authentication.matching_secret(digests, digest, self._world.clock.now())
        if isinstance(match, OAuthError):
            return match
        return KnownClient(tenant_id, client, match.id)

    def _read_assertion(
        self, client: StoredClient, credentials: Credentials
    ) -> AssertionClaims | OAuthError:
        """RFC 7523, 3: signed by a key that the administrator registered, for us, just now."""
        key_set = registered_keys(client)
        if key_set is None:
            return refused("no_keys_registered")
        payload = self._world.client_keys.verify(key_set, credentials.assertion)
        if payload is None:
            return refused("bad_assertion_signature")
        # The id as the client writes it: `credentials` has it in the form in which it is kept.
        written = claimed_client(credentials.assertion) or client.settings.id
        claims = check_assertion_claims(payload, written, self._audiences, self._world.clock.now())
        return refused(claims) if isinstance(claims, str) else claims

    def _proved_once(self, known: KnownClient, claims: AssertionClaims) -> KnownClient | OAuthError:
        """An assertion is good once: its id is kept until it has expired."""
        key = self._world.secrets.digest_of("attempts", f"assertion {known.id} {claims.jti}")
        with self._world.store.writing(known.tenant_id) as tenancy:
            if tenancy.sign_ins.attempts([key]):
                return refused("assertion_reused")
            tenancy.sign_ins.save_attempts({key: claims.expires_at})
        return known

    def _look_busy(self, credentials: Credentials) -> None:
        """Do for an unknown client what is done for a known one, so that time tells little."""
        self._world.secrets.digest(credentials.secret)
        with self._world.store.reading(DEPLOYMENT) as nobody:
            nobody.clients.find(credentials.client_id)
            nobody.clients.digests(credentials.client_id)

    def _refuse_nobody(self, error: OAuthError, request: FormRequest) -> OAuthError:
        """A refusal that no tenant's journal can hold, because no client is known yet."""
        claimed = request.form.get("client_id", "")
        self._refusals.tell(Action.TOKEN_REFUSED, error.reason, claimed, request.origin)
        return error


def registered_keys(client: StoredClient) -> Mapping[str, Any] | None:
    """The public keys that an administrator registered for the client."""
    keys: Mapping[str, Any] | None = extension(client.settings, "jwks")
    return keys
