"""Users in the portal: seen, added with a link, changed, switched off, removed, signed out."""

import re
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from markupsafe import escape

from gatepost.model.errors import NotFound
from gatepost.model.mail import MailServer
from gatepost.model.people import LOCAL_PROVIDER, User
from gatepost.model.tenants import ADMINISTRATOR, MEMBER, VIEWER
from gatepost.ports import PageOf
from gatepost.services import users
from gatepost.services.tenants import operator_act
from tests.flows import PASSWORD, Person, new_person
from tests.post_office import post_office
from tests.served import Tenant
from tests.web.indoors import set_enabled
from tests.web.portal.desk import (
    Office,
    Worker,
    hidden_fields,
    make_administrator,
    office,
    signed_in,
)
from tests.web.portal.test_roles import HOSTILE, NO_ID, alike, built_in, rows_of

USERS = "/portal/security/users"
ADD = f"{USERS}/add"
EMAIL = "robin@example.com"
CONTACT = {
    "contact_given_name": "Robin",
    "contact_surname": "Moss",
    "contact_email": EMAIL,
}
DEEDS = ("disable", "enable", "remove", "end-sessions")
FORMS = ("edit", "roles", *DEEDS)


def stored(worker: Worker, user_id: str) -> User:
    return users.get(worker.inside.world, worker.tenant.id, user_id)


def with_address(worker: Worker, email: str = EMAIL) -> User | None:
    return users.with_email(worker.inside.world, worker.tenant.id, email)


def without_password(worker: Worker, email: str = EMAIL) -> User:
    act = operator_act(worker.tenant.id, "test")
    members = {"provider_id": LOCAL_PROVIDER, "contact_email": email}
    return users.add(worker.inside.world, act, members)


def row_of(page: httpx.Response, email: str) -> list[str]:
    found = [row for row in rows_of(page) if email in row]
    assert len(found) == 1, page.text
    return [re.sub(r"\s+", " ", cell) for cell in found[0]]


def link_in(page: httpx.Response) -> str:
    found = re.search(r'<input id="password_link"[^>]*\bvalue="([^"]*)"', page.text)
    assert found is not None, page.text
    return unescape(found[1])


def done(worker: Worker, user_id: str, deed: str) -> httpx.Response:
    """The answer to a question that was asked."""
    return worker.post(f"{USERS}/{user_id}/{deed}")


def colleague(worker: Worker, tenant: Tenant | None = None) -> Person:
    return new_person(worker.inside.served, tenant or worker.tenant)


# The list


def test_the_list_tells_who_people_are_and_what_they_may(administrator: Worker) -> None:
    row = row_of(administrator.get(USERS), administrator.person.email)
    assert row[0] == "Kim Lee You"
    assert row[2:] == ["Active", "Tenant Administrator, Tenant Member"]


def test_the_list_tells_how_far_people_are(administrator: Worker) -> None:
    pending = without_password(administrator, "pending@example.com")
    linked = without_password(administrator, "linked@example.com")
    off = colleague(administrator)
    set_enabled(administrator.inside.world, administrator.tenant.id, off.id, enabled=False)
    details = f"{USERS}?user={linked.id}"
    administrator.post(f"{USERS}/{linked.id}/link", on=details)
    page = administrator.get(USERS)
    assert row_of(page, pending.email or "")[2] == "Pending: no password yet"
    assert row_of(page, linked.email or "")[2] == "Pending: has a link until 4 May 2026, 12:00"
    assert row_of(page, off.email)[2] == "Disabled"


def test_people_are_found_by_name_and_address(administrator: Worker) -> None:
    robin = new_person(administrator.inside.served, administrator.tenant, ContactGivenName="Robin")
    for search in ("ROBIN", robin.email[:10].upper()):
        rows = rows_of(administrator.get(f"{USERS}?q={search}"))
        assert [row[1] for row in rows] == [robin.email]
    assert "No user found" in administrator.get(f"{USERS}?q=nobody").text


