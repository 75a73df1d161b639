"""Who asks in vain too often is told to wait: counted in memory, by the caller's network.

It keeps floods cheap and guards no secret, so it may forget at a restart, and each worker counts
for itself. Only what failed, or leaves a row behind for a stranger, is counted.
"""

from datetime import datetime

from gatepost.model import throttle
from gatepost.model.networks import network
from gatepost.model.shelf import Shelf
from gatepost.model.throttle import Limit
from gatepost.ports import Clock
from gatepost.protocol.parameters import OAuthError

_MOST_NETWORKS = 10_000


class Flood:
    """What each network may do so often."""

    def __init__(self, clock: Clock, limit: Limit, reason: str) -> None:
        self._clock = clock
        self._limit = limit
        self._reason = reason
        self._ends: Shelf[str, datetime] = Shelf(_MOST_NETWORKS)

    def refusal(self, address: str) -> OAuthError | None:
        """Count once more for an address; what to answer when that was too often."""
        caller, now = network(address), self._clock.now()
        end = throttle.counted(self._ends.find(caller), self._limit, now)
        wait = throttle.wait_for(end, self._limit, now)
        if not wait:
            self._ends.keep(caller, end)
            return None
        seconds, reason = int(wait.total_seconds()) + 1, self._reason
        return OAuthError(
            "temporarily_unavailable",
            f"too many requests of this kind came from this address; wait {seconds} s",
            reason,
            429,
            seconds,
        )
