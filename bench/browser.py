"""A browser as lean as a load needs it: one kept connection, cookies, redirects, forms."""

from urllib.parse import parse_qsl, urlencode, urlsplit

from bench.served import Answer, Caller, NotServedError
from gatepost.protocol import discovery as addresses
from tests.flows import form_of

_TOKEN = addresses.ISSUER_PATH + addresses.TOKEN_PATH
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_MOST_REDIRECTS = 10


class Browser:
    """Somebody at a browser without scripts."""

    def __init__(self, port: int) -> None:
        self._caller = Caller(port)
        self._cookies: dict[str, str] = {}
        self._path = "/"
        self.page = ""
        self.arrived: dict[str, str] = {}
        """What an application was told, once the browser was sent back to it."""

    @property
    def cookie(self) -> str:
        """The cookies, as they are sent."""
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items() if value)

    def open(self, path: str) -> None:
        """Open an address and follow where it leads."""
        self._settle(self._call("GET", path))

    def submit(self, button: str, **fields: str) -> None:
        """Fill in the form that has this button, and press it."""
        action, hidden = form_of(self.page, button)
        path = action or self._path
        self._settle(self._call("POST", path, urlencode(hidden | fields)))

    def sign_in(self, path: str, email: str, password: str) -> None:
        """Open a page that wants to know who is there, and tell it."""
        self.open(path)
        self.submit("submit", email=email, password=password)

    def sign_in_to_portal(self, tenant_id: str, email: str, password: str) -> None:
        """Open the portal, which may ask for the tenant first."""
        self.open("/portal/")
        if 'id="choose"' in self.page:
            self.submit("choose", alias=tenant_id)
        self.submit("submit", email=email, password=password)

    def redeem(self, form: str) -> None:
        """Get the tokens for a code, as the application behind the browser does."""
        answer = self._caller.call("POST", _TOKEN, form, _FORM)
        if answer.status != 200:
            raise NotServedError(f"a token request got {answer.status}: {answer.body!r}")

    def forget(self) -> None:
        """Be another browser, on the same connection."""
        self._cookies.clear()
        self.arrived = {}

    def close(self) -> None:
        """Close the connection."""
        self._caller.close()

    def _settle(self, answer: Answer) -> None:
        for _ in range(_MOST_REDIRECTS):
            if answer.status not in {302, 303}:
                self._show(answer)
                return
            headers = {name.lower(): value for name, value in answer.headers.items()}
            parts = urlsplit(headers["location"])
            if parts.scheme == "https":
                self.arrived = dict(parse_qsl(parts.fragment or parts.query))
                return
            answer = self._call("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path)
        raise NotServedError("the redirects do not end")

    def _show(self, answer: Answer) -> None:
        self.page = answer.body.decode()
        if answer.status != 200:
            raise NotServedError(f"{self._path} got {answer.status}: {self.page[:300]}")
        if 'id="form_post"' in self.page:
            self.arrived = {"form_post": "yes"}

    def _call(self, method: str, path: str, body: str | None = None) -> Answer:
        self._path = path
        headers = {"Cookie": self.cookie} | (_FORM if body is not None else {})
        answer = self._caller.call(method, path, body, headers)
        for pair in answer.cookies:
            name, _, rest = pair.partition("=")
            self._cookies[name] = rest.partition(";")[0]
        return answer
