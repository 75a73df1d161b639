"""A person's passkeys, listed and removed by an administrator over REST, portal or command line.

The account page does the same for whoever sits at the browser. A passkey alone signs in, so one
that somebody else added would outlive every other way to keep them out.
"""

from gatepost.model.errors import Code, Refused
from gatepost.model.events import Action, Actor
from gatepost.model.people import User
from gatepost.model.sign_ins import Passkey
from gatepost.model.tenants import Tenant
from gatepost.model.text import quoted
from gatepost.ports import Tenancy
from gatepost.services import endings
from gatepost.services.courier import Courier
from gatepost.services.endings import Ended, Ending
from gatepost.services.factor_letters import FactorLetters
from gatepost.services.named_users import existing
from gatepost.services.principals import writing_as
from gatepost.services.world import Act, World


class PasskeyLists:
    """Lists and removes the passkeys of people, and ends all that came of them (R-52)."""

    def __init__(
        self, world: World, issuer: str, courier: Courier | None, letters: FactorLetters
    ) -> None:
        self._world = world
        self._issuer = issuer
        self._courier = courier
        self._letters = letters

    def of_person(self, tenant_id: str, user_id: str) -> tuple[Passkey, ...]:
        """The person's passkeys, oldest first."""
        with self._world.store.reading(tenant_id) as tenancy:
            return tenancy.sign_ins.passkeys_of(existing(tenancy, user_id).id)

    def remove(self, act: Act, user_id: str, passkey_id: str) -> None:
        """Remove one passkey of somebody else."""
        with writing_as(self._world, act) as tenancy:
            person = _somebody_else(tenancy, act, user_id)
            passkey = tenancy.sign_ins.passkey(passkey_id)
            if passkey is None or passkey.user_id != person.id:
                raise Refused(
                    Code.PASSKEY_NOT_FOUND,
                    f"The person has no passkey with the id {quoted(passkey_id)}.",
                    "Check the id; list the passkeys of the person to see which there are.",
                )
            endings.remove_passkey(self._ending(act), tenancy, passkey)
            ended = self._signed_out(act, tenancy, person)
            tenant = tenancy.directory.tenant()
        self._told(tenant, person, ended)

    def remove_all(self, act: Act, user_id: str) -> int:
        """Remove all passkeys of somebody else; how many there were."""
        with writing_as(self._world, act) as tenancy:
            person = _somebody_else(tenancy, act, user_id)
            removed = endings.remove_passkeys(self._ending(act), tenancy, person.id)
            if not removed:
                return 0
            ended = self._signed_out(act, tenancy, person)
            tenant = tenancy.directory.tenant()
        self._told(tenant, person, ended)
        return removed

    def _signed_out(self, act: Act, tenancy: Tenancy, person: User) -> Ended:
        return endings.end_everything(self._ending(act), tenancy, person.id, "passkey_removed")

    def _told(self, tenant: Tenant | None, person: User, ended: Ended) -> None:
        if self._courier is not None:
            self._courier.send(ended.notes)
        if tenant is not None:
            self._letters.tell(tenant, person, Action.PASSKEY_REMOVED)

    def _ending(self, act: Act) -> Ending:
        return Ending(self._world, self._issuer, act.actor, act.origin)


def _somebody_else(tenancy: Tenancy, act: Act, user_id: str) -> User:
    person = existing(tenancy, user_id)
    if act.actor == Actor("user", person.id):
        raise Refused(
            Code.OWN_ACCOUNT,
            "You cannot remove your own passkeys here.",
            "Remove them on your account page.",
        )
    return person
