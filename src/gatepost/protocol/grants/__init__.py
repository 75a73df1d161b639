"""The grants that the token endpoint knows: one file and one row each.

A row says which parameter holds the evidence (none for a client that acts for itself), and what
`decide` makes of it: a pure function of the request, the authenticated client and the evidence.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

from gatepost.protocol.grants import (
    authorization_code,
    client_credentials,
    device_code,
    refresh_token,
)
from gatepost.protocol.grants.decisions import Decision
from gatepost.protocol.grants.request import GrantRequest

EvidenceKind = Literal["code", "refresh_token", "device_code"]


class Grant(NamedTuple):
    """One grant type."""

    grant_type: str
    evidence: EvidenceKind | None
    decide: Callable[[GrantRequest], Decision]


GRANTS = {
    row.grant_type: row
    for row in (
        Grant(authorization_code.GRANT_TYPE, "code", authorization_code.decide),
        Grant(refresh_token.GRANT_TYPE, "refresh_token", refresh_token.decide),
        Grant(client_credentials.GRANT_TYPE, None, client_credentials.decide),
        Grant(device_code.GRANT_TYPE, "device_code", device_code.decide),
    )
}
