"""A few things kept by name, of which the oldest makes room for the newest."""

from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class Shelf(Generic[_K, _V]):
    """At most so many things; `find` waits for nobody."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[_K, _V] = {}
        self._lock = Lock()
        self.find = self._kept.get

    def __len__(self) -> int:
        """How many things are kept."""
        return len(self._kept)

    def keep(self, name: _K, thing: _V) -> _V:
        """Keep a thing as the newest, in place of what had its name."""
        with self._lock:
            self._kept.pop(name, None)
            if len(self._kept) >= self._most:
                del self._kept[next(iter(self._kept))]
            self._kept[name] = thing
        return thing

    def drop(self, name: _K) -> None:
        """Keep nothing under a name any more."""
        with self._lock:
            self._kept.pop(name, None)
