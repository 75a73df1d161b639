"""Values of the flows to put into a store: sign-ins, errands, codes, tokens."""

import hashlib
from datetime import timedelta
from typing import Any

from gatepost import ports
from gatepost.model.factors import Authenticator
from gatepost.model.grants import (
    AuthorizationCode,
    DeviceCode,
    Family,
    Grounds,
    PushedRequest,
    RefreshToken,
)
from gatepost.model.requests import AccountErrand, AuthorizationRequest, Pending, RequestedClaims
from gatepost.model.sign_ins import PASSWORD, Consent, Passkey, SignIn, SignInDigests
from tests.stores.examples import NOW, client, guid, later, recorded, user
from tests.stores.portal_examples import password_link, portal_session, try_out

IN_AN_HOUR = NOW + timedelta(hours=1)
GROUNDS = Grounds(
    scopes=("openid", "offline_access"),
    auth_time=1_937_919_428,
    method=PASSWORD,
    claims=RequestedClaims(id_token=("name",), userinfo=("email",), acr_values=("phr",), sub="é"),
)


def digest_of(*words: str) -> bytes:
    """The same digest for the same words."""
    return hashlib.sha256("\0".join(words).encode()).digest()


def new_digest() -> bytes:
    """A digest that nothing had before."""
    return digest_of(guid())


def digests() -> SignInDigests:
    """What the cookies of a new sign-in are found by."""
    return SignInDigests(new_digest(), new_digest())


def sign_in(user_id: str, **members: Any) -> SignIn:
    """A sign-in."""
    at = members.pop("signed_in_at", None) or later()
    values = {
        "id": guid(),
        "method": PASSWORD,
        "last_seen_at": at,
        "expires_at": IN_AN_HOUR,
        "address": "2001:db8::7",
        "agent": "Mozilla/5.0 (Ünïcode)",
        **members,
    }
    return SignIn(user_id=user_id, signed_in_at=at, **values)


def consent(user_id: str, client_id: str, **members: Any) -> Consent:
    """A consent."""
    values = {"scopes": ("openid", "email"), "given_at": later(), **members}
    return Consent(user_id=user_id, client_id=client_id, **values)


def passkey(user_id: str, **members: Any) -> Passkey:
    """A passkey."""
    values = {
        "id": guid(),
        "name": "Kim phone 📱",
        "public_key": bytes(range(256)),
        "sign_count": 0,
        "created_at": later(),
        **members,
    }
    return Passkey(user_id=user_id, **values)


def authenticator(user_id: str, **members: Any) -> Authenticator:
    """An authenticator app."""
    values = {
        "sealed_key": b"\x00sealed\xff",
        "used_step": 64_597_314,
        "created_at": later(),
        **members,
    }
    return Authenticator(user_id=user_id, **values)


def request(client_id: str, **members: Any) -> AuthorizationRequest:
    """An application's authorization request."""
    values = {
        "redirect_uri": "https://app.example.com/back",
        "response_type": "code",
        "response_mode": "query",
        "scopes": ("openid",),
        **members,
    }
    return AuthorizationRequest(client_id=client_id, **values)


def pending(client_id: str | None, **members: Any) -> Pending:
    """An errand under way."""
    values = {
        "id": guid(),
        "browser_digest": new_digest(),
        "errand": AccountErrand() if client_id is None else request(client_id),
        "created_at": later(),
        "expires_at": IN_AN_HOUR,
        **members,
    }
    return Pending(client_id=client_id, **values)


def pushed(client_id: str, **members: Any) -> PushedRequest:
    """A pushed request."""
    values = {
        "digest": new_digest(),
        "parameters": {"scope": "openid", "state": "ü \u0001"},
        "created_at": later(),
        "expires_at": IN_AN_HOUR,
        **members,
    }
    return PushedRequest(client_id=client_id, **values)


def family(client_id: str, user_id: str, **members: Any) -> Family:
    """A family."""
    values = {
        "id": guid(),
        "sign_in_id": guid(),
        "grounds": GROUNDS,
        "created_at": later(),
        "expires_at": IN_AN_HOUR,
        **members,
    }
    return Family(client_id=client_id, user_id=user_id, **values)


