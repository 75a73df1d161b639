"""The stores, as sentences. They are opened for one tenant, and no method takes a tenant id.

What crosses tenants has a store of its own, `Deployment`. Every writing unit is one transaction:
it is kept whole when the block ends, and undone whole when the block raises. A unit that changed
something without an event in the journal refuses to be kept.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, Protocol

from gatepost.model.clients import StoredClient
from gatepost.model.people import InvitationStatus, User
from gatepost.model.portal import PasswordLink, TryOut
from gatepost.model.tenants import Role, Tenant
from gatepost.ports.client_stores import ClientFacts, ClientStore, PageOf
from gatepost.ports.epochs import Epochs
from gatepost.ports.flow_stores import GrantStore, SignInStore
from gatepost.ports.journal_stores import JournalBooks, JournalStore
from gatepost.ports.key_stores import KeyStore
from gatepost.ports.redemption_stores import RedemptionStore, SpendingOf

IdKind = Literal["client", "user"]
MOST_LEASE = timedelta(hours=1)


class PersonFacts(NamedTuple):
    """What tokens say of a person; the roles are the built-in ones first, as lists show them."""

    user: User
    role_ids: tuple[str, ...]
    role_types: tuple[str, ...]


class DirectoryStore(Protocol):
    """The tenant itself, its roles and its people."""

    def tenant(self) -> Tenant | None:
        """The tenant, or None when there is none of this id."""

    def add_role(self, role: Role) -> bool:
        """Keep a new role; False when its id or folded name is taken."""

    def role(self, role_id: str) -> Role | None:
        """One role."""

    def role_named(self, name: str) -> Role | None:
        """The custom role whose name is the same but for case and width."""

    def role_of_type(self, type_id: str) -> Role | None:
        """The tenant's built-in role of a type."""

    def roles(self, type_id: str | None, page: PageOf) -> tuple[Role, ...]:
        """Roles, built-in ones first, then by name."""

    def count_roles(self, type_id: str | None) -> int:
        """How many roles there are."""

    def some_roles(self, ids: Iterable[str]) -> tuple[Role, ...]:
        """Those of the named roles that exist, in the order of `roles`."""

    def save_role(self, role: Role) -> bool:
        """Keep a changed role; False when the folded name is taken."""

    def remove_role(self, role_id: str) -> None:
        """Remove the role from everybody who has it, and then the role."""

    def reserve_id(self, kind: IdKind, id_: str) -> bool:
        """Keep an id for this tenant for good; False when another tenant has it or had it."""

    def add_user(self, user: User) -> bool:
        """Keep a new user; False when the id, or the address at the provider, is taken."""

    def user(self, user_id: str) -> User | None:
        """One user."""

    def user_with_email(self, provider_id: str, email: str) -> User | None:
        """The user whose address at the provider is the same but for case and width."""

    def users(self, page: PageOf) -> tuple[User, ...]:
        """Users in order of creation."""

    def count_users(self) -> int:
        """How many users there are."""

    def found_users(self, search: str, page: PageOf) -> tuple[User, ...]:
        """Users whose address or name has this text, but for case, in order of creation."""

    def count_found_users(self, search: str, most: int) -> int:
        """How many such users there are, counted up to `most`."""

    def some_users(self, ids: Sequence[str]) -> tuple[User, ...]:
        """Those of the named users that exist, in the order named."""

    def save_user(self, user: User, seen_version: int) -> bool:
        """Keep a changed user and roles; False when changed meanwhile or the address is taken."""

    def remove_user(self, user_id: str) -> None:
        """Remove the user with roles, password and preferences."""

    def users_of(self, status: InvitationStatus, page: PageOf) -> tuple[User, ...]:
        """Users that have come so far on the way in, in order of creation."""

    def count_users_of(self, status: InvitationStatus) -> int:
        """How many users have come so far."""

    def users_in_role(self, role_id: str, page: PageOf) -> tuple[User, ...]:
        """Users that have the role, in order of creation."""

    def count_users_in_role(self, role_id: str) -> int:
        """How many users have the role."""

    def enabled_users_in_role(self, role_id: str) -> int:
        """How many users that are not disabled have the role."""

    def able_users_in_role(self, role_id: str) -> int:
        """How many of those can sign in here: known here, with a password or a passkey."""

    def clients_in_role(self, role_id: str, page: PageOf) -> tuple[StoredClient, ...]:
        """Client-credentials clients that have the role, in order of creation."""

    def count_clients_in_role(self, role_id: str) -> int:
        """How many clients have the role."""

    def enabled_clients_in_role(self, role_id: str) -> int:
        """How many clients that are not disabled have the role."""

    def password(self, user_id: str) -> str | None:
        """The hash of the user's password."""

    def password_is_one_time(self, user_id: str) -> bool:
        """Whether the password must be changed at the next sign-in."""

    def set_password(
        self, user_id: str, phc: str, changed_at: datetime, *, must_change: bool
    ) -> None:
        """Keep a new hash; `must_change` marks a one-time password."""

    def set_password_link(self, link: PasswordLink, digest: bytes) -> None:
        """Keep a link in place of an earlier one of the same person."""

    def password_link(self, digest: bytes) -> PasswordLink | None:
        """The link with this digest."""

    def password_link_of(self, user_id: str) -> PasswordLink | None:
        """The person's link, if they have one."""

    def remove_password_link(self, user_id: str) -> bool:
        """Remove the person's link; False when there is none."""

    def preferences(self, user_id: str) -> str | None:
        """The user's preferences as JSON text."""

    def set_preferences(self, user_id: str, json_text: str) -> None:
        """Keep the user's preferences."""


