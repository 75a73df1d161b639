"""Security > Sign-in rules: of whom the organisation demands more than a password."""

from typing import get_args

from gatepost.model.errors import Code, Refused
from gatepost.model.tenants import SecondFactor
from gatepost.services import sign_in_rules
from gatepost.web.http import Reply
from gatepost.web.portal import people
from gatepost.web.portal.visits import PREFIX, Allowed, Route, Visit, redirect

RULES = f"{PREFIX}/security/sign-in-rules"
_SECTION = "sign-in-rules"
_PURPOSE = "sign-in-rules"
_FIELD = "second_factor"


def rules(visit: Visit) -> Reply:
    """The rule as it is, and the choice of another."""
    now = visit.session.tenant.second_factor
    saved = visit.query().get("done") == "saved"
    return visit.page(
        200,
        "sign_in_rules.html",
        _SECTION,
        notice=visit.say("rules.done") if saved else None,
        now=now,
        choices=[_choice(visit, each, now) for each in _ALL],
        lacking=_lacking(visit, now),
        action=f"{RULES}/change",
        field=_FIELD,
    )


def ask(visit: Visit) -> Reply:
    """The question before it is changed, with who would have to add a factor."""
    wanted = _known(visit.query().get(_FIELD))
    if wanted == visit.session.tenant.second_factor:
        return redirect(RULES)
    return visit.page(
        200,
        "sign_in_rules_ask.html",
        _SECTION,
        wanted=wanted,
        lacking=_lacking(visit, wanted),
        is_own=_is_lacking(visit, wanted),
        action=f"{RULES}/change",
        proof=visit.proof(_PURPOSE),
        field=_FIELD,
        back=RULES,
    )


def change(visit: Visit) -> Reply:
    """Change it."""
    form = visit.form(_PURPOSE)
    sign_in_rules.demand(visit.world, visit.act, _known(form.get(_FIELD)))
    return redirect(f"{RULES}?done=saved")


def _choice(visit: Visit, value: SecondFactor, now: SecondFactor) -> dict[str, object]:
    return {
        "value": value,
        "label": visit.say(f"rules.choice.{value}"),
        "hint": visit.say(f"rules.choice.{value}.hint"),
        "checked": value == now,
    }


def _lacking(visit: Visit, second_factor: SecondFactor) -> dict[str, object]:
    found = sign_in_rules.lacking(visit.world, visit.tenant_id, second_factor)
    shown = [people.told(visit, user) for user in found.first]
    return {"number": found.number, "first": shown, "more": found.number - len(shown)}


def _is_lacking(visit: Visit, wanted: SecondFactor) -> bool:
    """Whether whoever asks would have to add a factor themselves; administrators always are."""
    held = sign_in_rules.factors_of(visit.world, visit.tenant_id, visit.session.user.id)
    return wanted != "none" and not held.has_authenticator and not held.passkeys


def _known(text: str) -> SecondFactor:
    for value in _ALL:
        if text == value:
            return value
    raise Refused(
        Code.INVALID_MEMBER,
        "There is no such sign-in rule.",
        "Go back to the sign-in rules and choose one of them.",
    )


_ALL: tuple[SecondFactor, ...] = get_args(SecondFactor)
_PATH = "/security/sign-in-rules"
ROUTES = (
    Route("GET", _PATH, Allowed.ADMINISTRATOR, rules),
    Route("GET", f"{_PATH}/change", Allowed.ADMINISTRATOR, ask),
    Route("POST", f"{_PATH}/change", Allowed.ADMINISTRATOR, change),
)
