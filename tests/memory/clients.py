"""`ports.ClientStore` in memory."""

from collections.abc import Iterable, Sequence

from msgspec import structs

from gatepost.model.client_kinds import CLIENT_KINDS
from gatepost.model.clients import ClientCredentialClient, Secret, SecretDigest, StoredClient
from gatepost.ports import PageOf, SecretUse
from tests.memory.cascades import drop_children
from tests.memory.listing import MemoryListingStore
from tests.memory.unit import KeptSecret


class MemoryClientStore(MemoryListingStore):
    """The clients of the tenant, of all kinds, with their secrets."""

    def add(self, client: StoredClient) -> bool:
        """Keep a new client; False when any tenant has a client with this id."""
        self._need_tenant()
        if any(client.settings.id == id_ for _, id_ in self._tables.clients):
            return False
        self._keep(client)
        return True

    def get(self, kind: str, client_id: str) -> StoredClient | None:
        """The client of this kind and id."""
        client = self.find(client_id)
        return client if client is not None and client.kind == kind else None

    def find(self, client_id: str) -> StoredClient | None:
        """The client of this id, whatever its kind."""
        return self._tables.clients.get(self._key(client_id))

    def page(self, kind: str, tags: Sequence[str], page: PageOf) -> tuple[StoredClient, ...]:
        """Clients that have all of the tags, in order of creation."""
        found = by_age(self._tagged(kind, tags))
        return tuple(found[page.skip : page.skip + page.count])

    def count(self, kind: str, tags: Sequence[str]) -> int:
        """How many clients have all of the tags."""
        return len(self._tagged(kind, tags))

    def count_all(self) -> int:
        """How many clients of all kinds there are."""
        return sum(self.count(kind.name, ()) for kind in CLIENT_KINDS)

    def some(self, kind: str, ids: Sequence[str], tags: Sequence[str]) -> tuple[StoredClient, ...]:
        """Those of the named clients that exist and have all of the tags, in the order named."""
        found = {client.settings.id: client for client in self._tagged(kind, tags)}
        return tuple(found[id_] for id_ in dict.fromkeys(ids) if id_ in found)

    def save(self, client: StoredClient, seen_version: int) -> bool:
        """Keep changed settings; False when somebody changed the client after `seen_version`."""
        kept = self.find(client.settings.id)
        if kept is None or kept.version != seen_version:
            return False
        self._keep(
            structs.replace(
                client, kind=kept.kind, incarnation=kept.incarnation, created_at=kept.created_at
            )
        )
        return True

    def remove(self, client_id: str) -> None:
        """Remove the client with its secrets and roles."""
        for secret in self.secrets(client_id):
            self.remove_secret(client_id, secret.id)
        drop_children(self._unit, self._tenant_id, client_id=client_id)
        self._unit.drop(self._tables.last_secret_ids, self._key(client_id))
        self._unit.drop(self._tables.last_uses, self._key(client_id))
        self._unit.drop(self._tables.clients, self._key(client_id))

    def add_secret(self, client_id: str, secret: Secret, digest: bytes) -> Secret:
        """Keep a new secret under the next number; numbers never return."""
        self._need_client(client_id)
        key = self._key(client_id)
        number = self._tables.last_secret_ids.get(key, 0) + 1
        numbered = structs.replace(secret, id=number)
        self._unit.put(self._tables.last_secret_ids, key, number)
        self._unit.put(self._tables.secrets, (*key, number), KeptSecret(numbered, digest))
        return numbered

    def secrets(self, client_id: str) -> tuple[Secret, ...]:
        """All secrets of the client, by number."""
        return tuple(kept.secret for kept in self._kept(client_id))

    def secret(self, client_id: str, secret_id: int) -> Secret | None:
        """One secret."""
        kept = self._tables.secrets.get((*self._key(client_id), secret_id))
        return kept.secret if kept else None

    def digests(self, client_id: str) -> tuple[SecretDigest, ...]:
        """What a presented secret is compared with."""
        return tuple(
            SecretDigest(id=secret.id, digest=digest, expires_at=secret.expires_at)
            for secret, digest in self._kept(client_id)
        )

    def save_secret(self, client_id: str, secret: Secret) -> None:
        """Keep a changed description or expiry."""
        key = (*self._key(client_id), secret.id)
        kept = self._tables.secrets.get(key)
        if kept is not None:
            changed = structs.replace(
                kept.secret, description=secret.description, expires_at=secret.expires_at
            )
            self._unit.put(self._tables.secrets, key, KeptSecret(changed, kept.digest))

    def renew_digest(self, client_id: str, secret_id: int, before: bytes, after: bytes) -> bool:
        """Keep another digest of the same secret; False when it is not as before. Bookkeeping."""
        key = (*self._key(client_id), secret_id)
        kept = self._tables.secrets.get(key)
        if kept is None or kept.digest != before:
            return False
        self._unit.keep_books(self._tables.secrets, key, KeptSecret(kept.secret, after))
        return True

    def remove_secret(self, client_id: str, secret_id: int) -> None:
        """Remove one secret."""
        self._unit.drop(self._tables.secrets, (*self._key(client_id), secret_id))

    def note_uses(self, uses: Iterable[SecretUse]) -> None:
        """Add to the counters of use. A bookkeeping write, which needs no event.

        Secret 0 stands for a client that used none: only the client's own last use is noted.
        """
        for use in uses:
            key = (*self._key(use.client_id), use.secret_id)
            kept = self._tables.secrets.get(key)
            if kept is not None:
                noted = _noted(kept.secret, use)
                self._unit.keep_books(self._tables.secrets, key, KeptSecret(noted, kept.digest))
            if key[:2] in self._tables.clients:
                last = self._tables.last_uses.get(key[:2], use.last_used_at)
                later = max(last, use.last_used_at)
                self._unit.keep_books(self._tables.last_uses, key[:2], later)

    def _keep(self, client: StoredClient) -> None:
        settings = client.settings
        if isinstance(settings, ClientCredentialClient):
            self._need_roles(settings.role_ids)
            in_order = tuple(sorted(set(settings.role_ids)))
            client = structs.replace(client, settings=structs.replace(settings, role_ids=in_order))
        self._unit.put(self._tables.clients, self._key(settings.id), client)

    def _tagged(self, kind: str, tags: Sequence[str]) -> list[StoredClient]:
        return [
            client
            for client in self._here(self._tables.clients)
            if client.kind == kind and set(tags) <= set(client.settings.tags)
        ]

    def _kept(self, client_id: str) -> list[KeptSecret]:
        mine = self._key(client_id)
        numbers = sorted(key for key in self._tables.secrets if key[:2] == mine)
        return [self._tables.secrets[key] for key in numbers]


def by_age(clients: list[StoredClient]) -> list[StoredClient]:
    """Clients in order of creation."""
    return sorted(clients, key=lambda client: (client.created_at, client.settings.id))


def _noted(secret: Secret, use: SecretUse) -> Secret:
    return structs.replace(
        secret,
        first_used_at=secret.first_used_at or use.last_used_at,
        last_used_at=max(secret.last_used_at or use.last_used_at, use.last_used_at),
        use_count=secret.use_count + use.count,
    )
