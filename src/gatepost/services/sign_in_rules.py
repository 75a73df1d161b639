"""What a tenant demands of its people beside a password, and the way out for who lost everything.

Both are for administrators, and for the operator at the command line (decision 0025).
"""

from typing import NamedTuple

from gatepost.model.errors import Code, NotFound, Refused
from gatepost.model.events import Action, Actor
from gatepost.model.people import User
from gatepost.model.tenants import ADMINISTRATOR, SecondFactor, Tenant
from gatepost.ports import Tenancy
from gatepost.services import endings
from gatepost.services.courier import Courier
from gatepost.services.endings import Ended, Ending
from gatepost.services.factor_letters import FactorLetters
from gatepost.services.named_users import existing
from gatepost.services.principals import writing_as
from gatepost.services.world import Act, World, event

MOST_NAMED = 10
MOST_COUNTED = 10_000


class Lacking(NamedTuple):
    """Who would have to add a factor: how many, up to a limit, and the first of them."""

    number: int
    first: tuple[User, ...]


class Having(NamedTuple):
    """What one person has beside a password."""

    has_authenticator: bool
    passkeys: int
    codes_left: int

    @property
    def is_any(self) -> bool:
        """Whether there is anything to remove."""
        return self.has_authenticator or self.passkeys > 0 or self.codes_left > 0


def demand(world: World, act: Act, second_factor: SecondFactor) -> Tenant:
    """Set of whom the tenant demands a second factor; in force at each person's next sign-in."""
    with writing_as(world, act) as tenancy:
        before = _tenant(tenancy, act.tenant_id)
        if before.second_factor == second_factor:
            return before
        tenancy.sign_ins.demand(second_factor, world.clock.now())
        told = ({"SecondFactor": word} for word in (before.second_factor, second_factor))
        was, becomes = told
        tenancy.journal.append(
            event(world, act, Action.TENANT_CHANGED, act.tenant_id, before=was, after=becomes)
        )
        return _tenant(tenancy, act.tenant_id)


def lacking(world: World, tenant_id: str, second_factor: SecondFactor) -> Lacking:
    """Who would be led to add a factor at their next sign-in."""
    if second_factor == "none":
        return Lacking(0, ())
    with world.store.reading(tenant_id) as tenancy:
        role_id = None
        if second_factor == "administrators":
            role = tenancy.directory.role_of_type(ADMINISTRATOR)
            role_id = role.id if role else ""
        number = tenancy.sign_ins.count_without_factor(role_id, MOST_COUNTED)
        ids = tenancy.sign_ins.without_factor(role_id, MOST_NAMED)
        return Lacking(number, tenancy.directory.some_users(ids))


def factors_of(world: World, tenant_id: str, user_id: str) -> Having:
    """What a person has."""
    with world.store.reading(tenant_id) as tenancy:
        return _having(tenancy, user_id)


class FactorRemoval:
    """Takes all second factors of a person away, for somebody else than themselves."""

    def __init__(
        self, world: World, issuer: str, courier: Courier | None, letters: FactorLetters
    ) -> None:
        self._world = world
        self._issuer = issuer
        self._courier = courier
        self._letters = letters

    def remove(self, act: Act, user_id: str) -> User:
        """Remove them, and end all that came of them (R-52). The password stays.

        Where there are none, nothing is done and nobody is told.
        """
        with writing_as(self._world, act) as tenancy:
            user = existing(tenancy, user_id)
            _check_not_own(act, user)
            if not _having(tenancy, user.id).is_any:
                return user
            tenant = _tenant(tenancy, act.tenant_id)
            ended = self._removed(tenancy, act, user)
        if self._courier is not None:
            self._courier.send(ended.notes)
        self._letters.tell(tenant, user, Action.FACTORS_REMOVED)
        return user

    def _removed(self, tenancy: Tenancy, act: Act, user: User) -> Ended:
        passkeys = tenancy.sign_ins.passkeys_of(user.id)
        for passkey in passkeys:
            tenancy.sign_ins.remove_passkey(user.id, passkey.id)
        app = tenancy.sign_ins.remove_authenticator(user.id)
        tenancy.sign_ins.set_recovery_codes(user.id, ())
        told = {"Authenticator": app, "Passkeys": len(passkeys)}
        tenancy.journal.append(
            event(self._world, act, Action.FACTORS_REMOVED, user.id, before=told)
        )
        ending = Ending(self._world, self._issuer, act.actor, act.origin)
        return endings.end_everything(ending, tenancy, user.id, "factors_removed")


def _having(tenancy: Tenancy, user_id: str) -> Having:
    return Having(
        tenancy.sign_ins.authenticator(user_id) is not None,
        len(tenancy.sign_ins.passkeys_of(user_id)),
        tenancy.sign_ins.count_recovery_codes(user_id),
    )


def _check_not_own(act: Act, user: User) -> None:
    if act.actor == Actor("user", user.id):
        raise Refused(
            Code.OWN_ACCOUNT,
            "You cannot remove your own second factors here.",
            "Remove them on your account page, where you are asked for your password.",
        )


def _tenant(tenancy: Tenancy, tenant_id: str) -> Tenant:
    tenant = tenancy.directory.tenant()
    if tenant is None:
        raise NotFound(Code.TENANT_NOT_FOUND, "tenant", tenant_id)
    return tenant
