"""Who makes a call to the REST API, as the token says and the store confirms."""

from typing import Literal, NamedTuple

from gatepost.model.events import Actor
from gatepost.model.tenants import ADMINISTRATOR, MEMBER

CLIENT_SUBJECT_PREFIX = "client:"


class Caller(NamedTuple):
    """The principal behind a verified token, with its roles as they are now.

    `token_mark` is what the token's `jti` says of the incarnation and the secret it stems from.
    """

    tenant_id: str
    kind: Literal["client", "user", "operator"]
    id: str
    client_id: str
    role_ids: frozenset[str]
    role_types: frozenset[str]
    token_mark: str = ""

    @property
    def subject(self) -> str:
        """The `sub` of the caller's tokens."""
        return CLIENT_SUBJECT_PREFIX + self.id if self.kind == "client" else self.id

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
