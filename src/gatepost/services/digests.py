"""Looking for what is kept under a digest, while there may be several master keys."""

import hmac
from collections.abc import Callable, Iterable
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


def first_found(find: Callable[[K], V | None], digests: Iterable[K]) -> V | None:
    """What is found under the first of these digests, or proofs, that has anything."""
    for digest in digests:
        found = find(digest)
        if found is not None:
            return found
    return None


def is_one_of(presented: bytes, known: Iterable[bytes]) -> bool:
    """Whether a value is one of those that we make, compared in constant time (R-75)."""
    return any(hmac.compare_digest(presented, each) for each in known)
