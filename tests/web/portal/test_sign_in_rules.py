"""Sign-in rules in the portal, and second factors on the page of a person."""

import httpx
import pytest

from gatepost.model.events import Event
from gatepost.model.mail import MailServer
from gatepost.model.tenants import SecondFactor
from gatepost.services import sign_in_rules, tenants
from tests.flows import new_person
from tests.post_office import post_office
from tests.web.indoors import set_enabled
from tests.web.portal.desk import Office, Worker, make_administrator, office
from tests.web.second_factors import enrolled, given_app

RULES = "/portal/security/sign-in-rules"
CHANGE = f"{RULES}/change"
USERS = "/portal/security/users"
NEW_APP = "/identity/account/authenticator"


@pytest.fixture
def place() -> Office:
    return office()


@pytest.fixture
def worker(place: Office) -> Worker:
    return place.administrator()


@pytest.fixture
def keyed(worker: Worker) -> Worker:
    """The same with an authenticator app."""
    enrolled(worker.visitor, worker.inside.world, worker.visitor.get(NEW_APP))
    assert worker.get(RULES).status_code == 200
    return worker


def demanded(worker: Worker) -> SecondFactor:
    return tenants.get(worker.inside.world, worker.tenant.id).second_factor


def asked(worker: Worker, second_factor: str) -> httpx.Response:
    """The question before the rule is changed."""
    return worker.get(f"{CHANGE}?second_factor={second_factor}")


def changed(worker: Worker, second_factor: str) -> httpx.Response:
    """The answer to it."""
    return worker.submit(asked(worker, second_factor), CHANGE)


def events_about(worker: Worker, target: str) -> list[Event]:
    with worker.inside.world.store.reading(worker.tenant.id) as tenancy:
        found = tenancy.journal.about(target, None, 100)
    return [link.event for link in reversed(found)]


def test_the_rule_is_shown_asked_about_and_changed(keyed: Worker) -> None:
    page = keyed.get(RULES)
    assert 'value="none" checked' in page.text
    assert "Who has none yet" not in page.text
    question = asked(keyed, "everybody")
    assert "Demand a second factor of everybody?" in question.text
    assert demanded(keyed) == "none"
    answer = changed(keyed, "everybody")
    assert answer.headers["location"] == f"{RULES}?done=saved"
    assert demanded(keyed) == "everybody"
    saved = keyed.get(f"{RULES}?done=saved")
    assert "The rule is saved." in saved.text
    assert 'value="everybody" checked' in saved.text
    assert "Who has none yet" in saved.text
    (event,) = [e for e in events_about(keyed, keyed.tenant.id) if e.action == "tenant.changed"]
    assert (event.actor.id, event.before, event.after) == (
        keyed.person.id,
        {"SecondFactor": "none"},
        {"SecondFactor": "everybody"},
    )
    told = keyed.get("/portal/activity")
    assert "changed the sign-in rules of this organisation." in told.text
    assert "Everybody" in told.text


def test_the_same_rule_again_changes_nothing(keyed: Worker) -> None:
    assert str(asked(keyed, "none").url).endswith(RULES)
    changed(keyed, "administrators")
    before = len(events_about(keyed, keyed.tenant.id))
    question = keyed.get(f"{CHANGE}?second_factor=everybody")
    keyed.submit(question, CHANGE, second_factor="administrators")
    assert len(events_about(keyed, keyed.tenant.id)) == before


def test_the_question_warns_of_who_has_none(worker: Worker) -> None:
    served = worker.inside.served
    bare, keyed = new_person(served, worker.tenant), new_person(served, worker.tenant)
    off = new_person(served, worker.tenant)
    set_enabled(worker.inside.world, worker.tenant.id, off.id, enabled=False)
    given_app(served, worker.tenant.id, keyed.id)
    everybody, administrators = (
        asked(worker, "everybody").text,
        asked(worker, "administrators").text,
    )
    # the administrator that init made, whoever asks, and one more
    assert "3 of the people that it is demanded of have no second factor yet." in everybody
    assert bare.email in everybody
    assert keyed.email not in everybody
    assert off.email not in everybody
    assert "2 of the people" in administrators
    assert bare.email not in administrators
    for page in (everybody, administrators):
        assert "You have none yourself." in page
    assert "have no second factor" not in asked(worker, "none").text


def test_only_the_first_are_named(worker: Worker) -> None:
    for _ in range(sign_in_rules.MOST_NAMED):
        new_person(worker.inside.served, worker.tenant)
    page = asked(worker, "everybody").text
    assert "12 of the people" in page
    assert "and 2 more" in page


def test_whoever_has_one_is_not_warned(keyed: Worker) -> None:
    assert "You have none yourself." not in asked(keyed, "administrators").text


@pytest.mark.requirement("R-27", "R-50")
def test_the_portal_asks_for_it_at_once(place: Office, worker: Worker) -> None:
    """Whoever sets the rule and has none adds one, and stands where they were going."""
    other, member = place.administrator(), place.member()
    saved = worker.visitor._settle(changed(worker, "administrators"))
    assert (demanded(worker), saved.path) == ("administrators", "/identity/enrol")
    _, shown = enrolled(worker.visitor, worker.inside.world, saved)
    go_on = shown.response.text.split('id="go_on" href="', 1)[1].split('"', 1)[0]
    assert "The rule is saved." in worker.get(go_on).text
    assert other.get(RULES).url.path == "/identity/enrol"
    assert other.send(CHANGE, second_factor="none").status_code == 403
    assert demanded(worker) == "administrators"
    assert member.get(USERS).url.path == USERS


