"""Redemption: a code, refresh token or device code is used up, and what it is good for decided.

A code or refresh token is read, decided on, and used up by one conditional statement. Whoever loses
that race reads again what is there now, and decides again: then it is a second use, or its grace.
A device code is looked at and settled in one transaction, because each look is noted (RFC 8628).
"""

from datetime import datetime
from typing import NamedTuple

from gatepost.model.events import Action, Actor, Event, Origin
from gatepost.model.grants import Family, RefreshToken
from gatepost.ports import Spending, SpendingOf, Tenancy
from gatepost.protocol.claims import Principal
from gatepost.protocol.grants import Grant
from gatepost.protocol.grants.decisions import (
    Again,
    Decision,
    Evidence,
    Issue,
    Replay,
    invalid_grant,
)
from gatepost.protocol.grants.request import GrantRequest
from gatepost.protocol.id_tokens import Person
from gatepost.protocol.parameters import OAuthError
from gatepost.services import evidence
from gatepost.services.cards import Cards
from gatepost.services.client_login import FormRequest, KnownClient
from gatepost.services.evidence import Presented
from gatepost.services.flows import RefreshRules
from gatepost.services.world import World

_REFRESH_TOKEN_BYTES = 32
_ATTEMPTS = 3
_FIRST = 1


class Redeemed(NamedTuple):
    """What was decided and kept, and only waits to be signed."""

    issue: Issue
    family: Family
    principal: Principal
    person: Person
    refresh_token: str | None


class Promised(NamedTuple):
    """Tokens to be signed once what they rest on is used up."""

    known: KnownClient
    redeemed: Redeemed
    spending: SpendingOf


class _Asking(NamedTuple):
    """Who asks, with what, under which row of the table of grants."""

    known: KnownClient
    row: Grant
    what: Presented
    request: FormRequest


