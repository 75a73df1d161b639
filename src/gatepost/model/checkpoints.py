"""Checkpoints: what a journal had at a moment, signed, as lines that are kept out of our reach.

A line is JSON. What is signed are its bytes up to the comma before the member `signature`, so that
nobody has to know how this program writes JSON (docs/operations.md, The journal).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from msgspec import Struct

from gatepost.model.events import Head
from gatepost.model.journal_lines import HASH_SIZE, MOST_SEQ
from gatepost.model.journal_walk import Attested

KIND = "gatepost-checkpoint-1"
MOST_JOURNALS = 500
"""How many journals one line tells of, so that a receiver with limits can take it."""

_SIGNATURE = b',"signature":"'


class Checkpoint(NamedTuple):
    """The heads of some journals at a moment, by tenant; the deployment's own has no name."""

    at: datetime
    heads: tuple[tuple[str, Head], ...]


class Signed(NamedTuple):
    """A checkpoint line taken apart; whether the key is trusted is not said yet."""

    checkpoint: Checkpoint
    key: str
    body: bytes
    signature: str


class _Line(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The members of a line, in their order."""

    kind: str
    at: datetime
    journals: tuple[tuple[str, int, str], ...]
    key: str
    signature: str = ""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Line)


def line(checkpoint: Checkpoint, key: str, sign: Callable[[bytes], str]) -> bytes:
    """The line of a checkpoint, signed with the key that it names."""
    journals = tuple((name, head.seq, head.hash.hex()) for name, head in checkpoint.heads)
    unsigned = _Line(kind=KIND, at=checkpoint.at, journals=journals, key=key)
    body = _encoder.encode(unsigned).rpartition(_SIGNATURE)[0]
    return body + _SIGNATURE + sign(body).encode() + b'"}\n'


def is_fit(name: object, head: Head) -> bool:
    """Whether a line can tell of this head: what somebody else wrote into a row need not be one."""
    seq: object = head.seq
    hash_: object = head.hash
    is_number = isinstance(seq, int) and 1 <= seq <= MOST_SEQ
    is_hash = isinstance(hash_, bytes) and len(hash_) == HASH_SIZE
    return isinstance(name, str) and is_number and is_hash


def read(text: bytes) -> Signed | None:
    """A line taken apart; None when it is none of ours."""
    body, _, _ = text.rpartition(_SIGNATURE)
    try:
        found = _decoder.decode(text)
        heads = [(name, Head(seq, bytes.fromhex(hash_))) for name, seq, hash_ in found.journals]
    except ValueError:
        return None
    whole = all(is_fit(name, head) for name, head in heads)
    is_ours = _encoder.encode(found) + b"\n" == text
    if found.kind != KIND or found.at.tzinfo is None or not whole or not is_ours:
        return None
    return Signed(Checkpoint(found.at, tuple(heads)), found.key, body, found.signature)


def by_journal(checkpoints: Sequence[Checkpoint]) -> Mapping[str, Sequence[Attested]]:
    """What checkpoints have of each journal."""
    found: dict[str, list[Attested]] = {}
    for checkpoint in checkpoints:
        for tenant_id, head in checkpoint.heads:
            found.setdefault(tenant_id, []).append(Attested(head, checkpoint.at))
    return found
