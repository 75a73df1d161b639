"""What a new password must be, for every way in which one is set (R-45)."""

import hmac
from collections.abc import Iterable
from typing import NamedTuple

from gatepost.model.errors import Code, Refused
from gatepost.model.people import User, password_fault
from gatepost.model.tenants import Tenant
from gatepost.model.weak_passwords import MEND, names_of, weak_fault
from gatepost.services.world import World


class NewPassword(NamedTuple):
    """What a person typed to change their password; `current` where it was asked for."""

    current: str
    new: str
    again: str

    def __repr__(self) -> str:
        return "NewPassword(***)"


def check(world: World, password: str, names: Iterable[str]) -> None:
    """Refuse a password of a wrong length, or one that is guessed first, such as these names."""
    fault = password_fault(password) or weak_fault(password, names, world.passwords.is_common)
    if fault:
        raise Refused(Code.INVALID_MEMBER, fault, MEND)


def typed_fault(world: World, typed: NewPassword, user: User, tenant: Tenant | None) -> str | None:
    """What is wrong with a password that a person typed twice for themselves, as a sentence."""
    if not hmac.compare_digest(_octets(typed.new), _octets(typed.again)):
        return "The two entries of the new password differ."
    try:
        check(world, typed.new, names_of(user, tenant))
    except Refused as refused:
        return f"{refused.reason} {refused.resolution}"
    return None


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
