"""`gatepost keys`: what is announced is published before it signs, and what it follows verifies."""

import time
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from tests.cli.program import Place, Running

JWKS = "/identity/.well-known/openid-configuration/jwks"


@pytest.mark.requirement("R-73")
def test_a_key_is_published_before_it_signs_and_the_old_one_goes_on_to_verify(
    place: Place,
) -> None:
    told = place.init()
    credentials = told["AdminClientId"], told["AdminClientSecret"]
    tenant = f"/api/v1/Tenants/{told['TenantId']}"
    (old,) = _phases(place)
    with place.serving() as server:
        token = server.token(*credentials)
        assert _kid(token) == old
        assert "signs from" in place.run("keys", "rotate").out
        phases = _phases(place)
        (announced,) = set(phases) - {old}
        assert phases == {old: "active", announced: "announced"}
        _wait_for_keys(server, {old, announced})
        assert _kid(server.token(*credentials)) == old
        said = place.run("keys", "rotate", "--announce-days", "0")
        newest = said.out.split()[0]
        _wait_for_keys(server, {old, announced, newest})
        phases = _phases(place)
        assert (phases[old], phases[newest]) == ("retained", "active")
        fresh = server.token(*credentials)
        assert _kid(fresh) == newest
        for each in (token, fresh):
            answer = server.http.get(tenant, headers={"Authorization": f"Bearer {each}"})
            assert answer.status_code == 200
            assert _verified(server, each)["client_id"] == told["AdminClientId"]
    assert place.run("doctor", "--journal").status == 0


def test_keys_are_listed_for_people_too(embedded: Place) -> None:
    embedded.init()
    head, line = embedded.run("keys", "list").out.splitlines()
    assert head.split()[:3] == ["KID", "ALGORITHM", "PHASE"]
    assert line.split()[1:3] == ["RS256", "active"]
    elsewhere = embedded.with_settings(GATEPOST_SIGNING_ALGORITHM="ES256")
    assert "(ES256)" in elsewhere.run("keys", "rotate").out


@pytest.mark.requirement("R-73", "D-03")
def test_in_an_emergency_nothing_of_the_old_keys_counts(place: Place) -> None:
    told = place.init()
    tenant = f"/api/v1/Tenants/{told['TenantId']}"
    with place.serving() as server:
        header = server.admin(told)
        assert server.http.get(tenant, headers=header).status_code == 200
        assert place.run("keys", "rotate", "--emergency").status == 130, "nobody said yes"
        done = place.run("keys", "rotate", "--emergency", "--yes")
        assert "is removed" in done.out
        assert "Other servers refuse it when their copy of the key set ends" in done.out
        (newest,) = _phases(place)
        _wait_for_keys(server, {newest})
        assert server.http.get(tenant, headers=header).status_code == 401
        assert server.http.get(tenant, headers=server.admin(told)).status_code == 200
    assert place.run("doctor", "--journal").status == 0


@pytest.mark.requirement("R-73", "D-03")
def test_one_key_is_revoked_and_the_announced_one_signs(embedded: Place) -> None:
    embedded.init()
    (old,) = _phases(embedded)
    embedded.run("keys", "rotate")
    (announced,) = set(_phases(embedded)) - {old}
    assert "no signing key of this id" in embedded.run("keys", "revoke", "x", "--yes").refusal()
    done = embedded.run("keys", "revoke", old, "--yes")
    assert f"{old} is removed" in done.out
    assert f"{announced} (RS256) signs" in done.out
    assert _phases(embedded) == {announced: "active"}


def test_what_happens_next_is_listed(embedded: Place) -> None:
    embedded.init()
    (row,) = embedded.run("keys", "list", "--json").json()
    assert (row["Next"], row["AgeDays"]) == ("a successor is announced", 0)
    by_hand = embedded.with_settings(GATEPOST_KEY_ACTIVE_DAYS="0")
    assert by_hand.run("keys", "list", "--json").json()[0]["NextAt"] is None
    embedded.run("keys", "rotate", "--announce-days", "2")
    old, new = embedded.run("keys", "list", "--json").json()
    assert (old["Next"], old["NextAt"]) == ("verifies only", new["ActiveFrom"])
    assert (new["Next"], new["NextAt"]) == ("signs", new["ActiveFrom"])


def test_the_days_of_the_announcement_are_a_setting(embedded: Place) -> None:
    embedded.init()
    embedded.with_settings(GATEPOST_KEY_ANNOUNCE_DAYS="3").run("keys", "rotate")
    _, new = embedded.run("keys", "list", "--json").json()
    days = datetime.fromisoformat(new["ActiveFrom"]) - datetime.now(UTC)
    assert timedelta(days=2) < days <= timedelta(days=3)


@pytest.mark.parametrize(("days", "status"), [("-1", 2), ("nan", 1)])
def test_a_bad_time_of_announcement_is_refused(embedded: Place, days: str, status: int) -> None:
    assert "--announce-days" in embedded.run("keys", "rotate", "--announce-days", days).refusal(
        status
    )


def _phases(place: Place) -> dict[str, str]:
    rows = place.run("keys", "list", "--json").json()
    return {row["Kid"]: row["Phase"] for row in rows}


def _kid(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def _wait_for_keys(server: Running, kids: set[str]) -> None:
    """A server looks at the keys anew once a second."""
    for _ in range(200):
        if {key["kid"] for key in server.http.get(JWKS).json()["keys"]} == kids:
            return
        time.sleep(0.05)
    raise AssertionError("the keys did not show")


def _verified(server: Running, token: str) -> dict[str, str]:
    keys = {key.key_id: key for key in jwt.PyJWKSet(server.http.get(JWKS).json()["keys"]).keys}
    claims: dict[str, str] = jwt.decode(
        token, keys[_kid(token)].key, algorithms=["RS256"], audience="ocsapi"
    )
    return claims
