"""A world for services in memory: a clock that the test moves, the real keys and dice."""

from datetime import UTC, datetime, timedelta
from typing import cast

from gatepost.crypto import common_passwords
from gatepost.crypto.foreign_keys import ForeignKeys
from gatepost.crypto.jose import Jose
from gatepost.crypto.sealing import KeyedSecrets, MasterKey, Sealer
from gatepost.model.callers import Caller
from gatepost.model.client_kinds import CLIENT_CREDENTIALS, ClientKind
from gatepost.model.clients import SecretDraft
from gatepost.model.events import Origin
from gatepost.ports import PageOf
from gatepost.services import clients, tenants
from gatepost.services.clients import Added
from gatepost.services.courier import Courier
from gatepost.services.note_lines import LogoutNote
from gatepost.services.principals import confirmed, mark
from gatepost.services.sign_in_lists import SignInLists
from gatepost.services.tenants import Founded, Founding
from gatepost.services.world import Act, World
from gatepost.system import SystemDice
from tests.memory_store import MemoryStore

START = datetime(2026, 5, 1, 12, tzinfo=UTC)


class SetClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        """The moment it was set to."""
        return self.moment

    def forward(self, **by: float) -> None:
        """Move on, by seconds, hours, days."""
        self.moment += timedelta(**by)


class PlainPasswords:
    """A hasher that is quick and still keeps hash and password apart."""

    def hash(self, password: str) -> str:
        """The password backwards."""
        return f"$plain${password[::-1]}"

    def verify(self, phc: str, password: str) -> bool:
        """Whether it is the same backwards."""
        return phc == self.hash(password)

    def is_common(self, folded: str) -> bool:
        """Whether it is on the real list."""
        return common_passwords.is_common(folded)

    @property
    def decoy(self) -> str:
        """A hash that no password has."""
        return "$none$"

    def needs_rehash(self, phc: str) -> bool:
        """Whether it is a hash of another kind."""
        return not phc.startswith("$plain$")


class Bench(World):
    """A world with its clock within reach."""

    @property
    def set_clock(self) -> SetClock:
        """The clock, to be moved."""
        assert isinstance(self.clock, SetClock)
        return self.clock


def new_world() -> Bench:
    """An empty world."""
    master = MasterKey(bytes(range(32)))
    dice = SystemDice()
    secrets = KeyedSecrets(master, dice)
    signer = Jose(Sealer(master, dice))
    return Bench(
        MemoryStore(secrets), SetClock(), dice, secrets, PlainPasswords(), signer, ForeignKeys()
    )


def found(world: World) -> Founded:
    """A tenant with its first administrator."""
    return tenants.found(world, Founding(tenant_id=world.dice.guid()))


def role_id(world: World, tenant_id: str, type_id: str) -> str:
    """The id of a tenant's built-in role."""
    with world.store.reading(tenant_id) as tenancy:
        role = tenancy.directory.role_of_type(type_id)
    assert role is not None
    return role.id


def administrator(world: World, tenant_id: str) -> Act:
    """An act of the client that init made to administer the tenant."""
    with world.store.reading(tenant_id) as tenancy:
        first = tenancy.clients.page(CLIENT_CREDENTIALS.name, (), PageOf(0, 1))[0]
    return act_of(world, tenant_id, first.settings.id)


def act_of(world: World, tenant_id: str, client_id: str) -> Act:
    """An act of a client, as a token got with its first secret allows it."""
    with world.store.reading(tenant_id) as tenancy:
        client = tenancy.clients.find(client_id)
        assert client is not None
        claimed = Caller(
            tenant_id,
            "client",
            client_id,
            client_id,
            frozenset(),
            frozenset(),
            mark(client.incarnation, 1),
        )
        caller = confirmed(tenancy, claimed)
    assert isinstance(caller, Caller)
    return Act(caller, Origin(world.dice.guid(), "192.0.2.1"))


def add_client(
    world: World, act: Act, kind: ClientKind = CLIENT_CREDENTIALS, **members: object
) -> Added:
    """A client of a kind, with a secret where the kind has secrets."""
    return clients.add(world, act, kind, {"name": "Boiler", **members}, SecretDraft())


class Silence:
    """A courier that delivers nothing: for tests in which no application is to be told."""

    def send(self, notes: tuple[LogoutNote, ...]) -> None:
        """Let them go."""


def remove_user(world: Bench, act: Act, user_id: str) -> None:
    """Remove a person, as REST and the portal do."""
    lists = SignInLists(world, "https://id.example.com/identity", cast("Courier", Silence()))
    lists.remove(act, user_id)
