"""The seal of a journal's head, handed on from one link to the next.

A head that does not bear our seal was changed by somebody else. The journal goes on behind it, for
an event that is not written is worse; but no head behind it is sealed, so that what was done shows
however much is written later (docs/decisions/0029).
"""

import logging

from gatepost.model.checkpoints import is_fit
from gatepost.model.errors import JournalUnfit
from gatepost.model.events import GENESIS, Head
from gatepost.model.journal_lines import MOST_SEQ
from gatepost.ports import Secrets
from gatepost.services.digests import is_one_of

UNSEALED = b""


def last_link(tenant_id: str, known: tuple[Head, bytes] | None) -> Head:
    """The link that the next one follows; refused where the row of the head is not ours."""
    if known is None:
        return Head(0, GENESIS)
    if not is_fit(tenant_id, known[0]) or known[0].seq == MOST_SEQ:
        raise JournalUnfit(f"somebody wrote over the head of the journal of {_called(tenant_id)}")
    return known[0]


def next_seal(
    secrets: Secrets, tenant_id: str, known: tuple[Head, bytes] | None, head: Head
) -> bytes:
    """The seal of the next head; none where the one before it does not bear ours."""
    if known is None or is_sealed(secrets, tenant_id, *known):
        return secrets.seal_head(tenant_id, head)
    seal: object = known[1]
    if isinstance(seal, bytes) and seal[:1] > bytes([max(secrets.numbers)]):
        raise JournalUnfit("the journal is sealed under a newer master key than there is here")
    log = logging.getLogger("gatepost.journal")
    name = _called(tenant_id)
    log.error("the head of the journal of %s does not bear our seal; see journal verify", name)
    return UNSEALED


def is_sealed(secrets: Secrets, tenant_id: str, head: Head, seal: object) -> bool:
    """Whether a head bears our seal, whatever stands in its row."""
    known = secrets.seals_of_head(tenant_id, head) if is_fit(tenant_id, head) else ()
    return isinstance(seal, bytes) and is_one_of(seal, known)


def _called(tenant_id: str) -> str:
    return tenant_id or "the deployment"
