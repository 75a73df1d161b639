"""The evidence of grants: found by digest, and used up in one conditional statement (D-05)."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from gatepost.ports import GrantStore, Kind, RedemptionStore
from gatepost.protocol.grants import EvidenceKind
from gatepost.protocol.grants.decisions import Evidence
from gatepost.services.digests import first_found
from gatepost.services.world import World

_KINDS: Mapping[EvidenceKind, Kind] = {
    "code": "code",
    "refresh_token": "refresh-token",
    "device_code": "device-code",
}


class Presented(NamedTuple):
    """A code or token as it was presented: which kind, and the digest it is kept under.

    `others` are the digests it has under other master keys, while there are several.
    """

    kind: EvidenceKind
    digest: bytes
    others: tuple[bytes, ...] = ()

    def each(self) -> Iterator[bytes]:
        """All digests that it may be kept under."""
        yield self.digest
        yield from self.others

    def kept_as(self, found: Evidence | None) -> "Presented":
        """The same by the digest under which it was found."""
        return self if found is None else Presented(self.kind, found.thing.digest)


def presented(world: World, kind: EvidenceKind, value: str) -> Presented:
    """What to look for."""
    digest, *others = world.secrets.digests_of(_KINDS[kind], value)
    return Presented(kind, digest, tuple(others))


def load(redemptions: RedemptionStore, what: Presented) -> Evidence | None:
    """What the store knows of a code or refresh token, used or not."""
    if what.kind == "code":
        code = first_found(redemptions.code, what.each())
        return None if code is None else Evidence(code.code, code.family)
    token = first_found(redemptions.refresh_token, what.each())
    return None if token is None else Evidence(token.token, token.family, token.superseded)


def load_device(grants: GrantStore, what: Presented, now: datetime) -> Evidence | None:
    """A device that asks is noted each time, whatever it is told (RFC 8628, 3.5)."""
    device = first_found(grants.device_code, what.each())
    if device is None:
        return None
    grants.note_poll(device.digest, now)
    return Evidence(device, grants.family(device.family_id) if device.family_id else None)
