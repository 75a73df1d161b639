"""The dispatcher: every branch, every error of prompt=none, and that nothing ends too early."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gatepost.model.factors import Owed
from gatepost.model.requests import (
    AccountErrand,
    AuthorizationRequest,
    DeviceErrand,
    Errand,
    Progress,
    RequestedClaims,
)
from gatepost.model.sign_ins import PASSKEY, PASSWORD, SignIn
from gatepost.protocol.interaction import FOR_THE_PAGES, ConsentRule, Facts, Step, next_step
from gatepost.protocol.parameters import OAuthError

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
AGE = timedelta(minutes=10)
ME = "me"
MINE = SignIn(
    id="mine",
    user_id=ME,
    method=PASSWORD,
    signed_in_at=NOW - AGE,
    last_seen_at=NOW,
    expires_at=NOW + AGE,
    address="",
    agent="",
)
STRONG = replace(MINE, method=PASSKEY)
FRESH = Progress(sign_in_id="mine")
CHOSEN = Progress(chosen="mine")
AGREED = Progress(consented_as=ME)
DEVICE = DeviceErrand(client_id="c", device_code="00", user_code="X", scopes=("openid",))
RULES: tuple[ConsentRule, ...] = get_args(ConsentRule)


def request(*prompts: str, **members: Any) -> AuthorizationRequest:
    """An application's request with these prompts."""
    return AuthorizationRequest(
        client_id="c",
        redirect_uri="https://app.example.com/cb",
        response_type="code",
        response_mode="query",
        scopes=("openid",),
        prompts=prompts,
        **members,
    )


def facts(sign_in: SignIn | None = MINE, **members: Any) -> Facts:
    """What is known: by default somebody who signed in ten minutes ago and never consented."""
    known = Facts(Owed.NOTHING, sign_in, Owed.NOTHING, False, False, "remember", NOW)  # noqa: FBT003  (a row)
    return known._replace(**members)


def told(errand: Errand, progress: Progress = Progress(), known: Facts | None = None) -> str:  # noqa: B008  (frozen)
    """The next step, or the error that ends the errand, as a word."""
    step = next_step(errand, progress, known or facts())
    return step.error if isinstance(step, OAuthError) else step.value


NOBODY = facts(None)
CONSENTED = facts(consented=True)
ONE_TIME = facts(must_change_password=True, consented=True)
UNMET = "unmet_authentication_requirements"


@pytest.mark.requirement("R-37")
@pytest.mark.parametrize(
    ("prompts", "progress", "known", "step"),
    [
        ((), Progress(), NOBODY, "signin"),
        (("consent",), AGREED, NOBODY, "signin"),
        (("select_account",), CHOSEN, NOBODY, "signin"),
        ((), Progress(), facts(), "consent"),
        ((), Progress(), CONSENTED, "finish"),
        ((), AGREED, CONSENTED, "finish"),
        ((), AGREED, facts(), "consent"),  # taken back while the pages were open
        (("login",), Progress(), CONSENTED, "signin"),
        (("login",), Progress(sign_in_id="another"), CONSENTED, "signin"),
        (("login",), FRESH, CONSENTED, "finish"),
        (("login",), FRESH, facts(), "consent"),
        (("consent",), Progress(), CONSENTED, "consent"),
        (("consent",), FRESH, CONSENTED, "consent"),
        (("consent",), AGREED, CONSENTED, "finish"),
        (("select_account",), Progress(), CONSENTED, "choose"),
        (("select_account",), Progress(chosen="another"), CONSENTED, "choose"),
        (("select_account",), Progress(sign_in_id="another"), CONSENTED, "choose"),
        (("select_account",), AGREED, CONSENTED, "choose"),
        (("select_account",), FRESH, CONSENTED, "finish"),
        (("login", "consent", "select_account"), Progress(), CONSENTED, "signin"),
        (("login", "consent", "select_account"), FRESH, CONSENTED, "consent"),
        (("consent", "select_account"), AGREED, CONSENTED, "choose"),
        ((), Progress(), ONE_TIME, "password"),
        (("login",), Progress(), ONE_TIME, "signin"),
        (("select_account",), Progress(), ONE_TIME, "password"),
        (("consent",), AGREED, ONE_TIME, "password"),
    ],
)
def test_what_a_prompt_asks_for(
    prompts: tuple[str, ...], progress: Progress, known: Facts, step: str
) -> None:
    assert told(request(*prompts), progress, known) == step


