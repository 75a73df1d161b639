"""The methods of the second factors, as another tenant may see them. See `isolation_table`."""

from gatepost.model.factors import Factors
from gatepost.model.tenants import MEMBER
from tests.stores.examples import NOW
from tests.stores.flow_examples import authenticator, digest_of
from tests.stores.isolation_rows import MARK, REFUSED, SHARED_USER, Row

_NOTHING = Factors("none", is_administrator=False, has_authenticator=False, has_passkey=False)
_BOTH = Factors("none", is_administrator=False, has_authenticator=True, has_passkey=True)

FACTORS: dict[str, Row] = {
    "factors": Row(lambda u, _: u.sign_ins.factors(SHARED_USER), _NOTHING, _BOTH),
    "demand": Row(lambda u, _: u.sign_ins.demand("everybody", NOW), None, None),
    "without_factor": Row(lambda u, _: u.sign_ins.without_factor(None, 9), (), ()),
    "count_without_factor": Row(lambda u, _: u.sign_ins.count_without_factor(MEMBER, 9), 0, 0),
    "authenticator": Row(
        lambda u, _: getattr(u.sign_ins.authenticator(SHARED_USER), "sealed_key", None),
        None,
        b"twin",
    ),
    "save_authenticator": Row(
        lambda u, _: u.sign_ins.save_authenticator(authenticator(SHARED_USER)), REFUSED, None
    ),
    "spend_step": Row(
        lambda u, _: u.sign_ins.spend_step(SHARED_USER, 2**40, NOW), empty=False, twin=True
    ),
    "remove_authenticator": Row(
        lambda u, _: u.sign_ins.remove_authenticator(SHARED_USER), empty=False, twin=True
    ),
    "set_recovery_codes": Row(
        lambda u, _: u.sign_ins.set_recovery_codes(SHARED_USER, [digest_of("new")]), REFUSED, None
    ),
    "count_recovery_codes": Row(lambda u, _: u.sign_ins.count_recovery_codes(SHARED_USER), 0, 1),
    "spend_recovery_code": Row(
        lambda u, _: u.sign_ins.spend_recovery_code(SHARED_USER, digest_of(MARK)),
        empty=False,
        twin=False,
    ),
}
