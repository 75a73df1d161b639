"""Secrets whose value was made before, and changes of what was seen."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from gatepost.model.client_kinds import CLIENT_CREDENTIALS as KIND
from gatepost.model.clients import Secret, SecretDraft
from gatepost.model.errors import Code, NotFound, Refused
from gatepost.ports import PageOf
from gatepost.services import client_secrets, clients
from gatepost.services.client_secrets import SecretChange
from gatepost.services.world import Act
from tests.services.world import START, Bench, add_client, administrator, found, new_world

ENDS = START + timedelta(days=30)


class Case:
    """A client of a new tenant, and a secret that was prepared for it."""

    def __init__(self) -> None:
        self.world: Bench = new_world()
        self.tenant_id = found(self.world).tenant.id
        self.act: Act = administrator(self.world, self.tenant_id)
        self.id = add_client(self.world, self.act).client.settings.id
        value = client_secrets.new_value(self.world)
        self.draft = SecretDraft(expires=True, expiration=ENDS, value=value)
        self.world.set_clock.forward(seconds=1)

    def add(self, draft: SecretDraft | None = None, made_at: datetime = START) -> Secret | None:
        """Send the form."""
        prepared = (draft or self.draft, made_at)
        return client_secrets.add_prepared(self.world, self.act, KIND, self.id, prepared)

    def secrets(self) -> tuple[Secret, ...]:
        """What the client has."""
        return client_secrets.find(self.world, self.tenant_id, KIND, self.id, PageOf(0, 20))[0]

    def remove(self, secret_id: int) -> None:
        """Remove a secret."""
        client_secrets.remove(self.world, self.act, KIND, self.id, secret_id)


@pytest.fixture
def case() -> Case:
    return Case()


def test_what_was_prepared_is_kept_once(case: Case) -> None:
    first, again = case.add(), case.add()
    assert first
    assert first == again
    assert len(case.secrets()) == 2


def test_two_that_send_it_at_once_make_one(case: Case) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: case.add(), range(4)))
    assert made == [case.secrets()[1]] * 4
    assert len(case.secrets()) == 2


@pytest.mark.requirement("R-62")
@pytest.mark.parametrize("ends", [START, START - timedelta(days=1)])
def test_a_past_expiry_is_refused(case: Case, ends: datetime) -> None:
    with pytest.raises(Refused):
        case.add(replace(case.draft, expiration=ends))
    assert len(case.secrets()) == 1


@pytest.mark.requirement("R-61")
def test_a_client_that_is_full_gets_no_more(case: Case) -> None:
    for _ in range(9):
        client_secrets.add(case.world, case.act, KIND, case.id, SecretDraft(expires=False))
    with pytest.raises(Refused) as refused:
        case.add()
    assert refused.value.code is Code.LIMIT_REACHED


def test_what_was_removed_does_not_come_back(case: Case) -> None:
    made = case.add()
    assert made
    case.remove(made.id)
    assert case.add() is None
    assert len(case.secrets()) == 1


@pytest.mark.requirement("R-60")
@pytest.mark.parametrize("changes", [1, 99, 100, 101, 250])
def test_what_was_removed_does_not_come_back_whatever_happened_since(
    case: Case, changes: int
) -> None:
    made = case.add()
    assert made
    case.remove(made.id)
    _change_often(case, changes)
    assert case.add() is None
    assert len(case.secrets()) == 1


@pytest.mark.parametrize("changes", [1, 99, 100, 101, 250])
def test_many_changes_since_do_not_matter(case: Case, changes: int) -> None:
    client_secrets.add(case.world, case.act, KIND, case.id, SecretDraft(expires=False))
    case.remove(2)
    case.world.set_clock.forward(seconds=1)
    made_at = case.world.clock.now()
    _change_often(case, changes)
    assert case.add(made_at=made_at) is not None


def test_a_removal_before_does_not_matter(case: Case) -> None:
    case.remove(1)
    case.world.set_clock.forward(seconds=1)
    assert case.add(made_at=case.world.clock.now()) is not None


def test_a_client_of_the_same_id_is_another(case: Case) -> None:
    clients.remove(case.world, case.act, KIND, case.id)
    add_client(case.world, case.act, id=case.id)
    assert case.add() is None


def test_a_client_that_is_gone_is_not_found(case: Case) -> None:
    clients.remove(case.world, case.act, KIND, case.id)
    with pytest.raises(NotFound):
        case.add()


@pytest.mark.parametrize(
    ("seen", "is_kept"),
    [
        ((None, ENDS), True),
        (("", ENDS), False),
        (("Other", ENDS), False),
        ((None, None), False),
        ((None, ENDS + timedelta(microseconds=1)), False),
    ],
    ids=["as it is", "empty", "other words", "never", "a moment off"],
)
def test_only_what_was_seen_is_changed(
    case: Case, seen: tuple[str | None, datetime | None], is_kept: bool
) -> None:
    made = case.add()
    assert made
    change = SecretChange(made.id, SecretDraft(description="Mine"), seen)
    if is_kept:
        changed = client_secrets.change_seen(case.world, case.act, KIND, case.id, change)
        assert changed.description == "Mine"
    else:
        with pytest.raises(Refused) as refused:
            client_secrets.change_seen(case.world, case.act, KIND, case.id, change)
        assert refused.value.code is Code.CHANGED_MEANWHILE
        assert case.secrets()[1].description is None


def _change_often(case: Case, changes: int) -> None:
    """Describe the client's first secret anew, so that its journal grows."""
    for number in range(changes):
        draft = SecretDraft(description=f"Text {number}")
        client_secrets.change(case.world, case.act, KIND, case.id, (1, draft))
