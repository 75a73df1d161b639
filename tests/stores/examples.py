"""Values to put into a store, and ways to look at everything that it keeps of a tenant."""

import hashlib
import itertools
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from gatepost import ports
from gatepost.model.client_kinds import BY_NAME, CLIENT_KINDS
from gatepost.model.clients import Secret, StoredClient
from gatepost.model.errors import UnrecordedChange
from gatepost.model.events import Action, Actor, Event, Head, Origin
from gatepost.model.keys import SigningKey
from gatepost.model.people import LOCAL_PROVIDER, User
from gatepost.model.tenants import MEMBER, ROLE_TYPES, Role, Tenant
from gatepost.ports import PageOf

T = TypeVar("T")

NOW = datetime(2031, 5, 31, 14, 57, 8, 123456, tzinfo=UTC)
LAST_MOMENT = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
ALL = PageOf(0, 1_000)
CREDENTIALS = "client_credentials"
HYBRID = "hybrid"

_ticks = itertools.count(1)


class PlainSecrets:
    """`ports.Secrets` without a key: the same every time, and good for tests only."""

    @property
    def numbers(self) -> tuple[int, ...]:
        """One number."""
        return (1,)

    @property
    def key_in_use(self) -> int:
        """That number."""
        return 1

    def write_under(self, number: int) -> bool:
        """Whether it is that number."""
        return number == 1

    def check_of(self, number: int) -> bytes:
        """The number alone."""
        return bytes([number])

    def is_old(self, _stored: bytes) -> bool:
        """Nothing is."""
        return False

    def digest(self, secret: str) -> bytes:
        """What is kept of a client secret."""
        return hashlib.sha256(b"digest " + secret.encode()).digest()

    def digests(self, secret: str) -> tuple[bytes, ...]:
        """The same, alone."""
        return (self.digest(secret),)

    def digests_of(self, kind: ports.Kind, value: str) -> tuple[bytes, ...]:
        """The same as `digest_of`, alone."""
        return (self.digest_of(kind, value),)

    def proofs(self, *parts: str) -> tuple[str, ...]:
        """The same as `proof`, alone."""
        return (self.proof(*parts),)

    def seals_of_head(self, tenant_id: str, head: Head) -> tuple[bytes, ...]:
        """The same as `seal_head`, alone."""
        return (self.seal_head(tenant_id, head),)

    def digest_of(self, kind: ports.Kind, value: str) -> bytes:
        """What is kept of a code, token or cookie."""
        return hashlib.sha256(f"{kind} {value}".encode()).digest()

    def proof(self, *parts: str) -> str:
        """The digest of these parts."""
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def seal(self, place: str, plain: str) -> bytes:
        """The text behind its place, backwards."""
        return f"{place}\0{plain}".encode()[::-1]

    def unseal(self, place: str, sealed: bytes) -> str | None:
        """The text, when it stands behind this place."""
        found, _, plain = sealed[::-1].decode(errors="replace").partition("\0")
        return plain if found == place else None

    def seal_head(self, tenant_id: str, head: Head) -> bytes:
        """The code that shows a chain's newest link to be ours."""
        return hashlib.sha256(f"seal {tenant_id} {head.seq} ".encode() + head.hash).digest()


SECRETS = PlainSecrets()


def guid() -> str:
    """A new GUID."""
    return str(uuid.uuid4())


def later() -> datetime:
    """A moment after every earlier one of this process, by a microsecond."""
    return NOW + timedelta(microseconds=next(_ticks))


def tenant(id_: str | None = None, **members: Any) -> Tenant:
    """A tenant."""
    at = members.pop("created_at", None) or later()
    values = {"name": "Mill", "alias": "mill", "created_at": at, "updated_at": at, **members}
    return Tenant(id=id_ or guid(), **values)


def role(name: str | None = None, id_: str | None = None, **members: Any) -> Role:
    """A custom role, or a built-in one when given a type."""
    id_ = id_ or guid()
    return Role(id=id_, name=name or f"Role {id_}", **{"description": None, **members})


def user(id_: str | None = None, **members: Any) -> User:
    """A user without roles."""
    at = members.pop("created_at", None) or later()
    id_ = id_ or guid()
    values = {
        "provider_id": LOCAL_PROVIDER,
        "email": f"{id_}@example.com",
        "incarnation": guid(),
        "role_ids": (),
        "created_at": at,
        "updated_at": at,
        **members,
    }
    return User(id=id_, **values)


def client(kind: str = HYBRID, id_: str | None = None, **settings: Any) -> StoredClient:
    """A client; members of its settings are given by name, and so is `created_at`."""
    at = settings.pop("created_at", None) or later()
    known = {"name": "Dashboard", **settings}
    return StoredClient(
        kind=kind,
        settings=BY_NAME[kind].settings(id=id_ or guid(), **known),
        incarnation=guid(),
        created_at=at,
        updated_at=at,
        version=1,
    )


def secret(**members: Any) -> Secret:
    """A secret that was not numbered yet."""
    values = {
        "id": 0,
        "description": "spring",
        "expires_at": None,
        "created_at": later(),
        "created_by": "user:kim",
        **members,
    }
    return Secret(**values)


