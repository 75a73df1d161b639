"""The portal's list at scale: what its pages cost with many clients, against a few.

An administrator signs in as in a browser; then both stores are asked in turn, as in `scale`.
"""

import html
import re
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlencode, urlsplit

from bench.scale import Times, row
from bench.served import Answer, Caller, NotServedError, serving
from bench.stores import PASSWORD, Filled
from gatepost.web.portal.list_state import LIST_PATH, PAGE_SIZE

BAR = 2.0
_WARM_UP = 5
_A_FORM = re.compile(r'<form\b[^>]*action="([^"]*)".*?</form>', re.DOTALL)
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_PAGES: Mapping[str, str] = {
    "first page": "page=1",
    "middle page": "page={middle}",
    "last page": "page={last}",
    "by expiry, middle page": "sort=expiry&page={middle}",
    "by expiry from the end, last page": "sort=expiry&descending=yes&page={last}",
    "by last use, middle page": "sort=used&page={middle}",
    "enabled ones, first page": "status=enabled&page=1",
    "expiring within 30 days": "expiry=30",
    "search that meets one": "q=00042",
    "search that meets none": "q=nothing",
    "search that meets all, first page": "q=device",
    "search of two words": "q=00042+device",
    "chosen client beside the list": "page={middle}&client={client}",
}


class Side:
    """One of the two stores, as an administrator of it sees the portal."""

    def __init__(self, filled: Filled, caller: Caller) -> None:
        self._caller = caller
        self._cookies: dict[str, str] = {}
        last = -(-filled.clients // PAGE_SIZE)
        self._places = {"middle": (last + 1) // 2, "last": last, "client": filled.client_id}
        self.times: Times = defaultdict(list)
        self._sign_in(filled)

    def look(self, name: str) -> None:
        """Open one of the pages."""
        answer = self._call("GET", f"{LIST_PATH}?{_PAGES[name].format(**self._places)}")
        if answer.status != 200:
            raise NotServedError(f"{name} got {answer.status}: {answer.body[:300]!r}")
        self.times[name].append(answer.seconds)

    def _sign_in(self, filled: Filled) -> None:
        page = self._followed(self._call("GET", "/portal/"))
        form = re.search(
            r"<form\b[^>]*action=\"([^\"]*)\".*?</form>", page.body.decode(), re.DOTALL
        )
        if form is None:
            raise NotServedError(f"there is no sign-in page: {page.status}")
        hidden = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', form[0])
        fields = {name: html.unescape(value) for name, value in hidden}
        fields |= {"email": filled.admin_email, "password": PASSWORD}
        self._followed(self._call("POST", html.unescape(form[1]), urlencode(fields)))

    def _followed(self, answer: Answer) -> Answer:
        for _ in range(10):
            headers = {name.lower(): value for name, value in answer.headers.items()}
            if answer.status != 303:
                return answer
            parts = urlsplit(headers["location"])
            answer = self._call("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path)
        raise NotServedError("the redirects do not end")

    def _call(self, method: str, path: str, body: str | None = None) -> Answer:
        cookie = "; ".join(f"{name}={value}" for name, value in self._cookies.items() if value)
        headers = {"Cookie": cookie} | (_FORM if body else {})
        answer = self._caller.call(method, path, body, headers)
        for pair in answer.cookies:
            name, _, rest = pair.partition("=")
            self._cookies[name] = rest.partition(";")[0]
        return answer


def measure(few: Filled, many: Filled, rounds: int) -> dict[str, Any]:
    """Medians in milliseconds for each page, and the ratio of many to few."""
    with ExitStack() as stack:
        sides = []
        for filled in (few, many):
            caller = Caller(stack.enter_context(serving(filled)).port)
            stack.callback(caller.close)
            sides.append(Side(filled, caller))
        for number in range(_WARM_UP + rounds):
            if number == _WARM_UP:
                for side in sides:
                    side.times.clear()
            for name in _PAGES:
                for side in sides[:: 1 if number % 2 else -1]:
                    side.look(name)
    return {name: row(sides[0].times[name], sides[1].times[name]) for name in _PAGES}
