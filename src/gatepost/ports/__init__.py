"""What we ask of the world, as protocols: it is given by the floors above."""

from gatepost.ports.attesting import Attester, Witness
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
from gatepost.ports.factor_stores import FactorStore
from gatepost.ports.flow_stores import Dependents, GrantStore, SignInStore
from gatepost.ports.journal_stores import JournalBooks, JournalStore
from gatepost.ports.key_stores import KeyStore
from gatepost.ports.redemption_stores import (
    FoundCode,
    FoundRefreshToken,
    RedemptionStore,
    Spending,
    SpendingOf,
)
from gatepost.ports.rewrapping import (
    PRESENCE,
    Presence,
    Rest,
    Rewrapping,
    Sealed,
    SealedRow,
    SecretOf,
)
from gatepost.ports.stores import (
    Deployment,
    DirectoryStore,
    IdKind,
    PersonFacts,
    Store,
    Tenancy,
)
from gatepost.ports.world import (
    Clock,
    Dice,
    KeyHolder,
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
    "PRESENCE",
    "Attester",
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
    "FactorStore",
    "FoundCode",
    "FoundRefreshToken",
    "Glance",
    "GrantStore",
    "IdKind",
    "JournalBooks",
    "JournalStore",
    "KeyHolder",
    "KeyStore",
    "KeyVerifier",
    "Kind",
    "ListedClient",
    "Mailer",
    "Messenger",
    "PageOf",
    "PasskeyVerifier",
    "PasswordHasher",
    "PersonFacts",
    "Presence",
    "RedemptionStore",
    "Rest",
    "Rewrapping",
    "Sealed",
    "SealedRow",
    "SecretOf",
    "SecretUse",
    "Secrets",
    "SignInStore",
    "Signer",
    "Spending",
    "SpendingOf",
    "Store",
    "Tenancy",
    "Witness",
]
