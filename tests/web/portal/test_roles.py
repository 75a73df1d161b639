"""Roles in the portal: seen, added, changed, removed, and given to people and clients."""

import re
from typing import Any

import httpx
import pytest
from markupsafe import escape

from gatepost.model.client_kinds import CLIENT_CREDENTIALS
from gatepost.model.clients import SecretDraft
from gatepost.model.tenants import ADMINISTRATOR, MEMBER, ROLE_TYPES, VIEWER
from gatepost.ports import PageOf
from gatepost.services import clients, roles, users
from gatepost.services.roles import RoleDraft
from gatepost.services.tenants import operator_act
from tests.flows import Person, new_person
from tests.services.world import role_id
from tests.web.portal.desk import CLIENTS, Office, Worker, hidden_fields, office

ROLES = "/portal/security/roles"
HOSTILE = ("<script>alert(1)</script>", "{{7*7}}", '"><img src=x onerror=alert(1)>')
PAGE = PageOf(0, 10)
NO_ID = "00000000-0000-4000-8000-000000000000"


def built_in(worker: Worker, type_id: str) -> str:
    return role_id(worker.inside.world, worker.tenant.id, type_id)


def custom(worker: Worker, name: str = "Shift lead", description: str | None = None) -> str:
    act = operator_act(worker.tenant.id, "test")
    draft = RoleDraft(name=name, description=description)
    return roles.add(worker.inside.world, act, draft).role.id


def client_with(worker: Worker, *role_ids: str, name: str = "Boiler") -> str:
    act = operator_act(worker.tenant.id, "test")
    members = {"name": name, "role_ids": role_ids}
    world = worker.inside.world
    added = clients.add(world, act, CLIENT_CREDENTIALS, members, SecretDraft())
    return added.client.settings.id


def person_with(worker: Worker, *role_ids: str, **members: Any) -> Person:
    person = new_person(worker.inside.served, worker.tenant, **members)
    act = operator_act(worker.tenant.id, "test")
    users.replace_roles(worker.inside.world, act, person.id, role_ids)
    return person


def roles_of_person(worker: Worker, user_id: str) -> set[str]:
    return set(users.get(worker.inside.world, worker.tenant.id, user_id).role_ids)


def roles_of_client(worker: Worker, client_id: str) -> set[str]:
    return set(clients.roles_of(worker.inside.world, worker.tenant.id, client_id))


def rows_of(page: httpx.Response) -> list[list[str]]:
    cells = re.compile(r"<t[hd][^>]*role=\"(?:rowheader|cell)\"[^>]*>(.*?)</t[hd]>", re.DOTALL)
    found = [cells.findall(row) for row in re.findall(r"<tr.*?</tr>", page.text, re.DOTALL)]
    return [[re.sub(r"<[^>]*>", "", cell).strip() for cell in row] for row in found if row]


# The list


@pytest.mark.parametrize(
    ("theme", "prefix", "own"),
    [("aveva", "Tenant", "Tenant Custom"), ("ocs", "Account", "Account Custom")],
)
def test_the_list_tells_type_and_holders(theme: str, prefix: str, own: str) -> None:
    worker = office(theme=theme).administrator()
    role = custom(worker, "Shift lead", "Night and day")
    person_with(worker, role)
    client_with(worker, role)
    rows = {row[0]: row[1:] for row in rows_of(worker.get(ROLES))}
    assert rows["Shift lead"] == [own, "Night and day", "1", "1"]
    for row in ROLE_TYPES:
        assert rows[f"{prefix} {row.word}"][0] == f"{prefix} {row.word}"
    assert rows[f"{prefix} Member"][2] == "3"


def test_a_chosen_role_shows_who_has_it(administrator: Worker) -> None:
    role = custom(administrator)
    person = person_with(administrator, role, ContactGivenName="Robin", ContactSurname="Moss")
    client = client_with(administrator, role, name="Boiler house")
    page = administrator.get(f"{ROLES}?role={role}").text
    for told in ("Robin Moss", f"user={person.id}", "Boiler house", f"client={client}", role):
        assert told in page
    for part in ("members", "edit", "remove"):
        assert f'href="{ROLES}/{role}/{part}"' in page


