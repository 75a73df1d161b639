"""Every method of the stores of the flows, as another tenant may see it (R-63, D-16).

The first tenant and its twin have one of everything, under the same ids and digests where those
may be the same: the digests of cookies and of user codes are unique in the deployment.
"""

from datetime import timedelta

from msgspec import structs

from gatepost.model.grants import DENIED
from gatepost.model.requests import Progress
from gatepost.model.sign_ins import SignInDigests
from gatepost.ports import Dependents, Tenancy
from tests.stores.examples import NOW, guid
from tests.stores.flow_examples import (
    GROUNDS,
    authenticator,
    code,
    consent,
    device_code,
    digest_of,
    digests,
    family,
    passkey,
    pending,
    pushed,
    refresh_token,
    sign_in,
)
from tests.stores.isolation_rows import MARK, REFUSED, SHARED_USER, Row
from tests.stores.portal_examples import portal_session, try_out

ID = guid()
DIGEST = digest_of(ID)
LATER = digest_of(ID, "later")
MOMENT = NOW + timedelta(days=1)


def fill_flows(unit: Tenancy, tenant_id: str, mark: str, *, client_id: str) -> None:
    """Give a tenant one of everything, with a mark; a token is used or revoked in the first only.

    The moment of its attempts is a second for each letter of the mark.
    """
    is_first = mark == MARK
    cookies = SignInDigests(digest_of(tenant_id, "session"), digest_of(tenant_id, "silent"))
    unit.sign_ins.add(sign_in(SHARED_USER, id=ID, agent=mark), cookies)
    unit.sign_ins.save_consent(consent(SHARED_USER, client_id, scopes=(mark,)))
    assert unit.sign_ins.add_passkey(passkey(SHARED_USER, id=ID, name=mark))
    unit.sign_ins.save_authenticator(authenticator(SHARED_USER, sealed_key=mark.encode()))
    unit.sign_ins.set_recovery_codes(SHARED_USER, [digest_of(mark)])
    unit.sign_ins.save_attempts({DIGEST: NOW + timedelta(seconds=len(mark))})
    unit.grants.add_pending(pending(client_id, id=ID, progress=Progress(chosen=mark)))
    unit.grants.add_pushed(pushed(client_id, digest=DIGEST, parameters={"state": mark}))
    grounds = structs.replace(GROUNDS, method=mark)
    unit.grants.add_family(family(client_id, SHARED_USER, id=ID, sign_in_id=ID, grounds=grounds))
    unit.grants.add_code(code(ID, digest=DIGEST, nonce=mark))
    unit.grants.add_refresh_token(refresh_token(ID, digest=DIGEST, sealed_successor=mark.encode()))
    used = NOW if is_first else None
    unit.grants.add_refresh_token(refresh_token(ID, digest=LATER, generation=2, used_at=used))
    shown = digest_of(tenant_id, "user code")
    assert unit.grants.add_device_code(
        device_code(client_id, digest=DIGEST, user_code_digest=shown, scopes=(mark,))
    )
    at_work = portal_session(SHARED_USER, ID, token_mark=mark)
    unit.sign_ins.add_portal_session(at_work, digest_of(tenant_id, "portal"))
    unit.grants.add_try_out(try_out(client_id, id=ID, sealed_state=mark.encode()))
    if is_first:
        unit.grants.revoke_token(ID, NOW)


def flows_of(unit: Tenancy) -> list[object]:
    """What is found by the shared ids."""
    return [
        unit.sign_ins.get(ID),
        unit.sign_ins.passkey(ID),
        unit.sign_ins.attempts([DIGEST]),
        unit.grants.pending(ID),
        unit.grants.pushed(DIGEST),
        unit.grants.family(ID),
        unit.grants.code(DIGEST),
        unit.grants.refresh_token(DIGEST),
        unit.grants.refresh_token(LATER),
        unit.grants.device_code(DIGEST),
        unit.grants.is_revoked(ID),
        unit.grants.try_out(ID),
    ]


def _said(found: object, *names: str) -> object:
    """A member of a value, or of a member of it; None where there is no value."""
    for name in names:
        found = getattr(found, name, None)
    return found


SIGN_INS: dict[str, Row] = {
    "add": Row(lambda u, s: u.sign_ins.add(sign_in(s.user_id), digests()), REFUSED, REFUSED),
    "with_session": Row(
        lambda u, s: u.sign_ins.with_session([digest_of(s.first, "session")]), None, None
    ),
    "with_silent": Row(
        lambda u, s: u.sign_ins.with_silent([digest_of(s.first, "silent")]), None, None
    ),
    "get": Row(lambda u, _: _said(u.sign_ins.get(ID), "agent"), None, "twin"),
    "of_user": Row(lambda u, _: len(u.sign_ins.of_user(SHARED_USER)), 0, 1),
    "touch": Row(lambda u, _: u.sign_ins.touch(ID, MOMENT), None, None),
    "end": Row(lambda u, _: u.sign_ins.end(ID), empty=False, twin=True),
    "consent": Row(lambda u, s: u.sign_ins.consent(SHARED_USER, s.client_id), None, None),
    "consents_of": Row(lambda u, _: len(u.sign_ins.consents_of(SHARED_USER)), 0, 1),
    "save_consent": Row(
        lambda u, s: u.sign_ins.save_consent(consent(SHARED_USER, s.client_id)), REFUSED, REFUSED
    ),
    "remove_consent": Row(
        lambda u, s: u.sign_ins.remove_consent(SHARED_USER, s.client_id), empty=False, twin=False
    ),
    "add_passkey": Row(
        lambda u, _: u.sign_ins.add_passkey(passkey(SHARED_USER, id=ID)), REFUSED, twin=False
    ),
    "passkey": Row(lambda u, _: _said(u.sign_ins.passkey(ID), "name"), None, "twin"),
    "passkeys_of": Row(lambda u, _: len(u.sign_ins.passkeys_of(SHARED_USER)), 0, 1),
    "note_passkey_use": Row(lambda u, _: u.sign_ins.note_passkey_use(ID, 7, MOMENT), None, None),
    "remove_passkey": Row(
        lambda u, _: u.sign_ins.remove_passkey(SHARED_USER, ID), empty=False, twin=True
    ),
    "add_portal_session": Row(
        lambda u, s: u.sign_ins.add_portal_session(
            portal_session(SHARED_USER, ID), digest_of(s.twin, "new")
        ),
        REFUSED,
        None,
    ),
    "portal_session": Row(
        lambda u, s: u.sign_ins.portal_session(digest_of(s.first, "portal")), None, None
    ),
    "end_portal_session": Row(
        lambda u, s: u.sign_ins.end_portal_session(digest_of(s.first, "portal")),
        empty=False,
        twin=False,
    ),
    "attempts": Row(
        lambda u, _: u.sign_ins.attempts([DIGEST]), {}, {DIGEST: NOW + timedelta(seconds=4)}
    ),
    "save_attempts": Row(lambda u, _: u.sign_ins.save_attempts({DIGEST: MOMENT}), None, None),
}

