"""Who works in the portal: sign-in as a client of our own identity server, sessions, sign-out.

Decision 0019. The portal asks for a code like any application, and redeems it in process.
"""

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

import msgspec

from gatepost.model import base64url
from gatepost.model.callers import Caller
from gatepost.model.events import Origin
from gatepost.model.factors import Owed
from gatepost.model.people import User
from gatepost.model.portal import PortalSession
from gatepost.model.sign_ins import TOUCH_AFTER, SignIn
from gatepost.model.tenants import Tenant
from gatepost.ports import Tenancy
from gatepost.protocol import discovery, pkce
from gatepost.protocol.id_tokens import Beside
from gatepost.protocol.parameters import OAuthError, invalid_request
from gatepost.services import portal_client
from gatepost.services.access import AccessService
from gatepost.services.browsers import touch
from gatepost.services.client_login import FormRequest
from gatepost.services.digests import first_found
from gatepost.services.first_steps import owed_by
from gatepost.services.issuing import Mint
from gatepost.services.principals import confirmed, family_of, person
from gatepost.services.token import TokenService
from gatepost.services.world import World

MOST_SESSIONS = 5
_FLOW_LIFETIME = timedelta(minutes=10)
_BYTES = 32
_SPLIT = "~"
_FLOW_PLACE = "portal sign-in"
_SCOPE = "openid ocsapi"


class Session(NamedTuple):
    """Somebody at work in the portal, as the store knows them at this moment."""

    token: str
    tenant: Tenant
    user: User
    caller: Caller
    sign_in: SignIn

    def __repr__(self) -> str:
        return f"Session(***, {self.user.id!r})"


class Begun(NamedTuple):
    """Where the browser is sent to sign in, and what it keeps until it comes back."""

    address: str
    sealed: str

    def __repr__(self) -> str:
        return "Begun(***)"


class Arrived(NamedTuple):
    """Somebody came back signed in: the token of their new session, and where they wanted to go."""

    token: str
    back: str

    def __repr__(self) -> str:
        return "Arrived(***)"


class _Kept(msgspec.Struct, frozen=True):
    """What travels sealed in the browser while its person signs in."""

    tenant_id: str
    state: str
    verifier: str
    back: str
    until: datetime


