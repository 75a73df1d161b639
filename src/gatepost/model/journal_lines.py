"""A journal as lines of JSON, one link a line: what an export holds, and how it is read again.

The event is the last member and stands there in the very bytes that were hashed, so that the chain
can be verified without knowing how this program writes JSON (docs/operations.md, The journal).
"""

from typing import NamedTuple

import msgspec
from msgspec import Struct

from gatepost.model.events import Action, ChainedEvent, Event, Head, next_hash, written

HASH_SIZE = 32
MOST_SEQ = 2**63 - 1
_CUT = b'"action":"' + Action.JOURNAL_CUT.encode() + b'"'


class Told(NamedTuple):
    """A link as a line tells it; `made` is the hash that follows from the other members."""

    tenant_id: str
    seq: int
    previous: bytes
    hash: bytes
    made: bytes
    seal: bytes | None
    cut: Head | None


class _Line(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The members of a line, in their order."""

    tenant: str
    seq: int
    previous: str
    hash: str
    seal: str | msgspec.UnsetType = msgspec.UNSET
    event: msgspec.Raw


_encoder = msgspec.json.Encoder()
_lines = msgspec.json.Decoder(_Line)
_events = msgspec.json.Decoder(Event)


def line(previous: bytes, link: ChainedEvent, seal: bytes | None = None) -> bytes:
    """The line of a link, with the hash before it; the newest one bears the seal of the head."""
    return _bytes(
        _Line(
            tenant=link.tenant_id,
            seq=link.seq,
            previous=previous.hex(),
            hash=link.hash.hex(),
            seal=msgspec.UNSET if seal is None else seal.hex(),
            event=msgspec.Raw(written(link.event)),
        )
    )


def read(text: bytes) -> Told | None:
    """What a line tells; None when it is not written as `line` writes it."""
    try:
        found = _lines.decode(text)
        previous, hash_ = bytes.fromhex(found.previous), bytes.fromhex(found.hash)
        seal = bytes.fromhex(found.seal) if isinstance(found.seal, str) else None
        event = bytes(found.event)
        cut = cut_told(_events.decode(event)) if _CUT in event else None
    except ValueError:
        return None
    is_ours = _bytes(found) == text and len(previous) == len(hash_) == HASH_SIZE
    if not is_ours or not 1 <= found.seq <= MOST_SEQ:
        return None
    made = next_hash(previous, found.tenant, found.seq, event)
    return Told(found.tenant, found.seq, previous, hash_, made, seal, cut)


def cut_members(upto: Head, events: int) -> dict[str, object]:
    """What the event of a cut tells: how many links went, and the last of them."""
    return {"Events": events, "Upto": upto.seq, "Hash": upto.hash.hex()}


def cut_told(event: Event) -> Head | None:
    """The last link that a cut removed, if the event is of a cut."""
    if event.action is not Action.JOURNAL_CUT:
        return None
    told = event.after or {}
    try:
        return Head(told["Upto"], bytes.fromhex(told["Hash"]))
    except (LookupError, TypeError):
        raise ValueError("a cut that does not tell what it removed") from None


def _bytes(members: _Line) -> bytes:
    return _encoder.encode(members) + b"\n"
