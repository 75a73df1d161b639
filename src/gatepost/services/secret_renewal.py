"""Client secrets under a new master key: a digest is made anew when its secret is next used.

Nobody is told a new secret for it (docs/decisions/0027). It is tried once in ten minutes for each
secret, because the card that tells of the old digest may live on.
"""

from datetime import datetime, timedelta

from gatepost.model.errors import StoreUnavailable
from gatepost.model.shelf import Shelf
from gatepost.services.cards import ClientCard
from gatepost.services.world import World

_AGAIN_AFTER = timedelta(minutes=10)
_MOST = 32_768


class SecretRenewal:
    """Makes digests anew, for one process."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tried: Shelf[tuple[str, int], datetime] = Shelf(_MOST)

    def is_due(self, card: ClientCard, secret_id: int | None) -> bool:
        """Whether the digest of the secret that was used is of an older master key."""
        if len(self._world.secrets.numbers) == 1 or not secret_id:
            return False
        digest = _digest(card, secret_id)
        if digest is None or not self._world.secrets.is_old(digest):
            return False
        tried_at = self._tried.find((card.client.settings.id, secret_id))
        return tried_at is None or self._world.clock.now() - tried_at >= _AGAIN_AFTER

    def renew(self, card: ClientCard, secret_id: int, value: str) -> None:
        """Keep the digest under the key in use. A store that cannot be written is no reason to
        refuse the client.
        """
        before, client_id = _digest(card, secret_id), card.client.settings.id
        self._tried.keep((client_id, secret_id), self._world.clock.now())
        if before is None:
            return
        after = self._world.secrets.digest(value)
        try:
            with self._world.store.writing(card.tenant_id) as tenancy:
                tenancy.clients.renew_digest(client_id, secret_id, before, after)
        except StoreUnavailable:
            return


def _digest(card: ClientCard, secret_id: int) -> bytes | None:
    return next((known.digest for known in card.digests if known.id == secret_id), None)
