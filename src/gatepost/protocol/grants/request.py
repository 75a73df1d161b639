"""What a grant decides on: the form, the authenticated client, the evidence, the moment."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from gatepost.model.clients import StoredClient
from gatepost.protocol.grants.decisions import Evidence


class GrantRequest(NamedTuple):
    """One request for tokens, with all that is known about it."""

    form: Mapping[str, str]
    client: StoredClient
    evidence: Evidence | None
    now: datetime

    def __repr__(self) -> str:
        return f"GrantRequest(client={self.client.settings.id!r}, ***)"
