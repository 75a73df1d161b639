"""What we ask of the world, as protocols: it is given by the floors above."""

from gatepost.ports.stores import (
    ClientStore,
    Deployment,
    DirectoryStore,
    JournalStore,
    PageOf,
    SecretUse,
    Store,
    Tenancy,
)
from gatepost.ports.world import Clock, Dice, PasswordHasher, Secrets, Signer

__all__ = [
    "ClientStore",
    "Clock",
    "Deployment",
    "Dice",
    "DirectoryStore",
    "JournalStore",
    "PageOf",
    "PasswordHasher",
    "SecretUse",
    "Secrets",
    "Signer",
    "Store",
    "Tenancy",
]
