"""The authorization code grant as a function of values: what is given, what is refused and why."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from gatepost.model.clients import AuthorizationCodeClient, HybridClient, StoredClient
from gatepost.model.grants import AuthorizationCode, Family, Grounds, RefreshToken
from gatepost.protocol.grants.authorization_code import decide
from gatepost.protocol.grants.decisions import Decision, Evidence, Issue, Replay
from gatepost.protocol.grants.request import GrantRequest
from gatepost.protocol.parameters import OAuthError

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
CALLBACK = "https://app.example.com/cb"
# RFC 7636, appendix B
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
FAMILY = Family(
    id="f",
    client_id="c",
    user_id="u",
    sign_in_id="s",
    grounds=Grounds(scopes=("openid", "ocsapi", "offline_access"), auth_time=1, method="pwd"),
    created_at=NOW,
    expires_at=NOW + timedelta(hours=9),
)
CODE = AuthorizationCode(
    digest=b"d",
    family_id="f",
    redirect_uri=CALLBACK,
    challenge=CHALLENGE,
    nonce="n",
    created_at=NOW,
    expires_at=NOW + timedelta(seconds=60),
)
FORM = {"redirect_uri": CALLBACK, "code_verifier": VERIFIER}
LATER = timedelta(seconds=59, microseconds=999_999)


def client(**members: Any) -> StoredClient:
    """A hybrid client with these settings."""
    settings = HybridClient(id="c", name="n", **({"allow_offline_access": True} | members))
    return StoredClient(
        kind="hybrid", settings=settings, incarnation="i", created_at=NOW, updated_at=NOW, version=1
    )


def ask(
    code: AuthorizationCode = CODE,
    family: Family | None = FAMILY,
    form: dict[str, str] | None = None,
    after: timedelta = LATER,
    by: StoredClient | None = None,
) -> Decision:
    """Decide on a redemption that differs from a right one in what is named."""
    evidence = Evidence(code, family)
    sent = FORM if form is None else form
    return decide(GrantRequest(sent, by or client(), evidence, NOW + after))


def reason(decision: Decision) -> str:
    """Why a redemption was refused, in the journal's word; the caller hears invalid_grant."""
    assert isinstance(decision, OAuthError), decision
    assert (decision.error, decision.status) == ("invalid_grant", 400)
    return decision.reason


@pytest.mark.requirement("R-12", "R-18", "R-24")
def test_a_right_redemption_gives_all_that_was_granted() -> None:
    assert ask() == Issue(
        ("openid", "ocsapi", "offline_access"),
        FAMILY,
        nonce="n",
        with_id_token=True,
        with_refresh_token=True,
    )


@pytest.mark.requirement("R-16", "R-18")
def test_what_is_no_code_is_unknown() -> None:
    token = RefreshToken(digest=b"d", family_id="f", generation=1, created_at=NOW, expires_at=NOW)
    for evidence in (None, Evidence(CODE, None), Evidence(token, FAMILY)):
        assert reason(decide(GrantRequest(FORM, client(), evidence, NOW))) == "unknown_code"


@pytest.mark.requirement("R-18", "R-20")
def test_a_code_is_bound_to_its_client_before_all_else() -> None:
    """Another client's use of a used code is no replay: it would end a stranger's grant."""
    used = replace(CODE, used_at=NOW)
    for code in (CODE, used):
        assert reason(ask(code, replace(FAMILY, client_id="C"))) == "code_of_another_client"


@pytest.mark.requirement("R-16", "R-17")
@pytest.mark.parametrize("form", [FORM, {}, {"redirect_uri": "https://evil.example"}])
@pytest.mark.parametrize("after", [timedelta(0), LATER, timedelta(days=1)])
def test_a_second_use_is_a_replay_whatever_else_it_shows(
    form: dict[str, str], after: timedelta
) -> None:
    decision = ask(replace(CODE, used_at=NOW), form=form, after=after)
    assert isinstance(decision, Replay)
    assert (decision.family_id, reason(decision.error)) == ("f", "code_reused")


@pytest.mark.requirement("R-17", "R-27")
def test_a_code_ends_with_its_grant() -> None:
    assert reason(ask(family=replace(FAMILY, revoked_at=NOW))) == "grant_revoked"


@pytest.mark.requirement("R-18")
@pytest.mark.parametrize("after", [60, 60.000001, 3600])
def test_a_code_lives_sixty_seconds(after: float) -> None:
    assert reason(ask(after=timedelta(seconds=after))) == "expired_code"