@pytest.mark.requirement("R-37")
@pytest.mark.parametrize(
    ("members", "known", "outcome"),
    [
        ({}, CONSENTED, "finish"),
        ({}, facts(consent_rule="never"), "finish"),
        ({}, NOBODY, "login_required"),
        ({}, ONE_TIME, "interaction_required"),
        ({}, facts(), "consent_required"),
        ({}, facts(consented=True, consent_rule="always"), "consent_required"),
        ({"max_age": 599}, CONSENTED, "login_required"),
        ({"max_age": 600}, CONSENTED, "finish"),
        ({"max_age": 0}, CONSENTED, "login_required"),
        ({"hinted_user": ME}, CONSENTED, "finish"),
        ({"hinted_user": "other"}, CONSENTED, "login_required"),
        ({"claims": RequestedClaims(sub="other")}, CONSENTED, "login_required"),
        ({"claims": RequestedClaims(acr_values=("phr",))}, CONSENTED, "login_required"),
        ({"claims": RequestedClaims(acr_values=("1",))}, CONSENTED, "finish"),
    ],
)
def test_without_a_page_it_ends(members: dict[str, Any], known: Facts, outcome: str) -> None:
    assert told(request("none", **members), Progress(), known) == outcome


@pytest.mark.requirement("R-37")
@pytest.mark.parametrize(
    ("max_age", "age", "step"),
    [
        (None, timedelta(days=9), "finish"),
        (600, timedelta(seconds=600), "finish"),
        (600, timedelta(seconds=600, microseconds=1), "signin"),
        (10_000, AGE, "finish"),
        (9_999_999_999, AGE, "finish"),
        (0, timedelta(0), "signin"),
        (0, FOR_THE_PAGES, "signin"),
        (0, FOR_THE_PAGES + timedelta(seconds=1), "signin"),
        (0, -timedelta(seconds=1), "signin"),
        (1, -timedelta(days=1), "finish"),
    ],
)
def test_a_sign_in_must_be_young_enough(max_age: int | None, age: timedelta, step: str) -> None:
    known = facts(consented=True, now=MINE.signed_in_at + age)
    assert told(request(max_age=max_age), Progress(), known) == step
    made_for_this = "finish" if age <= FOR_THE_PAGES else step
    assert told(request(max_age=max_age), FRESH, known) == made_for_this


@pytest.mark.requirement("R-37", "R-39")
@pytest.mark.parametrize(
    "members",
    [
        {"hinted_user": "other"},
        {"claims": RequestedClaims(sub="other")},
        {"hinted_user": ME, "claims": RequestedClaims(sub="other")},
        {"hinted_user": "other", "claims": RequestedClaims(sub=ME)},
        {"claims": RequestedClaims(acr_values=("phr",))},
        {"claims": RequestedClaims(acr_values=("phr", "unknown"))},
    ],
)
def test_who_is_asked_for_must_come_or_the_request_ends(members: dict[str, Any]) -> None:
    """Once somebody signed in for this very request, asking again would go round in a ring."""
    assert told(request(**members), Progress(), NOBODY) == "signin"
    assert told(request(**members), Progress(), CONSENTED) == "signin"
    assert told(request(**members), CHOSEN, CONSENTED) == "signin"
    assert told(request(**members), FRESH, CONSENTED) == UNMET


@pytest.mark.requirement("R-37")
@pytest.mark.parametrize(
    ("sign_in", "members"),
    [
        (MINE, {"hinted_user": ME, "claims": RequestedClaims(sub=ME)}),
        (MINE, {"claims": RequestedClaims(acr_values=("phr", "1"))}),
        (STRONG, {"claims": RequestedClaims(acr_values=("phr",))}),
    ],
)
def test_who_is_what_was_asked_for_goes_on(sign_in: SignIn, members: dict[str, Any]) -> None:
    assert told(request(**members), Progress(), facts(sign_in, consented=True)) == "finish"
    assert told(request(**members), FRESH, facts(sign_in, consented=True)) == "finish"


