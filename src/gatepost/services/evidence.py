"""The evidence of grants: found by digest, and used up in one conditional statement (D-05)."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from gatepost.model.grants import DeviceCode
from gatepost.ports import GrantStore, Kind
from gatepost.protocol.grants import EvidenceKind
from gatepost.protocol.grants.decisions import Evidence
from gatepost.services.world import World

_KINDS: Mapping[EvidenceKind, Kind] = {
    "code": "code",
    "refresh_token": "refresh-token",
    "device_code": "device-code",
}


class Presented(NamedTuple):
    """A code or token as it was presented: which kind, and the digest it is kept under."""

    kind: EvidenceKind
    digest: bytes


def presented(world: World, kind: EvidenceKind, value: str) -> Presented:
    """What to look for."""
    return Presented(kind, world.secrets.digest_of(_KINDS[kind], value))


def load(grants: GrantStore, what: Presented, now: datetime) -> Evidence | None:
    """What the store knows of it, used or not."""
    if what.kind == "code":
        code = grants.code(what.digest)
        return None if code is None else Evidence(code, grants.family(code.family_id))
    if what.kind == "refresh_token":
        token = grants.refresh_token(what.digest)
        if token is None:
            return None
        return Evidence(token, grants.family(token.family_id), grants.successor_is_used(token))
    return _device(grants, what.digest, now)


def spend(grants: GrantStore, what: Presented, now: datetime, sealed_successor: bytes) -> bool:
    """Use it up; False when somebody else did."""
    if what.kind == "code":
        return grants.spend_code(what.digest, now)
    if what.kind == "refresh_token":
        return grants.spend_refresh_token(what.digest, now, sealed_successor)
    return grants.spend_device_code(what.digest, now)


def _device(grants: GrantStore, digest: bytes, now: datetime) -> Evidence | None:
    """A device that asks is noted each time, whatever it is told (RFC 8628, 3.5)."""
    device: DeviceCode | None = grants.device_code(digest)
    if device is None:
        return None
    grants.note_poll(digest, now)
    return Evidence(device, grants.family(device.family_id) if device.family_id else None)
