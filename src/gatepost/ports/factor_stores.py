"""The second factors of a tenant's people, and what the tenant demands (decision 0025).

As in `flow_stores`: what a person or an administrator would want to know of is a change and needs
an event; that a step of an authenticator app was used is bookkeeping.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from gatepost.model.factors import Authenticator, Factors
from gatepost.model.tenants import SecondFactor


class FactorStore(Protocol):
    """Authenticator apps, recovery codes, and who has nothing beside a password."""

    def factors(self, user_id: str) -> Factors:
        """What the person has, and what the tenant demands."""

    def demand(self, second_factor: SecondFactor, now: datetime) -> None:
        """Keep of whom the tenant demands a second factor. A change."""

    def without_factor(self, role_id: str | None, most: int) -> tuple[str, ...]:
        """The ids of people who have none: enabled, with their password here, and in the role.

        In order of creation, no more than so many.
        """

    def count_without_factor(self, role_id: str | None, most: int) -> int:
        """How many such people there are, counted up to `most`."""

    def authenticator(self, user_id: str) -> Authenticator | None:
        """The person's authenticator app."""

    def save_authenticator(self, authenticator: Authenticator) -> None:
        """Keep an authenticator app in place of an earlier one. A change."""

    def spend_step(self, user_id: str, step: int, now: datetime) -> bool:
        """Use up a step and all before it, in one conditional statement; False when it was used.

        Bookkeeping.
        """

    def remove_authenticator(self, user_id: str) -> bool:
        """Remove the person's authenticator app; False when there is none. A change."""

    def set_recovery_codes(self, user_id: str, digests: Sequence[bytes]) -> None:
        """Keep recovery codes in place of earlier ones; none removes them. A change."""

    def count_recovery_codes(self, user_id: str) -> int:
        """How many recovery codes the person has left."""

    def spend_recovery_code(self, user_id: str, digest: bytes) -> bool:
        """Use a recovery code up, in one statement; False when there is none such. A change."""
