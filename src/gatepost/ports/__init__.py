"""What we ask of the world, as protocols: it is given by the floors above."""

from gatepost.ports.client_stores import (
    ClientFacts,
    ClientOrder,
    ClientQuery,
    ClientStore,
    ExpiringSecret,
    ListedClient,
    PageOf,
    SecretUse,
)
from gatepost.ports.epochs import Epochs, Glance
from gatepost.ports.flow_stores import Dependents, GrantStore, SignInStore
from gatepost.ports.redemption_stores import (
    FoundCode,
    FoundRefreshToken,
    RedemptionStore,
    Spending,
    SpendingOf,
)
from gatepost.ports.stores import (
    Deployment,
    DirectoryStore,
    JournalStore,
    PersonFacts,
    Store,
    Tenancy,
)
from gatepost.ports.world import (
    Clock,
    Dice,
    KeyVerifier,
    Kind,
    Mailer,
    Messenger,
    PasskeyVerifier,
    PasswordHasher,
    Secrets,
    Signer,
)

__all__ = [
    "ClientFacts",
    "ClientOrder",
    "ClientQuery",
    "ClientStore",
    "Clock",
    "Dependents",
    "Deployment",
    "Dice",
    "DirectoryStore",
    "Epochs",
    "ExpiringSecret",
    "FoundCode",
    "FoundRefreshToken",
    "Glance",
    "GrantStore",
    "JournalStore",
    "KeyVerifier",
    "Kind",
    "ListedClient",
    "Mailer",
    "Messenger",
    "PageOf",
    "PasskeyVerifier",
    "PasswordHasher",
    "PersonFacts",
    "RedemptionStore",
    "SecretUse",
    "Secrets",
    "SignInStore",
    "Signer",
    "Spending",
    "SpendingOf",
    "Store",
    "Tenancy",
]
