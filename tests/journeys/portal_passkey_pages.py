"""How to get to the portal's pages of a person's passkeys."""

from playwright.sync_api import expect

from gatepost.model.events import OPERATOR, Action, Event, Origin
from tests.journeys.portal_desk import Worker
from tests.journeys.portal_more_pages import USERS, new_user
from tests.journeys.portal_pages import NAME, Reach
from tests.stores.flow_examples import passkey


def user_with_passkeys(worker: Worker) -> str:
    """Somebody who has two."""
    _open(worker)
    expect(worker.pane.locator("#remove_passkeys")).to_be_visible()
    return "Users"


def user_asked_for_a_passkey(worker: Worker) -> str:
    """The question before one is removed."""
    _open(worker)
    worker.pane.get_by_role("link", name="Remove Work phone").click()
    return f"Remove the passkey Work phone of {NAME} Lee?"


def user_asked_for_all_passkeys(worker: Worker) -> str:
    """The question before all are removed."""
    _open(worker)
    worker.pane.locator("#remove_passkeys").click()
    return f"Remove all passkeys of {NAME} Lee?"


def user_whose_passkeys_stay(worker: Worker) -> str:
    """The question before all sessions end, which passkeys do not."""
    worker.open(f"{USERS}/{_open(worker)}/end-sessions")
    worker.reads("The passkeys of this person stay")
    return f"End all sessions of {NAME} Lee?"


def _open(worker: Worker) -> str:
    user_id = new_user(worker)
    world = worker.served.house.world
    now, origin = world.clock.now(), Origin("test", "")
    with world.store.writing(worker.tenant.id) as tenancy:
        for name in ("Work phone", NAME):
            tenancy.sign_ins.add_passkey(passkey(user_id, name=name, created_at=now))
        tenancy.journal.append(
            Event(
                at=now, action=Action.PASSKEY_ADDED, actor=OPERATOR, origin=origin, target=user_id
            )
        )
    worker.open(f"{USERS}?user={user_id}")
    return user_id


PORTAL_PASSKEY_PAGES: list[Reach] = [
    user_with_passkeys, user_asked_for_a_passkey, user_asked_for_all_passkeys,
    user_whose_passkeys_stay,
]  # fmt: skip
