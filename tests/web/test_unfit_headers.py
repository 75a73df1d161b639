"""An answer with a header that cannot be sent becomes one that can."""

import asyncio
from typing import Any

import pytest

from gatepost.system import SystemDice
from gatepost.web import site
from gatepost.web.endpoints import Endpoint
from gatepost.web.front import Front
from gatepost.web.http import Call, Reply
from tests import loops


class OneDoor:
    """Answers everything with one header."""

    def __init__(self, value: str) -> None:
        self._value = value

    def find(self, method: str, segments: tuple[str, ...]) -> Endpoint:
        """The only endpoint."""
        assert method == "GET"
        assert segments is not None
        return Endpoint(self._answer, site.explain)

    def _answer(self, _call: Call) -> Reply:
        return Reply(303, b"", (("Location", self._value),))


def answered(value: str) -> tuple[int, dict[bytes, bytes]]:
    front = Front([OneDoor(value)], SystemDice(), [], https=False)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"",
             "headers": [], "client": ("192.0.2.1", 1)}  # fmt: skip
    try:
        loops.run(front(scope, receive, send))
    finally:
        front.close()
    return sent[0]["status"], dict(sent[0]["headers"])


@pytest.mark.requirement("R-72", "R-79")
@pytest.mark.parametrize("value", ["/a\r\nX-Evil: yes", "/\0", "/\u0663", "/\x7f"])
def test_an_unfit_header_is_a_fault_of_ours_and_is_not_sent(value: str) -> None:
    status, headers = answered(value)
    assert status == 500
    assert b"location" not in headers
    assert b"operation-id" in headers


def test_a_fit_header_is_sent_as_it_is() -> None:
    status, headers = answered("/caf\xe9?q=1")
    assert status == 303
    assert headers[b"location"] == b"/caf\xe9?q=1"
