"""Bodies built from the field types: what is right by construction is taken, kept and given back.

And a body with one thing wrong in it is refused, whatever the thing; nothing ends in a 5xx.
"""

import json
from datetime import datetime
from itertools import count
from typing import Any, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.model.extensions import ClientCredentialExtensions
from gatepost.model.people import LOCAL_PROVIDER, OUTSIDE_PROVIDERS
from gatepost.model.reading import Member, members_of
from gatepost.model.text import refused_character
from gatepost.system import SystemDice
from tests.served import Served
from tests.web.rest import FUTURE, RIGHT, SECRETS, members_on_create, standing_of

NUMBERS = count()
MEMBERS = members_on_create()
CHARACTERS = st.characters(codec="utf-8").filter(lambda c: refused_character(c) is None)
LABELS = st.from_regex(r"[a-z](?:[a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
HOSTS = st.lists(LABELS, min_size=2, max_size=3).map(".".join)
ORIGINS = st.builds("https://{}{}".format, HOSTS, st.sampled_from(["", ":8443", ":1", ":65535"]))
PATHS = st.from_regex(r"(?:/[A-Za-z0-9_~!$&'()+,;=:@-]{1,9}){0,3}/?", fullmatch=True)
PAGES = st.builds("{}{}".format, ORIGINS, PATHS)
LOOPBACK = st.sampled_from(["http://localhost:5004/cb", "http://[::1]/cb", "com.example.app:/cb"])
MOMENTS = st.datetimes(min_value=datetime(2100, 1, 1)).map(lambda moment: f"{moment.isoformat()}Z")  # noqa: DTZ001  (the zone is written after it)
KEY_SETS = members_of(ClientCredentialExtensions)[0].meta.examples or []
BY_CHECK: dict[str | None, st.SearchStrategy[Any]] = {
    "redirect_uri": PAGES | LOOPBACK,
    "origin": ORIGINS,
    "page_uri": PAGES,
    "logout_uri": PAGES,
    "key_set": st.sampled_from(KEY_SETS),
    "instant": MOMENTS,
    None: st.from_regex(r"[A-Za-z0-9._~-]{1,80}", fullmatch=True),
}
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
OTHER_THAN: dict[type, st.SearchStrategy[Any]] = {
    str: st.integers() | st.booleans() | st.lists(st.text(), max_size=2) | st.just({}),
    int: st.booleans() | st.floats() | st.text() | st.integers(max_value=59) | st.just([]),
    bool: st.integers() | st.floats() | st.text() | st.just([]),
    dict: st.integers() | st.text() | st.booleans() | st.lists(st.just({})) | st.just({"x": 1}),
    tuple: st.integers() | st.text() | st.booleans() | st.lists(st.integers(), min_size=1),
}


def values_of(member: Member) -> st.SearchStrategy[Any]:
    """Values that the member takes."""
    inner, check = get_args(member.type)[0], (member.meta.extra or {}).get("check")
    if member.inner:
        within = {m.name: st.none() | values_of(m) for m in members_of(member.inner)}
        return st.fixed_dictionaries({}, optional=within)
    if inner is bool:
        return st.booleans()
    if inner is int:
        return st.integers(60, 3600)
    if get_origin(inner) is tuple:
        if member.name == "RoleIds":
            return st.just([])
        item = get_args(get_args(inner)[0])[1].extra["check"]
        found = BY_CHECK.get(item, st.text(CHARACTERS, min_size=1, max_size=100))
        return st.lists(found, unique=True, max_size=10)
    longest = member.meta.max_length or 1
    text = st.text(CHARACTERS, min_size=1, max_size=longest)
    if check == "text":
        return text | st.just("")
    if check == "name":
        return text.filter(str.strip)
    return BY_CHECK.get(check, st.none())


@st.composite
def right_bodies(draw: st.DrawFn, collection: str) -> dict[str, Any]:
    """A body with any of the members, in any order."""
    members = draw(st.permutations(MEMBERS[collection]))
    drawn = {m.name: draw(st.none() | values_of(m)) for m in members if draw(st.booleans())}
    must = {m.name: m for m in members if m.name in RIGHT.get(collection, {})}
    return drawn | {name: draw(values_of(member)) for name, member in must.items()}


def made_unique(collection: str, body: dict[str, Any]) -> dict[str, Any]:
    """The body with what must be one of its kind in the deployment, and what must agree."""
    number, guid = next(NUMBERS), SystemDice().guid()
    changes: dict[str, Any] = {}
    if body.get("Id"):
        changes["Id"] = f"{body['Id']}-{number}" if collection.endswith("Clients") else guid
    if collection == "Roles":
        changes["Name"] = f"{number} {body['Name']}"[:200]
    if collection == "Users":
        providers = [LOCAL_PROVIDER, *OUTSIDE_PROVIDERS]
        changes["IdentityProviderId"] = providers[number % len(providers)].upper()
        changes["ContactEmail"] = f"kim+{number}@{guid}.example"
    if collection == "AuthorizationCodeClients" and not body["RedirectUris"]:
        changes["RedirectUris"] = ["https://app.example.com/cb"]
    if collection == SECRETS:
        expires = body.get("Expires") is not False
        changes = {"Expiration": (body.get("Expiration") or FUTURE) if expires else None}
    return body | changes


class Desk:
    """Sends bodies to one collection of a served product."""

    def __init__(self, served: Served, collection: str) -> None:
        self.served = served
        self.place = f"{served.api()}/{collection.format(client=served.first.client_id)}"
        self.headers = served.admin() | {"Content-Type": "application/json"}

    def send(self, method: str, path: str = "", body: Any = None) -> Any:
        """One request; the body as the standard library writes it, odd numbers and all."""
        content = b"" if body is None else json.dumps(body).encode()
        return self.served.http.request(
            method, self.place + path, headers=self.headers, content=content
        )


def as_kept(value: Any, sent: Any) -> Any:
    """A value in the form in which it comes back; of an object, what was really sent."""
    if isinstance(value, dict):
        return {name: value[name] for name, inner in sent.items() if inner is not None}
    is_moment = isinstance(value, str) and value.endswith("Z") and "T" in value
    if is_moment and value[:4].isdigit():
        return datetime.fromisoformat(value)
    return value


@pytest.mark.requirement("R-67", "R-72")
@pytest.mark.parametrize("collection", [*RIGHT, SECRETS])
@settings(deadline=None, max_examples=8)
@given(data=st.data())
def test_what_is_right_is_kept_and_goes_round(
    served: Served, collection: str, data: st.DataObject
) -> None:
    desk = Desk(served, collection)
    body = made_unique(collection, data.draw(right_bodies(collection)))
    created = desk.send("POST", body=body)
    assert created.status_code == 201, created.text
    answered = created.json()
    one = f"/{answered.get('Client', answered)['Id']}"
    got = desk.send("GET", one).json()
    assert got == answered.get("Client", {n: v for n, v in answered.items() if n != "Secret"})
    for name, value in body.items():
        if value is not None and name in got and not name.endswith(("Id", "Ids")):
            assert as_kept(got[name], value) == as_kept(value, value), name
    before = standing_of(served)
    put = desk.send("PUT", one, got)
    assert put.status_code == 200, put.text
    assert put.json() == got == desk.send("GET", one).json()
    assert desk.send("PUT", one, {}).json() == got
    assert standing_of(served) == before
    assert desk.send("DELETE", one).status_code == 204
    assert desk.send("GET", one).status_code == 404


@pytest.mark.requirement("R-66", "R-70", "R-72")
@pytest.mark.parametrize("collection", [*RIGHT, SECRETS])
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_one_wrong_member_spoils_a_right_body(
    on_sqlite: Served, collection: str, data: st.DataObject
) -> None:
    desk = Desk(on_sqlite, collection)
    body = made_unique(collection, data.draw(right_bodies(collection)))
    member = data.draw(st.sampled_from(MEMBERS[collection]))
    inner = get_args(member.type)[0]
    kind = tuple if get_origin(inner) is tuple else inner if inner in {int, bool} else str
    kind = dict if member.inner else kind
    if data.draw(st.booleans()):
        wrong = {member.name: data.draw(OTHER_THAN[kind])}
    else:
        known = {*(m.name for m in MEMBERS[collection]), "RoleScope", "TenantId", "CommunityId"}
        known |= {"RoleTypeId", "Id"}
        wrong = {data.draw(st.text(max_size=9).filter(lambda n: n not in known)): "x"}
    before = standing_of(on_sqlite)
    answer = desk.send("POST", body=body | wrong)
    assert answer.status_code == 400, (wrong, answer.text)
    assert standing_of(on_sqlite) == before


@pytest.mark.requirement("R-72")
@pytest.mark.parametrize("collection", [*RIGHT, SECRETS])
@settings(deadline=None, max_examples=15)
@given(data=st.data())
def test_any_json_is_answered(served: Served, collection: str, data: st.DataObject) -> None:
    desk = Desk(served, collection)
    names = st.sampled_from([m.name for m in MEMBERS[collection]]) | st.text(max_size=4)
    body = data.draw(JUNK | st.dictionaries(names, JUNK, max_size=4))
    answer = desk.send("POST", body=body)
    assert answer.status_code in {201, 400}
    if answer.status_code == 201:
        entry = answer.json().get("Client", answer.json())
        assert desk.send("DELETE", f"/{entry['Id']}").status_code == 204
    assert desk.send("PUT", "/5b2a9a0e-0000-4c39-9d43-6a3f0a0f5d11", body).status_code in {400, 404}
