"""The refresh token grant as a function of values: rotation, grace, replay, and what it gives."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gatepost.model.clients import HybridClient, StoredClient
from gatepost.model.grants import AuthorizationCode, Family, Grounds, RefreshToken
from gatepost.protocol import scopes
from gatepost.protocol.grants.decisions import Again, Decision, Evidence, Issue, Replay
from gatepost.protocol.grants.refresh_token import decide
from gatepost.protocol.grants.request import GrantRequest
from gatepost.protocol.parameters import OAuthError

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
GRANTED = ("openid", "profile", "ocsapi", "offline_access")
FAMILY = Family(
    id="f",
    client_id="c",
    user_id="u",
    sign_in_id="s",
    grounds=Grounds(scopes=GRANTED, auth_time=1, method="pwd"),
    created_at=NOW,
    expires_at=NOW + timedelta(hours=9),
)
TOKEN = RefreshToken(
    digest=b"d",
    family_id="f",
    generation=1,
    created_at=NOW,
    expires_at=NOW + timedelta(hours=4),
)
USED = replace(TOKEN, used_at=NOW, sealed_successor=b"sealed")
ALL = Issue(GRANTED, FAMILY, with_id_token=True, with_refresh_token=True)


def client(**members: Any) -> StoredClient:
    """A hybrid client with these settings."""
    chosen = HybridClient(id="c", name="n", **({"allow_offline_access": True} | members))
    return StoredClient(
        kind="hybrid", settings=chosen, incarnation="i", created_at=NOW, updated_at=NOW, version=1
    )


def ask(
    token: RefreshToken = TOKEN,
    family: Family | None = FAMILY,
    after: timedelta = timedelta(0),
    by: StoredClient | None = None,
    **form: str,
) -> Decision:
    """Decide on a refresh that differs from a right one in what is named."""
    return decide(GrantRequest(form, by or client(), Evidence(token, family), NOW + after))


def reason(decision: Decision) -> str:
    """Why it was refused, in the journal's word; the caller hears invalid_grant."""
    assert isinstance(decision, OAuthError), decision
    assert (decision.error, decision.status) == ("invalid_grant", 400)
    return decision.reason


@pytest.mark.requirement("R-24")
def test_a_refresh_gives_all_that_was_granted_and_no_nonce() -> None:
    assert ask() == ALL
    assert ALL.nonce is None


@pytest.mark.requirement("R-24", "R-32")
def test_what_is_no_refresh_token_is_unknown() -> None:
    code = AuthorizationCode(
        digest=b"d",
        family_id="f",
        redirect_uri="https://app.example.com/cb",
        challenge=None,
        nonce=None,
        created_at=NOW,
        expires_at=NOW + timedelta(seconds=60),
    )
    for evidence in (None, Evidence(TOKEN, None), Evidence(code, FAMILY)):
        assert reason(decide(GrantRequest({}, client(), evidence, NOW))) == "unknown_refresh_token"


@pytest.mark.requirement("R-20", "R-24")
@pytest.mark.parametrize("token", [TOKEN, USED])
def test_a_refresh_token_is_bound_to_its_client_before_all_else(token: RefreshToken) -> None:
    """A stranger gets neither the lost answer nor the power to end the family."""
    for after in (timedelta(0), timedelta(minutes=1)):
        refused = ask(token, replace(FAMILY, client_id="C"), after)
        assert reason(refused) == "refresh_token_of_another_client"


@pytest.mark.requirement("R-25", "R-27")
@pytest.mark.parametrize("token", [TOKEN, USED])
def test_a_revoked_family_gives_nothing(token: RefreshToken) -> None:
    assert reason(ask(token, replace(FAMILY, revoked_at=NOW))) == "grant_revoked"


@pytest.mark.requirement("R-26")
@pytest.mark.parametrize(
    ("own", "whole", "after", "works"),
    [
        (4, 9, 4 - 1e-9, True),
        (4, 9, 4, False),
        (9, 4, 4 - 1e-9, True),
        (9, 4, 4, False),
        (4, 9, 100, False),
    ],
)
def test_a_token_ends_at_its_own_end_and_at_the_familys(
    own: int, whole: int, after: float, works: bool
) -> None:
    token = replace(TOKEN, expires_at=NOW + timedelta(hours=own))
    family = replace(FAMILY, expires_at=NOW + timedelta(hours=whole))
    decision = ask(token, family, timedelta(hours=after))
    if works:
        assert isinstance(decision, Issue)
    else:
        assert reason(decision) == "expired_refresh_token"


