"""The grants that the token endpoint knows: one file and one row each.

A row's `decide` is a pure function of the request, the authenticated client and the evidence.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from gatepost.model.clients import StoredClient
from gatepost.protocol.grants import client_credentials
from gatepost.protocol.grants.decisions import Issue
from gatepost.protocol.parameters import OAuthError


class Grant(NamedTuple):
    """One grant type."""

    grant_type: str
    decide: Callable[[Mapping[str, str], StoredClient], Issue | OAuthError]


GRANTS = {
    row.grant_type: row
    for row in (Grant(client_credentials.GRANT_TYPE, client_credentials.decide),)
}