class PortalSessions:
    """Opens and ends the sessions of the portal at one address."""

    def __init__(
        self, world: World, public_url: str, mint: Mint, within: tuple[TokenService, AccessService]
    ) -> None:
        self._world = world
        self._url = public_url
        self._mint = mint
        self._tokens, self._access = within

    def begin(self, tenant_id: str, back: str, origin: Origin) -> Begun | None:
        """Send the browser to sign in; None when there is no such tenant."""
        client_id = portal_client.ready(self._world, tenant_id, self._url, origin)
        if client_id is None:
            return None
        state, verifier = (self._world.dice.token(_BYTES) for _ in range(2))
        until = self._world.clock.now() + _FLOW_LIFETIME
        kept = _Kept(tenant_id, state, verifier, back, until)
        sealed = self._world.secrets.seal(_FLOW_PLACE, msgspec.json.encode(kept).decode())
        asked = {
            "client_id": client_id,
            "redirect_uri": self._url + portal_client.CALLBACK_PATH,
            "response_type": "code",
            "scope": _SCOPE,
            "state": state,
            "code_challenge": pkce.challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        address = f"{self._mint.issuer}{discovery.AUTHORIZE_PATH}?{urlencode(asked)}"
        return Begun(address, base64url.encoded(sealed))

    def finish(
        self, sealed: str, answer: Mapping[str, str], origin: Origin
    ) -> Arrived | OAuthError:
        """Redeem the code of the answer, if it is the answer to what this browser began."""
        kept = self._opened_flow(sealed)
        same = kept is not None and hmac.compare_digest(
            kept.state.encode(), answer.get("state", "").encode()
        )
        if kept is None or not same or answer.get("iss") != self._mint.issuer:
            return invalid_request("this sign-in was not begun here", "portal_state")
        if "code" not in answer:
            return OAuthError("access_denied", "the sign-in was not finished", "portal_denied")
        tokens = self._tokens.redeem_within(
            FormRequest(
                {
                    "grant_type": "authorization_code",
                    "client_id": portal_client.client_id_of(kept.tenant_id),
                    "code": answer["code"],
                    "redirect_uri": self._url + portal_client.CALLBACK_PATH,
                    "code_verifier": kept.verifier,
                },
                None,
                origin,
            )
        )
        if isinstance(tokens, OAuthError):
            return tokens
        caller = self._access.caller(tokens.access_token, origin)
        if isinstance(caller, str):
            return OAuthError("access_denied", "the person may not act", caller)
        return self._arrived(caller, kept.back)

    def current(self, tokens: Sequence[str]) -> Session | None:
        """Who works here: by the first of the browser's sessions, and by no other."""
        found = self._session(tokens[0]) if tokens else None
        if found is None:
            return None
        now = self._world.clock.now()
        if now - found.sign_in.last_seen_at >= TOUCH_AFTER:
            with self._world.store.writing(found.tenant.id) as tenancy:
                touch(self._world, tenancy, found.sign_in)
        return found

    def all(self, tokens: Sequence[str]) -> tuple[Session, ...]:
        """All sessions of the browser that are alive, the current one first."""
        found = (self._session(token) for token in tokens[:MOST_SESSIONS])
        return tuple(session for session in found if session is not None)

    def leave(self, session: Session) -> str:
        """End the session; where the browser goes to sign out of the identity server too."""
        tenant_id = session.tenant.id
        with self._world.store.writing(tenant_id) as tenancy:
            for digest in self._world.secrets.digests_of("portal", session.token):
                tenancy.sign_ins.end_portal_session(digest)
            family = tenancy.grants.family(family_of(session.caller.token_mark))
            stands = person(tenancy, tenant_id, family) if family else None
        asked = {
            "client_id": portal_client.client_id_of(tenant_id),
            "post_logout_redirect_uri": self._url + portal_client.SIGNED_OUT_PATH,
        }
        if family is not None and stands is not None:
            asked["id_token_hint"] = self._mint.id_token(family, stands[1], Beside())
        return f"{self._mint.issuer}{discovery.END_SESSION_PATH}?{urlencode(asked)}"

    def _arrived(self, caller: Caller, back: str) -> Arrived | OAuthError:
        value = self._world.dice.token(_BYTES)
        token = f"{caller.tenant_id}{_SPLIT}{value}"
        with self._world.store.writing(caller.tenant_id) as tenancy:
            family = tenancy.grants.family(family_of(caller.token_mark))
            sign_in = tenancy.sign_ins.get(family.sign_in_id) if family else None
            if sign_in is None:
                return OAuthError("access_denied", "the person has signed out", "signed_out")
            session = PortalSession(
                user_id=caller.id,
                sign_in_id=sign_in.id,
                client_id=caller.client_id,
                token_mark=caller.token_mark,
                created_at=self._world.clock.now(),
            )
            digest = self._world.secrets.digest_of("portal", token)
            tenancy.sign_ins.add_portal_session(session, digest)
        return Arrived(token, back)

    def _session(self, token: str) -> Session | None:
        tenant_id = tenant_of(token)
        if tenant_id is None:
            return None
        with self._world.store.reading(tenant_id) as tenancy:
            return self._standing(tenancy, tenant_id, token)

    def _standing(self, tenancy: Tenancy, tenant_id: str, token: str) -> Session | None:
        digests = self._world.secrets.digests_of("portal", token)
        kept = first_found(tenancy.sign_ins.portal_session, digests)
        sign_in = tenancy.sign_ins.get(kept.sign_in_id) if kept else None
        if kept is None or sign_in is None or not sign_in.alive(self._world.clock.now()):
            return None
        if owed_by(tenancy, sign_in) is not Owed.NOTHING:
            return None  # a second factor that is demanded is demanded here at once
        caller = confirmed(
            tenancy,
            Caller(
                tenant_id=tenant_id,
                kind="user",
                id=kept.user_id,
                client_id=kept.client_id,
                role_ids=frozenset(),
                role_types=frozenset(),
                token_mark=kept.token_mark,
            ),
        )
        tenant, user = tenancy.directory.tenant(), tenancy.directory.user(kept.user_id)
        if isinstance(caller, str) or tenant is None or user is None:
            return None
        return Session(token, tenant, user, caller, sign_in)

    def _opened_flow(self, sealed: str) -> _Kept | None:
        raw = base64url.decoded(sealed)
        plain = self._world.secrets.unseal(_FLOW_PLACE, raw) if raw else None
        if plain is None:
            return None
        kept = msgspec.json.decode(plain.encode(), type=_Kept)
        return kept if self._world.clock.now() < kept.until else None


def tenant_of(token: str) -> str | None:
    """The tenant that a session's token names; whether it is one is not asked."""
    tenant_id, split, value = token.partition(_SPLIT)
    return tenant_id if split and value else None
