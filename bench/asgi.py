"""The application asked by ASGI, without a server library."""

from collections.abc import MutableMapping
from typing import Any

from bench.profile_stand import Request
from gatepost.web.front import Front

Message = MutableMapping[str, Any]


async def answered(front: Front, asked: Request) -> tuple[int, bytes]:
    """The status and the body of the answer."""
    whole, sent = asked.whole, list[Message]()
    scope = {
        "type": "http",
        "method": whole.method,
        "path": whole.target.decode(),
        "raw_path": whole.target,
        "query_string": b"",
        "headers": whole.headers,
        "client": (whole.peer, 0),
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": whole.body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await front(scope, receive, send)
    return sent[0]["status"], sent[1]["body"]
