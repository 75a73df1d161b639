"""The evidence of grants: found by digest, and used up in one conditional statement (D-05)."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from gatepost.ports import GrantStore, Kind, RedemptionStore
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


def load(redemptions: RedemptionStore, what: Presented) -> Evidence | None:
    """What the store knows of a code or refresh token, used or not."""
    if what.kind == "code":
        code = redemptions.code(what.digest)
        return None if code is None else Evidence(code.code, code.family)
    token = redemptions.refresh_token(what.digest)
    return None if token is None else Evidence(token.token, token.family, token.superseded)


def load_device(grants: GrantStore, digest: bytes, now: datetime) -> Evidence | None:
    """A device that asks is noted each time, whatever it is told (RFC 8628, 3.5)."""
    device = grants.device_code(digest)
    if device is None:
        return None
    grants.note_poll(digest, now)
    return Evidence(device, grants.family(device.family_id) if device.family_id else None)
