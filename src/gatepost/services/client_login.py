"""Which client is calling: the same answer for every endpoint that clients call (R-19..R-21)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from gatepost.model import client_kinds, throttle
from gatepost.model.clients import StoredClient, extension
from gatepost.model.events import ANONYMOUS, Action, Actor, Event, Origin
from gatepost.ports import SecretUse
from gatepost.protocol import client_authentication
from gatepost.protocol.client_assertions import (
    AssertionClaims,
    check_assertion_claims,
    claimed_client,
)
from gatepost.protocol.client_authentication import Credentials, refused
from gatepost.protocol.parameters import OAuthError
from gatepost.services.cards import Cards, ClientCard
from gatepost.services.floods import Flood
from gatepost.services.named_clients import folded_id
from gatepost.services.refusals import RefusalBook
from gatepost.services.secret_renewal import SecretRenewal
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

    card: ClientCard
    secret_id: int | None

    @property
    def tenant_id(self) -> str:
        """The client's tenant."""
        return self.card.tenant_id

    @property
    def client(self) -> StoredClient:
        """The client with its settings."""
        return self.card.client

    @property
    def id(self) -> str:
        """The client's id."""
        return self.card.client.settings.id

    @property
    def secret_ends_at(self) -> datetime | None:
        """When the secret expires that the client came with."""
        ends = (known.expires_at for known in self.card.digests if known.id == self.secret_id)
        return next(ends, None)


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

    def __init__(self, world: World, audiences: frozenset[str], books: Books, cards: Cards) -> None:
        self.cards = cards
        self._world = world
        self._audiences = audiences
        self._usage = books.usage
        self._refusals = books.refusals
        self._renewal = SecretRenewal(world)
        self._flood = Flood(world.clock, throttle.FAILED_CLIENTS, "too_many_failed_clients")

    def at_hand(self, request: FormRequest) -> KnownClient | None:
        """The client, where that needs no store and nothing is wrong; its use is not noted yet."""
        found = client_authentication.presented(request.authorization, request.form)
        if isinstance(found, OAuthError) or found.assertion:
            return None
        card = self.cards.client_at_hand(folded_id(found.client_id))
        known = None if card is None else self._authenticated(card, found)
        return known if isinstance(known, KnownClient) and not self.owes(known) else None

    def owes(self, known: KnownClient) -> bool:
        """Whether the digest of its secret is to be made anew, which is done by `known`."""
        return self._renewal.is_due(known.card, known.secret_id)

    def known(self, request: FormRequest) -> KnownClient | OAuthError:
        """The client, or the error to send; a refusal leaves its mark."""
        found = client_authentication.presented(request.authorization, request.form)
        if isinstance(found, OAuthError):
            return self._refuse_nobody(found, request)
        credentials = found._replace(client_id=folded_id(found.client_id))
        card = self.cards.client(credentials.client_id)
        if card is None:
            # Its secret is looked at all the same. More is not hidden: ids of clients are public.
            self._world.secrets.digests(credentials.secret)
            return self._refuse_nobody(refused("unknown_client"), request)
        known = self._authenticated(card, credentials)
        if isinstance(known, _Asserted):
            known = self._proved_once(*known)
        if not isinstance(known, OAuthError):
            if known.secret_id and self.owes(known):
                self._renewal.renew(known.card, known.secret_id, credentials.secret)
            self.note_use(known)
            return known
        too_many = self._flood.refusal(request.origin.address)
        if too_many is None:
            self.remember(card.tenant_id, credentials.client_id, known, request.origin)
        return too_many or known

    def note_use(self, known: KnownClient) -> None:
        """Count a use of the client's secret."""
        use = SecretUse(known.id, known.secret_id or 0, 1, self._world.clock.now())
        self._usage.note(known.tenant_id, use)

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
        self, card: ClientCard, credentials: Credentials
    ) -> KnownClient | _Asserted | OAuthError:
        found = self._by_its_method(card, credentials)
        if not isinstance(found, OAuthError) and not card.client.settings.enabled:
            return refused("client_disabled")
        return found

    def _by_its_method(
        self, card: ClientCard, credentials: Credentials
    ) -> KnownClient | _Asserted | OAuthError:
        has_secret = client_kinds.BY_NAME[card.client.kind].has_secret
        if credentials.assertion:
            claims = self._read_assertion(card.client, credentials)
            if isinstance(claims, OAuthError):
                return claims
            return _Asserted(KnownClient(card, BY_KEY), claims)
        if not credentials.secret:
            return refused("no_credentials") if has_secret else KnownClient(card, None)
        if not has_secret:
            return refused("secret_of_public_client")
        digests = self._world.secrets.digests(credentials.secret)
        now = self._world.clock.now()
        match = client_authentication.matching_secret(card.digests, digests, now)
        return match if isinstance(match, OAuthError) else KnownClient(card, match.id)

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
        keys = self._world.secrets.digests_of("attempts", f"assertion {known.id} {claims.jti}")
        with self._world.store.writing(known.tenant_id) as tenancy:
            if tenancy.sign_ins.attempts(keys):
                return refused("assertion_reused")
            tenancy.sign_ins.save_attempts({keys[0]: claims.expires_at})
        return known

    def _refuse_nobody(self, error: OAuthError, request: FormRequest) -> OAuthError:
        """A refusal that no tenant's journal can hold, because no client is known yet."""
        too_many = self._flood.refusal(request.origin.address)
        if too_many is not None:
            return too_many
        claimed = request.form.get("client_id", "")
        self._refusals.tell(Action.TOKEN_REFUSED, error.reason, claimed, request.origin)
        return error


def registered_keys(client: StoredClient) -> Mapping[str, Any] | None:
    """The public keys that an administrator registered for the client."""
    keys: Mapping[str, Any] | None = extension(client.settings, "jwks")
    return keys