@pytest.mark.requirement("R-25")
@pytest.mark.parametrize("seconds", [0, 1, 9.999999])
def test_within_the_grace_the_same_answer_is_given_again(seconds: float) -> None:
    assert ask(USED, after=timedelta(seconds=seconds)) == Again(ALL, b"sealed")


@pytest.mark.requirement("R-25")
@pytest.mark.parametrize("seconds", [10, 10.000001, 60, 86_400])
def test_after_the_grace_it_is_a_replay(seconds: float) -> None:
    decision = ask(USED, after=timedelta(seconds=seconds))
    assert isinstance(decision, Replay)
    assert (decision.family_id, reason(decision.error)) == ("f", "refresh_token_reused")


@pytest.mark.requirement("R-25")
def test_once_the_successor_was_used_even_an_early_second_use_is_a_replay() -> None:
    evidence = Evidence(USED, FAMILY, superseded=True)
    decision = decide(GrantRequest({}, client(), evidence, NOW))
    assert isinstance(decision, Replay)
    assert decision.error.reason == "refresh_token_reused"


@pytest.mark.requirement("R-25")
def test_without_a_kept_successor_a_second_use_is_a_replay() -> None:
    assert isinstance(ask(replace(TOKEN, used_at=NOW)), Replay)


@pytest.mark.requirement("R-24", "R-25")
@pytest.mark.parametrize("token", [TOKEN, USED])
def test_a_client_that_may_not_refresh_any_more_gets_nothing(token: RefreshToken) -> None:
    by = client(allow_offline_access=False)
    assert reason(ask(token, by=by)) == "refresh_not_allowed"


@pytest.mark.requirement("R-24")
def test_without_offline_access_there_is_no_refresh() -> None:
    online = replace(FAMILY, grounds=replace(FAMILY.grounds, scopes=("openid", "ocsapi")))
    assert reason(ask(family=online)) == "refresh_not_allowed"


@pytest.mark.requirement("R-23")
@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("ocsapi", ("ocsapi",)),
        ("openid", ("openid",)),
        ("ocsapi  openid ocsapi", ("openid", "ocsapi")),
        ("offline_access ocsapi profile openid", GRANTED),
    ],
)
@pytest.mark.parametrize("token", [TOKEN, USED])
def test_a_refresh_may_ask_for_less(
    token: RefreshToken, asked: str, given: tuple[str, ...]
) -> None:
    """The chain goes on with all that was granted, so the refresh token is given all the same."""
    decision = ask(token, scope=asked)
    issue = decision.issue if isinstance(decision, Again) else decision
    assert issue == Issue(given, FAMILY, None, "openid" in given, with_refresh_token=True)


@pytest.mark.requirement("R-23", "R-68")
@pytest.mark.parametrize(
    "asked",
    ["email", "ocsapi email", "admin", "OCSAPI", "ocsapi\topenid", " ", "*", "ocsapi " * 200],
)
@pytest.mark.parametrize("token", [TOKEN, USED])
def test_a_refresh_never_gives_more(token: RefreshToken, asked: str) -> None:
    decision = ask(token, scope=asked)
    assert isinstance(decision, OAuthError)
    assert (decision.error, decision.reason) == ("invalid_scope", "scope_widened")


@pytest.mark.requirement("R-23")
@settings(deadline=None, max_examples=200)
@given(
    st.sets(st.sampled_from(scopes.NAMES)),
    st.lists(st.sampled_from([*scopes.NAMES, "", "admin"])).map(" ".join),
    st.booleans(),
)
def test_nothing_that_was_not_granted_is_ever_given(
    granted: set[str], asked: str, offline: bool
) -> None:
    family = replace(FAMILY, grounds=replace(FAMILY.grounds, scopes=tuple(granted)))
    decision = ask(family=family, by=client(allow_offline_access=offline), scope=asked)
    if isinstance(decision, Issue):
        assert set(decision.scopes) == set(asked.split()) <= granted
        assert offline
        assert "offline_access" in granted
    else:
        assert isinstance(decision, OAuthError)


@pytest.mark.requirement("R-21", "R-59")
def test_tokens_that_are_not_good_are_not_told_apart() -> None:
    replay = ask(USED, after=timedelta(seconds=10))
    assert isinstance(replay, Replay)
    answers = [
        replay.error,
        decide(GrantRequest({}, client(), None, NOW)),
        ask(family=replace(FAMILY, client_id="other")),
        ask(family=replace(FAMILY, revoked_at=NOW)),
        ask(after=timedelta(hours=4)),
        ask(by=client(allow_offline_access=False)),
    ]
    told = {answer._replace(reason="") for answer in answers if isinstance(answer, OAuthError)}
    assert len(told) == 1
