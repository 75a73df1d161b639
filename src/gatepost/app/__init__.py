"""Everything is wired here and nowhere else: settings in, a running server's parts out."""

from gatepost.app.evidence import (
    Witnessed,
    backed_up,
    checkpoint_keys,
    checkpoint_standing,
    exported,
    file_verdict,
    journal_verdicts,
    key_as_pem,
    known_journal,
    one_verdict,
    witnessed,
    write_checkpoint,
)
from gatepost.app.house import (
    House,
    api_document,
    backup_store,
    ensure_signing_key,
    found_house,
    has_tenant,
    key_rules,
    migrate_store,
    open_house,
    prepare_house,
    restore_store,
    rewrapping,
    signing_keys,
    sqlite_file,
    store_revision,
)
from gatepost.app.ledger import Ledger
from gatepost.app.links import printed_links
from gatepost.app.master_key import StartFault, add_master_key, holder_of, retire_master_key
from gatepost.app.server import Server
from gatepost.app.traced import check_tracing
from gatepost.storage.epochs import Board, StoreEpochs

__all__ = [
    "Board",
    "House",
    "Ledger",
    "Server",
    "StartFault",
    "StoreEpochs",
    "Witnessed",
    "add_master_key",
    "api_document",
    "backed_up",
    "backup_store",
    "check_tracing",
    "checkpoint_keys",
    "checkpoint_standing",
    "ensure_signing_key",
    "exported",
    "file_verdict",
    "found_house",
    "has_tenant",
    "holder_of",
    "journal_verdicts",
    "key_as_pem",
    "key_rules",
    "known_journal",
    "migrate_store",
    "one_verdict",
    "open_house",
    "prepare_house",
    "printed_links",
    "restore_store",
    "retire_master_key",
    "rewrapping",
    "signing_keys",
    "sqlite_file",
    "store_revision",
    "witnessed",
    "write_checkpoint",
]
