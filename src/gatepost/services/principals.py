"""Whether a principal may act, and with which roles: one answer for every grant and for REST.

Security.md R-27: disabling or removing takes effect at once, because this is asked each time.
"""

from typing import NamedTuple

from gatepost.model.callers import CLIENT_SUBJECT_PREFIX
from gatepost.ports import Tenancy


class Standing(NamedTuple):
    """A principal that may act now.

    The incarnation is the client's, followed by the user's where there is one: a token is bound
    to both, and neither can be replaced under it (R-83).
    """

    incarnation: str
    role_ids: tuple[str, ...]
    role_types: tuple[str, ...]


def standing(tenancy: Tenancy, subject: str, client_id: str) -> Standing | None:
    """The standing of a subject that acts through a client; None when either may not act."""
    client = tenancy.clients.find(client_id)
    if client is None or not client.settings.enabled:
        return None
    if subject.startswith(CLIENT_SUBJECT_PREFIX):
        if subject != CLIENT_SUBJECT_PREFIX + client_id:
            return None
        role_ids = getattr(client.settings, "role_ids", ())
        return _with_types(tenancy, client.incarnation, role_ids)
    user = tenancy.directory.user(subject)
    if user is None or not user.enabled:
        return None
    return _with_types(tenancy, client.incarnation + user.incarnation, user.role_ids)


def _with_types(tenancy: Tenancy, incarnation: str, role_ids: tuple[str, ...]) -> Standing:
    roles = tenancy.directory.some_roles(role_ids)
    types = tuple(role.type_id for role in roles if role.type_id is not None)
    return Standing(incarnation, tuple(role.id for role in roles), types)