class Tenancy(Protocol):
    """What one tenant has, within one transaction."""

    @property
    def clients(self) -> ClientStore:
        """Clients and secrets."""

    @property
    def directory(self) -> DirectoryStore:
        """Tenant, roles and people."""

    @property
    def journal(self) -> JournalStore:
        """Events."""

    @property
    def sign_ins(self) -> SignInStore:
        """Sign-ins, consents, passkeys."""

    @property
    def grants(self) -> GrantStore:
        """Requests under way, codes, tokens."""


class Deployment(KeyStore, Protocol):
    """What crosses tenants, within one transaction."""

    @property
    def journals(self) -> JournalBooks:
        """What is known of all journals."""

    def tenant_of_client(self, client_id: str) -> str | None:
        """The tenant of the client with this id; ids are unique in the deployment."""

    def tenants_of_sign_ins(self, digests: Sequence[bytes]) -> tuple[str, ...]:
        """The tenants that these session digests belong to, newest sign-in first."""

    def tenant_of_user_code(self, digest: bytes) -> str | None:
        """The tenant of the device that shows this user code."""

    def tenant_with_alias(self, alias: str) -> str | None:
        """The tenant whose alias is the same but for case and width."""

    def has_origin(self, origin: str) -> bool:
        """Whether any client registered exactly this origin for calls from browsers."""

    def take_lease(self, office: str, holder: str, now: datetime, until: datetime) -> bool:
        """Hold an office until then, if it is free or held already; False when another holds it.

        One that is held for longer than MOST_LEASE from now is free: only a wrong clock can have
        taken it so. Bookkeeping.
        """

    def overdue_try_outs(self, now: datetime, most: int) -> tuple[tuple[str, TryOut], ...]:
        """Try-outs that nobody ended in time, each with its tenant."""

    def count_expiring_secrets(self, now: datetime, ends: Sequence[datetime]) -> tuple[int, ...]:
        """For each end how many secrets of all clients are valid now and expire by then."""

    def tenants(self) -> tuple[Tenant, ...]:
        """All tenants in order of creation."""

    def some_tenant_ids(self, most: int) -> tuple[str, ...]:
        """The ids of so many tenants, or of all where there are fewer."""

    def add_tenant(self, tenant: Tenant) -> bool:
        """Keep a new tenant; False when its id is taken."""

    def open(self, tenant_id: str) -> Tenancy:
        """A tenant's stores within the same transaction."""


class Store(Protocol):
    """The door to the store: one block is one transaction."""

    @property
    def epochs(self) -> Epochs:
        """Whether what was read may still be relied on."""

    def client_facts(self, client_id: str) -> ClientFacts | None:
        """The client of this id in whichever tenant it is, with its secrets and roles."""

    def person_facts(self, tenant_id: str, user_id: str) -> PersonFacts | None:
        """The person of this id with their roles."""

    def redemptions(self, tenant_id: str) -> RedemptionStore:
        """The codes and refresh tokens of one tenant, each sentence a transaction of its own."""

    def spend_all(self, spendings: Sequence[SpendingOf]) -> Sequence[bool]:
        """Use up codes and refresh tokens of several tenants; for each whether it was done.

        What can be is done in one transaction.
        """

    def reading(self, tenant_id: str) -> AbstractContextManager[Tenancy]:
        """A consistent view of one tenant."""

    def reading_calmly(self, tenant_id: str) -> AbstractContextManager[Tenancy]:
        """The same for lists, whose counters may be a moment old; changes made here are in it."""

    def writing(self, tenant_id: str) -> AbstractContextManager[Tenancy]:
        """A change to one tenant; writers of a tenant wait for each other."""

    def reading_all(self) -> AbstractContextManager[Deployment]:
        """A consistent view across tenants."""

    def writing_all(self) -> AbstractContextManager[Deployment]:
        """A change across tenants."""

    def sweep(self, now: datetime, most: int) -> tuple[int, ...]:
        """Remove at most so many rows of each kind whose deadline has passed; how many of each.

        Each kind in a transaction of its own. Nothing that is removed could be used any more. A
        code or refresh token stays as long as its family, so that a second use is known for what
        it is.
        """
