"""What we ask of the world, as protocols: it is given by the floors above."""

from gatepost.ports.flow_stores import GrantStore, SignInStore
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
from gatepost.ports.world import (
    Clock,
    Dice,
    KeyVerifier,
    Kind,
    Messenger,
    PasskeyVerifier,
    PasswordHasher,
    Secrets,
    Signer,
)

__all__ = [
    "ClientStore",
    "Clock",
    "Deployment",
    "Dice",
    "DirectoryStore",
    "GrantStore",
    "JournalStore",
    "KeyVerifier",
    "Kind",
    "Messenger",
    "PageOf",
    "PasskeyVerifier",
    "PasswordHasher",
    "SecretUse",
    "Secrets",
    "SignInStore",
    "Signer",
    "Store",
    "Tenancy",
]
