"""Who makes a call to the REST API, as the token says and the store confirms."""

from typing import Literal, NamedTuple

from gatepost.model.events import Actor
from gatepost.model.tenants import ADMINISTRATOR, MEMBER

CLIENT_SUBJECT_PREFIX = "client:"


class Caller(NamedTuple):
    """The principal behind a verified token, with its roles as they are now."""

    tenant_id: str
    kind: Literal["client", "user", "operator"]
    id: str
    client_id: str
    role_ids: frozenset[str]
    role_types: frozenset[str]

    @property
    def is_administrator(self) -> bool:
        """Whether the caller may change things."""
        return ADMINISTRATOR in self.role_types

    @property
    def is_member(self) -> bool:
        """Whether the caller may read things; an administrator may read all a member may."""
        return MEMBER in self.role_types or self.is_administrator

    @property
    def actor(self) -> Actor:
        """The caller as the journal names it."""
        return Actor(self.kind, self.id)