class Redemption:
    """Redeems under one set of rules."""

    def __init__(self, world: World, cards: Cards, rules: RefreshRules) -> None:
        self._world = world
        self._cards = cards
        self._rules = rules

    def redeem(
        self, known: KnownClient, row: Grant, what: Presented, request: FormRequest
    ) -> Redeemed | OAuthError:
        """Tokens to be signed, or the error to send; a refusal that marks has left its mark."""
        asking = _Asking(known, row, what, request)
        redeemed = self._redeemed_device if what.kind == "device_code" else self._redeemed_once
        for _ in range(_ATTEMPTS):
            outcome = redeemed(asking)
            if outcome is not None:
                return outcome
        return invalid_grant("it was used at this very moment", "lost_race")

    def promised(
        self, known: KnownClient, row: Grant, what: Presented, request: FormRequest
    ) -> Promised | None:
        """What a code or refresh token will give, where nothing is wrong; nothing is done yet."""
        asking = _Asking(known, row, what, request)
        found = evidence.load(self._world.store.redemptions(known.tenant_id), what)
        what = what.kept_as(found)
        decision = self._decided(asking, found)
        redeemed = self._promised(asking, decision) if isinstance(decision, Issue) else None
        if not isinstance(redeemed, Redeemed) or what.kind == "device_code":
            return None
        spending = self._spending(what, redeemed, _generation(found) + 1)
        return Promised(known, redeemed, SpendingOf(known.tenant_id, what.kind, spending))

    def _redeemed_once(self, asking: _Asking) -> Redeemed | OAuthError | None:
        """What comes of a code or refresh token; None when it was used up in the meantime."""
        redemptions = self._world.store.redemptions(asking.known.tenant_id)
        found = evidence.load(redemptions, asking.what)
        asking = asking._replace(what=asking.what.kept_as(found))
        decision = self._decided(asking, found)
        if isinstance(decision, Replay):
            with self._world.store.writing(asking.known.tenant_id) as tenancy:
                self._end_family(tenancy, asking.known, decision, asking.request.origin)
            return decision.error
        if isinstance(decision, OAuthError):
            return decision
        redeemed = self._promised(asking, decision)
        if isinstance(redeemed, OAuthError) or isinstance(decision, Again):
            return redeemed
        return self._spent(asking, redeemed, _generation(found) + 1)

    def _decided(self, asking: _Asking, found: Evidence | None) -> Decision:
        request = GrantRequest(asking.request.form, asking.known.client, found, self._now())
        return asking.row.decide(request)

    def _promised(self, asking: _Asking, decision: Issue | Again) -> Redeemed | OAuthError:
        """What there is to sign, if it can still be used up."""
        issue = decision.issue if isinstance(decision, Again) else decision
        family = issue.family
        stands = self._cards.person_of(asking.known.card, family) if family else None
        if family is None or stands is None:
            return invalid_grant("the person may not act any more", "principal_inactive")
        if isinstance(decision, Again):
            sealed = decision.sealed_successor
            refresh = self._world.secrets.unseal(_place(asking.what), sealed)
        else:
            refresh = self._new_refresh_token() if issue.with_refresh_token else None
        return Redeemed(issue, family, *stands, refresh)

    def _spent(
        self, asking: _Asking, redeemed: Redeemed, generation: int
    ) -> Redeemed | OAuthError | None:
        what, store = asking.what, self._world.store.redemptions(asking.known.tenant_id)
        spending = self._spending(what, redeemed, generation)
        if what.kind == "code":
            is_spent = store.spend_code(spending)
        else:
            is_spent = store.spend_refresh_token(spending)
        if is_spent:
            return redeemed
        again = evidence.load(store, what)
        if what.kind == "code" and again is not None and again.thing.used_at is None:
            return invalid_grant("the person has signed out", "signed_out")
        return None

    def _spending(self, what: Presented, redeemed: Redeemed, generation: int) -> Spending:
        family, refresh, now = redeemed.family, redeemed.refresh_token, self._now()
        successor = self._successor(family, refresh, generation, now) if refresh else None
        return Spending(
            digest=what.digest,
            family_id=family.id,
            now=now,
            sign_in_id=family.sign_in_id if what.kind == "code" else None,
            successor=successor,
            sealed_successor=self._world.secrets.seal(_place(what), refresh) if refresh else None,
        )

    def _successor(
        self, family: Family, value: str, generation: int, now: datetime
    ) -> RefreshToken:
        rules = self._rules
        return RefreshToken(
            digest=evidence.presented(self._world, "refresh_token", value).digest,
            family_id=family.id,
            generation=generation,
            created_at=now,
            expires_at=min(now + rules.idle, family.created_at + rules.absolute),
        )

    def _redeemed_device(self, asking: _Asking) -> Redeemed | OAuthError | None:
        """What comes of a device code; None when it was used up in the meantime."""
        known, what = asking.known, asking.what
        with self._world.store.writing(known.tenant_id) as tenancy:
            found = evidence.load_device(tenancy.grants, what, self._now())
            what = what.kept_as(found)
            decision = self._decided(asking, found)
            if isinstance(decision, Replay):
                self._end_family(tenancy, known, decision, asking.request.origin)
                return decision.error
        if isinstance(decision, OAuthError):
            return decision
        # Outside of the transaction, because the card of the person may have to be read.
        redeemed = self._promised(asking, decision)
        if isinstance(redeemed, OAuthError):
            return redeemed
        with self._world.store.writing(known.tenant_id) as tenancy:
            return self._spent_device(tenancy, what, redeemed)

    def _spent_device(
        self, tenancy: Tenancy, what: Presented, redeemed: Redeemed
    ) -> Redeemed | None:
        spending = self._spending(what, redeemed, _FIRST)
        if not tenancy.grants.spend_device_code(what.digest, spending.now):
            return None
        if spending.successor is not None:
            tenancy.grants.add_refresh_token(spending.successor)
        return redeemed

    def _end_family(
        self, tenancy: Tenancy, known: KnownClient, replay: Replay, origin: Origin
    ) -> None:
        """A second use may be a thief's: all that came of the first ends (R-17, R-25)."""
        now = self._now()
        if tenancy.grants.revoke_family(replay.family_id, now, replay.error.reason):
            tenancy.journal.append(
                Event(
                    at=now,
                    action=Action.GRANT_REVOKED,
                    actor=Actor("client", known.id),
                    origin=origin,
                    target=replay.family_id,
                    reason=replay.error.reason,
                )
            )

    def _new_refresh_token(self) -> str:
        return "gpr_" + self._world.dice.token(_REFRESH_TOKEN_BYTES)

    def _now(self) -> datetime:
        return self._world.clock.now()


def _generation(found: Evidence | None) -> int:
    """Of the refresh token that was presented; 0 for evidence of another kind."""
    token = found.thing if found else None
    return token.generation if isinstance(token, RefreshToken) else 0


def _place(what: Presented) -> str:
    return f"successor of {what.digest.hex()}"
