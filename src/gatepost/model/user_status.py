"""How a person stands, as the portal's list of users says it."""

from datetime import datetime
from enum import StrEnum

from gatepost.model.people import LOCAL_PROVIDER, User
from gatepost.model.portal import PasswordLink


class UserStatus(StrEnum):
    """From the first of these that holds."""

    OFF = "off"
    ACTIVE = "active"
    ELSEWHERE = "elsewhere"
    LINK_SENT = "link_sent"
    LINK_ENDED = "link_ended"
    PENDING = "pending"


def status_of(user: User, link: PasswordLink | None, now: datetime) -> UserStatus:
    """Where a person is on the way to their first sign-in, or whether they are kept out."""
    if not user.enabled:
        return UserStatus.OFF
    if user.has_password:
        return UserStatus.ACTIVE
    if user.provider_id != LOCAL_PROVIDER:
        return UserStatus.ELSEWHERE
    if link is None:
        return UserStatus.PENDING
    return UserStatus.LINK_SENT if now < link.expires_at else UserStatus.LINK_ENDED
