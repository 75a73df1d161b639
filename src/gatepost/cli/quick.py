"""Answers within the protocol what the application has at hand, before a task is made for it.

A request that came whole in one piece, to an address that has answers at hand, is handed to
`Front.at_once`. When that gives None, or the rest of the request is still on its way, the request
goes on as every other: the server library is told of it then.
"""

from typing import Any

from gatepost.cli.guard import GuardedProtocol
from gatepost.web.front import Front, Whole

_CLOSE = b"connection: close\r\n"


class QuickProtocol(GuardedProtocol):
    """HTTP/1.1 with a short way for what is at hand."""

    app: Any
    _held: bytes | None = None

    def data_received(self, data: bytes) -> None:
        """Some bytes; a request that is not whole with them is not waited for here."""
        super().data_received(data)
        if self._held is not None:
            self._go_on(self._held)

    def on_headers_complete(self) -> None:
        """The head is whole: hold the request back, or let it go on."""
        if not self._may_be_quick():
            super().on_headers_complete()
            return
        self._head_is_whole()
        self._held = b""

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if self._held is None:
            super().on_body(body)
        else:
            self._held += body

    def on_message_complete(self) -> None:
        """The request is whole: answer it now, or let it go on."""
        body = self._held
        if body is not None and self._is_answered(body):
            return
        if body is not None:
            self._go_on(body)
        super().on_message_complete()

    def _may_be_quick(self) -> bool:
        cycle: Any = self.cycle  # None before the first request, whatever the library's types say
        is_next = cycle is None or cycle.response_complete
        return (
            is_next
            and isinstance(self.app, Front)
            and self.app.may_be_at_once(self.parser.get_method().decode("ascii"), self.url)
            and not self.pipeline
            and not self.expect_100_continue
            and not self.flow.write_paused
            and not self.transport.is_closing()
            and self.parser.get_http_version() == "1.1"
            and not self.parser.should_upgrade()
        )

    def _is_answered(self, body: bytes) -> bool:
        """Whether the application had the answer at hand; then it is sent."""
        method, peer = self.parser.get_method().decode("ascii"), self.client
        whole = Whole(method, self.url, self.headers, body, peer[0] if peer else "")
        stays = self.parser.should_keep_alive()
        # the headers of the server library, such as the date, come first as on every other answer
        before = b"".join(b"%b: %b\r\n" % pair for pair in self.server_state.default_headers)
        message = self.app.at_once(whole, before if stays else before + _CLOSE)
        if message is None:
            return False
        self._held = None
        self.transport.write(message)
        if not stays:
            self.transport.close()
        self.on_response_complete()
        return True

    def _go_on(self, body: bytes) -> None:
        """Tell the server library what it was not told yet."""
        self._held = None
        super().on_headers_complete()
        if body:
            super().on_body(body)