def test_built_in_roles_have_no_buttons_to_change_them(administrator: Worker) -> None:
    role = built_in(administrator, VIEWER)
    page = administrator.get(f"{ROLES}?role={role}").text
    assert f'href="{ROLES}/{role}/members"' in page
    for part in ("edit", "remove"):
        assert f"{ROLES}/{role}/{part}" not in page
        refused = administrator.get(f"{ROLES}/{role}/{part}")
        assert refused.status_code == 400
        assert "built in" in refused.text


def test_a_long_list_has_pages(administrator: Worker) -> None:
    for number in range(30):
        custom(administrator, f"Role {number:02}")
    first = administrator.get(ROLES)
    assert "1 to 25 of 35" in first.text
    assert f'href="{ROLES}?page=2"' in first.text
    second = administrator.get(f"{ROLES}?page=2")
    assert [row[0] for row in rows_of(second)] == [f"Role {n:02}" for n in range(20, 30)]
    assert str(administrator.get(f"{ROLES}?page=999").url).endswith("?page=2")


# Add, edit, remove


def test_a_role_is_added_once_however_often_the_form_is_sent(administrator: Worker) -> None:
    answers = [
        administrator.post(f"{ROLES}/add", name=" Shift lead ", description="Night")
        for _ in range(2)
    ]
    assert answers[0].status_code == 303
    assert len({answer.headers["location"] for answer in answers}) == 1
    page = administrator.get(answers[0].headers["location"])
    assert "The role is added." in page.text
    assert [row for row in rows_of(page) if row[0] == "Shift lead"] == [
        ["Shift lead", "Tenant Custom", "Night", "0", "0"]
    ]


@pytest.mark.parametrize(
    ("fields", "place", "told"),
    [
        ({"name": ""}, "name", "Enter a text of 1 to 200 characters."),
        ({"name": "   "}, "name", "Enter a text of 1 to 200 characters."),
        ({"name": "n" * 201}, "name", "Enter a text of 1 to 200 characters."),
        ({"name": "a\u202eb"}, "name", "U+202E"),
        ({"name": "TENANT VIEWER"}, "name", "already has the id or name"),
        ({"name": "There", "description": "Else"}, "name", "already has the id or name"),
        ({"name": "New", "description": "d" * 501}, "description", "at most 500"),
    ],
    ids=["nothing", "blanks", "long", "turned", "built-in", "taken", "long-description"],
)
def test_what_is_wrong_stands_at_its_field(
    administrator: Worker, fields: dict[str, str], place: str, told: str
) -> None:
    custom(administrator, "There")
    page = administrator.post(f"{ROLES}/add", **fields)
    assert page.status_code == 400
    problem = re.search(rf'id="{place}-problem">(.*?)</p>', page.text, re.DOTALL)
    assert problem is not None, page.text
    assert told in problem[1]
    assert f'href="#{place}"' in page.text
    for name, typed in fields.items():
        assert f'name="{name}" type="text" value="{escape(typed.strip())}"' in page.text


def test_all_that_is_wrong_is_told_at_once(administrator: Worker) -> None:
    page = administrator.post(f"{ROLES}/add", name="", description="d" * 501)
    assert 'id="name-problem"' in page.text
    assert 'id="description-problem"' in page.text


def test_a_custom_role_is_changed_and_may_lose_its_description(administrator: Worker) -> None:
    role = custom(administrator, "Shift lead", "Night")
    page = administrator.get(f"{ROLES}/{role}/edit")
    answer = administrator.submit(page, f"{ROLES}/{role}/edit", name="Lead", description="")
    assert answer.status_code == 303
    rows = rows_of(administrator.get(answer.headers["location"]))
    assert ["Lead", "Tenant Custom", "", "0", "0"] in rows


def test_two_who_edit_a_role_at_once_see_each_others_change(portal: Office) -> None:
    one, two = portal.administrator(), portal.administrator()
    role = custom(one, "Shift lead", "Night")
    path = f"{ROLES}/{role}/edit"
    early, late = one.get(path), two.get(path)
    assert one.submit(early, path, name="Lead", description="Night").status_code == 303
    shown = two.submit(late, path, name="Shift lead", description="Day")
    assert shown.status_code == 409
    assert "Somebody else changed this meanwhile" in shown.text
    assert "<dd>Lead</dd>" in shown.text
    assert 'name="description" type="text" value="Day"' in shown.text
    kept = roles.get(one.inside.world, one.tenant.id, role)
    assert (kept.name, kept.description) == ("Lead", "Night")
    again = two.submit(shown, path, name="Shift lead", description="Day")
    assert again.status_code == 303
    assert roles.get(one.inside.world, one.tenant.id, role).description == "Day"


