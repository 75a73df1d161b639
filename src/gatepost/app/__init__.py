"""Everything is wired here and nowhere else: settings in, a running server's parts out."""

from gatepost.app.house import (
    House,
    StartFault,
    api_document,
    backup_store,
    ensure_signing_key,
    found_house,
    has_tenant,
    journal_verdicts,
    migrate_store,
    open_house,
    prepare_house,
    restore_store,
    signing_keys,
    sqlite_file,
    store_revision,
)
from gatepost.app.links import printed_links
from gatepost.app.server import Server
from gatepost.storage.epochs import Board, StoreEpochs

__all__ = [
    "Board",
    "House",
    "Server",
    "StartFault",
    "StoreEpochs",
    "api_document",
    "backup_store",
    "ensure_signing_key",
    "found_house",
    "has_tenant",
    "journal_verdicts",
    "migrate_store",
    "open_house",
    "prepare_house",
    "printed_links",
    "restore_store",
    "signing_keys",
    "sqlite_file",
    "store_revision",
]