def test_a_long_list_has_pages_that_keep_the_search(administrator: Worker) -> None:
    for number in range(27):
        without_password(administrator, f"robin.{number:02}@example.com")
    first = administrator.get(f"{USERS}?q=robin")
    assert "1 to 25 of 27" in first.text
    assert f'href="{USERS}?q=robin&amp;page=2"' in first.text
    assert len(rows_of(administrator.get(f"{USERS}?q=robin&page=2"))) == 2
    assert str(administrator.get(f"{USERS}?q=robin&page=9").url).endswith("q=robin&page=2")


@pytest.mark.requirement("R-71")
@pytest.mark.parametrize("query", ["page=-1", "page=x", "page=99999999", "q=%00", "q=%E2%80%AE"])
def test_an_address_that_says_nonsense_shows_a_list_or_says_so(
    administrator: Worker, query: str
) -> None:
    assert administrator.get(f"{USERS}?{query}").status_code in (200, 400)


def test_the_details_tell_contact_roles_and_sessions(administrator: Worker) -> None:
    me = administrator.person
    page = administrator.get(f"{USERS}?user={me.id}").text
    for told in ("<dd>Kim</dd>", "<dd>Lee</dd>", f"<dd>{me.email}</dd>", "Tenant Administrator"):
        assert told in page
    assert "This browser" in page
    assert "From 192.0.2.1." in page
    assert f'href="/portal/activity?about={me.id}"' in page
    for deed in ("disable", "remove"):
        assert f"{me.id}/{deed}" not in page


# Add User


def test_a_user_is_added_with_a_link_that_sets_their_password(administrator: Worker) -> None:
    viewer = built_in(administrator, VIEWER)
    window = administrator.submit(administrator.get(ADD), ADD, **CONTACT, role_ids=[viewer])
    assert window.status_code == 200
    assert "no-store" in window.headers["cache-control"]
    assert "User Successfully Added" in window.text
    user = with_address(administrator)
    assert user is not None
    assert (user.name, set(user.role_ids)) == (
        "Robin Moss",
        {viewer, built_in(administrator, MEMBER)},
    )
    link = urlsplit(link_in(window))
    visitor = administrator.inside.visitor()
    page = visitor.get(f"{link.path}?{link.query}")
    visitor.submit(page, password=PASSWORD, again=PASSWORD)
    assert stored(administrator, user.id).has_password
    robin = signed_in(administrator.inside, administrator.tenant, Person(user.id, EMAIL, PASSWORD))
    assert "Robin Moss" in robin.get(USERS).response.text
    assert link.query not in administrator.get(f"{USERS}?user={user.id}").text


def test_with_mail_the_link_is_sent_and_not_shown() -> None:
    with post_office() as mail:
        server = MailServer("127.0.0.1", mail.port, is_tls=False)
        worker = office(smtp_url=server, mail_from="id@example.com").administrator()
        window = worker.submit(worker.get(ADD), ADD, **CONTACT)
        assert "password_link" not in window.text
        assert f"was sent to {EMAIL}" in window.text
        assert [letter.to for letter in mail.handed] == [EMAIL]


def test_the_same_form_sent_twice_makes_one_user(administrator: Worker) -> None:
    page = administrator.get(ADD)
    first, second = (administrator.submit(page, ADD, **CONTACT) for _ in range(2))
    assert first.status_code == second.status_code == 200
    assert len(rows_of(administrator.get(f"{USERS}?q={EMAIL}"))) == 1
    visitor = administrator.inside.visitor()
    link = urlsplit(link_in(second))
    assert visitor.get(f"{link.path}?{link.query}").response.status_code == 200


def test_the_same_form_a_while_later_is_a_second_user_and_refused(administrator: Worker) -> None:
    page = administrator.get(ADD)
    administrator.submit(page, ADD, **CONTACT)
    administrator.inside.forward(minutes=2)
    again = administrator.submit(page, ADD, **CONTACT)
    assert again.status_code == 400
    assert "Another user has this address" in again.text


