"""What a caller could make the server carry or hide: each has a bound, or leaves its mark."""

import difflib
from collections.abc import Callable
from typing import Any

import pytest

from gatepost.model.fields import MAX_TAGS
from gatepost.web import pages
from tests.served import Served, Tenant


def events(served: Served, tenant: Tenant) -> list[Any]:
    """The events of a tenant's journal."""
    with served.house.store.reading(tenant.id) as tenancy:
        return [link.event for link in tenancy.journal.entries(0, 100_000)]


@pytest.mark.requirement("R-71", "R-72")
def test_many_tags_are_refused_and_enough_are_not(served: Served) -> None:
    place, headers = served.api() + "/HybridClients", served.admin()
    tags = [f"tag-{number}" for number in range(MAX_TAGS)]
    body = {"Name": "Tagged", "Tags": tags}
    made = served.http.post(place, json=body, headers=headers).json()["Client"]
    found = served.http.get(place, params={"tag": tags}, headers=headers)
    assert [client["Id"] for client in found.json()] == [made["Id"]]
    assert found.headers["Total-Count"] == "1"
    missing = served.http.get(place, params={"tag": [*tags[1:], "other"]}, headers=headers)
    assert missing.json() == []
    refused = served.http.get(place, params={"tag": [*tags, "other"]}, headers=headers)
    assert refused.status_code == 400
    assert f"at most {MAX_TAGS}" in refused.json()["Resolution"]


@pytest.mark.requirement("R-68")
def test_a_heap_of_unknown_members_costs_a_few_guesses(
    on_sqlite: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    guesses: list[str] = []
    guess: Callable[..., list[str]] = difflib.get_close_matches

    def counted(word: str, *others: Any) -> list[str]:
        guesses.append(word)
        return guess(word, *others)

    monkeypatch.setattr(difflib, "get_close_matches", counted)
    body = {"Name": "Heap"} | {f"Descripti{number}": 1 for number in range(5_000)}
    place = on_sqlite.api() + "/HybridClients"
    answer = on_sqlite.http.post(place, json=body, headers=on_sqlite.admin())
    assert answer.status_code == 400
    assert "And 4990 more." in answer.json()["Reason"]
    assert len(guesses) == 10


@pytest.mark.requirement("R-68")
def test_names_of_no_files_are_not_kept(on_sqlite: Served) -> None:
    for number in range(20):
        answer = on_sqlite.http.get(f"/static/{number}-{'x' * 1_000}.css")
        assert answer.status_code == 404
    assert on_sqlite.http.get("/static/site.css").status_code == 200
    assert pages._static_files.cache_info().currsize == 1


@pytest.mark.requirement("R-76", "R-69")
def test_a_knock_at_another_tenant_is_remembered_in_ones_own(served: Served) -> None:
    knocker = served.new_tenant()
    before = len(events(served, knocker))
    path = f"/api/v1/Tenants/{served.second.id}/Users/%E2%80%AEevil%0A"
    assert served.http.delete(path, headers=served.admin(knocker)).status_code == 404
    (event,) = events(served, knocker)[before:]
    assert (event.action, event.reason) == ("access.refused", "tenant_not_found")
    assert event.actor.id == knocker.client_id
    assert served.second.id in event.target
    assert event.target.isprintable()


@pytest.mark.requirement("R-27")
def test_whoever_got_in_by_a_removed_secret_is_out(served: Served) -> None:
    place, headers = served.api() + "/ClientCredentialClients", served.admin()
    made = served.http.post(place, json={"Name": "Leaky"}, headers=headers).json()
    own = {"Authorization": f"Bearer {served.token(made['Client']['Id'], made['Secret'])}"}
    secrets = f"{place}/{made['Client']['Id']}/Secrets"
    assert served.http.get(secrets, headers=own).status_code == 200
    assert served.http.delete(f"{secrets}/1", headers=headers).status_code == 204
    thief = served.http.post(secrets, json={"Expires": False}, headers=own)
    assert thief.status_code == 401
    assert "removed" in thief.json()["Reason"]
    assert served.http.head(secrets, headers=headers).headers["Total-Count"] == "0"
