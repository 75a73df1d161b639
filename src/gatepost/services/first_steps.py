"""The first of two steps: a right password, kept in the errand until the second (decision 0025)."""

from gatepost.model.factors import Owed, owed
from gatepost.model.people import User
from gatepost.model.requests import FIRST_STEP_LIFETIME, FirstStep, Progress
from gatepost.model.sign_ins import PASSWORD, SignIn
from gatepost.ports import Tenancy
from gatepost.services.digests import is_one_of
from gatepost.services.world import World

_PURPOSE = "first step"


def owed_by(tenancy: Tenancy, sign_in: SignIn | None) -> Owed:
    """What somebody who is signed in owes still; only of a password is more asked."""
    if sign_in is None or sign_in.method != PASSWORD:
        return Owed.NOTHING
    return owed(sign_in.method, tenancy.sign_ins.factors(sign_in.user_id))


def owed_after(tenancy: Tenancy, first: FirstStep | None) -> Owed:
    """What is owed after a right password."""
    if first is None:
        return Owed.NOTHING
    return owed(PASSWORD, tenancy.sign_ins.factors(first.user_id))


def first_step(world: World, user: User, phc: str) -> FirstStep:
    """That the person's password was right just now."""
    # tells nothing of the hash, and is another for every other hash
    mark = world.secrets.proof(_PURPOSE, user.id, phc)
    return FirstStep(user_id=user.id, mark=mark, at=world.clock.now())


def standing(world: World, tenancy: Tenancy, progress: Progress) -> FirstStep | None:
    """The first step of an errand, while it counts: recent, of the same hash, of who may act."""
    first = progress.first
    if first is None or world.clock.now() - first.at >= FIRST_STEP_LIFETIME:
        return None
    user, phc = tenancy.directory.user(first.user_id), tenancy.directory.password(first.user_id)
    if user is None or not user.enabled or phc is None:
        return None
    marks = world.secrets.proofs(_PURPOSE, user.id, phc)
    return first if is_one_of(first.mark.encode(), [mark.encode() for mark in marks]) else None