def event(**members: Any) -> Event:
    """An event."""
    values = {
        "at": later(),
        "action": Action.CLIENT_CHANGED,
        "actor": Actor("user", "kim"),
        "origin": Origin("0af76519", "192.0.2.7"),
        "target": "a target",
        **members,
    }
    return Event(**values)


def signing_key(**members: Any) -> SigningKey:
    """A signing key that signs nothing."""
    at = later()
    values = {
        "kid": guid(),
        "algorithm": "RS256",
        "public_jwk": {"kty": "RSA", "n": "…", "e": "AQAB"},
        "sealed_private": b"\x00sealed\xff",
        "created_at": at,
        "active_from": at,
        **members,
    }
    return SigningKey(**values)


@contextmanager
def recorded(store: ports.Store, tenant_id: str) -> Iterator[ports.Tenancy]:
    """A writing unit that has its event."""
    with store.writing(tenant_id) as unit:
        unit.journal.append(event())
        yield unit


@contextmanager
def failing(
    opened: AbstractContextManager[T], way_out: type[BaseException] = ZeroDivisionError
) -> Iterator[T]:
    """A unit that ends with an exception."""
    with suppress(way_out), opened as unit:
        yield unit
        raise way_out


@contextmanager
def refused() -> Iterator[None]:
    """Something in the block is refused, by whatever exception the store has for it."""
    try:
        yield
    except (AssertionError, UnrecordedChange):
        raise
    except Exception:  # noqa: BLE001  (each store has its own)
        return
    raise AssertionError("nothing was refused")


def found_tenant(store: ports.Store, tenant_id: str | None = None) -> str:
    """Add a tenant with the built-in roles, and give its id."""
    founded = tenant(tenant_id)
    with store.writing_all() as deployment:
        assert deployment.add_tenant(founded)
        here = deployment.open(founded.id)
        for row in ROLE_TYPES:
            assert here.directory.add_role(
                Role(id=row.id, name=row.word, description=row.description, type_id=row.id)
            )
        here.journal.append(event(action=Action.TENANT_ADDED, target=founded.id))
    return founded.id


def dump(unit: ports.Tenancy) -> dict[str, object]:
    """Everything that can be seen of a tenant."""
    clients = [item for kind in CLIENT_KINDS for item in unit.clients.page(kind.name, (), ALL)]
    ids = [item.settings.id for item in clients]
    users = unit.directory.users(ALL)
    return {
        "tenant": unit.directory.tenant(),
        "roles": unit.directory.roles(None, ALL),
        "in roles": [
            (
                unit.directory.users_in_role(item.id, ALL),
                unit.directory.clients_in_role(item.id, ALL),
            )
            for item in unit.directory.roles(None, ALL)
        ],
        "users": users,
        "passwords": [unit.directory.password(item.id) for item in users],
        "preferences": [unit.directory.preferences(item.id) for item in users],
        "links": [unit.directory.password_link_of(item.id) for item in users],
        "sign-ins": [unit.sign_ins.of_user(item.id) for item in users],
        "consents": [unit.sign_ins.consents_of(item.id) for item in users],
        "passkeys": [unit.sign_ins.passkeys_of(item.id) for item in users],
        "factors": [unit.sign_ins.factors(item.id) for item in users],
        "authenticators": [unit.sign_ins.authenticator(item.id) for item in users],
        "recovery codes": [unit.sign_ins.count_recovery_codes(item.id) for item in users],
        "without a factor": unit.sign_ins.without_factor(None, 1_000),
        "families": [unit.grants.live_families_of(item.id, LONG_AGO) for item in users],
        "clients": clients,
        "secrets": [unit.clients.secrets(id_) for id_ in ids],
        "listed": [unit.clients.listing(id_) for id_ in ids],
        "digests": [sorted(unit.clients.digests(id_), key=lambda d: d.id) for id_ in ids],
        "counts": (
            unit.clients.count_all(),
            unit.directory.count_users(),
            unit.directory.count_roles(None),
        ),
        "journal": unit.journal.entries(0, 1_000),
        "head": unit.journal.head(),
        "begins": unit.journal.begins(),
        "attested": unit.journal.attested(),
    }


def seen(store: ports.Store, tenant_id: str) -> dict[str, object]:
    """Everything that can be seen of a tenant, in a unit of its own."""
    with store.reading(tenant_id) as unit:
        return dump(unit)


def add_clients(store: ports.Store, tenant_id: str, *clients: StoredClient) -> None:
    """Keep new clients."""
    with recorded(store, tenant_id) as unit:
        assert all(unit.clients.add(item) for item in clients)


def add_users(store: ports.Store, tenant_id: str, *users: User) -> None:
    """Keep new users."""
    with recorded(store, tenant_id) as unit:
        assert all(unit.directory.add_user(item) for item in users)


def add_roles(store: ports.Store, tenant_id: str, *roles: Role) -> None:
    """Keep new roles."""
    with recorded(store, tenant_id) as unit:
        assert all(unit.directory.add_role(item) for item in roles)


def ids_of(found: tuple[StoredClient, ...]) -> list[str]:
    """The ids of clients, in their order."""
    return [item.settings.id for item in found]


def plus_member(*role_ids: str) -> tuple[str, ...]:
    """Role ids with the member role, as a store gives them back."""
    return tuple(sorted({MEMBER, *role_ids}))
