"""From a bearer token to a caller whose standing was just confirmed (R-27, R-30..R-34)."""

from gatepost.model.callers import CLIENT_SUBJECT_PREFIX, Caller
from gatepost.model.events import Action, Event, Origin
from gatepost.protocol import claims
from gatepost.services.callers import Callers
from gatepost.services.cards import Cards
from gatepost.services.keys import KeyRing
from gatepost.services.refusals import RefusalBook
from gatepost.services.world import World


class AccessService:
    """Opens the access tokens of one issuer."""

    def __init__(
        self, world: World, issuer: str, ring: KeyRing, refusals: RefusalBook, cards: Cards
    ) -> None:
        self.callers = Callers(world.store, cards)
        self._world = world
        self._issuer = issuer
        self._ring = ring
        self._refusals = refusals

    def caller(self, token: str, origin: Origin) -> Caller | str:
        """The caller behind a token, or the reason code for refusing it."""
        read = self.read(token)
        found = read if isinstance(read, str) else self.callers.confirmed(claimed(read))
        if isinstance(found, str):
            self._refusals.tell(Action.ACCESS_REFUSED, found, "access token", origin)
        return found

    def read(self, token: str, scope: str | None = claims.AUDIENCE) -> claims.AccessClaims | str:
        """What a token of ours says, if it has the scope; whether it still counts is not asked."""
        payload = self._world.signer.verify(self._ring.published(), claims.ACCESS_TOKEN_TYPE, token)
        if payload is None:
            return "bad_signature"
        return claims.read_access_claims(payload, self._issuer, self._world.clock.now(), scope)

    def remember_refusal(self, caller: Caller, origin: Origin, target: str, reason: str) -> None:
        """Write into the caller's journal that something was not allowed."""
        self._refusals.remember(
            caller.tenant_id,
            Event(
                at=self._world.clock.now(),
                action=Action.ACCESS_REFUSED,
                actor=caller.actor,
                origin=origin,
                target=target,
                reason=reason,
            ),
        )


def claimed(read: claims.AccessClaims) -> Caller:
    """The caller as the token says, without roles: those are what they are now."""
    is_client = read.sub.startswith(CLIENT_SUBJECT_PREFIX)
    return Caller(
        tenant_id=read.tid,
        kind="client" if is_client else "user",
        id=read.sub.removeprefix(CLIENT_SUBJECT_PREFIX),
        client_id=read.client_id,
        role_ids=frozenset(),
        role_types=frozenset(),
        token_mark=read.jti,
    )
