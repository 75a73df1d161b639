"""What an operation of the API is: one row, from which route, access and document are read."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from gatepost.model.callers import Caller
from gatepost.model.errors import Code, Refused
from gatepost.ports import PageOf
from gatepost.services.passkey_lists import PasskeyLists
from gatepost.services.sign_in_lists import SignInLists
from gatepost.services.world import Act, World
from gatepost.web.http import Call, Headers, query_pairs, whole_number

_Thing = TypeVar("_Thing")

MAX_SKIP = 2_000_000_000
MAX_COUNT = 1_000
DEFAULT_COUNT = 100
TENANT_PATH = "/api/v1/Tenants/{tenantId}"


class Allowed(StrEnum):
    """Who may call an operation. An administrator may do what a member may."""

    SELF_CLIENT = "Self, the client of the address"
    SELF_USER = "Self, the user of the address"
    MEMBER = "Tenant Member"
    ADMINISTRATOR = "Tenant Administrator"


class Parameter(NamedTuple):
    """A query parameter."""

    name: str
    schema: Mapping[str, Any]
    description: str


class Body(NamedTuple):
    """The body that an operation takes: its schema's name, and how it is read."""

    schema: str
    read: Callable[[Call], Any]


class Answer(NamedTuple):
    """What a handler answers; the pipeline encodes it."""

    status: int
    value: Any = None
    headers: Headers = ()


class Request(NamedTuple):
    """What a handler is given: everything checked that can be checked without the store."""

    world: World
    caller: Caller
    call: Call
    path: Mapping[str, str]
    body: Any
    sign_ins: SignInLists
    passkeys: PasskeyLists

    @property
    def tenant_id(self) -> str:
        """The caller's own tenant, which the address names too."""
        return self.caller.tenant_id

    @property
    def act(self) -> Act:
        """The change that the caller is making."""
        return Act(self.caller, self.call.origin)

    def texts(self, name: str) -> tuple[str, ...]:
        """All values of a repeatable parameter; blank ones are ignored."""
        pairs = query_pairs(self.call.query)
        return tuple(value for key, value in pairs if key == name and value.strip())

    def few_texts(self, name: str, most: int) -> tuple[str, ...]:
        """The same, where many would be a burden."""
        found = self.texts(name)
        if len(found) > most:
            raise Refused(
                Code.INVALID_QUERY,
                f"The parameter {name} is there {len(found)} times.",
                f"Send it at most {most} times.",
            )
        return found

    def text(self, name: str) -> str | None:
        """The value of a parameter that may stand once."""
        found = [value for key, value in query_pairs(self.call.query) if key == name]
        if len(found) > 1:
            raise repeated(name)
        return found[0] if found else None

    def page(self, default: int = DEFAULT_COUNT) -> PageOf:
        """The part of the list that is asked for; of a list that is only counted, none."""
        skip, count = self.text("skip"), self.text("count")
        page = PageOf(
            0 if skip is None else whole_number("skip", skip, (0, MAX_SKIP)),
            default if count is None else whole_number("count", count, (1, MAX_COUNT)),
        )
        return PageOf(page.skip, 0) if self.call.method == "HEAD" else page


Handler = Callable[[Request], Answer]


class Operation(NamedTuple):
    """One operation of the API; `ours` where the original API does not have it."""

    id: str
    method: str
    path: str
    summary: str
    allowed: frozenset[Allowed]
    handle: Handler
    success: int
    result: str | None
    query: tuple[Parameter, ...] = ()
    body: Body | None = None
    statuses: frozenset[int] = frozenset()
    counts: bool = False
    ours: bool = False

    @property
    def tag(self) -> str:
        """The resource that the operation belongs to."""
        return self.id.split(".", 1)[0]

    @property
    def template(self) -> str:
        """The whole path, with its parameters in braces."""
        return TENANT_PATH + self.path

    def head(self, id_: str, summary: str, success: int = 200) -> "Operation":
        """The operation that answers as this GET does, without a body."""
        return self._replace(id=id_, method="HEAD", summary=summary, success=success, result=None)


MEMBER = frozenset({Allowed.MEMBER})
ADMINISTRATOR = frozenset({Allowed.ADMINISTRATOR})
SELF_USER_OR_ADMINISTRATOR = frozenset({Allowed.SELF_USER, Allowed.ADMINISTRATOR})
READ_STATUSES = frozenset({401, 403, 404, 500, 503})
WRITE_STATUSES = READ_STATUSES | {400, 408}
BODY_STATUSES = WRITE_STATUSES | {413, 415}
SKIP = Parameter(
    "skip",
    {"type": "integer", "minimum": 0, "maximum": MAX_SKIP, "default": 0},
    "How many to leave out from the start.",
)
COUNT = Parameter(
    "count",
    {"type": "integer", "minimum": 1, "maximum": MAX_COUNT, "default": DEFAULT_COUNT},
    "How many to return at most.",
)
QUERY = Parameter("query", {"type": "string"}, "Accepted and ignored.")
PAGING = (QUERY, SKIP, COUNT)


def texts_parameter(name: str, description: str) -> Parameter:
    """A parameter that may be repeated."""
    return Parameter(name, {"type": "array", "items": {"type": "string"}}, description)


def total(number: int) -> Headers:
    """The header that tells how many there are in all."""
    return (("Total-Count", str(number)),)


def listed(request: Request, found: Sequence[_Thing], view: Callable[[_Thing], object]) -> Answer:
    """The part that is asked for of a list that is short enough to be read whole."""
    page = request.page()
    shown = found[page.skip : page.skip + page.count]
    return Answer(200, [view(thing) for thing in shown], total(len(found)))


def repeated(name: str) -> Refused:
    """A parameter stands more than once where it may stand once."""
    return Refused(
        Code.INVALID_QUERY, f"The parameter {name} is there more than once.", "Send it once."
    )
