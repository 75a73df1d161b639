"""What a token tells of clients and people, in questions of the hot path past SQLAlchemy.

A fleet of devices that asks once an hour hardly ever meets a card in memory, so that reading what
a card is made of is itself what its tokens cost.
"""

from typing import Any

import msgspec

from gatepost.model.client_kinds import BY_NAME
from gatepost.model.clients import SecretDigest, StoredClient
from gatepost.model.people import User
from gatepost.ports import ClientFacts, PersonFacts
from gatepost.storage.lines import Lines
from gatepost.storage.moments import moment_of

_CLIENT = """
    SELECT c.tenant_id, c.kind, {settings}, c.incarnation, c.created_at, c.updated_at, c.version,
        s.id, s.digest, s.expires_at
    FROM clients AS c
    LEFT JOIN client_secrets AS s ON s.tenant_id = c.tenant_id AND s.client_id = c.id
    WHERE c.id = :client ORDER BY s.id
"""
_ROLES = """
    SELECT r.id, r.type_id
    FROM client_roles AS h JOIN roles AS r ON r.tenant_id = h.tenant_id AND r.id = h.role_id
    WHERE h.tenant_id = :tenant AND h.client_id = :client
    ORDER BY CASE WHEN r.type_id IS NULL THEN 1 ELSE 0 END, r.folded_name, r.id
"""
_OF_USER = (
    "provider_id",
    "email",
    "given_name",
    "surname",
    "contact_email",
    "contact_given_name",
    "contact_surname",
    "external_user_id",
    "provider_user_id",
    "incarnation",
    "version",
)
_PERSON = """
    SELECT r.id, r.type_id, u.enabled, u.email_verified, p.user_id, u.created_at, u.updated_at,
        {columns}
    FROM users AS u
    LEFT JOIN passwords AS p ON p.tenant_id = u.tenant_id AND p.user_id = u.id
    LEFT JOIN user_roles AS h ON h.tenant_id = u.tenant_id AND h.user_id = u.id
    LEFT JOIN roles AS r ON r.tenant_id = h.tenant_id AND r.id = h.role_id
    WHERE u.tenant_id = :tenant AND u.id = :user
    ORDER BY CASE WHEN r.type_id IS NULL THEN 1 ELSE 0 END, r.folded_name, r.id
"""


class CardQuestions:
    """The questions, in the words of one database."""

    def __init__(self, lines: Lines, *, is_postgresql: bool) -> None:
        self._lines = lines
        settings = "c.settings::text" if is_postgresql else "c.settings"
        self._client = lines.written(_CLIENT.format(settings=settings))
        self._roles = lines.written(_ROLES)
        columns = ("u." + name for name in _OF_USER)
        self._person = lines.written(_PERSON.format(columns=", ".join(columns)))

    def client(self, client_id: str) -> ClientFacts | None:
        """The client of this id in whichever tenant it is, with its secrets and roles."""
        rows = self._lines.all(self._client, {"client": client_id})
        if not rows:
            return None
        row = rows[0]
        asked = {"tenant": row[0], "client": client_id}
        has_roles = BY_NAME[row[1]].has_roles
        held = self._lines.all(self._roles, asked) if has_roles else []
        return ClientFacts(
            tenant_id=row[0],
            client=_client(row, client_id, held),
            digests=tuple(_digest(each) for each in rows if each[7] is not None),
            role_ids=tuple(role[0] for role in held),
            role_types=tuple(role[1] for role in held if role[1] is not None),
        )

    def person(self, tenant_id: str, user_id: str) -> PersonFacts | None:
        """The person of this id with their roles."""
        rows = self._lines.all(self._person, {"tenant": tenant_id, "user": user_id})
        held = [row[:2] for row in rows if row[0] is not None]
        return _person(rows[0], user_id, held) if rows else None


def _person(row: Any, user_id: str, held: list[Any]) -> PersonFacts:
    _, _, enabled, verified, knows_password, created_at, updated_at, *same = row
    user = User(
        id=user_id,
        enabled=bool(enabled),
        email_verified=bool(verified),
        has_password=knows_password is not None,
        role_ids=tuple(sorted(role_id for role_id, _ in held)),
        created_at=moment_of(created_at),
        updated_at=moment_of(updated_at),
        **dict(zip(_OF_USER, same, strict=True)),
    )
    types = tuple(type_id for _, type_id in held if type_id is not None)
    return PersonFacts(user, tuple(role_id for role_id, _ in held), types)


def _client(row: Any, client_id: str, held: list[Any]) -> StoredClient:
    _, kind, settings, incarnation, created_at, updated_at, version = row[:7]
    document = {**msgspec.json.decode(settings), "Id": client_id}
    if BY_NAME[kind].has_roles:
        document["RoleIds"] = sorted(role[0] for role in held)
    return StoredClient(
        kind=kind,
        settings=msgspec.convert(document, BY_NAME[kind].settings),
        incarnation=incarnation,
        created_at=moment_of(created_at),
        updated_at=moment_of(updated_at),
        version=version,
    )


def _digest(row: Any) -> SecretDigest:
    secret_id, digest, expires_at = row[7:]
    until = None if expires_at is None else moment_of(expires_at)
    return SecretDigest(id=secret_id, digest=digest, expires_at=until)
