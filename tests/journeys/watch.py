"""What a browser complains of, and whom it speaks with."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, WebError

# A page with the status of a refusal is told in the console as well.
_STATUS = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d ")


class Watch:
    """Listens to all pages and frames of a browser from now on."""

    def __init__(self, context: BrowserContext) -> None:
        self.complaints: list[str] = []
        self.origins: set[str] = set()
        context.on("console", self._heard)
        context.on("weberror", self._broke)
        context.on("request", self._asked)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not _STATUS.match(message.text):
            self.complaints.append(message.text)

    def _broke(self, error: WebError) -> None:
        self.complaints.append(str(error.error))

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        self.origins.add(f"{parts.scheme}://{parts.netloc}")
