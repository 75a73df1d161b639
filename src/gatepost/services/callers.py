"""Callers whose token was read: whether they still may, by cards and what only the store knows.

The same judgement as `principals.confirmed`, which asks the store for all of it: of a caller's
client, person and roles the cards tell, and the store only of the grant and of single revocations.
"""

from gatepost.model.callers import CLIENT_SUBJECT_PREFIX, Caller
from gatepost.model.grants import Family
from gatepost.ports import RedemptionStore, Store
from gatepost.protocol.id_tokens import Person
from gatepost.services.cards import Cards, ClientCard
from gatepost.services.principals import Standing, grant_fault, judged, secret_fault


class Callers:
    """Confirms the callers of one process."""

    def __init__(self, store: Store, cards: Cards) -> None:
        self._store = store
        self._cards = cards

    def confirmed(self, caller: Caller) -> Caller | str:
        """The caller with its roles as they are now, or why the token opens nothing any more."""
        card = self._card(caller)
        if card is None:
            return "principal_inactive"
        grants = self._store.redemptions(caller.tenant_id)

        def fault_of(ground: str) -> str | None:
            if caller.kind == "client":
                numbers = {digest.id for digest in card.digests}
                reason = secret_fault(card.client, ground, numbers.__contains__)
            else:
                reason = grant_fault(grants.family(ground))
            return reason or _revocation(grants, caller)

        return judged(caller, self._standing(card, caller), fault_of)

    def person(self, caller: Caller, family_id: str) -> tuple[Family, Person] | None:
        """The grant that a confirmed caller rests on, with its person."""
        card = self._card(caller)
        family = self._store.redemptions(caller.tenant_id).family(family_id)
        stands = self._cards.person_of(card, family) if card and family else None
        return (family, stands[1]) if family and stands else None

    def _card(self, caller: Caller) -> ClientCard | None:
        card = self._cards.client(caller.client_id)
        return card if card is not None and card.tenant_id == caller.tenant_id else None

    def _standing(self, card: ClientCard, caller: Caller) -> Standing | None:
        if caller.subject.startswith(CLIENT_SUBJECT_PREFIX):
            is_own = caller.subject == CLIENT_SUBJECT_PREFIX + card.client.settings.id
            return card.standing if is_own else None
        return self._cards.standing_of(card, caller.subject)


def _revocation(grants: RedemptionStore, caller: Caller) -> str | None:
    return "token_revoked" if grants.is_revoked(caller.token_mark) else None