GRANTS: dict[str, Row] = {
    "add_pending": Row(lambda u, s: u.grants.add_pending(pending(s.client_id)), REFUSED, REFUSED),
    "pending": Row(lambda u, _: _said(u.grants.pending(ID), "progress", "chosen"), None, "twin"),
    "save_pending": Row(
        lambda u, _: u.grants.save_pending(pending(None, id=ID, progress=Progress(chosen="me"))),
        None,
        None,
    ),
    "remove_pending": Row(lambda u, _: u.grants.remove_pending(ID), empty=False, twin=True),
    "add_pushed": Row(lambda u, s: u.grants.add_pushed(pushed(s.client_id)), REFUSED, REFUSED),
    "pushed": Row(
        lambda u, _: _said(u.grants.pushed(DIGEST), "parameters"), None, {"state": "twin"}
    ),
    "remove_pushed": Row(lambda u, _: u.grants.remove_pushed(DIGEST), empty=False, twin=True),
    "add_family": Row(
        lambda u, s: u.grants.add_family(family(s.client_id, SHARED_USER)), REFUSED, REFUSED
    ),
    "family": Row(lambda u, _: _said(u.grants.family(ID), "grounds", "method"), None, "twin"),
    "revoke_family": Row(
        lambda u, _: u.grants.revoke_family(ID, MOMENT, "mine"), empty=False, twin=True
    ),
    "dependents": Row(
        lambda u, s: u.grants.dependents(s.client_id, NOW, 9), Dependents(0, 0), Dependents(0, 0)
    ),
    "add_try_out": Row(lambda u, s: u.grants.add_try_out(try_out(s.client_id)), REFUSED, REFUSED),
    "try_out": Row(lambda u, _: _said(u.grants.try_out(ID), "sealed_state"), None, b"twin"),
    "try_outs_of": Row(
        lambda u, s: [one.sealed_state for one in u.grants.try_outs_of(s.client_id)], [], []
    ),
    "save_try_out": Row(
        lambda u, s: u.grants.save_try_out(try_out(s.client_id, id=ID, sealed_state=b"mine")),
        None,
        None,
    ),
    "remove_try_out": Row(lambda u, _: u.grants.remove_try_out(ID), empty=False, twin=True),
    "live_families_of": Row(lambda u, _: len(u.grants.live_families_of(SHARED_USER, NOW)), 0, 1),
    "clients_of_sign_in": Row(
        lambda u, s: [id_ == s.client_id for id_ in u.grants.clients_of_sign_in(ID)], [], [False]
    ),
    "add_code": Row(lambda u, _: u.grants.add_code(code(ID)), REFUSED, None),
    "code": Row(lambda u, _: _said(u.grants.code(DIGEST), "nonce"), None, "twin"),
    "add_refresh_token": Row(
        lambda u, _: u.grants.add_refresh_token(refresh_token(ID)), REFUSED, None
    ),
    "refresh_token": Row(
        lambda u, _: _said(u.grants.refresh_token(DIGEST), "sealed_successor"), None, b"twin"
    ),
    "add_device_code": Row(
        lambda u, s: u.grants.add_device_code(
            device_code(s.client_id, user_code_digest=digest_of(s.first, "user code"))
        ),
        empty=False,
        twin=False,
    ),
    "device_code": Row(lambda u, _: _said(u.grants.device_code(DIGEST), "scopes"), None, ("twin",)),
    "device_with_user_code": Row(
        lambda u, s: u.grants.device_with_user_code(digest_of(s.first, "user code")), None, None
    ),
    "note_poll": Row(lambda u, _: u.grants.note_poll(DIGEST, MOMENT), None, None),
    "settle_device_code": Row(
        lambda u, _: u.grants.settle_device_code(DIGEST, DENIED, None), empty=False, twin=True
    ),
    "spend_device_code": Row(
        lambda u, _: u.grants.spend_device_code(DIGEST, MOMENT), empty=False, twin=True
    ),
    "revoke_token": Row(lambda u, _: u.grants.revoke_token(ID, MOMENT), None, None),
    "is_revoked": Row(lambda u, _: u.grants.is_revoked(ID), empty=False, twin=False),
}
