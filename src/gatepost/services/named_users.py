"""The person that an address or a request names."""

from gatepost.model.errors import Code, NotFound
from gatepost.model.people import User
from gatepost.ports import Tenancy


def existing(tenancy: Tenancy, user_id: str) -> User:
    """The person, or the refusal that says there is none."""
    user = tenancy.directory.user(user_id.lower())
    if user is None:
        raise NotFound(Code.USER_NOT_FOUND, "user", user_id)
    return user