@pytest.mark.requirement("R-18")
@pytest.mark.parametrize(
    "uri",
    [
        None,
        "",
        CALLBACK + "/",
        CALLBACK + "?",
        CALLBACK + "#",
        CALLBACK.upper(),
        "https://app.example.com:443/cb",
        "https://app.example.com/%63b",
        "https://evil.example/cb",
    ],
)
def test_the_redirect_address_is_the_same_byte_for_byte(uri: str | None) -> None:
    form = {"code_verifier": VERIFIER} | ({} if uri is None else {"redirect_uri": uri})
    assert reason(ask(form=form)) == "redirect_uri_differs"


@pytest.mark.requirement("R-13", "R-14")
@pytest.mark.parametrize(
    ("challenge", "verifier", "expected"),
    [
        (CHALLENGE, None, "pkce_verifier_missing"),
        (CHALLENGE, VERIFIER[:-1], "pkce_malformed_verifier"),
        (CHALLENGE, VERIFIER[:-1] + "K", "pkce_wrong_verifier"),
        (CHALLENGE, VERIFIER + "k", "pkce_wrong_verifier"),
        (CHALLENGE, CHALLENGE, "pkce_wrong_verifier"),
        (CHALLENGE, "x" * 129, "pkce_malformed_verifier"),
        (CHALLENGE, VERIFIER[:-1] + "\n", "pkce_malformed_verifier"),
        (CHALLENGE, VERIFIER + "\n", "pkce_malformed_verifier"),
        (CHALLENGE, VERIFIER[:-1] + "\u00fc", "pkce_malformed_verifier"),
        (CHALLENGE, VERIFIER[:-1] + "=", "pkce_malformed_verifier"),
        (VERIFIER, VERIFIER, "pkce_wrong_verifier"),
        (None, VERIFIER, "pkce_verifier_without_challenge"),
    ],
)
def test_a_challenge_demands_its_verifier(
    challenge: str | None, verifier: str | None, expected: str
) -> None:
    form = {"redirect_uri": CALLBACK} | ({} if verifier is None else {"code_verifier": verifier})
    assert reason(ask(replace(CODE, challenge=challenge), form=form)) == expected


def test_without_a_challenge_no_verifier_is_needed() -> None:
    code = replace(CODE, challenge=None, nonce=None)
    decision = ask(code, form={"redirect_uri": CALLBACK})
    assert isinstance(decision, Issue)
    assert decision.nonce is None


@pytest.mark.requirement("R-23", "R-24")
@pytest.mark.parametrize(
    ("granted", "offline", "given"),
    [
        (("ocsapi",), True, ("ocsapi",)),
        (("openid",), False, ("openid",)),
        (("openid", "ocsapi", "offline_access"), False, ("openid", "ocsapi")),
        (("ocsapi", "offline_access"), True, ("ocsapi", "offline_access")),
        (("profile", "email", "ocsapi"), True, ("profile", "email", "ocsapi")),
    ],
)
def test_what_is_given_was_granted_and_is_still_allowed(
    granted: tuple[str, ...], offline: bool, given: tuple[str, ...]
) -> None:
    """The setting of the client counts as it is now, and nothing asked at this endpoint widens."""
    family = replace(FAMILY, grounds=replace(FAMILY.grounds, scopes=granted))
    form = FORM | {"scope": "openid profile email ocsapi offline_access"}
    decision = ask(family=family, form=form, by=client(allow_offline_access=offline))
    assert isinstance(decision, Issue)
    assert decision.scopes == given
    assert decision.with_id_token == ("openid" in given)
    assert decision.with_refresh_token == ("offline_access" in given)


@pytest.mark.requirement("R-24")
def test_a_public_client_gets_a_refresh_token_only_where_that_is_set() -> None:
    for offline in (True, False):
        settings = AuthorizationCodeClient(id="c", name="n", allow_offline_access=offline)
        decision = ask(by=replace(client(), kind="authorization_code", settings=settings))
        assert isinstance(decision, Issue)
        assert decision.with_refresh_token is offline


@pytest.mark.requirement("R-21", "R-59")
def test_codes_that_are_not_good_are_not_told_apart() -> None:
    answers = [
        decide(GrantRequest(FORM, client(), None, NOW)),
        ask(family=replace(FAMILY, client_id="other")),
        ask(family=replace(FAMILY, revoked_at=NOW)),
        ask(after=timedelta(seconds=60)),
    ]
    replay = ask(replace(CODE, used_at=NOW))
    assert isinstance(replay, Replay)
    told = {
        answer._replace(reason="")
        for answer in [*answers, replay.error]
        if isinstance(answer, OAuthError)
    }
    assert len(told) == 1
