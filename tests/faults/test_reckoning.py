"""Losses made by hand, behind the back of the server: each of them is named."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

import pytest
from sqlalchemy import text

from faults.desk import Desk
from faults.journal import Entry, Rotated, SecretRemoved, SignedIn
from faults.lobby import Lobby
from faults.nodes import serving
from faults.reckoning import Reckoning, reckoned
from faults.soundness import attest, unsound
from faults.stand import Stand, stand
from faults.standing import Standing, standing
from faults.wire import Told
from gatepost.storage.engine import transaction

MIX = {"add client": 1}


class Robbed(NamedTuple):
    """What was acknowledged, what was said of the store before, and what is found afterwards."""

    wanted: Standing
    sound_before: str
    found: Reckoning
    sound_after: str


class Victims(NamedTuple):
    """The clients that lose something."""

    itself: str
    secrets: str
    roles: str
    by_half: str
    revived: str


@pytest.fixture(scope="module")
def robbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Robbed]:
    with stand(tmp_path_factory.mktemp("robbed"), "sqlite", 1) as made:
        entries = _busy(made)
        attest(made.place)
        before = unsound(made)
        wanted = standing(entries)
        victims = _victims(wanted)
        with made.open() as house:
            for change in _losses(victims, wanted):
                with transaction(house.database.engine, writing=True) as connection:
                    assert connection.execute(text(change)).rowcount > 0, change
        secret = next(each for each, owner in wanted.secrets.items() if owner == victims.revived)
        entries.append(SecretRemoved("op", victims.revived, 0, secret))
        with serving(made.place) as node:
            found = reckoned(made, node.port, entries)
        yield Robbed(wanted, before, found, unsound(made))


def test_there_was_something_of_every_kind(robbed: Robbed) -> None:
    wanted = robbed.wanted
    assert all((wanted.names, wanted.secrets, wanted.dead_secrets, wanted.roles, wanted.codes))
    assert all((wanted.tokens, wanted.rotated, wanted.sign_ins, wanted.operations))
    assert robbed.found.acknowledged > 40


def test_a_store_that_lost_nothing_is_sound(robbed: Robbed) -> None:
    assert robbed.sound_before == ""


@pytest.mark.requirement("L-01", "L-02", "L-03")
@pytest.mark.parametrize(
    "named",
    [
        *("client {itself}: 404", "secret of {secrets}: 401", "roles of {roles}: 200"),
        *("half: client {by_half} without a secret", "event of ", "use of code "),
        *("sign-in of ", "refresh token "),
    ],
)
def test_a_loss_is_named(named: str, robbed: Robbed) -> None:
    start = named.format(**_victims(robbed.wanted)._asdict())
    assert [each for each in robbed.found.lost if each.startswith(start)] != []


@pytest.mark.requirement("L-01", "L-02", "L-03")
def test_a_refresh_token_with_two_successors_is_named(robbed: Robbed) -> None:
    named = [each for each in robbed.found.doubled if each.endswith("has two successors")]
    assert named != []


def test_a_removed_secret_that_works_is_named(robbed: Robbed) -> None:
    client_id = _victims(robbed.wanted).revived
    assert f"removed secret of {client_id} works" in robbed.found.doubled


def test_a_journal_that_is_not_whole_is_unsound(robbed: Robbed) -> None:
    assert "FAIL" in robbed.sound_after


def _victims(wanted: Standing) -> Victims:
    """One client for each loss; those with roles and secrets where it needs them."""
    roles = next(each for each, some in wanted.roles.items() if some)
    others = [each for each in wanted.names if each != roles]
    return Victims(others[0], others[1], roles, others[2], others[3])


def _losses(victims: Victims, wanted: Standing) -> Iterator[str]:
    yield f"DELETE FROM clients WHERE id = '{victims.itself}'"
    yield f"UPDATE client_secrets SET digest = x'00' WHERE client_id = '{victims.secrets}'"
    yield f"DELETE FROM client_roles WHERE client_id = '{victims.roles}'"
    yield f"DELETE FROM client_secrets WHERE client_id = '{victims.by_half}'"
    yield f"DELETE FROM events WHERE operation_id = '{min(wanted.operations)}'"
    yield "UPDATE codes SET used_at = NULL"
    yield "DELETE FROM sign_ins WHERE signed_in_at = (SELECT max(signed_in_at) FROM sign_ins)"
    yield "DELETE FROM refresh_tokens WHERE used_at IS NULL"
    yield "UPDATE refresh_tokens SET used_at = NULL, sealed_successor = NULL"


def _busy(made: Stand) -> list[Entry]:
    """All kinds of writes at a server that is stopped in the end."""
    entries: list[Entry] = []
    with serving(made.place) as node:
        orders = made.orders(made.place.folder / "journal", (node.port,), MIX)
        told, twin = Told(node.port, 0, entries.append), Told(node.port, 1, entries.append)
        chance = Random(3)
        desk = Desk(orders, told, chance, entries.append)
        lobby = Lobby(orders, orders.people[0], (told, twin), entries.append, chance)
        for _ in range(5):
            desk.add_client()
        for _ in range(14):
            desk.change_secrets()
            desk.give_roles()
            lobby.redeem()
            lobby.refresh()
        lobby.sign_in()
        lobby.close()
        told.close()
        twin.close()
        node.stop()
    assert {Rotated, SecretRemoved, SignedIn} <= {type(each) for each in entries}
    return entries
