"""Whether what was read of a tenant may still be relied on (docs/decisions/0021)."""

from typing import Protocol


class Epochs(Protocol):
    """Tells what changes with every change of a tenant, on whichever node it was made."""

    def of(self, tenant_id: str) -> bytes | None:
        """The tenant's epoch, to be taken before reading; None while nothing kept may be used."""