def test_a_form_with_a_mistake_still_knows_what_was_seen(portal: Office) -> None:
    one, two = portal.administrator(), portal.administrator()
    role = custom(one, "Shift lead", "Night")
    path = f"{ROLES}/{role}/edit"
    late = two.get(path)
    one.post(path, seen_name="Shift lead", seen_description="Night", name="Lead", description="")
    wrong = two.submit(late, path, name="", description="Day")
    assert wrong.status_code == 400
    assert two.submit(wrong, path, name="Mine", description="Day").status_code == 409


def test_removing_asks_first_and_says_who_loses_the_role(administrator: Worker) -> None:
    role = custom(administrator)
    person, client = person_with(administrator, role), client_with(administrator, role)
    page = administrator.get(f"{ROLES}/{role}/remove")
    for told in ("Remove the role Shift lead?", "Users: 1", "Clients: 1"):
        assert told in page.text
    answer = administrator.submit(page, f"{ROLES}/{role}/remove")
    assert answer.status_code == 303
    assert "The role is removed." in administrator.get(answer.headers["location"]).text
    assert role not in roles_of_person(administrator, person.id)
    assert role not in roles_of_client(administrator, client)
    assert administrator.get(f"{ROLES}/{role}/edit").status_code == 404


# Who has it


def test_a_person_is_found_and_given_the_role(administrator: Worker) -> None:
    role = custom(administrator)
    person = person_with(administrator, ContactGivenName="Robin", ContactSurname="Moss")
    path = f"{ROLES}/{role}/members"
    page = administrator.get(f"{path}?q=robin")
    assert "Robin Moss" in page.text
    answer = administrator.submit(page, f"{path}/add", id=person.id)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{path}?done=given"
    assert role in roles_of_person(administrator, person.id)
    assert "Has this role" in administrator.get(f"{path}?q=robin").text


def test_after_a_change_the_search_is_as_it_was(administrator: Worker) -> None:
    role = custom(administrator)
    person = person_with(administrator, ContactGivenName="Robin", ContactSurname="Moss")
    path = f"{ROLES}/{role}/members"
    place = hidden_fields(administrator.get(f"{path}?q=moss"), f"{path}/add")
    answer = administrator.send(f"{path}/add?q=moss", **(place | {"id": person.id}))
    assert answer.headers["location"] == f"{path}?q=moss&done=given"


def test_people_and_clients_lose_the_role_by_a_button_each(administrator: Worker) -> None:
    role, viewer = custom(administrator), built_in(administrator, VIEWER)
    person, client = (
        person_with(administrator, role, viewer).id,
        client_with(administrator, role, viewer),
    )
    path = f"{ROLES}/{role}/members"
    page = administrator.get(path)
    assert administrator.submit(page, f"{path}/remove").status_code == 303
    assert administrator.submit(page, f"{path}/remove-client").status_code == 303
    kept = {viewer, built_in(administrator, MEMBER)}
    assert roles_of_person(administrator, person) == kept
    assert roles_of_client(administrator, client) == kept


@pytest.mark.requirement("R-65")
@pytest.mark.parametrize("path", ["remove", "remove-client"])
def test_the_member_role_is_taken_from_nobody(administrator: Worker, path: str) -> None:
    role = built_in(administrator, MEMBER)
    client = client_with(administrator)
    page = administrator.get(f"{ROLES}/{role}/members")
    assert f"/members/{path}" not in page.text
    other = administrator.get(f"{ROLES}/{built_in(administrator, ADMINISTRATOR)}/members")
    proof = hidden_fields(other, f"{ROLES}/{built_in(administrator, ADMINISTRATOR)}/members/remove")
    who = administrator.person.id if path == "remove" else client
    sent = administrator.send(f"{ROLES}/{role}/members/{path}", proof=proof["proof"], id=who)
    assert sent.status_code == 403
    again = administrator.submit(sent, f"{ROLES}/{role}/members/{path}")
    assert again.status_code == 400
    assert "cannot be taken from anybody" in again.text
    assert role in roles_of_person(administrator, administrator.person.id)
    assert role in roles_of_client(administrator, client)


