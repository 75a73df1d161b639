"""What ends when a sign-in ends: the session, and what its applications are to be told."""

from typing import NamedTuple

from gatepost.model.clients import extension
from gatepost.model.events import Action, Actor, Event, Origin
from gatepost.model.sign_ins import Passkey, SignIn
from gatepost.ports import Tenancy
from gatepost.protocol import logout
from gatepost.services.note_lines import LogoutNote
from gatepost.services.world import World


class Ended(NamedTuple):
    """The notes to send and the frames to show, for sign-ins that have ended."""

    notes: tuple[LogoutNote, ...] = ()
    frames: tuple[str, ...] = ()

    def __add__(self, other: object) -> "Ended":
        assert isinstance(other, Ended)  # noqa: S101  (a tuple's own addition takes any tuple)
        return Ended(self.notes + other.notes, self.frames + other.frames)


class Ending(NamedTuple):
    """Who ends sign-ins, from where, and under which issuer."""

    world: World
    issuer: str
    actor: Actor
    origin: Origin


def end_sign_in(ending: Ending, tenancy: Tenancy, sign_in: SignIn) -> Ended:
    """End one sign-in, and tell what is to be told of it."""
    if not tenancy.sign_ins.end(sign_in.id):
        return Ended()
    link = tenancy.journal.append(
        Event(
            at=ending.world.clock.now(),
            action=Action.SIGN_IN_ENDED,
            actor=ending.actor,
            origin=ending.origin,
            target=sign_in.user_id,
            after={"SignIn": sign_in.id},
        )
    )
    notes, frames = [], []
    for client_id in tenancy.grants.clients_of_sign_in(sign_in.id):
        client = tenancy.clients.find(client_id)
        if client is None:
            continue
        back = extension(client.settings, "back_channel_logout_uri")
        front = extension(client.settings, "front_channel_logout_uri")
        if back is not None:
            notes.append(LogoutNote(link.tenant_id, back, client_id, sign_in.user_id, sign_in.id))
        if front is not None:
            told = extension(client.settings, "front_channel_logout_session_required")
            sid = sign_in.id if told else None
            frames.append(logout.front_channel_address(front, ending.issuer, sid))
    return Ended(tuple(notes), tuple(frames))


def end_all(ending: Ending, tenancy: Tenancy, user_id: str, but: str | None = None) -> Ended:
    """End all sign-ins of a person, but for one."""
    ended = Ended()
    for sign_in in tenancy.sign_ins.of_user(user_id):
        if sign_in.id != but:
            ended += end_sign_in(ending, tenancy, sign_in)
    return ended


def end_everything(
    ending: Ending, tenancy: Tenancy, user_id: str, because: str, but: str | None = None
) -> Ended:
    """End all sign-ins of a person, but for one, and all that applications were given (R-52)."""
    ended = end_all(ending, tenancy, user_id, but)
    revoke_grants(ending, tenancy, user_id, because)
    return ended


def revoke_grants(
    ending: Ending, tenancy: Tenancy, user_id: str, because: str, client_id: str | None = None
) -> None:
    """Revoke a person's grants, or those to one client."""
    now = ending.world.clock.now()
    for family in tenancy.grants.live_families_of(user_id, now):
        if client_id in (None, family.client_id) and tenancy.grants.revoke_family(
            family.id, now, because
        ):
            tenancy.journal.append(
                Event(
                    at=now,
                    action=Action.GRANT_REVOKED,
                    actor=ending.actor,
                    origin=ending.origin,
                    target=family.id,
                    reason=because,
                )
            )


def end_password_link(ending: Ending, tenancy: Tenancy, user_id: str) -> bool:
    """End a person's link to set a password; False when they have none."""
    if not tenancy.directory.remove_password_link(user_id):
        return False
    tenancy.journal.append(
        Event(
            at=ending.world.clock.now(),
            action=Action.PASSWORD_LINK_REMOVED,
            actor=ending.actor,
            origin=ending.origin,
            target=user_id,
        )
    )
    return True


def remove_passkeys(ending: Ending, tenancy: Tenancy, user_id: str) -> int:
    """Remove all passkeys of a person, because each alone opens the account; how many there were.

    For each way in which somebody gets back an account that may have been taken.
    """
    found = tenancy.sign_ins.passkeys_of(user_id)
    return sum(remove_passkey(ending, tenancy, passkey) for passkey in found)


def remove_passkey(ending: Ending, tenancy: Tenancy, passkey: Passkey) -> bool:
    """Remove one passkey; False when it is gone already."""
    if not tenancy.sign_ins.remove_passkey(passkey.user_id, passkey.id):
        return False
    tenancy.journal.append(
        Event(
            at=ending.world.clock.now(),
            action=Action.PASSKEY_REMOVED,
            actor=ending.actor,
            origin=ending.origin,
            target=passkey.user_id,
            before={"Passkey": passkey.name, "Added": passkey.created_at},
        )
    )
    _end_lone_codes(tenancy, passkey.user_id)
    return True


def _end_lone_codes(tenancy: Tenancy, user_id: str) -> None:
    """Recovery codes stand in for a factor: with the last one they go, and wait for no other."""
    known = tenancy.sign_ins.factors(user_id)
    if not known.has_authenticator and not known.has_passkey:
        tenancy.sign_ins.set_recovery_codes(user_id, ())
