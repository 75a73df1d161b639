"""What the callers met, as figures: pure functions of their attempts."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from faults.journal import Attempt

BEYOND = float("inf")
Span = tuple[float, float]


class Tally(NamedTuple):
    """How many attempts went which way; times in seconds."""

    good: int
    server_errors: int
    """Answers from 500 on."""
    without_retry_after: int
    """Those of 503 and 429 that did not say when to come again."""
    refused: int
    """Other answers than the callers had a right to."""
    broken: int
    """Connections that failed, and answers that did not come."""
    longest_gap: float
    """The longest time between two successes, of whichever caller."""

    @property
    def other(self) -> int:
        """All that went wrong without being an answer from 500 on."""
        return self.refused + self.broken


def tally(attempts: Sequence[Attempt]) -> Tally:
    """The figures of a run."""
    return Tally(
        good=sum(each.is_good for each in attempts),
        server_errors=sum(each.status >= 500 for each in attempts),
        without_retry_after=sum(
            each.status in {429, 503} and not each.retry_after for each in attempts
        ),
        refused=sum(0 < each.status < 500 and not each.is_good for each in attempts),
        broken=sum(each.status == 0 for each in attempts),
        longest_gap=longest_gap(attempts),
    )


def longest_gap(attempts: Iterable[Attempt]) -> float:
    """The longest time between two successes."""
    ends = sorted(each.ended for each in attempts if each.is_good)
    return max((after - before for before, after in pairwise(ends)), default=0.0)


def recoveries(attempts: Sequence[Attempt], spans: Sequence[Span]) -> list[float]:
    """For each span, in which all is well again, the seconds until nothing failed any more.

    That is the first success in it or the last failure, whichever is later. Where nothing
    succeeded it is endless.
    """
    return [
        _recovery([each for each in attempts if begin <= each.ended < end], begin)
        for begin, end in spans
    ]


def spans(begins: Sequence[float], ends: Sequence[float] | None = None) -> list[Span]:
    """From each begin to the first end after it, which are the next begins if nothing is said."""
    known = begins if ends is None else ends
    return [(begin, min((end for end in known if end > begin), default=BEYOND)) for begin in begins]


def _recovery(attempts: Sequence[Attempt], begin: float) -> float:
    good = [each.ended for each in attempts if each.is_good]
    if not good:
        return BEYOND
    bad = [each.ended for each in attempts if not each.is_good]
    return max(min(good), max(bad, default=begin)) - begin


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all is no greater than."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
