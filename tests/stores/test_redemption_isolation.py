"""No sentence of redemption shows or uses up anything of another tenant (R-63, D-16).

Two tenants have a code, refresh tokens, a family and a sign-in under the same ids and digests, and
a third has nothing. The table has a row for each sentence, or the first test fails.
"""

from collections.abc import Callable
from typing import NamedTuple

import pytest
from msgspec import structs

from gatepost import ports
from gatepost.ports import RedemptionStore, Spending
from tests.stores.examples import NOW, client, found_tenant, guid, recorded, user
from tests.stores.flow_examples import (
    GROUNDS,
    code,
    digest_of,
    digests,
    family,
    refresh_token,
    sign_in,
)
from tests.stores.isolation_rows import MARK, SHARED_USER

pytestmark = pytest.mark.requirement("R-63", "D-16")

ID = guid()
DIGEST, USED, LATER, NEXT = (digest_of(ID, word) for word in ("one", "used", "later", "next"))
SPENDING = Spending(
    digest=DIGEST,
    family_id=ID,
    now=NOW,
    sign_in_id=ID,
    successor=refresh_token(ID, digest=NEXT, generation=4),
    sealed_successor=b"mine",
)


class Row(NamedTuple):
    """A sentence, and what is answered in an empty tenant and in the twin."""

    call: Callable[[RedemptionStore], object]
    empty: object
    twin: object


def _code(redemptions: RedemptionStore) -> object:
    found = redemptions.code(DIGEST)
    return found and (found.code.nonce, found.family.grounds.method)


def _refresh_token(redemptions: RedemptionStore) -> object:
    found = redemptions.refresh_token(USED)
    return found and (found.token.sealed_successor, found.family.grounds.method, found.superseded)


def _family(redemptions: RedemptionStore) -> object:
    found = redemptions.family(ID)
    return found and found.grounds.method


ROWS: dict[str, Row] = {
    "code": Row(_code, None, ("twin", "twin")),
    "refresh_token": Row(_refresh_token, None, (b"twin", "twin", False)),
    "family": Row(_family, None, "twin"),
    "is_revoked": Row(lambda it: it.is_revoked(ID), empty=False, twin=False),
    "spend_code": Row(lambda it: it.spend_code(SPENDING), empty=False, twin=True),
    "spend_refresh_token": Row(lambda it: it.spend_refresh_token(SPENDING), empty=False, twin=True),
}
rows = pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)


class Scene(NamedTuple):
    """A tenant whose later refresh token was used, its twin, and an empty one."""

    first: str
    twin: str
    empty: str


@pytest.fixture
def scene(store: ports.Store) -> Scene:
    """The three."""
    found = Scene(*(found_tenant(store) for _ in Scene._fields))
    _fill(store, found.first, MARK)
    _fill(store, found.twin, "twin")
    return found


def _fill(store: ports.Store, tenant_id: str, mark: str) -> None:
    app = client()
    tokens = [
        refresh_token(ID, digest=DIGEST, generation=1),
        refresh_token(ID, digest=USED, generation=2, used_at=NOW, sealed_successor=mark.encode()),
        refresh_token(ID, digest=LATER, generation=3, used_at=NOW if mark == MARK else None),
    ]
    grounds = structs.replace(GROUNDS, method=mark)
    with recorded(store, tenant_id) as unit:
        assert unit.directory.add_user(user(SHARED_USER))
        assert unit.clients.add(app)
        unit.sign_ins.add(sign_in(SHARED_USER, id=ID), digests())
        given = family(app.settings.id, SHARED_USER, id=ID, sign_in_id=ID, grounds=grounds)
        unit.grants.add_family(given)
        unit.grants.add_code(code(ID, digest=DIGEST, nonce=mark))
        for token in tokens:
            unit.grants.add_refresh_token(token)
        if mark == MARK:
            unit.grants.revoke_token(ID, NOW)


def seen(store: ports.Store, tenant_id: str) -> list[object]:
    """Everything that is found in a tenant."""
    redemptions = store.redemptions(tenant_id)
    tokens = [redemptions.refresh_token(digest) for digest in (DIGEST, USED, LATER, NEXT)]
    return [redemptions.code(DIGEST), redemptions.family(ID), *tokens]


def test_every_sentence_has_a_row() -> None:
    assert {name for name in dir(RedemptionStore) if not name.startswith("_")} == set(ROWS)


@rows
def test_an_empty_tenant_sees_and_spends_nothing(
    store: ports.Store, scene: Scene, row: Row
) -> None:
    others = seen(store, scene.first), seen(store, scene.twin)
    assert row.call(store.redemptions(scene.empty)) == row.empty
    assert (seen(store, scene.first), seen(store, scene.twin)) == others
    assert seen(store, scene.empty) == [None] * 6


@rows
def test_a_twin_sees_and_spends_its_own(store: ports.Store, scene: Scene, row: Row) -> None:
    others = seen(store, scene.first), seen(store, scene.empty)
    assert row.call(store.redemptions(scene.twin)) == row.twin
    assert (seen(store, scene.first), seen(store, scene.empty)) == others
    assert MARK not in repr(seen(store, scene.twin))


@rows
def test_what_the_twin_ends_stays_good_in_the_first(
    store: ports.Store, scene: Scene, row: Row
) -> None:
    before = seen(store, scene.first)
    with recorded(store, scene.twin) as unit:
        assert unit.sign_ins.end(ID)
        assert unit.grants.revoke_family(ID, NOW, "replay")
    ended = row.call(store.redemptions(scene.twin))
    assert ended == (row.twin if row.twin is not True else False)
    assert seen(store, scene.first) == before
    assert row.call(store.redemptions(scene.first))


def test_a_sign_in_of_another_tenant_is_none(store: ports.Store, scene: Scene) -> None:
    with recorded(store, scene.twin) as unit:
        assert unit.sign_ins.end(ID)
    assert not store.redemptions(scene.twin).spend_code(SPENDING)
    assert store.redemptions(scene.first).spend_code(SPENDING)


def test_a_family_revoked_in_another_tenant_is_not(store: ports.Store, scene: Scene) -> None:
    with recorded(store, scene.first) as unit:
        assert unit.grants.revoke_family(ID, NOW, "replay")
    assert not store.redemptions(scene.first).spend_refresh_token(SPENDING)
    assert store.redemptions(scene.twin).spend_refresh_token(SPENDING)
