"""The mint: claims signed with the key that signs now."""

from collections.abc import Mapping
from typing import Any

import msgspec

from gatepost.model.errors import StoreUnavailable
from gatepost.model.grants import Family
from gatepost.model.keys import SigningKey
from gatepost.protocol import claims, id_tokens, logout
from gatepost.protocol.claims import Principal
from gatepost.protocol.id_tokens import Beside, Person
from gatepost.services.keys import KeyRing
from gatepost.services.world import World

_JTI_BYTES = 16
_encoder = msgspec.json.Encoder()


class Mint:
    """Signs the tokens of one issuer."""

    def __init__(self, world: World, issuer: str, ring: KeyRing) -> None:
        self.issuer = issuer
        self._world = world
        self._ring = ring

    def access_token(self, principal: Principal, scopes: tuple[str, ...], lifetime: int) -> str:
        """An access token for our API (RFC 9068)."""
        payload = claims.access_claims(
            self.issuer,
            principal,
            scopes,
            (self._world.clock.now(), lifetime),
            self._world.dice.token(_JTI_BYTES),
        )
        return self._signed(self._key(), claims.ACCESS_TOKEN_TYPE, payload)

    def id_token(self, family: Family, person: Person, beside: Beside) -> str:
        """An id token for the family's client."""
        key = self._key()
        payload = id_tokens.id_token_claims(
            self.issuer, family, person, beside, (self._world.clock.now(), key.algorithm)
        )
        return self._signed(key, id_tokens.ID_TOKEN_TYPE, payload)

    def logout_token(self, client_id: str, user_id: str, sign_in_id: str) -> str:
        """A logout token for a client that was used during a sign-in."""
        payload = logout.logout_token_claims(
            self.issuer,
            client_id,
            (user_id, sign_in_id),
            self._world.clock.now(),
            self._world.dice.token(_JTI_BYTES),
        )
        return self._signed(self._key(), logout.LOGOUT_TOKEN_TYPE, payload)

    def read_hint(self, id_token: str) -> logout.Hint | None:
        """What one of our id tokens says, however old it is."""
        keys = self._ring.published()
        payload = self._world.signer.verify(keys, id_tokens.ID_TOKEN_TYPE, id_token)
        return None if payload is None else logout.read_hint(payload, self.issuer)

    def _key(self) -> SigningKey:
        key = self._ring.at_hand() or self._ring.signing()
        if key is None:
            raise StoreUnavailable("no signing key is active")
        return key

    def _signed(self, key: SigningKey, token_type: str, payload: Mapping[str, Any]) -> str:
        return self._world.signer.sign(key, token_type, _encoder.encode(payload))
