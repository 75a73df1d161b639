"""The flows in each of which every call of the store fails once: what is done, and what it claims.

A flow is prepared, one request is made, and afterwards it is looked whether what the answer claims
is so. A closed flow asks for what must be refused, whatever fails meanwhile.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import httpx

from tests.flows import Application, Person
from tests.served import Served

Ready = Any
"""What a flow has prepared for its request."""


class Ground(NamedTuple):
    """The product, and those that all flows use."""

    served: Served
    app: Application
    kim: Person
    admin: Mapping[str, str]
    role_ids: tuple[str, ...]

    @property
    def http(self) -> httpx.Client:
        """The way to the product."""
        return self.served.http

    def rest(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """A call of an administrator."""
        url = self.served.api() + path
        return self.http.request(method, url, json=body, headers=self.admin)


def _succeeds(answer: httpx.Response) -> bool:
    return answer.status_code < 400


class Flow(NamedTuple):
    """A request, with what comes before it and what must be so after it."""

    name: str
    prepare: Callable[[Ground], Ready]
    act: Callable[[Ground, Ready], httpx.Response]
    is_so: Callable[[Ground, Ready, httpx.Response], bool]
    """Whether all that a success claims is so."""
    claims: Callable[[httpx.Response], bool] = _succeeds
    is_closed: bool = False
    """Whether any success is a breach."""


def shut(
    name: str,
    prepare: Callable[[Ground], Ready],
    act: Callable[[Ground, Ready], httpx.Response],
    claims: Callable[[httpx.Response], bool] = _succeeds,
) -> Flow:
    """A flow that asks for what must be refused."""
    return Flow(name, prepare, act, _never, claims, is_closed=True)


def _never(_ground: Ground, _ready: Ready, _answer: httpx.Response) -> bool:
    """A closed flow claims nothing that could be so."""
    return False


def made(answer: httpx.Response, status: int = 201) -> Any:
    """What was made while nothing failed."""
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None
