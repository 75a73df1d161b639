"""What watches over the server asks: whether it lives, whether it is ready, and its metrics.

All of it is at hand: it is answered when every thread waits for a store that is away.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from gatepost.model.errors import Code, Refused
from gatepost.model.events import Origin
from gatepost.model.networks import parsed
from gatepost.protocol.exposition import MEDIA_TYPE
from gatepost.web.endpoints import Endpoint
from gatepost.web.http import NO_STORE, Call, Reply, json_reply

METRICS = "/metrics"
_TEXT = (("Content-Type", MEDIA_TYPE), *NO_STORE)
_FORWARDED = frozenset({"forwarded", "via", "x-forwarded-for", "x-real-ip"})


class Standing(StrEnum):
    """Whether requests may be sent here, in the words of `/health/ready`."""

    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    STORE_LOST = "the store cannot be reached"
    NO_KEY = "no key signs"


class Vital(NamedTuple):
    """What is asked of the server; `metrics` is None where they have a listener of their own."""

    standing: Callable[[], Standing]
    metrics: Callable[[], str] | None


def live(_call: Call) -> Reply:
    """The process answers."""
    return json_reply(200, {"status": "live"})


def ready(standing: Standing) -> Reply:
    """Whether requests may be sent here."""
    return json_reply(200 if standing is Standing.READY else 503, {"status": standing.value})


def metrics(text: str) -> Reply:
    """The page of metrics."""
    return Reply(200, text.encode(), _TEXT)


def is_of_this_machine(call: Call) -> bool:
    """Whether a caller is on this machine and calls for nobody else.

    A proxy on this machine that is not listed as trusted makes everybody look like that, so what
    bears a mark of a proxy is not believed.
    """
    if not _FORWARDED.isdisjoint(call.headers):
        return False
    address = parsed(call.origin.address)
    return address is not None and address.is_loopback


class MetricsDoor:
    """The only door at the listener for metrics."""

    def __init__(
        self, text: Callable[[], str], explain: Callable[[Refused, Origin], Reply]
    ) -> None:
        self._text = text
        self._explain = explain

    def find(self, method: str, segments: tuple[str, ...]) -> Endpoint:
        """The endpoint of any path: there is one that leads somewhere."""
        if method in {"GET", "HEAD"} and segments == (METRICS[1:],):
            return Endpoint(self._answer, self._explain, at_hand=self._answer, route=METRICS)
        return Endpoint(_unknown, self._explain)

    def _answer(self, _call: Call) -> Reply:
        return metrics(self._text())


def _unknown(_call: Call) -> Reply:
    raise Refused(Code.ROUTE_NOT_FOUND, "There is no page at this address.", f"Ask {METRICS}.")