@pytest.mark.requirement("R-65")
def test_the_last_administrator_stays_and_is_told_at_their_row(administrator: Worker) -> None:
    role = built_in(administrator, ADMINISTRATOR)
    path = f"{ROLES}/{role}/members"
    others = [
        user
        for user in roles.users_with(
            administrator.inside.world, administrator.tenant.id, role, PAGE
        )[0]
        if user.id != administrator.person.id
    ]
    for other in others:
        assert administrator.post(f"{path}/remove", on=path, id=other.id).status_code == 303
    refused = administrator.post(f"{path}/remove", on=path, id=administrator.person.id)
    assert refused.status_code == 400
    row = next(row for row in rows_of(refused) if administrator.person.email in row)
    assert "without an administrator" in row[-1]
    assert 'role="alert"' in refused.text
    assert role in roles_of_person(administrator, administrator.person.id)


# The roles of a client


def test_manage_roles_gives_the_client_what_is_checked(administrator: Worker) -> None:
    role, viewer = custom(administrator), built_in(administrator, VIEWER)
    client = client_with(administrator, viewer)
    path = f"{CLIENTS}/{client}/roles"
    page = administrator.get(path)
    assert re.search(rf'value="{viewer}" checked', page.text)
    assert re.search(r"checked disabled", page.text)
    answer = administrator.submit(page, path, role_ids=[role])
    assert answer.status_code == 303
    assert answer.headers["location"].endswith("tab=roles&done=roles-saved")
    assert roles_of_client(administrator, client) == {role, built_in(administrator, MEMBER)}
    assert "Shift lead" in administrator.get(answer.headers["location"]).text


@pytest.mark.requirement("R-65")
def test_unchecking_everything_leaves_the_member_role(administrator: Worker) -> None:
    client = client_with(administrator, built_in(administrator, VIEWER))
    path = f"{CLIENTS}/{client}/roles"
    fields = hidden_fields(administrator.get(path), path)
    sent = {"proof": fields["proof"], "seen": fields["seen"]}
    assert administrator.send(path, **sent).status_code == 303
    assert roles_of_client(administrator, client) == {built_in(administrator, MEMBER)}


def test_an_administrating_client_is_warned_of(administrator: Worker) -> None:
    client = client_with(administrator, built_in(administrator, ADMINISTRATOR))
    plain = client_with(administrator)
    warning = "has this client's secret administers"
    tab = f"{CLIENTS}?type=client-credentials&tab=roles&client="
    assert str(escape(warning)) in administrator.get(tab + client).text
    assert str(escape(warning)) not in administrator.get(tab + plain).text
    form = administrator.get(f"{CLIENTS}/{plain}/roles").text
    caution = re.search(r'<p class="caution" id="([^"]+)">', form)
    assert caution is not None
    assert form.count('class="caution"') == 1
    assert re.search(rf'aria-describedby="[^"]*{caution[1]}"', form)


def test_two_who_choose_roles_at_once_see_each_others_choice(portal: Office) -> None:
    one, two = portal.administrator(), portal.administrator()
    role, viewer = custom(one), built_in(one, VIEWER)
    client = client_with(one)
    path = f"{CLIENTS}/{client}/roles"
    early, late = one.get(path), two.get(path)
    assert one.submit(early, path, role_ids=[viewer]).status_code == 303
    shown = two.submit(late, path, role_ids=[role])
    assert shown.status_code == 409
    assert "The roles are now these: " in shown.text
    assert "Tenant Viewer" in shown.text
    assert re.search(rf'value="{role}" checked', shown.text)
    assert role not in roles_of_client(one, client)
    assert two.submit(shown, path, role_ids=[role]).status_code == 303
    assert roles_of_client(one, client) == {role, built_in(one, MEMBER)}


@pytest.mark.parametrize("bad", ["no-guid", NO_ID], ids=["no guid", "no role"])
def test_a_role_that_is_none_is_refused_on_the_form(administrator: Worker, bad: str) -> None:
    client = client_with(administrator)
    path = f"{CLIENTS}/{client}/roles"
    page = administrator.post(path, role_ids=[bad], seen="1")
    assert page.status_code == 400
    assert 'id="role_ids-problem"' in page.text
    assert roles_of_client(administrator, client) == {built_in(administrator, MEMBER)}


# Who may not


