"""What is asked about tokens: UserInfo, introspection and revocation. The store is always asked.

OpenID Connect Core, 5.3; RFC 7662; RFC 7009.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from gatepost.model.events import Action, Actor, Event, Origin
from gatepost.model.grants import Family, RefreshToken
from gatepost.ports import Tenancy
from gatepost.protocol import id_tokens, scopes
from gatepost.protocol.claims import AccessClaims
from gatepost.protocol.parameters import OAuthError, invalid_request
from gatepost.services import evidence
from gatepost.services.access import AccessService, claimed
from gatepost.services.client_login import ClientLogin, FormRequest, KnownClient
from gatepost.services.digests import first_found
from gatepost.services.principals import family_of, person
from gatepost.services.refusals import RefusalBook
from gatepost.services.world import World

INACTIVE: Mapping[str, Any] = {"active": False}
_MAX_TOKEN = 8_192


class TokenUse:
    """Answers about the tokens of one issuer."""

    def __init__(
        self, world: World, access: AccessService, login: ClientLogin, refusals: RefusalBook
    ) -> None:
        self._world = world
        self._access = access
        self._login = login
        self._refusals = refusals

    def userinfo(self, token: str, origin: Origin) -> dict[str, Any] | str:
        """What a token lets its holder know about its person, or the reason to refuse."""
        found = self._userinfo(token)
        if isinstance(found, str):
            self._refusals.tell(Action.ACCESS_REFUSED, found, "userinfo", origin)
        return found

    def introspect(self, request: FormRequest) -> Mapping[str, Any] | OAuthError:
        """What a token is worth now, for a client of the same tenant that has a secret or key."""
        known = self._asking(request)
        if isinstance(known, OAuthError):
            return known
        if known.secret_id is None:
            error = OAuthError(
                "unauthorized_client", "only a client with a secret may ask", "introspect_refused"
            )
            self._login.remember(known.tenant_id, known.id, error, request.origin)
            return error
        token = request.form["token"]
        about = self._about_access(known, self._access.read(token, None))
        if about is None:
            with self._world.store.reading(known.tenant_id) as tenancy:
                about = self._about_refresh(tenancy, known, token)
        return about or INACTIVE

    def revoke(self, request: FormRequest) -> OAuthError | None:
        """End a token of the client that asks; what is unknown needs no ending (R-28)."""
        known = self._asking(request)
        if isinstance(known, OAuthError):
            return known
        token = request.form["token"]
        claims = self._access.read(token, None)
        with self._world.store.writing(known.tenant_id) as tenancy:
            if isinstance(claims, AccessClaims):
                self._revoke_access(tenancy, known, claims, request.origin)
            else:
                self._revoke_refresh(tenancy, known, token, request.origin)
        return None

    def _userinfo(self, token: str) -> dict[str, Any] | str:
        read = self._access.read(token, scopes.OPENID)
        if isinstance(read, str):
            return read
        caller = self._access.callers.confirmed(claimed(read))
        if isinstance(caller, str):
            return caller
        found = self._access.callers.person(caller, family_of(caller.token_mark))
        if found is None:
            return "principal_inactive"
        family, person_ = found
        named = family.grounds.claims.userinfo
        return id_tokens.userinfo(person_, scopes.split(read.scope), named)

    def _asking(self, request: FormRequest) -> KnownClient | OAuthError:
        known = self._login.known(request)
        if isinstance(known, OAuthError):
            return known
        if "token" not in request.form:
            return invalid_request("token is missing", "no_token")
        return known

    def _about_access(
        self, known: KnownClient, read: AccessClaims | str
    ) -> Mapping[str, Any] | None:
        if isinstance(read, str) or read.tid != known.tenant_id:
            return None
        if isinstance(self._access.callers.confirmed(claimed(read)), str):
            return INACTIVE
        return {
            "active": True,
            "token_type": "Bearer",
            **{name: getattr(read, name) for name in read.__struct_fields__},
        }

    def _about_refresh(
        self, tenancy: Tenancy, known: KnownClient, token: str
    ) -> Mapping[str, Any] | None:
        """Only the client that holds a refresh token is told about it."""
        found = self._refresh_token(tenancy, token)
        if found is None:
            return None
        kept, family = found
        is_over = self._now() >= min(kept.expires_at, family.expires_at)
        if family.client_id != known.id or kept.used_at or family.revoked_at or is_over:
            return None
        if person(tenancy, known.tenant_id, family) is None:
            return None
        return {
            "active": True,
            "token_type": "refresh_token",
            "client_id": family.client_id,
            "sub": family.user_id,
            "scope": " ".join(family.grounds.scopes),
            "exp": int(min(kept.expires_at, family.expires_at).timestamp()),
            "iat": int(kept.created_at.timestamp()),
            "tid": known.tenant_id,
        }

    def _revoke_access(
        self, tenancy: Tenancy, known: KnownClient, claims: AccessClaims, origin: Origin
    ) -> None:
        mine = claims.tid == known.tenant_id and claims.client_id == known.id
        if mine and not tenancy.grants.is_revoked(claims.jti):
            tenancy.grants.revoke_token(claims.jti, datetime.fromtimestamp(claims.exp, UTC))
            self._note(tenancy, known, (Action.TOKEN_REVOKED, claims.sub), origin)

    def _revoke_refresh(
        self, tenancy: Tenancy, known: KnownClient, token: str, origin: Origin
    ) -> None:
        """With a refresh token all that came of its grant ends (RFC 7009, 2.1)."""
        found = self._refresh_token(tenancy, token)
        if found is None or found[1].client_id != known.id:
            return
        if tenancy.grants.revoke_family(found[1].id, self._now(), "revoked_by_client"):
            self._note(tenancy, known, (Action.GRANT_REVOKED, found[1].id), origin)

    def _refresh_token(self, tenancy: Tenancy, token: str) -> tuple[RefreshToken, Family] | None:
        if len(token) > _MAX_TOKEN:
            return None
        what = evidence.presented(self._world, "refresh_token", token)
        kept = first_found(tenancy.grants.refresh_token, what.each())
        family = tenancy.grants.family(kept.family_id) if kept else None
        return (kept, family) if kept and family else None

    def _note(
        self, tenancy: Tenancy, known: KnownClient, what: tuple[Action, str], origin: Origin
    ) -> None:
        action, target = what
        tenancy.journal.append(
            Event(
                at=self._now(),
                action=action,
                actor=Actor("client", known.id),
                origin=origin,
                target=target,
            )
        )

    def _now(self) -> datetime:
        return self._world.clock.now()