@pytest.mark.requirement("R-38", "R-39")
@pytest.mark.parametrize(
    ("rule", "consented", "step"),
    [
        ("remember", False, "consent"),
        ("remember", True, "finish"),
        ("always", False, "consent"),
        ("always", True, "consent"),
        ("never", False, "finish"),
        ("never", True, "finish"),
    ],
)
def test_consent_is_as_the_operator_set(rule: ConsentRule, consented: bool, step: str) -> None:
    known = facts(consented=consented, consent_rule=rule)
    assert told(request(), Progress(), known) == step
    assert told(request(), AGREED, known) == ("finish" if rule != "remember" else step)
    assert told(request(), Progress(consented_as="other"), known) == step
    assert told(request("consent"), Progress(consented_as="other"), known) == "consent"


@pytest.mark.requirement("R-38", "R-39")
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("consented", [True, False])
def test_a_device_always_asks_its_person(rule: ConsentRule, consented: bool) -> None:
    known = facts(consented=consented, consent_rule=rule)
    assert told(DEVICE, Progress(), known) == "device/confirm"
    assert told(DEVICE, FRESH, known) == "device/confirm"
    assert told(DEVICE, Progress(consented_as="other"), known) == "device/confirm"
    assert told(DEVICE, AGREED, known) == "finish"
    assert told(DEVICE, AGREED, NOBODY) == "signin"
    assert told(DEVICE, AGREED, ONE_TIME) == "password"


def test_the_account_page_needs_a_sign_in_and_no_consent() -> None:
    assert told(AccountErrand(), Progress(), NOBODY) == "signin"
    assert told(AccountErrand(), Progress(), facts(consent_rule="always")) == "finish"
    assert told(AccountErrand(), Progress(), ONE_TIME) == "password"
    assert told(AccountErrand(fresh=True)) == "signin"
    assert told(AccountErrand(fresh=True), Progress(sign_in_id="another")) == "signin"
    assert told(AccountErrand(fresh=True), CHOSEN) == "signin"
    assert told(AccountErrand(fresh=True), FRESH) == "finish"


CODE_OWED = facts(owed=Owed.A_SECOND_STEP, consented=True)
JUST_IN = replace(MINE, signed_in_at=NOW - AGE + timedelta(seconds=1))
APP_OWED = facts(JUST_IN, owed=Owed.A_FACTOR, consented=True)
APP_OWED_FOR_LONG = facts(owed=Owed.A_FACTOR, consented=True)
HALFWAY = facts(None, halfway=Owed.A_SECOND_STEP)
FIRST_APP = facts(None, halfway=Owed.A_FACTOR)


@pytest.mark.requirement("R-37")
@pytest.mark.parametrize(
    ("errand", "progress", "known", "step"),
    [
        # after a right password nothing but the second step is shown, whatever was asked for
        (request(), Progress(), HALFWAY, "code"),
        (request(), Progress(), FIRST_APP, "enrol"),
        (request("login"), Progress(), HALFWAY, "code"),
        (request("login", "consent", "select_account"), CHOSEN, HALFWAY, "code"),
        (request(max_age=0), FRESH, HALFWAY, "code"),
        (request(hinted_user="other"), Progress(), HALFWAY, "code"),
        (DEVICE, AGREED, HALFWAY, "code"),
        (DEVICE, AGREED, FIRST_APP, "enrol"),
        (AccountErrand(fresh=True), Progress(), HALFWAY, "code"),
        (AccountErrand(), Progress(), FIRST_APP, "enrol"),
        # whoever was signed in before is not who goes on
        (request(), AGREED, CONSENTED._replace(halfway=Owed.A_SECOND_STEP), "code"),
        # a session made before more was demanded is stepped up, and not made anew
        (request(), Progress(), CODE_OWED, "code"),
        (request(), FRESH, CODE_OWED, "code"),
        (request(), AGREED, APP_OWED, "enrol"),
        (request("consent"), AGREED, CODE_OWED, "code"),
        (request("select_account"), CHOSEN, CODE_OWED, "code"),
        (DEVICE, AGREED, CODE_OWED, "code"),
        (AccountErrand(), Progress(), CODE_OWED, "code"),
        (AccountErrand(), Progress(), APP_OWED, "enrol"),
        # an app is added with a password that was typed just now, so that no open session makes one
        (request(), Progress(), APP_OWED_FOR_LONG, "signin"),
        (request(), FRESH, APP_OWED_FOR_LONG, "signin"),
        (DEVICE, AGREED, APP_OWED_FOR_LONG, "signin"),
        (AccountErrand(), Progress(), APP_OWED_FOR_LONG, "signin"),
        (request(), Progress(), APP_OWED_FOR_LONG._replace(halfway=Owed.A_FACTOR), "enrol"),
        (request("none"), Progress(), APP_OWED_FOR_LONG, "login_required"),
        # but where a new sign-in is asked for, it begins with the password
        (request("login"), Progress(), CODE_OWED, "signin"),
        (request(max_age=1), Progress(), APP_OWED, "signin"),
        (request(hinted_user="other"), Progress(), CODE_OWED, "signin"),
        (AccountErrand(fresh=True), Progress(), CODE_OWED, "signin"),
        # and a one-time password waits until it is known who types
        (request(), Progress(), ONE_TIME._replace(owed=Owed.A_SECOND_STEP), "code"),
        # no page, no code
        (request("none"), Progress(), CODE_OWED, "interaction_required"),
        (request("none"), Progress(), APP_OWED, "interaction_required"),
        (request("none", max_age=1), Progress(), CODE_OWED, "login_required"),
        # a request for more than the person has ends as it did
        (request(claims=RequestedClaims(acr_values=("phr",))), FRESH, CODE_OWED, UNMET),
    ],
)
def test_a_second_step_is_never_skipped(
    errand: Errand, progress: Progress, known: Facts, step: str
) -> None:
    assert told(errand, progress, known) == step


