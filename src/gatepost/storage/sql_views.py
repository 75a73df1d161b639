"""What a transaction opens: the stores of one tenant, and what crosses tenants."""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from gatepost.model.keys import SigningKey
from gatepost.model.portal import TryOut
from gatepost.model.tenants import Tenant
from gatepost.model.text import fold
from gatepost.ports import Secrets
from gatepost.ports.stores import MOST_LEASE
from gatepost.storage import try_out_store
from gatepost.storage.client_store import SqlClientStore
from gatepost.storage.directory_store import SqlDirectoryStore
from gatepost.storage.flow_rows import value_of
from gatepost.storage.flow_tables import device_codes, sign_ins
from gatepost.storage.grant_store import SqlGrantStore
from gatepost.storage.journal_books import SqlJournalBooks
from gatepost.storage.journal_store import SqlJournalStore
from gatepost.storage.role_store import tenant_of_row
from gatepost.storage.sign_in_store import SqlSignInStore
from gatepost.storage.tables import (
    client_origins,
    client_secrets,
    clients,
    deployment,
    leases,
    signing_keys,
    tenants,
)
from gatepost.storage.unit_of_work import UnitOfWork

_KEY_CHECK = "key_check"
_KEY_CHECKS = "key_check."


class SqlTenancy:
    """`ports.Tenancy` on SQL."""

    def __init__(self, work: UnitOfWork, tenant_id: str, secrets: Secrets) -> None:
        self._work = work
        self._tenant_id = tenant_id
        self._secrets = secrets

    @cached_property
    def clients(self) -> SqlClientStore:
        """Clients and secrets."""
        return SqlClientStore(self._work, self._tenant_id)

    @cached_property
    def directory(self) -> SqlDirectoryStore:
        """Tenant, roles and people."""
        return SqlDirectoryStore(self._work, self._tenant_id, self.clients)

    @cached_property
    def journal(self) -> SqlJournalStore:
        """Events."""
        return SqlJournalStore(self._work, self._tenant_id, self._secrets)

    @cached_property
    def sign_ins(self) -> SqlSignInStore:
        """Sign-ins, consents, passkeys."""
        return SqlSignInStore(self._work, self._tenant_id)

    @cached_property
    def grants(self) -> SqlGrantStore:
        """Requests under way, codes, tokens."""
        return SqlGrantStore(self._work, self._tenant_id)


