"""Whether what was read of a tenant may still be relied on (docs/decisions/0021)."""

from typing import Protocol


class Glance(Protocol):
    """All epochs as they were at one moment."""

    def of(self, tenant_id: str) -> bytes:
        """The tenant's epoch at that moment."""


class Epochs(Protocol):
    """Tells what changes with every change of a tenant, on whichever node it was made."""

    def of(self, tenant_id: str) -> bytes | None:
        """The tenant's epoch, to be taken before reading; None while nothing kept may be used."""

    def glance(self) -> Glance | None:
        """The same of all tenants, for a reading that will tell which tenant it is of."""
