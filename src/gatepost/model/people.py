"""People: the users of a tenant, where they come from, and the rules of passwords."""

from datetime import datetime
from enum import IntEnum

from msgspec import Struct

LOCAL_PROVIDER = "1e0ac07c-3b0e-4d9a-9a57-6a1e5b1f7c10"
OUTSIDE_PROVIDERS = {
    "e2398938-bf8f-40fa-b380-d538ece2bfc2": "AAD",
    "d2a478ca-52e3-4fd4-9d93-ded440476364": "Google",
    "68a3a33b-b9dd-4eea-884f-87daefc4ff0f": "Microsoft",
}
PASSWORD_MIN = 8
PASSWORD_MAX = 128
MAX_PREFERENCES = 16 * 1024


class InvitationStatus(IntEnum):
    """How far a person has come on the way in."""

    ACCEPTED = 0
    NO_INVITATION = 1
    NOT_SENT = 2
    SENT = 3
    EXPIRED = 4


INVITATION_STATUS_NAMES = {
    "InvitationAccepted": InvitationStatus.ACCEPTED,
    "NoInvitation": InvitationStatus.NO_INVITATION,
    "InvitationNotSent": InvitationStatus.NOT_SENT,
    "InvitationSent": InvitationStatus.SENT,
    "InvitationExpired": InvitationStatus.EXPIRED,
}


class User(Struct, frozen=True, kw_only=True):
    """A person as one tenant knows them."""

    id: str
    provider_id: str
    email: str | None
    given_name: str | None = None
    surname: str | None = None
    contact_email: str | None = None
    contact_given_name: str | None = None
    contact_surname: str | None = None
    external_user_id: str | None = None
    provider_user_id: str | None = None
    enabled: bool = True
    email_verified: bool = False
    has_password: bool = False
    incarnation: str
    role_ids: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    version: int = 1

    @property
    def name(self) -> str | None:
        """Given name and surname as one text, or the address when there is neither."""
        parts = [part for part in (self.given_name, self.surname) if part]
        return " ".join(parts) or self.email

    @property
    def invitation_status(self) -> InvitationStatus:
        """A person who can sign in has arrived; nobody is invited by mail yet."""
        if self.has_password:
            return InvitationStatus.ACCEPTED
        return InvitationStatus.NO_INVITATION


def email_fault(address: str) -> str | None:
    """What is wrong with an address. Only what would never be one is refused."""
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain or "@" in local:
        return "is not of the form name@domain"
    if any(character.isspace() for character in address):
        return "has a blank in it"
    if domain.startswith(".") or domain.endswith(".") or ".." in domain:
        return "has no valid domain"
    return None


def password_fault(password: str) -> str | None:
    """What is wrong with the length of a new password (R-45); any characters will do."""
    if len(password) < PASSWORD_MIN:
        return f"A password has at least {PASSWORD_MIN} characters; 15 or more are better."
    if len(password) > PASSWORD_MAX:
        return f"A password has at most {PASSWORD_MAX} characters."
    return None
