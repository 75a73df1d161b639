"""Bad members of bodies: every member of every body, each of the wrong type, size and character."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest

from gatepost.model.reading import Member
from tests.served import Served
from tests.web.rest import (
    FUTURE,
    RIGHT,
    SECRETS,
    added,
    members_on_create,
    nothing_written,
    refused,
)

ODD = ["\0", "\x1b", "\n", "\x85", "\u202e", "\u2066", "\u2028", "\ud800", "\udfff"]
WRONG: dict[type, list[Any]] = {
    str: [1, 1.5, True, False, [], ["x"], {}, {"a": 1}, "x" * 5000],
    int: ["3600", True, False, 3600.0, 1e300, 59, 3601, 0, -1, 10**30, -(10**1000), [], {}],
    bool: [0, 1, 1.0, "true", "false", "", [], {}],
    dict: ["x", 1, 1.5, True, [], [{}], "{}", {"Id": 1}, {"x": {}, "": None}],
    tuple: ["x", 1, True, {}, {"0": "x"}, [1], [True], [None], [[]], [{}], [""], ["x"] * 101],
}
RULES = json.loads(
    (Path(__file__).parents[1] / "data/identity-api.json").read_text(encoding="utf-8")
)["constants"]["secret_expiry_rule"]
CHUNK = 8
"""A refusal names ten mistakes at most, so no more are made at once."""


def kind_of(member: Member) -> type:
    """The JSON type of a member: text for everything that is written as text."""
    if member.inner:
        return dict
    inner = get_args(member.type)[0]
    if get_origin(inner) is tuple:
        return tuple
    return inner if inner in {int, bool} else str


def bad_values(member: Member) -> list[Any]:
    """Values that the member never takes."""
    kind = kind_of(member)
    values = list(WRONG[kind])
    if kind is str:
        values += [f"x{character}y@example.com" for character in ODD]
    if kind is tuple:
        values += [[f"https://a.example/{character}"] for character in ODD]
    return values


def place_of(served: Served, collection: str) -> str:
    """The address of a collection."""
    return f"{served.api()}/{collection.format(client=served.first.client_id)}"


def send(served: Served, method: str, place: str, admin: dict[str, str], body: Any) -> Any:
    """Send JSON as the standard library writes it, which writes lone surrogates too."""
    return served.http.request(
        method,
        place,
        headers=admin | {"Content-Type": "application/json"},
        content=json.dumps(body).encode(),
    )


def wrong_bodies(members: Sequence[Member]) -> Iterator[dict[str, Any]]:
    """Bodies in which every member is wrong, until each was wrong in each of its ways."""
    for start in range(0, len(members), CHUNK):
        ways = {member.name: bad_values(member) for member in members[start : start + CHUNK]}
        for turn in range(max(map(len, ways.values()))):
            yield {name: values[turn % len(values)] for name, values in ways.items()}


def unnamed(body: dict[str, Any], resolution: str) -> dict[str, Any]:
    """What the resolution leaves unsaid; an entry or inner member is named with its place."""
    return {
        name: value
        for name, value in body.items()
        if not any(f"{name}{sign}" in resolution for sign in (": ", "[", "."))
    }


@pytest.mark.requirement("R-69", "R-70", "R-72")
@pytest.mark.parametrize("collection", [*RIGHT, SECRETS])
def test_bad_members_are_named_when_adding(on_sqlite: Served, collection: str) -> None:
    admin, place = on_sqlite.admin(), place_of(on_sqlite, collection)
    with nothing_written(on_sqlite):
        for body in wrong_bodies(members_on_create()[collection]):
            said = refused(send(on_sqlite, "POST", place, admin, body))
            assert not unnamed(body, said["Resolution"])


@pytest.mark.requirement("R-69", "R-70", "R-72")
@pytest.mark.parametrize("collection", [*RIGHT, SECRETS])
def test_bad_members_are_named_when_changing(on_sqlite: Served, collection: str) -> None:
    admin = on_sqlite.admin()
    one = 1
    if collection in RIGHT:
        created = added(on_sqlite, admin, collection)
        one = created.get("Client", created)["Id"]
    place = f"{place_of(on_sqlite, collection)}/{one}"
    kept = on_sqlite.http.get(place, headers=admin).json()
    members = [m for m in members_on_create()[collection] if not m.name.startswith("Secret")]
    with nothing_written(on_sqlite):
        for body in wrong_bodies(members):
            said = refused(send(on_sqlite, "PUT", place, admin, body))
            assert not unnamed(body, said["Resolution"])
        assert on_sqlite.http.get(place, headers=admin).json() == kept
    if collection in RIGHT:
        assert on_sqlite.http.delete(place, headers=admin).status_code == 204


@pytest.mark.requirement("R-66")
@pytest.mark.parametrize("collection", [*RIGHT, SECRETS])
def test_unknown_members_are_named(on_sqlite: Served, collection: str) -> None:
    admin, place = on_sqlite.admin(), place_of(on_sqlite, collection)
    right = RIGHT.get(collection, {"Expires": False})
    strange = [
        "name",
        "Nmae",
        "TenantID",
        "__proto__",
        "Secret",
        "ClientSecret",
        "Version",
        "\0",
        "",
    ]
    with nothing_written(on_sqlite):
        for name in strange:
            said = refused(send(on_sqlite, "POST", place, admin, right | {name: "x"}))
            shown = name.replace("\0", "\\u0000")
            assert f'"{shown}" is not a known member' in said["Reason"]
        many = right | {f"X{n}": n for n in range(500)}
        assert "490 more" in refused(send(on_sqlite, "POST", place, admin, many))["Reason"]


@pytest.mark.requirement("R-66", "R-67")
@pytest.mark.parametrize(
    ("collection", "member"),
    [(collection, name) for collection in RIGHT for name in RIGHT[collection]],
)
def test_a_required_member_is_missed(on_sqlite: Served, collection: str, member: str) -> None:
    admin, place = on_sqlite.admin(), place_of(on_sqlite, collection)
    with nothing_written(on_sqlite):
        left = {name: value for name, value in RIGHT[collection].items() if name != member}
        for body in (left, left | {member: None}):
            said = refused(send(on_sqlite, "POST", place, admin, body))
            assert member in said["Reason"]
            assert member in said["Resolution"]


@pytest.mark.requirement("R-66", "R-70")
@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("RoleScope", True),
        ("RoleScope", 1.0),
        ("RoleScope", 2),
        ("RoleScope", "tenant"),
        ("RoleScope", "1"),
        ("RoleScope", [1]),
        ("RoleScope", {}),
        ("TenantId", "7ad2b9ef-5386-4ead-ac9f-ad99c5c5b977"),
        ("TenantId", 1),
        ("TenantId", []),
        ("CommunityId", "x"),
        ("CommunityId", False),
        ("RoleTypeId", "2dc742ab-39ea-4fc0-a39e-2bcb71c26a5f"),
        ("RoleTypeId", {}),
    ],
)
def test_a_fixed_member_of_a_role_stays(on_sqlite: Served, member: str, value: object) -> None:
    admin, place = on_sqlite.admin(), place_of(on_sqlite, "Roles")
    with nothing_written(on_sqlite):
        said = refused(send(on_sqlite, "POST", place, admin, {"Name": "fixed", member: value}))
        assert member in said["Resolution"]


@pytest.mark.requirement("R-66", "R-70")
@pytest.mark.parametrize("value", [2, True, 1.0, "1", [], {"Id": 1}])
def test_the_number_of_a_secret_stays(on_sqlite: Served, value: object) -> None:
    admin = on_sqlite.admin()
    place = place_of(on_sqlite, SECRETS)
    with nothing_written(on_sqlite):
        assert "Id" in refused(send(on_sqlite, "POST", place, admin, {"Id": value}))["Resolution"]
        put = send(on_sqlite, "PUT", f"{place}/1", admin, {"Id": value})
        assert "Id" in refused(put)["Resolution"]


@pytest.mark.requirement("R-62")
@pytest.mark.parametrize("name", ["Secret", "Value", "ClientSecret", "SecretValue", "Digest"])
def test_nobody_chooses_the_value_of_a_secret(on_sqlite: Served, name: str) -> None:
    admin = on_sqlite.admin()
    chosen = "gps_chosen-by-the-caller"
    with nothing_written(on_sqlite):
        for place, method in (
            (place_of(on_sqlite, SECRETS), "POST"),
            (place_of(on_sqlite, SECRETS) + "/1", "PUT"),
        ):
            body = {"Expires": False, name: chosen}
            said = refused(send(on_sqlite, method, place, admin, body))
            assert chosen not in said["Reason"]


@pytest.mark.parametrize(
    "bad", [["\0"], ["\ud800"], ["x" * 101], [1], [None], [{}], [{"Id": 1}], {}, "x"]
)
@pytest.mark.requirement("R-72")
def test_a_bad_list_of_roles_is_refused(served: Served, bad: object) -> None:
    place = f"{served.api()}/Clients/{served.first.client_id}/Roles"
    with nothing_written(served):
        refused(send(served, "PUT", place, served.admin(), bad))
        refused(send(served, "PUT", place, served.admin(), ["no such role"]))
        refused(send(served, "PUT", place, served.admin(), ["x"] * 101))


@pytest.mark.requirement("R-61", "R-62")
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule['Expires']}, {rule['Expiration']}")
def test_the_rule_of_expiry(served: Served, rule: dict[str, Any]) -> None:
    admin, place = served.admin(), place_of(served, SECRETS)
    expiration = FUTURE if rule["Expiration"] == "set" else None
    for word in rule["Expires"].split(" or "):
        body = {"Expires": json.loads(word), "Expiration": expiration}
        least = {name: value for name, value in body.items() if value is not None}
        made = send(served, "POST", place, admin, {"Expires": False}).json()
        one = f"{place}/{made['Id']}"
        for method, where in (("POST", place), ("PUT", one)):
            for sent in (body, least):
                answer = send(served, method, where, admin, sent)
                if method == "PUT" and word == "null" and expiration is None:
                    assert answer.json()["Expires"] is False  # nothing said: it stays as it is
                elif rule["result"] == 400:
                    assert "Expiration" in refused(answer)["Resolution"]
                else:
                    assert answer.status_code in {200, 201}
                    assert answer.json()["Expires"] is (expiration is not None)
                    assert answer.json()["Expiration"] == expiration
                if answer.status_code == 201:
                    gone = f"{place}/{answer.json()['Id']}"
                    assert served.http.delete(gone, headers=admin).status_code == 204
        assert served.http.delete(one, headers=admin).status_code == 204
