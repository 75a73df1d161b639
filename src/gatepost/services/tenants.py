"""Founding a tenant: its built-in roles, its first administrator, its administration client."""

from typing import NamedTuple

from gatepost.model.callers import Caller
from gatepost.model.client_kinds import CLIENT_CREDENTIALS
from gatepost.model.clients import ClientCredentialClient, StoredClient
from gatepost.model.errors import Code, NotFound, Refused
from gatepost.model.events import OPERATOR, Action, Origin
from gatepost.model.people import LOCAL_PROVIDER, User
from gatepost.model.tenants import ADMINISTRATOR, MEMBER, ROLE_TYPES, Role, Tenant
from gatepost.model.text import fold
from gatepost.model.weak_passwords import names_around
from gatepost.ports import Deployment, Tenancy
from gatepost.services import client_secrets, new_passwords, portal_client
from gatepost.services.journal_care import note_tenant
from gatepost.services.world import Act, World, event, incarnation

_PASSWORD_BYTES = 12


class Founding(NamedTuple):
    """What is wished for a new tenant; None is generated."""

    tenant_id: str | None = None
    tenant_name: str | None = None
    admin_email: str | None = None
    admin_password: str | None = None
    admin_client_id: str | None = None
    admin_client_secret: str | None = None

    def __repr__(self) -> str:
        return f"Founding(tenant_id={self.tenant_id!r}, ***)"


class Founded(NamedTuple):
    """A new tenant. Password and secret are told only when they were generated."""

    tenant: Tenant
    admin_email: str
    admin_password: str | None
    admin_client_id: str
    admin_client_secret: str | None

    def __repr__(self) -> str:
        return f"Founded(tenant={self.tenant.id!r}, ***)"


def found_first(world: World, wish: Founding) -> Founded:
    """Found the first tenant; refused when there is one and the wish names no other."""
    return _found(world, wish, only_first=wish.tenant_id is None)


def found(world: World, wish: Founding) -> Founded:
    """Found one more tenant."""
    return _found(world, wish, only_first=False)


def is_any(world: World) -> bool:
    """Whether a tenant was founded."""
    with world.store.reading_all() as deployment:
        return bool(deployment.some_tenant_ids(1))


def all_tenants(world: World) -> tuple[Tenant, ...]:
    """The tenants of the deployment."""
    with world.store.reading_all() as deployment:
        return deployment.tenants()


def get(world: World, tenant_id: str) -> Tenant:
    """One tenant."""
    with world.store.reading(tenant_id) as tenancy:
        tenant = tenancy.directory.tenant()
    if tenant is None:
        raise NotFound(Code.TENANT_NOT_FOUND, "tenant", tenant_id)
    return tenant


def operator_act(tenant_id: str, operation_id: str) -> Act:
    """A change made on the command line, by whoever has the machine."""
    caller = Caller(
        tenant_id=tenant_id,
        kind="operator",
        id=OPERATOR.id,
        client_id="",
        role_ids=frozenset(),
        role_types=frozenset({ADMINISTRATOR, MEMBER}),
    )
    return Act(caller, Origin(operation_id, ""))


def _found(world: World, wish: Founding, *, only_first: bool) -> Founded:
    if wish.admin_password is not None:
        names = names_around(wish.tenant_name, wish.admin_email)
        new_passwords.check(world, wish.admin_password, names)
    password = wish.admin_password or world.dice.token(_PASSWORD_BYTES)
    phc = world.passwords.hash(password)
    secret = wish.admin_client_secret or client_secrets.new_value(world)
    with world.store.writing_all() as deployment:
        if only_first and deployment.some_tenant_ids(1):
            raise Refused(
                Code.TENANT_EXISTS,
                "A tenant exists already.",
                "Name a new one with --tenant-id to add another.",
            )
        tenant = _add_tenant(world, deployment, wish)
        tenancy = deployment.open(tenant.id)
        act = operator_act(tenant.id, world.dice.guid())
        founding = event(world, act, Action.TENANT_ADDED, tenant.id, after={"Name": tenant.name})
        tenancy.journal.append(founding)
        note_tenant(world, deployment, tenant, act.actor)
        role_ids = _add_roles(world, tenancy)
        one_time = wish.admin_password is None
        email = _add_administrator(world, act, tenancy, wish, role_ids)
        _set_first_password(world, act, tenancy, (email, phc), must_change=one_time)
        client_id = _add_client(world, act, tenancy, (wish.admin_client_id, secret), role_ids)
        portal_client.add(world, act, tenancy, ())
    return Founded(
        tenant,
        email,
        password if one_time else None,
        client_id,
        secret if wish.admin_client_secret is None else None,
    )