some_facts = st.builds(
    Facts,
    sign_in=st.sampled_from([None, MINE, STRONG]),
    must_change_password=st.booleans(),
    consented=st.booleans(),
    consent_rule=st.sampled_from(RULES),
    now=st.integers(-900, 900).map(lambda seconds: NOW + timedelta(seconds=seconds)),
)
progresses = st.builds(
    Progress,
    sign_in_id=st.sampled_from([None, "mine", "another"]),
    chosen=st.sampled_from([None, "mine", "another"]),
    consented_as=st.sampled_from([None, ME, "other"]),
)
people = st.sampled_from([None, ME, "other"])
requests = st.builds(
    AuthorizationRequest,
    client_id=st.just("c"),
    redirect_uri=st.just("https://app.example.com/cb"),
    response_type=st.just("code"),
    response_mode=st.just("query"),
    scopes=st.just(("openid",)),
    prompts=st.just(("none",))
    | st.lists(st.sampled_from(["login", "consent", "select_account"]), unique=True).map(tuple),
    max_age=st.sampled_from([None, 0, 1, 600, 9_999_999_999]),
    hinted_user=people,
    claims=st.builds(
        RequestedClaims,
        sub=people,
        acr_values=st.lists(st.sampled_from(["1", "phr", "x"]), max_size=2).map(tuple),
    ),
)


@pytest.mark.requirement("R-37", "R-38", "R-39", "R-72")
@settings(deadline=None, max_examples=600)
@given(requests, progresses, some_facts)
def test_a_request_ends_well_only_when_all_was_done(
    errand: AuthorizationRequest, progress: Progress, known: Facts
) -> None:
    step = next_step(errand, progress, known)
    if "none" in errand.prompts:
        assert step is Step.FINISH or isinstance(step, OAuthError)
    mine = known.sign_in
    if mine is None:
        assert step is not Step.FINISH
        return
    made_for_this = progress.sign_in_id == mine.id
    age, claims, prompts = known.now - mine.signed_in_at, errand.claims, errand.prompts
    young = errand.max_age is None or (errand.max_age > 0 and age.total_seconds() <= errand.max_age)
    said_yes = progress.consented_as == mine.user_id
    remembered = known.consented if known.consent_rule == "remember" else said_yes
    done = (
        {errand.hinted_user, claims.sub} <= {None, mine.user_id},
        not claims.acr_values or mine.acr in claims.acr_values,
        young or (made_for_this and age <= FOR_THE_PAGES),
        made_for_this or "login" not in prompts,
        known.halfway is Owed.NOTHING,
        known.owed is Owed.NOTHING,
        not known.must_change_password,
        "select_account" not in prompts or made_for_this or progress.chosen == mine.id,
        said_yes or "consent" not in prompts,
        remembered or known.consent_rule == "never" or "consent" in prompts,
    )
    assert (step is Step.FINISH) == all(done)
