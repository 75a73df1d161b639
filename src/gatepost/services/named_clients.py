"""The client that an address or a request names: its id as it is kept, and the client itself."""

import re

from gatepost.model.client_kinds import PORTAL, ClientKind
from gatepost.model.clients import StoredClient
from gatepost.model.errors import Code, NotFound
from gatepost.ports import Tenancy

_GUID = re.compile("[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


def existing(tenancy: Tenancy, kind: ClientKind, client_id_: str) -> StoredClient:
    """The client, or the refusal that says there is none."""
    client = tenancy.clients.get(kind.name, folded_id(client_id_))
    if client is None:
        raise NotFound(Code.CLIENT_NOT_FOUND, kind.label, client_id_)
    return client


def managed(tenancy: Tenancy, client_id_: str) -> StoredClient:
    """The client of any kind that people manage, or the refusal that says there is none."""
    client = tenancy.clients.find(folded_id(client_id_))
    if client is None or client.kind == PORTAL.name:
        raise NotFound(Code.CLIENT_NOT_FOUND, "client", client_id_)
    return client


def folded_id(text: str) -> str:
    """A client id as it is kept: GUIDs in lower case, anything else as it is."""
    return text.lower() if _GUID.fullmatch(text) else text
