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

__all__ = [
    "House",
    "Server",
    "StartFault",
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
