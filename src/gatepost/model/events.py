"""The journal: what an event is, and the hash that chains each to the one before.

An event carries only the fields declared here. Before and after are built from settings that
hold no secret, so that nothing secret can enter by construction (security.md R-76, R-78, D-14).
"""

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

DEPLOYMENT = ""
GENESIS = bytes(32)


class Action(StrEnum):
    """What happened; stable words."""

    TENANT_ADDED = "tenant.added"
    TENANT_CHANGED = "tenant.changed"
    CLIENT_ADDED = "client.added"
    CLIENT_CHANGED = "client.changed"
    CLIENT_REMOVED = "client.removed"
    SECRET_ADDED = "secret.added"
    SECRET_CHANGED = "secret.changed"
    SECRET_REMOVED = "secret.removed"
    ROLE_ADDED = "role.added"
    ROLE_CHANGED = "role.changed"
    ROLE_REMOVED = "role.removed"
    USER_ADDED = "user.added"
    USER_CHANGED = "user.changed"
    USER_REMOVED = "user.removed"
    PASSWORD_SET = "password.set"
    PREFERENCES_CHANGED = "preferences.changed"
    PASSWORD_LINK_MADE = "password_link.made"
    PASSWORD_LINK_REMOVED = "password_link.removed"
    TRY_OUT_BEGUN = "try_out.begun"
    TRY_OUT_ENDED = "try_out.ended"
    KEY_ADDED = "key.added"
    KEY_REMOVED = "key.removed"
    KEY_REVOKED = "key.revoked"
    MASTER_KEY_ADDED = "master_key.added"
    MASTER_KEY_USED = "master_key.used"
    MASTER_KEY_RETIRED = "master_key.retired"
    SIGN_IN_BEGUN = "sign_in.begun"
    SIGNED_IN = "sign_in.made"
    SIGN_IN_REFUSED = "sign_in.refused"
    SIGN_IN_ENDED = "sign_in.ended"
    SIGN_INS_LISTED = "sign_in.listed"
    CONSENT_GIVEN = "consent.given"
    CONSENT_REMOVED = "consent.removed"
    DEVICE_DECIDED = "device.decided"
    PASSKEY_ADDED = "passkey.added"
    PASSKEY_REMOVED = "passkey.removed"
    AUTHENTICATOR_ADDED = "authenticator.added"
    AUTHENTICATOR_REMOVED = "authenticator.removed"
    RECOVERY_CODES_MADE = "recovery_codes.made"
    RECOVERY_CODE_USED = "recovery_codes.used"
    FACTORS_REMOVED = "factors.removed"
    GRANT_REVOKED = "grant.revoked"
    TOKEN_REVOKED = "token.revoked"
    AUTHORIZATION_REFUSED = "authorization.refused"
    TOKEN_REFUSED = "token.refused"
    ACCESS_REFUSED = "access.refused"
    JOURNAL_CUT = "journal.cut"
    JOURNAL_EXPORTED = "journal.exported"
    BACKUP_MADE = "backup.made"


class Actor(NamedTuple):
    """Who did it: kind is `client`, `user`, `operator` (command line) or `anonymous`."""

    kind: str
    id: str


OPERATOR = Actor("operator", "command line")
ANONYMOUS = Actor("anonymous", "")


class Origin(NamedTuple):
    """Where a request came from: its correlation id and the caller's network address."""

    operation_id: str
    address: str


class Event(Struct, frozen=True, kw_only=True):
    """One entry, as it is handed to the journal."""

    at: datetime
    action: Action
    actor: Actor
    origin: Origin
    target: str
    reason: str | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


class ChainedEvent(Struct, frozen=True, kw_only=True):
    """One entry as it stands in the journal: numbered in its tenant and bound to the last."""

    tenant_id: str
    seq: int
    event: Event
    hash: bytes


class Head(NamedTuple):
    """The newest link of a tenant's chain."""

    seq: int
    hash: bytes


_encoder = msgspec.json.Encoder(order="deterministic")
_events = msgspec.json.Decoder(Event)


def chain(head: Head, tenant_id: str, event: Event) -> ChainedEvent:
    """The event as the link that follows `head`."""
    seq = head.seq + 1
    payload = _encoder.encode([tenant_id, seq, event])
    return ChainedEvent(
        tenant_id=tenant_id,
        seq=seq,
        event=event,
        hash=hashlib.sha256(head.hash + payload).digest(),
    )


def written(event: Event) -> bytes:
    """The event as it stands in what is hashed."""
    return _encoder.encode(event)


def is_told(event: Event) -> bool:
    """Whether what is written says all of an event, so that it is read again as it is."""
    try:
        return _events.decode(written(event)) == event
    except msgspec.ValidationError:
        return False


def next_hash(before: bytes, tenant_id: str, seq: int, event: bytes) -> bytes:
    """The hash of a link that follows this hash, of an event as it was written."""
    payload = _encoder.encode([tenant_id, seq, msgspec.Raw(event)])
    return hashlib.sha256(before + payload).digest()


def changed_members(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """Only the members in which the two differ."""
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}
