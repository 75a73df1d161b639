"""How the things in a filled store are called, and what is secret about them, by their numbers."""

from hashlib import sha256
from typing import NamedTuple

from gatepost.model.tenants import ROLE_TYPES

CALLBACK = "https://app.example.com/signin-oidc"
VERIFIER = "only-for-measuring-only-for-measuring-only-for-measuring"
_SECRET = "only-for-measuring-"


class Names(NamedTuple):
    """The names of a store; its first tenant was founded by the product, so its ids are random."""

    tenant_ids: tuple[str, ...]
    first_roles: tuple[str, ...]
    first_client_id: str

    def roles(self, tenant: int) -> tuple[str, ...]:
        """The built-in roles of a tenant, in the order of their types."""
        if tenant == 0:
            return self.first_roles
        return tuple(guid(f"role {tenant} {row.id}") for row in ROLE_TYPES)

    def administration(self, tenant: int) -> str:
        """The client that administers a tenant; the first tenant's has a secret of its own."""
        return guid(f"administration {tenant}") if tenant else self.first_client_id


def names_of(tenants: int, first: tuple[str, tuple[str, ...], str]) -> Names:
    """The names in a store of so many tenants, of which the first one is known."""
    tenant_id, roles, client_id = first
    # In order, so that a tenant's rows go behind those of the tenant before.
    others = sorted(guid(f"tenant {number}") for number in range(1, tenants))
    return Names((tenant_id, *others), roles, client_id)


def device(number: int) -> str:
    """A client-credentials client."""
    return guid(f"device {number}")


def application(tenant: int) -> str:
    """The hybrid client of a tenant."""
    return guid(f"application {tenant}")


def person(number: int) -> str:
    """A user."""
    return guid(f"person {number}")


def email(number: int) -> str:
    """The address that a user signs in with."""
    return f"person{number:07}@example.com"


def secret(client_id: str) -> str:
    """The one secret of a client."""
    return _SECRET + client_id


def guid(text: str) -> str:
    """The id that a thing of this name has."""
    digits = sha256(text.encode()).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


def share(total: int, parts: int, part: int) -> range:
    """The numbers of the things that fall on one of several equal parts."""
    return range(total * part // parts, total * (part + 1) // parts)
