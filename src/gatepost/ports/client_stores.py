"""The store of clients: what the portal's list asks of it, and the sentences it speaks.

As in `stores`, it is opened for one tenant.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from msgspec import Struct

from gatepost.model.clients import Secret, SecretDigest, StoredClient


class SecretUse(Struct, frozen=True):
    """How often a secret was used since the last count, and when last."""

    client_id: str
    secret_id: int
    count: int
    last_used_at: datetime


class PageOf(Struct, frozen=True):
    """Which part of a list is wanted."""

    skip: int
    count: int

    def told_total(self, rows: int) -> int | None:
        """How many there are in the whole list, where a page of so many rows tells."""
        is_last = rows < self.count and (rows > 0 or self.skip == 0)
        return self.skip + rows if is_last else None


ClientOrder = Literal["name", "created", "expiry", "used"]


class ClientQuery(Struct, frozen=True, kw_only=True):
    """Which clients of a kind the portal's list shows, and in which order.

    `search` meets a client when each of its words begins a word of the name, but for case and
    width, or when the id begins with it (`model.search`). The bounds are of the nearest expiry of
    the client's secrets; a client without one is within no bounds. In order of expiry those without
    come last, in order of use those never used come first; descending turns the whole order round.
    What is equal goes by id.
    """

    kind: str
    search: str = ""
    enabled: bool | None = None
    expires_from: datetime | None = None
    expires_before: datetime | None = None
    without_expiry: bool = False
    order: ClientOrder = "name"
    descending: bool = False
    page: PageOf

    @property
    def is_all(self) -> bool:
        """Whether it asks for every client of the kind."""
        bounds = (self.enabled, self.expires_from, self.expires_before)
        return not self.search and not self.without_expiry and bounds == (None, None, None)


class ListedClient(Struct, frozen=True):
    """A client with what the list shows beside its settings.

    `next_expiry` is the earliest expiry among all of its secrets, also of one that has expired.
    """

    client: StoredClient
    next_expiry: datetime | None
    last_used_at: datetime | None


class ExpiringSecret(Struct, frozen=True):
    """A secret that expires, with its client."""

    client: StoredClient
    secret: Secret


class ClientFacts(NamedTuple):
    """What authenticating a client takes, and what a token says of it: no more is on its card."""

    tenant_id: str
    client: StoredClient
    digests: tuple[SecretDigest, ...]
    role_ids: tuple[str, ...]
    role_types: tuple[str, ...]


class ClientStore(Protocol):
    """The clients of the tenant, of all kinds, with their secrets."""

    def add(self, client: StoredClient) -> bool:
        """Keep a new client; False when any tenant has a client with this id."""

    def get(self, kind: str, client_id: str) -> StoredClient | None:
        """The client of this kind and id."""

    def find(self, client_id: str) -> StoredClient | None:
        """The client of this id, whatever its kind."""

    def page(self, kind: str, tags: Sequence[str], page: PageOf) -> tuple[StoredClient, ...]:
        """Clients that have all of the tags, in order of creation."""

    def count(self, kind: str, tags: Sequence[str]) -> int:
        """How many clients have all of the tags."""

    def count_all(self) -> int:
        """How many clients of all kinds there are."""

    def some(self, kind: str, ids: Sequence[str], tags: Sequence[str]) -> tuple[StoredClient, ...]:
        """Those of the named clients that exist and have all of the tags, in the order named."""

    def listed(self, query: ClientQuery) -> tuple[ListedClient, ...]:
        """A page of the portal's list; no page of a long list costs much more than another."""

    def count_listed(self, query: ClientQuery, most: int) -> int:
        """How many clients the query meets, counted up to `most`."""

    def listing(self, client_id: str) -> ListedClient | None:
        """One client as the list shows it."""

    def expiring(self, before: datetime, page: PageOf) -> tuple[ExpiringSecret, ...]:
        """Secrets that expire before a moment or have expired, earliest first."""

    def count_expiring(self, before: datetime, most: int) -> int:
        """How many such secrets there are, counted up to `most`."""

    def save(self, client: StoredClient, seen_version: int) -> bool:
        """Keep changed settings; False when somebody changed the client after `seen_version`."""

    def remove(self, client_id: str) -> None:
        """Remove the client with its secrets and roles."""

    def add_secret(self, client_id: str, secret: Secret, digest: bytes) -> Secret:
        """Keep a new secret under the next number; numbers never return."""

    def secrets(self, client_id: str) -> tuple[Secret, ...]:
        """All secrets of the client, by number."""

    def secret(self, client_id: str, secret_id: int) -> Secret | None:
        """One secret."""

    def digests(self, client_id: str) -> tuple[SecretDigest, ...]:
        """What a presented secret is compared with."""

    def save_secret(self, client_id: str, secret: Secret) -> None:
        """Keep a changed description or expiry."""

    def renew_digest(self, client_id: str, secret_id: int, before: bytes, after: bytes) -> bool:
        """Keep another digest of the same secret; False when it is not as before. Bookkeeping."""

    def remove_secret(self, client_id: str, secret_id: int) -> None:
        """Remove one secret."""

    def note_uses(self, uses: Iterable[SecretUse]) -> None:
        """Add to the counters of use. A bookkeeping write, which needs no event.

        Secret 0 stands for a client that used none: only the client's own last use is noted.
        """
