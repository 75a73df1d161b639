"""The token endpoint: authenticate the client, decide by the grant's row, spend, sign, or refuse.

A refusal is a returned value and leaves its mark: in the journal of the client's tenant, or only
in the log where no client is known. Nothing is signed inside a transaction.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from msgspec import Struct

from gatepost.model import client_kinds
from gatepost.protocol import claims, resources
from gatepost.protocol.claims import Principal
from gatepost.protocol.grants import GRANTS, Grant, client_credentials
from gatepost.protocol.grants.decisions import Issue, invalid_grant
from gatepost.protocol.grants.request import GrantRequest
from gatepost.protocol.id_tokens import Beside
from gatepost.protocol.parameters import OAuthError, invalid_request, printable
from gatepost.services import evidence
from gatepost.services.client_login import ClientLogin, FormRequest, KnownClient
from gatepost.services.evidence import Presented
from gatepost.services.flows import RefreshRules
from gatepost.services.issuing import Mint
from gatepost.services.principals import mark
from gatepost.services.redemption import Promised, Redeemed, Redemption
from gatepost.services.repeats import Granted, Repeats
from gatepost.services.world import World

_REFRESH_TOKEN_BYTES = 32
_MAX_PRESENTED = 500
_BEARER = "Bearer"


class Tokens(Struct, frozen=True, omit_defaults=True):
    """A successful answer (RFC 6749, 5.1), with its members as they are sent."""

    access_token: str
    expires_in: int
    scope: str
    token_type: str
    id_token: str | None = None
    refresh_token: str | None = None

    def __repr__(self) -> str:
        return f"Tokens(***, expires_in={self.expires_in}, scope={self.scope!r})"


class TokenService:
    """Issues tokens under one issuer."""

    def __init__(self, world: World, login: ClientLogin, mint: Mint, refresh: RefreshRules) -> None:
        self._world = world
        self._login = login
        self._mint = mint
        self._redemption = Redemption(world, login.cards, refresh)
        self._resources = resources.known(mint.issuer)
        self._repeats = Repeats(world, login.cards)

    def at_hand(self, words: bytes, read: Callable[[], FormRequest | None]) -> Tokens | None:
        """Tokens, where they need nothing of the store and nothing is wrong; None otherwise.

        `words` is all of the request that counts, and `read` gives its form, for words that were
        not heard before.
        """
        name = self._repeats.name(words)
        granted = self._repeats.find(name)
        if granted is None or self._login.owes(granted.known):
            granted = self._granted_at_hand(read())
            if granted is None:
                return None
            self._repeats.keep(name, granted)
        self._login.note_use(granted.known)
        return self._given(granted)

    def answer(self, request: FormRequest) -> Tokens | OAuthError:
        """Tokens, or the error to send."""
        if "grant_type" not in request.form:
            return invalid_request("grant_type is missing", "no_grant_type")
        known = self._login.known(request)
        if isinstance(known, OAuthError):
            return known
        # Nobody is asked for consent to our own portal, so nothing of it may be had from outside.
        is_ours = client_kinds.BY_NAME[known.client.kind].is_ours
        outcome = _ONLY_WITHIN if is_ours else self._answer(known, request)
        if isinstance(outcome, OAuthError) and outcome.reason not in _EXPECTED:
            self._login.remember(known.tenant_id, known.id, outcome, request.origin)
        return outcome

    def answer_together(
        self, requests: Sequence[FormRequest]
    ) -> Sequence[Callable[[], Tokens] | None]:
        """For each request what signs its tokens; None for one that `answer` has to look at.

        What they rest on is used up already, in one transaction for all. Only what is right is
        answered so.
        """
        promised = [self._promised(request) for request in requests]
        there = [each for each in promised if each is not None]
        spent = self._world.store.spend_all([each.spending for each in there]) if there else ()
        done = iter(spent)
        return [
            partial(self._kept, each) if each is not None and next(done) else None
            for each in promised
        ]

    def _granted_at_hand(self, request: FormRequest | None) -> Granted | None:
        if request is None or request.form.get("grant_type") != client_credentials.GRANT_TYPE:
            return None
        known = self._login.at_hand(request)
        if known is None or self._presented(known, _FOR_ITSELF, request) is not None:
            return None
        granted = self._for_itself(known, _FOR_ITSELF, request)
        return granted if isinstance(granted, Granted) else None

    def _promised(self, request: FormRequest) -> Promised | None:
        row = GRANTS.get(request.form.get("grant_type", ""))
        known = self._login.at_hand(request) if row and row.evidence != "device_code" else None
        if row is None or row.evidence is None or known is None:
            return None
        what = self._presented(known, row, request)
        if not isinstance(what, Presented) or client_kinds.BY_NAME[known.client.kind].is_ours:
            return None
        return self._redemption.promised(known, row, what, request)

    def _kept(self, promised: Promised) -> Tokens:
        self._login.note_use(promised.known)
        return self._sign(promised.known, promised.redeemed)

    def redeem_within(self, request: FormRequest) -> Tokens | OAuthError:
        """Redeem a code for our own portal, which does not come in by the endpoint."""
        known = self._login.known(request)
        return known if isinstance(known, OAuthError) else self._answer(known, request)

    def _answer(self, known: KnownClient, request: FormRequest) -> Tokens | OAuthError:
        row = _grant_for(request.form["grant_type"])
        if isinstance(row, OAuthError):
            return row
        what = self._presented(known, row, request)
        if isinstance(what, OAuthError):
            return what
        if what is None:
            granted = self._for_itself(known, row, request)
            return granted if isinstance(granted, OAuthError) else self._given(granted)
        redeemed = self._redemption.redeem(known, row, what, request)
        return redeemed if isinstance(redeemed, OAuthError) else self._sign(known, redeemed)

    def _presented(
        self, known: KnownClient, row: Grant, request: FormRequest
    ) -> Presented | OAuthError | None:
        """The code or token that a grant is asked for with; None for one that needs none."""
        if row.grant_type not in client_kinds.BY_NAME[known.client.kind].grants:
            return _NOT_ALLOWED
        unknown = resources.fault(request.form, self._resources)
        if unknown is not None or row.evidence is None:
            return unknown
        value = request.form.get(row.evidence)
        if value is None:
            return invalid_request(f"{row.evidence} is missing", "no_evidence")
        if len(value) > _MAX_PRESENTED:
            return invalid_grant(f"this {row.evidence} is too long to be one", "evidence_too_long")
        return evidence.presented(self._world, row.evidence, value)

    def _for_itself(
        self, known: KnownClient, row: Grant, request: FormRequest
    ) -> Granted | OAuthError:
        decision = row.decide(GrantRequest(request.form, known.client, None, self._now()))
        if not isinstance(decision, Issue):
            return decision if isinstance(decision, OAuthError) else _NOT_POSSIBLE
        stands = known.card.standing
        if stands is None:
            return invalid_grant("the client may not act", "principal_inactive")
        token_mark = mark(stands.incarnation, known.secret_id or 0)
        principal = Principal(
            known.tenant_id, claims.client_subject(known.id), known.id, token_mark, *stands[1:]
        )
        lifetime = known.client.settings.access_token_lifetime
        return Granted(known, principal, decision.scopes, lifetime, known.secret_ends_at)

    def _given(self, granted: Granted) -> Tokens:
        scopes, lifetime = granted.scopes, granted.lifetime
        token = self._mint.access_token(granted.principal, scopes, lifetime)
        return Tokens(token, lifetime, " ".join(scopes), _BEARER)

    def _sign(self, known: KnownClient, redeemed: Redeemed) -> Tokens:
        issue, family, principal, person, refresh = redeemed
        lifetime = known.client.settings.access_token_lifetime
        token = self._mint.access_token(principal, issue.scopes, lifetime)
        id_token = None
        if issue.with_id_token:
            beside = Beside(nonce=issue.nonce, access_token=token)
            id_token = self._mint.id_token(family, person, beside)
        return Tokens(token, lifetime, " ".join(issue.scopes), _BEARER, id_token, refresh)

    def _now(self) -> datetime:
        return self._world.clock.now()


_FOR_ITSELF = GRANTS[client_credentials.GRANT_TYPE]
# What every waiting device is told again and again is no refusal to keep.
_EXPECTED = frozenset({"device_waits", "polled_too_soon"})
_ONLY_WITHIN = OAuthError(
    "unauthorized_client", "this client is the server's own", "client_of_the_server"
)
_NOT_ALLOWED = OAuthError(
    "unauthorized_client",
    "a client of this kind may not use this grant type",
    "grant_not_allowed",
)
_NOT_POSSIBLE = OAuthError("server_error", "a grant without evidence cannot be replayed", "bug")


def _grant_for(grant_type: str) -> Grant | OAuthError:
    grant = GRANTS.get(grant_type)
    if grant is None:
        return OAuthError(
            "unsupported_grant_type",
            f"the grant type {printable(grant_type)} is not supported; "
            f"supported: {' '.join(GRANTS)}",
            "unsupported_grant_type",
        )
    return grant