def code(family_id: str, **members: Any) -> AuthorizationCode:
    """A code."""
    values = {
        "digest": new_digest(),
        "redirect_uri": "https://app.example.com/back",
        "challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "nonce": "n-0S6_WzA2Mj",
        "created_at": later(),
        "expires_at": IN_AN_HOUR,
        **members,
    }
    return AuthorizationCode(family_id=family_id, **values)


def refresh_token(family_id: str, **members: Any) -> RefreshToken:
    """A refresh token."""
    values = {
        "digest": new_digest(),
        "generation": 1,
        "created_at": later(),
        "expires_at": IN_AN_HOUR,
        **members,
    }
    return RefreshToken(family_id=family_id, **values)


def device_code(client_id: str, **members: Any) -> DeviceCode:
    """A device that waits."""
    values = {
        "digest": new_digest(),
        "user_code_digest": new_digest(),
        "scopes": ("openid", "email"),
        "created_at": later(),
        "expires_at": IN_AN_HOUR,
        **members,
    }
    return DeviceCode(client_id=client_id, **values)


class Flow:
    """A person and a client of a tenant, with one of everything that the flows keep of them."""

    def __init__(self, store: ports.Store, tenant_id: str) -> None:
        person, app = user(), client()
        self.user_id, self.client_id = person.id, app.settings.id
        self.sign_in, self.digests = sign_in(self.user_id), digests()
        self.consent = consent(self.user_id, self.client_id)
        self.passkey = passkey(self.user_id)
        self.authenticator = authenticator(self.user_id)
        self.pending, self.pushed = pending(self.client_id), pushed(self.client_id)
        self.family = family(self.client_id, self.user_id, sign_in_id=self.sign_in.id)
        self.code = code(self.family.id)
        self.token = refresh_token(self.family.id)
        self.device = device_code(self.client_id)
        self.portal_session = portal_session(self.user_id, self.sign_in.id)
        self.portal_digest, self.link_digest = new_digest(), new_digest()
        self.try_out = try_out(self.client_id, user_id=self.user_id)
        self.link = password_link(self.user_id)
        with recorded(store, tenant_id) as unit:
            assert unit.directory.add_user(person)
            assert unit.clients.add(app)
            self._add_what_they_have(unit)

    def _add_what_they_have(self, unit: ports.Tenancy) -> None:
        unit.sign_ins.add(self.sign_in, self.digests)
        unit.sign_ins.save_consent(self.consent)
        assert unit.sign_ins.add_passkey(self.passkey)
        unit.sign_ins.save_authenticator(self.authenticator)
        unit.sign_ins.set_recovery_codes(self.user_id, [new_digest()])
        unit.grants.add_pending(self.pending)
        unit.grants.add_pushed(self.pushed)
        unit.grants.add_family(self.family)
        unit.grants.add_code(self.code)
        unit.grants.add_refresh_token(self.token)
        assert unit.grants.add_device_code(self.device)
        unit.sign_ins.add_portal_session(self.portal_session, self.portal_digest)
        unit.grants.add_try_out(self.try_out)
        unit.directory.set_password_link(self.link, self.link_digest)

    def kept(self, unit: ports.Tenancy) -> list[object]:
        """What a store gives back of all this, in the order of `whole`."""
        return [
            unit.sign_ins.get(self.sign_in.id),
            unit.sign_ins.consent(self.user_id, self.client_id),
            unit.sign_ins.passkey(self.passkey.id),
            unit.sign_ins.authenticator(self.user_id),
            unit.sign_ins.count_recovery_codes(self.user_id) or None,
            unit.grants.pending(self.pending.id),
            unit.grants.pushed(self.pushed.digest),
            unit.grants.family(self.family.id),
            unit.grants.code(self.code.digest),
            unit.grants.refresh_token(self.token.digest),
            unit.grants.device_code(self.device.digest),
            unit.sign_ins.portal_session(self.portal_digest),
            unit.grants.try_out(self.try_out.id),
            unit.directory.password_link(self.link_digest),
        ]

    @property
    def whole(self) -> list[object]:
        """Everything, as it was put in."""
        return [
            self.sign_in,
            self.consent,
            self.passkey,
            self.authenticator,
            1,
            self.pending,
            self.pushed,
            self.family,
            self.code,
            self.token,
            self.device,
            self.portal_session,
            self.try_out,
            self.link,
        ]
