"""A person's sign-ins, listed and ended by themselves or by an administrator over REST or portal.

The account page does the same for whoever sits at the browser; this is for when nobody does.
Whoever is switched off or removed is signed out everywhere by the same change.
"""

from msgspec.structs import replace

from gatepost.model.errors import Code, Refused
from gatepost.model.events import Action, Actor
from gatepost.model.people import User
from gatepost.model.sign_ins import SignIn
from gatepost.model.text import quoted
from gatepost.ports import Tenancy
from gatepost.services import endings, users
from gatepost.services.courier import Courier
from gatepost.services.endings import Ended, Ending
from gatepost.services.named_users import existing
from gatepost.services.principals import writing_as
from gatepost.services.readings import Readings
from gatepost.services.world import Act, World


class SignInLists:
    """Lists and ends the sign-ins of people, and has their applications told."""

    def __init__(self, world: World, issuer: str, courier: Courier) -> None:
        self._world = world
        self._issuer = issuer
        self._courier = courier
        self._readings = Readings(world)

    def of_person(self, act: Act, user_id: str) -> tuple[SignIn, ...]:
        """The sign-ins that count now, newest first; that somebody else looks is written down."""
        found = self._alive(act.tenant_id, user_id)
        if act.actor != Actor("user", user_id.lower()):
            self._readings.note(act, Action.SIGN_INS_LISTED, user_id.lower())
        return found

    def count(self, tenant_id: str, user_id: str) -> int:
        """How many count now."""
        return len(self._alive(tenant_id, user_id))

    def _alive(self, tenant_id: str, user_id: str) -> tuple[SignIn, ...]:
        with self._world.store.reading(tenant_id) as tenancy:
            person = existing(tenancy, user_id)
            found = tenancy.sign_ins.of_user(person.id)
        now = self._world.clock.now()
        return tuple(sign_in for sign_in in found if sign_in.alive(now))

    def end(self, act: Act, user_id: str, sign_in_id: str) -> None:
        """End one. What was given to stay beyond a sign-in (a refresh token) stays."""
        with writing_as(self._world, act) as tenancy:
            person = existing(tenancy, user_id)
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
            person = existing(tenancy, user_id)
            ended = self._end_everything(act, tenancy, person, "sign_ins_ended")
        self._courier.send(ended.notes)

    def switch_off(self, act: Act, user_id: str) -> None:
        """Keep a person out, from now on and everywhere, until they are switched on again."""
        with writing_as(self._world, act) as tenancy:
            person = existing(tenancy, user_id)
            if act.actor == Actor("user", person.id):
                raise Refused(
                    Code.OWN_ACCOUNT,
                    "You cannot switch off your own account.",
                    "Ask another administrator to do it.",
                )
            if not person.enabled:
                return
            users.keep(self._world, act, tenancy, person, replace(person, enabled=False))
            ended = self._end_everything(act, tenancy, person, "switched_off")
        self._courier.send(ended.notes)

    def switch_on(self, act: Act, user_id: str) -> None:
        """Let a person in again. What ended when they were switched off stays ended."""
        with writing_as(self._world, act) as tenancy:
            person = existing(tenancy, user_id)
            if not person.enabled:
                users.keep(self._world, act, tenancy, person, replace(person, enabled=True))

    def remove(self, act: Act, user_id: str) -> None:
        """Remove a person, and have their applications told."""
        with writing_as(self._world, act) as tenancy:
            person = existing(tenancy, user_id)
            ended = self._end_everything(act, tenancy, person, "removed")
            users.take_away(self._world, act, tenancy, person)
        self._courier.send(ended.notes)

    def _end_everything(self, act: Act, tenancy: Tenancy, person: User, because: str) -> Ended:
        return endings.end_everything(self._ending(act), tenancy, person.id, because)

    def _ending(self, act: Act) -> Ending:
        return Ending(self._world, self._issuer, act.actor, act.origin)
