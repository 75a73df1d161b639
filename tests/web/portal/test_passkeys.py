"""A person's passkeys in the portal: seen, and removed after a question."""

import pytest
from markupsafe import escape

from gatepost.model.events import OPERATOR, Action, Event, Origin
from tests.flows import Person, new_person
from tests.stores.flow_examples import passkey
from tests.web.portal.desk import Office, Worker, office

USERS = "/portal/security/users"
HOSTILE = "<b>Phone</b> {{7*7}}"
pytestmark = pytest.mark.requirement("R-52")


@pytest.fixture
def place() -> Office:
    """A new product."""
    return office()


@pytest.fixture
def worker(place: Office) -> Worker:
    """An administrator at work."""
    return place.administrator()


def with_passkeys(worker: Worker, *names: str) -> Person:
    """Somebody who has these."""
    person = new_person(worker.inside.served, worker.tenant)
    given_passkeys(worker, person.id, *names)
    return person


def given_passkeys(worker: Worker, user_id: str, *names: str) -> None:
    """Give somebody passkeys, behind the scenes."""
    world = worker.inside.world
    now, origin, action = world.clock.now(), Origin("test", ""), Action.PASSKEY_ADDED
    with world.store.writing(worker.tenant.id) as tenancy:
        for name in names:
            kept = passkey(user_id, id=f"{user_id}_{len(name)}", name=name, created_at=now)
            assert tenancy.sign_ins.add_passkey(kept)
        tenancy.journal.append(
            Event(at=now, action=action, actor=OPERATOR, origin=origin, target=user_id)
        )


def left(worker: Worker, person: Person) -> list[str]:
    """The names of those that there are."""
    with worker.inside.world.store.reading(worker.tenant.id) as tenancy:
        return sorted(passkey.name for passkey in tenancy.sign_ins.passkeys_of(person.id))


def path_of(person: Person, what: str = "remove-passkeys") -> str:
    """The address of a question about them."""
    return f"{USERS}/{person.id}/{what}"


def one_of(person: Person, name: str) -> str:
    """The address of the question about one."""
    return f"{path_of(person, 'remove-passkey')}?passkey={person.id}_{len(name)}"


def test_they_are_shown_to_administrators(place: Office, worker: Worker) -> None:
    person = with_passkeys(worker, "Work", HOSTILE)
    page = worker.get(f"{USERS}?user={person.id}")
    assert "<strong>Work</strong>" in page.text
    assert f"<strong>{escape(HOSTILE)}</strong>" in page.text
    assert page.text.count("Not used yet.") == 2
    assert path_of(person) in page.text
    assert "Passkeys" not in place.member().get(f"{USERS}?user={person.id}").text


def test_who_has_none_is_told_nothing_of_them(worker: Worker) -> None:
    person = with_passkeys(worker)
    assert 'id="passkeys"' not in worker.get(f"{USERS}?user={person.id}").text


@pytest.mark.requirement("R-76")
def test_one_is_removed_after_a_question(worker: Worker) -> None:
    person = with_passkeys(worker, "Work", HOSTILE)
    question = worker.get(one_of(person, HOSTILE))
    assert f"Remove the passkey {escape(HOSTILE)} of Kim Lee?" in question.text
    assert left(worker, person) == [HOSTILE, "Work"]
    answer = worker.submit(question, path_of(person, "remove-passkey"))
    assert left(worker, person) == ["Work"]
    assert "The passkey is removed" in worker.get(answer.headers["location"]).text
    told = worker.get(f"/portal/activity?about={person.id}").text
    assert "removed a passkey of" in told
    assert str(escape(HOSTILE)) in told


def test_all_are_removed_after_a_question(worker: Worker) -> None:
    person = with_passkeys(worker, "Work", "Key ring")
    question = worker.get(path_of(person))
    assert "Remove all passkeys of Kim Lee?" in question.text
    assert "Passkeys: 2" in question.text
    answer = worker.submit(question, path_of(person))
    assert left(worker, person) == []
    assert "The passkeys are removed" in worker.get(answer.headers["location"]).text


def test_one_that_went_meanwhile_is_said_to_be_gone(worker: Worker) -> None:
    person = with_passkeys(worker, "Work", "Key ring")
    path = path_of(person, "remove-passkey")
    question = worker.get(one_of(person, "Work"))
    worker.submit(worker.get(path_of(person)), path_of(person))
    answer = worker.submit(question, path)
    assert answer.headers["location"].endswith("done=passkey-gone")
    for address in (one_of(person, "Work"), path, f"{path}?passkey=%00"):
        page = worker.get(address)
        assert page.status_code in (200, 400)
    assert "was removed already" in worker.get(one_of(person, "Work")).text


def test_ending_all_sessions_says_that_passkeys_stay(worker: Worker) -> None:
    person = with_passkeys(worker, "Work")
    question = worker.get(path_of(person, "end-sessions"))
    assert "The passkeys of this person stay and sign in again: 1." in question.text
    assert f'href="{path_of(person)}"' in question.text
    worker.submit(question, path_of(person, "end-sessions"))
    assert left(worker, person) == ["Work"]
    without = worker.get(path_of(with_passkeys(worker), "end-sessions"))
    assert "passkeys" not in without.text


def test_a_new_link_says_that_passkeys_go(worker: Worker) -> None:
    person = with_passkeys(worker, "Work")
    assert "their passkeys are removed" in worker.get(f"{USERS}?user={person.id}").text


def test_people_are_sent_to_their_account_page_for_their_own(worker: Worker) -> None:
    given_passkeys(worker, worker.person.id, "Mine")
    page = worker.get(f"{USERS}?user={worker.person.id}").text
    assert "Remove passkeys on your account page" in page
    assert path_of(worker.person, "remove-passkey") not in page
    for path, address in (
        (path_of(worker.person), path_of(worker.person)),
        (path_of(worker.person, "remove-passkey"), one_of(worker.person, "Mine")),
    ):
        answer = worker.submit(worker.get(address), path)
        assert answer.status_code == 400
        assert "You cannot remove your own passkeys here." in answer.text
    assert left(worker, worker.person) == ["Mine"]


@pytest.mark.requirement("R-63", "R-64")
def test_nobody_else_may(place: Office, worker: Worker) -> None:
    person = with_passkeys(worker, "Work")
    other = place.administrator(worker.inside.served.second)
    member = place.member()
    for path in (path_of(person), path_of(person, "remove-passkey")):
        assert (member.get(path).status_code, member.send(path).status_code) == (403, 403)
        assert other.get(path).status_code == 404
        assert other.send(path).status_code in (403, 404)
        assert worker.send(path, proof="x", passkey=f"{person.id}_4").status_code == 403
    assert left(worker, person) == ["Work"]