@pytest.mark.requirement("R-64")
def test_a_member_sees_and_cannot_change(portal: Office, member: Worker) -> None:
    role = custom(portal.administrator())
    client = client_with(member, role)
    person_with(member, role, ContactGivenName="Robin")
    for page in (member.get(f"{ROLES}?role={role}"), member.get(f"{ROLES}/{role}/members?q=kim")):
        assert page.status_code == 200
        assert "Robin" in page.text
        forms = re.findall(r'<form[^>]*method="post"[^>]*>', page.text)
        assert [form for form in forms if "/portal/signout" not in form] == []
        for word in ("/add", "/edit", "/remove"):
            assert f"{role}{word}" not in page.text
    pages = [f"{ROLES}/add", *(f"{ROLES}/{role}/{part}" for part in ("edit", "remove"))]
    for path in (*pages, f"{CLIENTS}/{client}/roles"):
        assert member.get(path).status_code == 403
        assert member.send(path).status_code == 403
    for part in ("add", "remove", "remove-client"):
        assert member.send(f"{ROLES}/{role}/members/{part}").status_code == 403
    assert roles.get(member.inside.world, member.tenant.id, role).name == "Shift lead"


@pytest.mark.requirement("R-63")
def test_a_role_of_another_tenant_answers_as_a_missing_one(portal: Office) -> None:
    mine = portal.administrator()
    theirs = portal.administrator(portal.inside.served.second)
    foreign, own = custom(theirs), custom(mine, "Own")
    pages = {}
    for role in (foreign, NO_ID):
        assert str(mine.get(f"{ROLES}?role={role}").url).endswith(ROLES)
        for part in ("edit", "remove", "members"):
            page = mine.get(f"{ROLES}/{role}/{part}")
            assert page.status_code == 404
            pages[role, part] = alike(page, role)
        client = client_with(mine)
        page = mine.post(f"{CLIENTS}/{client}/roles", role_ids=[role], seen="1")
        assert page.status_code == 400
        assert roles_of_client(mine, client) == {built_in(mine, MEMBER)}
    for part in ("edit", "remove", "members"):
        assert pages[foreign, part] == pages[NO_ID, part]
    stranger, their_client = person_with(theirs), client_with(theirs, foreign)
    path = f"{ROLES}/{own}/members"
    place = hidden_fields(mine.get(f"{path}?q=kim"), f"{path}/add")
    for part, id_ in (
        ("add", stranger.id),
        ("remove", stranger.id),
        ("remove-client", their_client),
    ):
        page = mine.send(f"{path}/{part}", **(place | {"id": id_}))
        assert page.status_code == 404
    assert stranger.email not in mine.get(f"{path}?q={stranger.email}").text.replace(
        f'value="{stranger.email}"', ""
    ).replace(f"No user has {stranger.email}", "")


def alike(page: httpx.Response, id_: str) -> str:
    """The page without what differs from one call to the next."""
    text = page.text.replace(id_, "ID")
    return re.sub(r"Support id [0-9a-f-]+", "", text)


@pytest.mark.requirement("R-54")
@pytest.mark.parametrize("proof", ["", "another"])
def test_a_form_without_its_proof_changes_nothing(administrator: Worker, proof: str) -> None:
    role = custom(administrator)
    client = client_with(administrator)
    paths = [f"{ROLES}/add", f"{ROLES}/{role}/edit", f"{ROLES}/{role}/remove"]
    paths += [f"{ROLES}/{role}/members/{part}" for part in ("add", "remove", "remove-client")]
    me = administrator.person.id
    for path in (*paths, f"{CLIENTS}/{client}/roles"):
        sent = administrator.send(path, proof=proof, name="Forged", id=me, role_ids=[role])
        assert sent.status_code == 403
    assert "Forged" not in [row[0] for row in rows_of(administrator.get(ROLES))]
    assert role not in roles_of_person(administrator, me) | roles_of_client(administrator, client)


@pytest.mark.requirement("R-58")
@pytest.mark.parametrize("name", HOSTILE, ids=["script", "template", "attribute"])
def test_hostile_names_come_out_as_text(administrator: Worker, name: str) -> None:
    role = custom(administrator, name, name)
    person_with(administrator, role, ContactGivenName=name)
    client = client_with(administrator, role, name=name)
    tab = f"{CLIENTS}?type=client-credentials&tab=roles&client={client}"
    paths = [f"{ROLES}?role={role}", f"{ROLES}/{role}/members?q=kim", tab]
    paths += [f"{ROLES}/{role}/edit", f"{ROLES}/{role}/remove", f"{CLIENTS}/{client}/roles"]
    for path in paths:
        page = administrator.get(path).text
        assert str(escape(name)) in page, path
        if "<" in name:
            assert name not in page, path
    assert ">49<" not in administrator.get(paths[0]).text