@pytest.mark.requirement("R-64")
def test_members_neither_see_nor_change_the_rule(place: Office) -> None:
    member = place.member()
    assert RULES not in member.get(USERS).text
    for path in (RULES, CHANGE):
        assert member.get(path).status_code == 403
    assert member.send(CHANGE, second_factor="everybody").status_code == 403
    assert demanded(member) == "none"


@pytest.mark.parametrize("value", ["", "nobody", "EVERYBODY", "everybody ", "<b>"])
def test_there_are_no_other_rules(worker: Worker, value: str) -> None:
    page = worker.visitor.http.get(CHANGE, params={"second_factor": value})
    assert page.status_code == 400
    refused = worker.submit(asked(worker, "everybody"), CHANGE, second_factor=value)
    assert refused.status_code == 400
    assert demanded(worker) == "none"


@pytest.mark.requirement("R-54")
def test_the_form_must_be_ours(worker: Worker) -> None:
    assert worker.send(CHANGE, second_factor="everybody", proof="x").status_code == 403
    assert demanded(worker) == "none"


def test_a_persons_factors_are_shown_to_administrators(place: Office, worker: Worker) -> None:
    person = new_person(worker.inside.served, worker.tenant)
    page = worker.get(f"{USERS}?user={person.id}")
    assert "<h3>Second factors</h3>" in page.text
    assert "remove_factors" not in page.text
    given_app(worker.inside.served, worker.tenant.id, person.id)
    page = worker.get(f"{USERS}?user={person.id}")
    assert "remove_factors" in page.text
    assert "<dd>Yes</dd>" in page.text
    assert "<dd>2</dd>" in page.text
    own = worker.get(f"{USERS}?user={worker.person.id}")
    assert "Add or remove yours on your account page" in own.text
    assert "Second factors" not in place.member().get(f"{USERS}?user={person.id}").text


@pytest.mark.requirement("R-52", "R-76")
def test_an_administrator_removes_what_somebody_lost(worker: Worker) -> None:
    served = worker.inside.served
    person = new_person(served, worker.tenant)
    given_app(served, worker.tenant.id, person.id)
    path = f"{USERS}/{person.id}/remove-factors"
    question = worker.get(path)
    assert "Remove all second factors of Kim Lee?" in question.text
    assert "The authenticator app" in question.text
    assert "Recovery codes: 2" in question.text
    answer = worker.submit(question, path)
    assert answer.headers["location"] == f"{USERS}?user={person.id}&done=factors-removed"
    assert "The second factors are removed" in worker.get(answer.headers["location"]).text
    found = sign_in_rules.factors_of(worker.inside.world, worker.tenant.id, person.id)
    assert not found.is_any
    (event,) = [e for e in events_about(worker, person.id) if e.action == "factors.removed"]
    assert (event.actor.id, event.before) == (
        worker.person.id,
        {"Authenticator": True, "Passkeys": 0},
    )
    assert "removed all second factors of" in worker.get("/portal/activity").text


def test_the_person_is_told_by_mail() -> None:
    with post_office() as mail:
        server = MailServer("127.0.0.1", mail.port, is_tls=False)
        worker = office(smtp_url=server, mail_from="id@example.com").administrator()
        person = new_person(worker.inside.served, worker.tenant)
        given_app(worker.inside.served, worker.tenant.id, person.id)
        path = f"{USERS}/{person.id}/remove-factors"
        worker.submit(worker.get(path), path)
        (handed,) = mail.handed
    assert handed.to == person.email
    assert "An administrator removed the authenticator app" in handed.text


def test_nobody_removes_their_own_here(worker: Worker) -> None:
    path = f"{USERS}/{worker.person.id}/remove-factors"
    refused = worker.submit(worker.get(path), path)
    assert refused.status_code == 400
    assert "on your account page" in refused.text


@pytest.mark.requirement("R-64")
def test_members_remove_nobodys_factors(place: Office, worker: Worker) -> None:
    person = new_person(worker.inside.served, worker.tenant)
    given_app(worker.inside.served, worker.tenant.id, person.id)
    path = f"{USERS}/{person.id}/remove-factors"
    member = place.member()
    assert member.get(path).status_code == 403
    assert member.send(path).status_code == 403
    other = place.administrator(worker.inside.served.second)
    assert other.get(path).status_code == 404
    assert sign_in_rules.factors_of(worker.inside.world, worker.tenant.id, person.id).is_any


def test_an_administrator_is_asked_for_it_on_the_way_to_the_portal(place: Office) -> None:
    worker = place.administrator()
    changed(worker, "administrators")
    other = new_person(worker.inside.served, worker.tenant)
    make_administrator(worker.inside, worker.tenant, other)
    visitor = worker.inside.visitor()
    page = visitor.submit(visitor.get("/portal/"), "choose", alias="First")
    page = visitor.sign_in(page, other)
    assert page.path == "/identity/enrol"
    _, shown = enrolled(visitor, worker.inside.world, page)
    go_on = shown.response.text.split('id="go_on" href="', 1)[1].split('"', 1)[0]
    assert visitor.get(go_on).path == "/portal/security/clients"