def test_an_address_that_is_taken_is_told_at_its_field(administrator: Worker) -> None:
    taken = administrator.person.email.upper()
    fields = CONTACT | {"contact_email": taken}
    page = administrator.submit(administrator.get(ADD), ADD, **fields)
    assert page.status_code == 400
    assert "Another user has this address" in problem_at(page, "contact_email")
    assert f'value="{taken}"' in page.text
    assert 'value="Robin"' in page.text
    assert "password_link" not in page.text


def problem_at(page: httpx.Response, field: str) -> str:
    found = re.search(rf'id="{field}-problem">(.*?)</p>', page.text, re.DOTALL)
    assert found is not None, page.text
    return found[1]


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("contact_email", "", "Enter an address"),
        ("contact_email", "robin", "not of the form name@domain"),
        ("contact_email", "a b@example.com", "has a blank in it"),
        ("contact_email", "r" * 250 + "@example.com", "Enter an address"),
        ("contact_given_name", "n" * 201, "at most 200 characters"),
        ("contact_surname", "a\u0007b", "U+0007"),
    ],
    ids=["no address", "no domain", "blank", "long address", "long name", "bell"],
)
def test_what_is_wrong_stands_at_its_field(
    administrator: Worker, field: str, typed: str, told: str
) -> None:
    viewer = built_in(administrator, VIEWER)
    fields = CONTACT | {field: typed}
    page = administrator.submit(administrator.get(ADD), ADD, **fields, role_ids=[viewer])
    assert page.status_code == 400
    assert told in problem_at(page, field)
    assert f'href="#{field}"' in page.text
    assert re.search(rf'value="{viewer}" checked', page.text)
    assert with_address(administrator) is None


def test_all_that_is_wrong_is_told_at_once(administrator: Worker) -> None:
    fields = {"contact_given_name": "n" * 201, "contact_surname": "n" * 201}
    page = administrator.submit(administrator.get(ADD), ADD, **fields, contact_email="x")
    for field in CONTACT:
        assert problem_at(page, field)


@pytest.mark.parametrize("bad", ["no-guid", NO_ID], ids=["no guid", "no role"])
def test_a_role_that_is_none_adds_nobody(administrator: Worker, bad: str) -> None:
    page = administrator.submit(administrator.get(ADD), ADD, **CONTACT, role_ids=[bad])
    assert page.status_code == 400
    assert with_address(administrator) is None


@pytest.mark.requirement("R-82")
def test_a_new_link_ends_the_one_before(administrator: Worker) -> None:
    user = without_password(administrator)
    path = f"{USERS}/{user.id}/link"
    windows = [administrator.post(path, on=f"{USERS}?user={user.id}") for _ in range(2)]
    old, new = (urlsplit(link_in(window)) for window in windows)
    assert "Password Link" in windows[0].text
    visitor = administrator.inside.visitor()
    assert 'type="password"' not in visitor.get(f"{old.path}?{old.query}").response.text
    assert 'type="password"' in visitor.get(f"{new.path}?{new.query}").response.text


def test_nobody_is_given_a_link_while_switched_off(administrator: Worker) -> None:
    user = without_password(administrator)
    page = administrator.get(f"{USERS}?user={user.id}")
    done(administrator, user.id, "disable")
    assert f"{user.id}/link" not in administrator.get(f"{USERS}?user={user.id}").text
    refused = administrator.submit(page, f"{USERS}/{user.id}/link")
    assert refused.status_code == 400
    assert "switched off" in refused.text


# Edit


def test_names_and_address_are_changed_and_may_be_cleared(administrator: Worker) -> None:
    person = colleague(administrator)
    path = f"{USERS}/{person.id}/edit"
    fields = {"contact_given_name": "Robin", "contact_surname": "", "contact_email": EMAIL}
    answer = administrator.submit(administrator.get(path), path, **fields)
    assert answer.status_code == 303
    assert "The user is saved." in administrator.get(answer.headers["location"]).text
    kept = stored(administrator, person.id)
    assert (kept.name, kept.surname, kept.email) == ("Robin", None, EMAIL)