def chosen(world: World, alias: str | None) -> str | None:
    """The tenant that somebody means: the only one there is, or the one of this alias or id."""
    with world.store.reading_all() as deployment:
        if alias is None:
            found = deployment.some_tenant_ids(2)
            return found[0] if len(found) == 1 else None
        named = deployment.tenant_with_alias(alias)
    if named is not None:
        return named
    with world.store.reading(alias.lower()) as tenancy:
        tenant = tenancy.directory.tenant()
    return tenant.id if tenant else None


def _free_alias(deployment: Deployment, name: str) -> str:
    """The name, or the name with a number where another tenant is called so already."""
    taken = {fold(tenant.alias) for tenant in deployment.tenants()}
    numbered = (f"{name}-{number}" for number in range(2, len(taken) + 3))
    return next(alias for alias in (name, *numbered) if fold(alias) not in taken)


def _add_tenant(world: World, deployment: Deployment, wish: Founding) -> Tenant:
    now = world.clock.now()
    name = wish.tenant_name or "Main"
    tenant = Tenant(
        id=(wish.tenant_id or world.dice.guid()).lower(),
        name=name,
        alias=_free_alias(deployment, name),
        created_at=now,
        updated_at=now,
    )
    if not deployment.add_tenant(tenant):
        raise Refused(
            Code.TENANT_TAKEN,
            f"There is a tenant with the id {tenant.id} already.",
            "Name another id, or leave --tenant-id out to have one generated.",
        )
    return tenant


def _add_roles(world: World, tenancy: Tenancy) -> tuple[str, ...]:
    """Add the built-in roles; the ids of those that an administrator has."""
    mine = []
    for row in ROLE_TYPES:
        role = Role(
            id=world.dice.guid(), name=row.word, description=row.description, type_id=row.id
        )
        tenancy.directory.add_role(role)
        if row.id in {ADMINISTRATOR, MEMBER}:
            mine.append(role.id)
    return tuple(mine)


def _add_administrator(
    world: World, act: Act, tenancy: Tenancy, wish: Founding, role_ids: tuple[str, ...]
) -> str:
    email = wish.admin_email or "admin@example.com"
    now = world.clock.now()
    user = User(
        id=world.dice.guid(),
        provider_id=LOCAL_PROVIDER,
        email=email,
        contact_email=email,
        email_verified=wish.admin_email is not None,
        incarnation=incarnation(world),
        role_ids=role_ids,
        created_at=now,
        updated_at=now,
    )
    tenancy.directory.reserve_id("user", user.id)
    tenancy.directory.add_user(user)
    after = {"Email": email, "RoleIds": role_ids}
    tenancy.journal.append(event(world, act, Action.USER_ADDED, user.id, after=after))
    return email


def _set_first_password(
    world: World, act: Act, tenancy: Tenancy, credentials: tuple[str, str], *, must_change: bool
) -> None:
    email, phc = credentials
    user = tenancy.directory.user_with_email(LOCAL_PROVIDER, email)
    if user is not None:
        tenancy.directory.set_password(user.id, phc, world.clock.now(), must_change=must_change)
        after = {"OneTime": must_change}
        tenancy.journal.append(event(world, act, Action.PASSWORD_SET, user.id, after=after))


def _add_client(
    world: World,
    act: Act,
    tenancy: Tenancy,
    credentials: tuple[str | None, str],
    role_ids: tuple[str, ...],
) -> str:
    wanted_id, secret = credentials
    now = world.clock.now()
    settings = ClientCredentialClient(
        id=(wanted_id or world.dice.guid()).lower(), name="Administration", role_ids=role_ids
    )
    is_free = tenancy.directory.reserve_id("client", settings.id)
    added = is_free and tenancy.clients.add(
        StoredClient(
            kind=CLIENT_CREDENTIALS.name,
            settings=settings,
            incarnation=incarnation(world),
            created_at=now,
            updated_at=now,
            version=1,
        )
    )
    if not added:
        raise Refused(
            Code.CLIENT_ID_TAKEN,
            f"The client id {settings.id} is in use, or was used before.",
            "Name another id, or leave --admin-client-id out to have one generated.",
        )
    after = {"Name": settings.name, "RoleIds": role_ids}
    tenancy.journal.append(event(world, act, Action.CLIENT_ADDED, settings.id, after=after))
    client_secrets.keep_given(world, act, tenancy, settings.id, (secret, "Made by init", None))
    return settings.id
