"""The device grant as a function of values: waiting, slowing down, yes, no, too late, twice."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from gatepost.model.clients import DeviceCodeClient, StoredClient
from gatepost.model.grants import (
    APPROVED,
    DENIED,
    WAITING,
    DeviceCode,
    Family,
    Grounds,
    RefreshToken,
)
from gatepost.protocol.grants.decisions import Decision, Evidence, Issue, Replay
from gatepost.protocol.grants.device_code import decide
from gatepost.protocol.grants.request import GrantRequest
from gatepost.protocol.parameters import OAuthError

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
FAMILY = Family(
    id="f",
    client_id="c",
    user_id="u",
    sign_in_id="s",
    grounds=Grounds(scopes=("openid", "ocsapi"), auth_time=1, method="pwd"),
    created_at=NOW,
    expires_at=NOW + timedelta(hours=9),
)
WAITS = DeviceCode(
    digest=b"d",
    user_code_digest=b"u",
    client_id="c",
    scopes=("openid", "ocsapi"),
    created_at=NOW,
    expires_at=NOW + timedelta(minutes=5),
)
LET_IN = replace(WAITS, state=APPROVED, family_id="f")
TURNED_AWAY = replace(WAITS, state=DENIED)
DEVICE = StoredClient(
    kind="device_code",
    settings=DeviceCodeClient(id="c", name="n"),
    incarnation="i",
    created_at=NOW,
    updated_at=NOW,
    version=1,
)
SECOND = timedelta(seconds=1)


def ask(code: DeviceCode, family: Family | None = None, after: timedelta = SECOND) -> Decision:
    """A device asks for its tokens."""
    return decide(GrantRequest({}, DEVICE, Evidence(code, family), NOW + after))


def refusal(decision: Decision) -> tuple[str, str]:
    """What the device is told, and what the journal."""
    assert isinstance(decision, OAuthError), decision
    assert decision.status == 400
    return decision.error, decision.reason


@pytest.mark.requirement("R-23")
def test_a_device_that_was_let_in_gets_what_was_granted() -> None:
    assert ask(LET_IN, FAMILY) == Issue(("openid", "ocsapi"), FAMILY, with_id_token=True)
    silent = replace(FAMILY, grounds=replace(FAMILY.grounds, scopes=("ocsapi",)))
    assert ask(LET_IN, silent) == Issue(("ocsapi",), silent)


@pytest.mark.requirement("R-24")
def test_a_device_gets_no_refresh_token() -> None:
    """Its kind has no setting that would allow one."""
    grounds = replace(FAMILY.grounds, scopes=("ocsapi", "offline_access"))
    decision = ask(LET_IN, replace(FAMILY, grounds=grounds))
    assert isinstance(decision, Issue)
    assert not decision.with_refresh_token


@pytest.mark.requirement("R-32")
def test_what_is_no_device_code_is_unknown() -> None:
    token = RefreshToken(digest=b"d", family_id="f", generation=1, created_at=NOW, expires_at=NOW)
    for evidence in (None, Evidence(token, FAMILY)):
        refused = decide(GrantRequest({}, DEVICE, evidence, NOW))
        assert refusal(refused) == ("invalid_grant", "unknown_device_code")


@pytest.mark.requirement("R-20")
@pytest.mark.parametrize("code", [WAITS, LET_IN, TURNED_AWAY, replace(LET_IN, used_at=NOW)])
def test_a_device_code_is_bound_to_its_client_before_all_else(code: DeviceCode) -> None:
    refused = ask(replace(code, client_id="other"), FAMILY)
    assert refusal(refused) == ("invalid_grant", "device_code_of_another_client")


@pytest.mark.requirement("R-16", "R-17")
@pytest.mark.parametrize("after", [timedelta(0), SECOND, timedelta(days=1)])
def test_a_second_use_is_a_replay(after: timedelta) -> None:
    decision = ask(replace(LET_IN, used_at=NOW), FAMILY, after)
    assert isinstance(decision, Replay)
    assert decision.family_id == "f"
    assert refusal(decision.error) == ("invalid_grant", "device_code_reused")


@pytest.mark.parametrize("code", [WAITS, LET_IN, TURNED_AWAY])
@pytest.mark.parametrize("after", [300, 300.000001, 100_000])
def test_a_device_code_expires_whatever_was_decided(code: DeviceCode, after: float) -> None:
    family = FAMILY if code is LET_IN else None
    refused = ask(code, family, timedelta(seconds=after))
    assert refusal(refused) == ("expired_token", "expired_device_code")
    still = ask(code, family, timedelta(seconds=299, microseconds=999_999))
    assert not isinstance(still, OAuthError) or still.error != "expired_token"


def test_a_device_that_was_turned_away_is_told_so() -> None:
    assert refusal(ask(TURNED_AWAY)) == ("access_denied", "device_denied")


@pytest.mark.requirement("R-17", "R-27")
def test_a_grant_that_was_taken_back_gives_nothing() -> None:
    refused = ask(LET_IN, replace(FAMILY, revoked_at=NOW))
    assert refusal(refused) == ("invalid_grant", "grant_revoked")


@pytest.mark.requirement("R-79")
def test_an_approval_without_its_grant_is_none() -> None:
    assert refusal(ask(LET_IN)) == ("authorization_pending", "device_waits")
    assert refusal(ask(replace(WAITS, family_id="f"), FAMILY)) == (
        "authorization_pending",
        "device_waits",
    )


@pytest.mark.parametrize(
    ("since", "error"),
    [
        (None, "authorization_pending"),
        (0.0, "slow_down"),
        (4.999999, "slow_down"),
        (5.0, "authorization_pending"),
        (60.0, "authorization_pending"),
    ],
)
def test_a_device_that_waits_asks_every_five_seconds(since: float | None, error: str) -> None:
    """RFC 8628, 3.5."""
    last = None if since is None else NOW + SECOND - timedelta(seconds=since)
    told = refusal(ask(replace(WAITS, last_polled_at=last)))
    assert told[0] == error
    assert told[1] == {"slow_down": "polled_too_soon"}.get(error, "device_waits")


def test_one_that_asks_too_often_is_told_of_the_decision_all_the_same() -> None:
    assert WAITS.state == WAITING
    just_now = {"last_polled_at": NOW + SECOND}
    assert isinstance(ask(replace(LET_IN, **just_now), FAMILY), Issue)
    assert refusal(ask(replace(TURNED_AWAY, **just_now)))[0] == "access_denied"