def test_an_address_cannot_be_cleared_or_taken_from_another(administrator: Worker) -> None:
    person = colleague(administrator)
    path = f"{USERS}/{person.id}/edit"
    for typed in ("", administrator.person.email):
        fields = CONTACT | {"contact_email": typed}
        page = administrator.submit(administrator.get(path), path, **fields)
        assert page.status_code == 400
        assert problem_at(page, "contact_email")
    assert stored(administrator, person.id).email == person.email


def test_two_who_edit_a_user_at_once_see_each_others_change(portal: Office) -> None:
    one, two = portal.administrator(), portal.administrator()
    person = colleague(one)
    path = f"{USERS}/{person.id}/edit"
    early, late = one.get(path), two.get(path)
    mine = {**CONTACT, "contact_email": person.email}
    assert one.submit(early, path, **mine).status_code == 303
    shown = two.submit(late, path, **(mine | {"contact_surname": "Heath"}))
    assert shown.status_code == 409
    assert "Somebody else changed this user meanwhile" in shown.text
    assert "<dd>Moss</dd>" in shown.text
    assert 'value="Heath"' in shown.text
    assert stored(one, person.id).surname == "Moss"
    again = two.submit(shown, path, **(mine | {"contact_surname": "Heath"}))
    assert again.status_code == 303
    assert stored(one, person.id).surname == "Heath"


@pytest.mark.parametrize("seen", ["", "0", "-1", "x", "9" * 40])
def test_a_form_that_says_no_version_saves_nothing(administrator: Worker, seen: str) -> None:
    person = colleague(administrator)
    path = f"{USERS}/{person.id}/edit"
    answer = administrator.post(path, **(CONTACT | {"seen": seen}))
    assert answer.status_code == 409
    assert stored(administrator, person.id).email == person.email


def test_roles_are_given_by_the_check_list(portal: Office) -> None:
    one, two = portal.administrator(), portal.administrator()
    person = colleague(one)
    path = f"{USERS}/{person.id}/roles"
    viewer, admin = built_in(one, VIEWER), built_in(one, ADMINISTRATOR)
    early, late = one.get(path), two.get(path)
    answer = one.submit(early, path, role_ids=[viewer])
    assert "The roles are saved." in one.get(answer.headers["location"]).text
    shown = two.submit(late, path, role_ids=[admin])
    assert shown.status_code == 409
    assert "Tenant Viewer" in shown.text
    assert set(stored(one, person.id).role_ids) == {viewer, built_in(one, MEMBER)}


@pytest.mark.requirement("R-65")
def test_the_last_administrator_keeps_the_role_on_the_form(administrator: Worker) -> None:
    only_administrator(administrator)
    path = f"{USERS}/{administrator.person.id}/roles"
    page = administrator.submit(administrator.get(path), path)
    assert page.status_code == 400
    assert "without an administrator" in problem_at(page, "role_ids")
    kept = stored(administrator, administrator.person.id).role_ids
    assert built_in(administrator, ADMINISTRATOR) in kept


def only_administrator(worker: Worker) -> None:
    """Take the role from all other people."""
    act = operator_act(worker.tenant.id, "test")
    world, role = worker.inside.world, built_in(worker, ADMINISTRATOR)
    with world.store.reading(worker.tenant.id) as tenancy:
        page = tenancy.directory.users(PageOf(0, 100))
    for user in page:
        if user.id != worker.person.id and role in user.role_ids:
            users.replace_roles(world, act, user.id, ())


# Disable, enable, remove, end sessions


@pytest.mark.requirement("R-27")
def test_who_is_disabled_is_out_at_once_and_may_come_back(portal: Office) -> None:
    boss, kim = portal.administrator(), portal.member()
    assert urlsplit(str(kim.get(USERS).url)).path == USERS
    question = boss.get(f"{USERS}/{kim.person.id}/disable").text
    assert "Disable Kim Lee?" in question
    assert "Sessions that are open: 1" in question
    answer = done(boss, kim.person.id, "disable")
    assert answer.status_code == 303
    assert "signed out everywhere" in boss.get(answer.headers["location"]).text
    assert urlsplit(str(kim.get(USERS).url)).path != USERS
    done(boss, kim.person.id, "enable")
    assert stored(boss, kim.person.id).enabled
    assert urlsplit(str(kim.get(USERS).url)).path != USERS
    back = signed_in(portal.inside, boss.tenant, kim.person)
    assert urlsplit(str(back.get(USERS).response.url)).path == USERS


