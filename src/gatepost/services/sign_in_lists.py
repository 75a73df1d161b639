"""A person's sign-ins over REST: listed and ended by themselves or by an administrator.

The account page does the same for whoever sits at the browser; this is for when nobody does.
"""

from gatepost.model.errors import Code, NotFound, Refused
from gatepost.model.people import User
from gatepost.model.sign_ins import SignIn
from gatepost.model.text import quoted
from gatepost.ports import Tenancy
from gatepost.services import endings
from gatepost.services.courier import Courier
from gatepost.services.endings import Ending
from gatepost.services.principals import writing_as
from gatepost.services.world import Act, World


class SignInLists:
    """Lists and ends the sign-ins of people, and has their applications told."""

    def __init__(self, world: World, issuer: str, courier: Courier) -> None:
        self._world = world
        self._issuer = issuer
        self._courier = courier

    def of_person(self, tenant_id: str, user_id: str) -> tuple[SignIn, ...]:
        """The sign-ins that count now, newest first."""
        with self._world.store.reading(tenant_id) as tenancy:
            person = _existing(tenancy, user_id)
            found = tenancy.sign_ins.of_user(person.id)
        now = self._world.clock.now()
        return tuple(sign_in for sign_in in found if sign_in.alive(now))

    def end(self, act: Act, user_id: str, sign_in_id: str) -> None:
        """End one. What was given to stay beyond a sign-in (a refresh token) stays."""
        with writing_as(self._world, act) as tenancy:
            person = _existing(tenancy, user_id)
            sign_in = tenancy.sign_ins.get(sign_in_id.lower())
            if sign_in is None or sign_in.user_id != person.id:
                raise Refused(
                    Code.SIGN_IN_NOT_FOUND,
                    f"The person has no sign-in with the id {quoted(sign_in_id)}.",
                    "Check the id; list the sign-ins of the person to see which there are.",
                )
            ended = endings.end_sign_in(self._ending(act), tenancy, sign_in)
        self._courier.send(ended.notes)

    def end_all(self, act: Act, user_id: str) -> None:
        """End all, and all that applications were given: the person starts from nothing."""
        with writing_as(self._world, act) as tenancy:
            person = _existing(tenancy, user_id)
            ending = self._ending(act)
            ended = endings.end_all(ending, tenancy, person.id)
            endings.revoke_grants(ending, tenancy, person.id, "sign_ins_ended")
        self._courier.send(ended.notes)

    def _ending(self, act: Act) -> Ending:
        return Ending(self._world, self._issuer, act.actor, act.origin)


def _existing(tenancy: Tenancy, user_id: str) -> User:
    user = tenancy.directory.user(user_id.lower())
    if user is None:
        raise NotFound(Code.USER_NOT_FOUND, "user", user_id)
    return user
