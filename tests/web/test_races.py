"""Limits and uniqueness hold when many ask at the same moment, on both stores (R-61, R-65)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from gatepost.model.people import LOCAL_PROVIDER
from gatepost.model.tenants import ADMINISTRATOR
from gatepost.services import journal
from tests.served import Served

AT_ONCE = 12


def statuses(ask: Callable[[int], int]) -> list[int]:
    """What each of several callers at the same moment was answered."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return sorted(threads.map(ask, range(AT_ONCE)))


@pytest.mark.requirement("R-61")
def test_a_client_has_ten_secrets_at_most(served: Served) -> None:
    headers, api = served.admin(), served.api() + "/HybridClients"
    client_id = served.http.post(api, json={"Name": "Many"}, headers=headers).json()["Client"]["Id"]
    place = f"{api}/{client_id}/Secrets"

    def add(_: int) -> int:
        return served.http.post(place, json={"Expires": False}, headers=headers).status_code

    assert statuses(add) == [201] * 9 + [400] * 3
    assert served.http.head(place, headers=headers).headers["Total-Count"] == "10"


def test_one_of_many_gets_the_client_id(served: Served) -> None:
    id_ = served.house.world.dice.guid()
    owners = [
        (served.admin(tenant), served.api(tenant)) for tenant in (served.first, served.second)
    ]

    def add(number: int) -> int:
        headers, api = owners[number % 2]
        body = {"Name": "One", "Id": id_}
        answer = served.http.post(f"{api}/DeviceCodeClients", json=body, headers=headers)
        return answer.status_code

    assert statuses(add) == [201] + [409] * (AT_ONCE - 1)


@pytest.mark.requirement("R-65")
def test_administrators_who_go_together_leave_one(served: Served) -> None:
    tenant = served.new_tenant()
    headers, api = served.admin(tenant), served.api(tenant)
    roles = served.http.get(f"{api}/Roles?roleTypeId={ADMINISTRATOR}", headers=headers).json()
    for number in range(AT_ONCE - 1):
        body = {
            "IdentityProviderId": LOCAL_PROVIDER,
            "ContactEmail": f"kim{number}@example.com",
            "RoleIds": [roles[0]["Id"]],
        }
        assert served.http.post(f"{api}/Users", json=body, headers=headers).status_code == 201
    people = [user["Id"] for user in served.http.get(f"{api}/Users", headers=headers).json()]
    assert len(people) == AT_ONCE

    def remove(number: int) -> int:
        return served.http.delete(f"{api}/Users/{people[number]}", headers=headers).status_code

    assert statuses(remove) == [204] * (AT_ONCE - 1) + [403]
    assert served.http.head(f"{api}/Users", headers=headers).headers["Total-Count"] == "1"
    assert journal.verify(served.house.world, tenant.id).fault is None


def test_changes_at_once_are_all_kept_or_told(served: Served) -> None:
    headers, api = served.admin(), served.api() + "/HybridClients"
    client_id = served.http.post(api, json={"Name": "Edit"}, headers=headers).json()["Client"]["Id"]
    members = [{"AllowOfflineAccess": True}, {"AccessTokenLifetime": 600}, {"Tags": ["edited"]}]

    def change(number: int) -> int:
        body = members[number % len(members)]
        return served.http.put(f"{api}/{client_id}", json=body, headers=headers).status_code

    assert statuses(change) == [200] * AT_ONCE
    kept = served.http.get(f"{api}/{client_id}", headers=headers).json()
    assert kept["AllowOfflineAccess"] is True
    assert kept["AccessTokenLifetime"] == 600
    assert kept["Tags"] == ["edited"]