@pytest.mark.requirement("R-27")
def test_who_is_removed_is_out_at_once(portal: Office) -> None:
    boss, kim = portal.administrator(), portal.member()
    question = boss.get(f"{USERS}/{kim.person.id}/remove").text
    for told in ("Remove Kim Lee?", "Sessions that are open: 1", "Roles: Tenant Member"):
        assert told in question
    answer = done(boss, kim.person.id, "remove")
    assert answer.headers["location"] == f"{USERS}?done=removed"
    with pytest.raises(NotFound):
        stored(boss, kim.person.id)
    assert urlsplit(str(kim.get(USERS).url)).path != USERS
    assert kim.person.email not in boss.get(USERS).text


@pytest.mark.parametrize("deed", ["disable", "remove"])
def test_nobody_does_it_to_themselves(portal: Office, deed: str) -> None:
    boss, _ = portal.administrator(), portal.administrator()
    refused = done(boss, boss.person.id, deed)
    assert refused.status_code == 400
    assert "your own account" in refused.text
    assert stored(boss, boss.person.id).enabled


@pytest.mark.requirement("R-65")
def test_the_last_administrating_person_cannot_be_disabled_by_a_race(portal: Office) -> None:
    """Two administrators open the question for each other; the second comes too late."""
    one, two = portal.administrator(), portal.administrator()
    only_administrator(one)
    make_administrator(portal.inside, one.tenant, two.person)
    paths = [f"{USERS}/{other.person.id}/disable" for other in (two, one)]
    pages = [one.get(paths[0]), two.get(paths[1])]
    assert one.submit(pages[0], paths[0]).status_code == 303
    late = two.submit(pages[1], paths[1])
    assert late.status_code == 403
    assert stored(one, one.person.id).enabled


@pytest.mark.requirement("R-51")
def test_one_session_or_all_are_ended(portal: Office) -> None:
    boss, kim = portal.administrator(), portal.member()
    second = kim._replace(visitor=signed_in(portal.inside, kim.tenant, kim.person))
    details = f"{USERS}?user={kim.person.id}"
    path = f"{USERS}/{kim.person.id}/end-session"
    page = boss.get(details)
    assert page.text.count('name="sign_in"') == 2
    answer = boss.submit(page, path)
    assert "The session is ended." in boss.get(answer.headers["location"]).text
    assert boss.get(details).text.count('name="sign_in"') == 1
    gone = boss.submit(page, path)
    assert "had ended already" in boss.get(gone.headers["location"]).text
    assert "Sessions that are open: 1" in boss.get(f"{USERS}/{kim.person.id}/end-sessions").text
    assert done(boss, kim.person.id, "end-sessions").status_code == 303
    assert "Not signed in anywhere." in boss.get(details).text
    for worker in (kim, second):
        assert urlsplit(str(worker.get(USERS).url)).path != USERS


@pytest.mark.requirement("R-63")
def test_the_session_of_another_person_is_not_ended_by_this_ones_form(portal: Office) -> None:
    boss, kim, lee = portal.administrator(), portal.member(), portal.member()
    fields = hidden_fields(
        boss.get(f"{USERS}?user={lee.person.id}"), f"{USERS}/{lee.person.id}/end-session"
    )
    path = f"{USERS}/{kim.person.id}/end-session"
    boss.post(path, on=f"{USERS}?user={kim.person.id}", sign_in=fields["sign_in"])
    assert urlsplit(str(lee.get(USERS).url)).path == USERS


# Who may not