class SqlDeployment:
    """`ports.Deployment` on SQL."""

    def __init__(self, work: UnitOfWork, secrets: Secrets) -> None:
        self._work = work
        self._secrets = secrets

    @cached_property
    def journals(self) -> SqlJournalBooks:
        """What is known of all journals."""
        return SqlJournalBooks(self._work)

    def tenant_of_client(self, client_id: str) -> str | None:
        """The tenant of the client with this id; ids are unique in the deployment."""
        row = self._work.one(select(clients.c.tenant_id).where(clients.c.id == client_id))
        return row.tenant_id if row else None

    def tenants_of_sign_ins(self, digests: Sequence[bytes]) -> tuple[str, ...]:
        """The tenants that these session digests belong to, newest sign-in first."""
        if not digests:
            return ()
        found = (
            select(sign_ins.c.tenant_id)
            .where(sign_ins.c.digest.in_(list(digests)))
            .group_by(sign_ins.c.tenant_id)
            .order_by(func.max(sign_ins.c.signed_in_at).desc(), sign_ins.c.tenant_id)
        )
        return tuple(row.tenant_id for row in self._work.read(found))

    def tenant_of_user_code(self, digest: bytes) -> str | None:
        """The tenant of the device that shows this user code."""
        shown = device_codes.c.user_code_digest == digest
        row = self._work.one(select(device_codes.c.tenant_id).where(shown))
        return row.tenant_id if row else None

    def tenant_with_alias(self, alias: str) -> str | None:
        """The tenant whose alias is the same but for case and width."""
        # Aliases are not unique: one that two tenants have names neither.
        named = select(tenants.c.id).where(tenants.c.folded_alias == fold(alias)).limit(2)
        rows = self._work.read(named).all()
        return rows[0].id if len(rows) == 1 else None

    def has_origin(self, origin: str) -> bool:
        """Whether any client registered exactly this origin for calls from browsers."""
        known = select(client_origins.c.origin).where(client_origins.c.origin == origin)
        return self._work.one(known.limit(1)) is not None

    def take_lease(self, office: str, holder: str, now: datetime, until: datetime) -> bool:
        """Hold an office until then, if it is free or held already; False when another holds it."""
        row = {"office": office, "holder": holder, "ends_at": until}
        taken = self._work.insert(leases).on_conflict_do_update(
            index_elements=[leases.c.office],
            set_={"holder": holder, "ends_at": until},
            where=(leases.c.ends_at <= now)
            | (leases.c.ends_at > now + MOST_LEASE)
            | (leases.c.holder == holder),
        )
        return self._work.keep_books(taken, row) > 0

    def overdue_try_outs(self, now: datetime, most: int) -> tuple[tuple[str, TryOut], ...]:
        """Try-outs that nobody ended in time, each with its tenant."""
        rows = self._work.read(try_out_store.overdue(now, most))
        return tuple((row.tenant_id, value_of(row, TryOut)) for row in rows)

    def count_expiring_secrets(self, now: datetime, ends: Sequence[datetime]) -> tuple[int, ...]:
        """For each end how many secrets of all clients are valid now and expire by then."""
        expiry = client_secrets.c.expires_at
        columns = [func.count().filter(expiry <= end) for end in ends]
        row = self._work.one(select(*columns).where(expiry > now, expiry <= max(ends)))
        return tuple(row) if row else ()

    def tenants(self) -> tuple[Tenant, ...]:
        """All tenants in order of creation."""
        rows = self._work.read(select(tenants).order_by(tenants.c.created_at, tenants.c.id))
        return tuple(tenant_of_row(row) for row in rows)

    def some_tenant_ids(self, most: int) -> tuple[str, ...]:
        """The ids of so many tenants, or of all where there are fewer."""
        return tuple(row.id for row in self._work.read(select(tenants.c.id).limit(most)))

    def add_tenant(self, tenant: Tenant) -> bool:
        """Keep a new tenant; False when its id is taken."""
        row = {name: getattr(tenant, name) for name in tenant.__struct_fields__}
        return self._work.add(tenants, {**row, "folded_alias": fold(tenant.alias)})

    def signing_keys(self) -> tuple[SigningKey, ...]:
        """All signing keys that were not yet deleted."""
        rows = self._work.read(select(signing_keys).order_by(signing_keys.c.active_from))
        return tuple(_key(row) for row in rows)

    def add_signing_key(self, key: SigningKey) -> None:
        """Keep a new key."""
        row = {name: getattr(key, name) for name in key.__struct_fields__}
        self._work.add_all(signing_keys, [row])

    def save_key_phases(self, key: SigningKey) -> None:
        """Keep the changed times of a key."""
        self._work.change(
            update(signing_keys)
            .where(signing_keys.c.kid == key.kid)
            .values(
                active_from=key.active_from,
                retained_from=key.retained_from,
                removed_from=key.removed_from,
            )
        )

    def remove_signing_key(self, kid: str) -> bool:
        """Remove a key with its private part; False when there is none."""
        return self._work.change(delete(signing_keys).where(signing_keys.c.kid == kid)) > 0

    def key_check(self) -> bytes | None:
        """The check value of the master key that is in use, which begins with its number."""
        kept = select(deployment.c.value).where(deployment.c.name == _KEY_CHECK)
        row = self._work.one(kept)
        return row.value if row else None

    def set_key_check(self, value: bytes) -> None:
        """Keep that value, once."""
        self._work.keep_books(deployment.insert(), {"name": _KEY_CHECK, "value": value})

    def key_checks(self) -> tuple[bytes, ...]:
        """The check values of all master keys that were ever known, by number."""
        named = deployment.c.name.startswith(_KEY_CHECK, autoescape=True)
        rows = self._work.read(select(deployment.c.value).where(named))
        return tuple(sorted({row.value for row in rows}))

    def note_key_check(self, value: bytes) -> None:
        """Keep the check value of a key that is not in use yet, once. Bookkeeping."""
        row = {"name": f"{_KEY_CHECKS}{value[0]}", "value": value}
        self._work.keep_books(self._work.insert(deployment).on_conflict_do_nothing(), row)

    def use_key(self, value: bytes) -> None:
        """Put the master key of this check value into use. A change."""
        before = self.key_check()
        if before is not None:
            self.note_key_check(before)
        mine = update(deployment).where(deployment.c.name == _KEY_CHECK)
        self._work.change(mine.values(value=value))

    def open(self, tenant_id: str) -> SqlTenancy:
        """A tenant's stores within the same transaction."""
        self._work.take_turn(tenant_id)
        return SqlTenancy(self._work, tenant_id, self._secrets)


def _key(row: Row[Any]) -> SigningKey:
    return SigningKey(**{name: getattr(row, name) for name in SigningKey.__struct_fields__})
