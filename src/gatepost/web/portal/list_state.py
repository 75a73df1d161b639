"""The whole state of the list of clients, as it stands in the address."""

from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, get_args
from urllib.parse import urlencode

from gatepost.model.client_kinds import BY_NAME, CLIENT_KINDS, ClientKind
from gatepost.model.text import refused_character
from gatepost.ports import ClientOrder, ClientQuery, PageOf
from gatepost.web.portal.visits import PREFIX, Fields

LIST_PATH = f"{PREFIX}/security/clients"
PAGE_SIZE = 25
MAX_SEARCH = 200
_MAX_PAGE = 4_000
Status = Literal["all", "enabled", "disabled"]
Expiry = Literal["any", "expired", "30", "90", "none"]
STATUSES: tuple[Status, ...] = get_args(Status)
EXPIRIES: tuple[Expiry, ...] = get_args(Expiry)
ORDERS: tuple[ClientOrder, ...] = get_args(ClientOrder)


class ListState(NamedTuple):
    """What is shown: a kind, what is looked for, the order, the page, and the chosen client."""

    type: str = CLIENT_KINDS[0].name
    q: str = ""
    status: Status = "all"
    expiry: Expiry = "any"
    sort: ClientOrder = "name"
    descending: bool = False
    page: int = 1
    client: str = ""
    tab: str = ""

    @property
    def kind(self) -> ClientKind:
        """The kind of the clients shown."""
        return BY_NAME[self.type]

    @property
    def is_all(self) -> bool:
        """Whether every client of the kind is shown."""
        return not self.q and self.status == "all" and self.expiry == "any"

    def query(self, now: datetime) -> ClientQuery:
        """The state as the store is asked."""
        starts, ends = _bounds(self.expiry, now)
        return ClientQuery(
            kind=self.type,
            search=self.q,
            enabled={"all": None, "enabled": True, "disabled": False}[self.status],
            expires_from=starts,
            expires_before=ends,
            without_expiry=self.expiry == "none",
            order=self.sort,
            descending=self.descending,
            page=PageOf((self.page - 1) * PAGE_SIZE, PAGE_SIZE),
        )

    def address(self, **changes: Any) -> str:
        """The address of this state, or of one that differs in something."""
        state = self._replace(**changes)
        said = {
            name: value
            for name, value in state._asdict().items()
            if value != _DEFAULTS[name] or name == "type"
        }
        said["type"] = slug(state.type)
        if "descending" in said:
            said["descending"] = "yes"
        return f"{LIST_PATH}?{urlencode(said)}"


_DEFAULTS = ListState()._asdict()


def read(query: Fields) -> ListState:
    """The state that an address says; what it says wrongly is as if it were not said."""
    page = query.get("page", "1")
    number = int(page) if page.isascii() and page.isdigit() and len(page) <= 5 else 1
    search = query.get("q").strip()[:MAX_SEARCH]
    return ListState(
        type=kind_in(query).name,
        q="" if refused_character(search) else search,
        status=_one_of(STATUSES, query.get("status")),
        expiry=_one_of(EXPIRIES, query.get("expiry")),
        sort=_one_of(ORDERS, query.get("sort")),
        descending=query.get("descending") == "yes",
        page=min(max(number, 1), _MAX_PAGE),
        client=query.get("client")[:100],
        tab=query.get("tab")[:20],
    )


def kind_in(query: Fields) -> ClientKind:
    """The kind that an address or form names, or the first."""
    wanted = query.get("type")
    return next((kind for kind in CLIENT_KINDS if slug(kind.name) == wanted), CLIENT_KINDS[0])


def slug(kind_name: str) -> str:
    """A kind's name as addresses have it."""
    return kind_name.replace("_", "-")


def _one_of(known: tuple[Any, ...], said: str) -> Any:
    return said if said in known else known[0]


def _bounds(expiry: Expiry, now: datetime) -> tuple[datetime | None, datetime | None]:
    if expiry == "expired":
        return None, now
    if expiry in ("30", "90"):
        return now, now + timedelta(days=int(expiry))
    return None, None
