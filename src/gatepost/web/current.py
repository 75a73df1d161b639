"""Whose call a thread is answering, so that each line that is logged meanwhile can say so."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from gatepost.model.events import Origin

_ORIGIN: ContextVar[Origin | None] = ContextVar("origin", default=None)


@contextmanager
def answering(origin: Origin) -> Iterator[None]:
    """Within the block the call with this origin is answered."""
    token = _ORIGIN.set(origin)
    try:
        yield
    finally:
        _ORIGIN.reset(token)


def origin() -> Origin | None:
    """The origin of the call that is being answered here, if one is."""
    return _ORIGIN.get()
