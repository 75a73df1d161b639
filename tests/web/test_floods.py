"""A network that asks in vain too often is told to wait; who is right is answered as ever."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from gatepost.model import throttle
from gatepost.model.throttle import Limit
from tests.flows import new_application, pkce
from tests.served import Served, serve, sqlite_settings
from tests.web.authorizing import good
from tests.web.oauth import TOKEN, add_client, form_of, journal, refused

pytestmark = pytest.mark.requirement("R-19", "R-47")

THREE = Limit(3, timedelta(minutes=1))
AUTHORIZE = "/identity/connect/authorize"


@pytest.fixture
def strict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A server that lets each network fail three times."""
    monkeypatch.setattr(throttle, "FAILED_CLIENTS", THREE)
    monkeypatch.setattr(throttle, "BEGUN_BY_STRANGERS", THREE)
    with serve(sqlite_settings(tmp_path)) as served:
        yield served


def token(served: Served, client_id: str, secret: str) -> httpx.Response:
    """The answer to a request for a token."""
    return served.http.post(TOKEN, data=form_of(client_id, secret))


@pytest.mark.parametrize("is_known", [True, False])
def test_a_wrong_secret_too_many_is_told_to_wait_and_leaves_no_mark(
    strict: Served, is_known: bool
) -> None:
    client = add_client(strict)
    id_ = client.client_id if is_known else "nobody"
    for _ in range(3):
        refused(token(strict, id_, "wrong"), 401, "invalid_client")
    marks = len(journal(strict, client.client_id))
    for _ in range(5):
        answer = token(strict, id_, "wrong")
        refused(answer, 429, "temporarily_unavailable")
        assert 0 < int(answer.headers["retry-after"]) <= 61
    assert len(journal(strict, client.client_id)) == marks


def test_who_is_right_is_never_told_to_wait(strict: Served) -> None:
    client = add_client(strict)
    for _ in range(10):
        token(strict, client.client_id, "wrong")
    for _ in range(5):
        assert token(strict, client.client_id, client.secret).status_code == 200


@pytest.mark.parametrize(("has_secret", "last"), [(False, 429), (True, 201)])
def test_requests_pushed_by_whoever_knows_a_public_id_are_counted(
    strict: Served, has_secret: bool, last: int
) -> None:
    collection = "HybridClients" if has_secret else "AuthorizationCodeClients"
    client = new_application(strict, strict.first, collection)
    proof = {"code_challenge": pkce().challenge, "code_challenge_method": "S256"}
    sent = dict(good(client, client_secret=client.secret, **proof))
    answers = [strict.http.post("/identity/connect/par", data=sent) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [201, 201, 201, last, last]
    if last == 429:
        refused(answers[-1], 429, "temporarily_unavailable")
        assert answers[-1].headers["retry-after"].isdigit()


def test_sign_ins_begun_by_a_stranger_are_counted(strict: Served) -> None:
    pages = [strict.http.get(AUTHORIZE, params={"client_id": "nobody"}) for _ in range(5)]
    assert [page.status_code for page in pages] == [400, 400, 400, 429, 429]
    assert 'role="alert"' in pages[-1].text
    assert "Too many sign-ins were begun" in pages[-1].text
    assert pages[-1].headers["retry-after"].isdigit()