@pytest.mark.requirement("R-64")
def test_a_member_sees_and_cannot_change(portal: Office, member: Worker) -> None:
    boss = portal.administrator()
    page = member.get(f"{USERS}?user={boss.person.id}")
    assert boss.person.email in page.text
    assert "Signed in" not in page.text
    assert "/portal/activity?about" not in page.text
    assert posting_forms(page) == []
    for part in FORMS:
        path = f"{USERS}/{boss.person.id}/{part}"
        assert path not in page.text
        assert member.get(path).status_code == 403
        assert member.send(path).status_code == 403
    for path in (ADD, *(f"{USERS}/{boss.person.id}/{part}" for part in ("link", "end-session"))):
        assert member.send(path, **CONTACT).status_code == 403
    assert with_address(member) is None
    assert stored(member, boss.person.id).enabled


def posting_forms(page: httpx.Response) -> list[str]:
    forms = re.findall(r'<form[^>]*method="post"[^>]*>', page.text)
    return [form for form in forms if "/portal/signout" not in form]


def test_a_member_sees_their_own_sessions(member: Worker) -> None:
    page = member.get(f"{USERS}?user={member.person.id}")
    assert "This browser" in page.text
    assert 'href="/identity/account"' in page.text
    assert posting_forms(page) == []


@pytest.mark.requirement("R-63")
def test_a_user_of_another_tenant_answers_as_a_missing_one(portal: Office) -> None:
    mine = portal.administrator()
    theirs = portal.administrator(portal.inside.served.second)
    foreign = theirs.person.id
    for user_id in (foreign, NO_ID):
        assert str(mine.get(f"{USERS}?user={user_id}").url).endswith(USERS)
    for part in FORMS:
        pages = {id_: mine.get(f"{USERS}/{id_}/{part}") for id_ in (foreign, NO_ID)}
        assert {page.status_code for page in pages.values()} == {404}
        assert alike(pages[foreign], foreign) == alike(pages[NO_ID], NO_ID)
    for part in (*FORMS, "link", "end-session"):
        sent = [mine.send(f"{USERS}/{id_}/{part}", **CONTACT) for id_ in (foreign, NO_ID)]
        assert [answer.status_code for answer in sent] == [404, 404]
    assert stored(theirs, foreign).enabled
    assert theirs.person.email not in mine.get(USERS).text


@pytest.mark.requirement("R-54")
def test_a_form_without_its_proof_changes_nothing(administrator: Worker) -> None:
    person = colleague(administrator)
    for part in (*FORMS, "link", "end-session"):
        fields: dict[str, Any] = {**CONTACT, "seen": "1", "role_ids": []}
        answer = administrator.send(f"{USERS}/{person.id}/{part}", proof="another", **fields)
        assert answer.status_code == 403
    assert administrator.send(ADD, proof="another", **CONTACT).status_code == 403
    kept = stored(administrator, person.id)
    assert (kept.email, kept.enabled) == (person.email, True)
    assert with_address(administrator) is None


@pytest.mark.requirement("R-54")
def test_a_proof_is_for_one_deed_on_one_person(administrator: Worker) -> None:
    one, other = colleague(administrator), colleague(administrator)
    page = administrator.get(f"{USERS}/{one.id}/disable")
    fields = hidden_fields(page, f"{USERS}/{one.id}/disable")
    for path in (f"{USERS}/{other.id}/disable", f"{USERS}/{one.id}/remove"):
        assert administrator.send(path, **fields).status_code == 403
    assert stored(administrator, other.id).enabled


@pytest.mark.requirement("R-58")
@pytest.mark.parametrize("name", HOSTILE, ids=["script", "template", "attribute"])
def test_hostile_names_come_out_as_text(administrator: Worker, name: str) -> None:
    fields = CONTACT | {"contact_given_name": name, "contact_surname": ""}
    window = administrator.submit(administrator.get(ADD), ADD, **fields)
    user = with_address(administrator)
    assert user is not None
    paths = [f"{USERS}?user={user.id}", *(f"{USERS}/{user.id}/{part}" for part in FORMS)]
    for page in (window, *(administrator.get(path) for path in paths)):
        assert str(escape(name)) in page.text
        if "<" in name:
            assert name not in page.text
    again = administrator.submit(administrator.get(ADD), ADD, **(fields | {"contact_email": name}))
    assert again.status_code == 400
    assert "<script>alert" not in again.text
