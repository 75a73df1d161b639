"""The role table, exhaustively and on both stores: who may do what comes from the contract."""

from typing import NamedTuple

import httpx
import pytest

from tests.served import Served
from tests.web.contract.answers import check_error, steady_body, steady_headers
from tests.web.contract.callers import AS_SELF, Cast, Player, cast_of, selves, strip
from tests.web.contract.contract import BY_ID, PROMISES, Promise
from tests.web.contract.estate import Estate, Target, call
from tests.web.contract.tokens import bearer

ABSENT_ID = "00000000-0000-4000-8000-000000000000"
ABSENT_SECRET = "999999999"

each = pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.id)
with_things = pytest.mark.parametrize(
    "promise", [p for p in PROMISES if p.names and p.roles != {"Self"}], ids=lambda p: p.id
)


class Scene(NamedTuple):
    """An operation with what it acts on, and everybody who tries."""

    promise: Promise
    target: Target
    players: tuple[Player, ...]


@pytest.fixture(scope="session")
def cast(estate: Estate) -> Cast:
    """The callers of the first tenant."""
    return cast_of(estate)


def _scene(estate: Estate, cast: Cast, promise: Promise) -> Scene:
    """An administrator comes last, and finds what all the others could not remove."""
    target = estate.target(promise)
    players = (*selves(estate, cast, promise, target), *cast.players)
    return Scene(promise, target, players)


def _expected(promise: Promise, player: Player) -> int:
    if player.standing is None:
        return 401
    return promise.success if player.standing & promise.roles else 403


def _own_target(estate: Estate, scene: Scene, player: Player) -> Target:
    """What the player acts on: something of its own for a removal that will succeed."""
    removes = scene.promise.method == "DELETE" and _expected(scene.promise, player) == 204
    if not removes or player is scene.players[-1]:
        return scene.target
    if "secretId" in scene.promise.names:
        return estate.another_secret(scene.target)
    return estate.target(scene.promise)


def _call(
    estate: Estate, promise: Promise, player: Player, params: dict[str, str], tenant_id: str
) -> httpx.Response:
    path = promise.path.format(tenantId=tenant_id, **params)
    return call(estate.served.http, promise.method, path, player.header, estate.body(promise))


@each
@pytest.mark.requirement("R-64")
def test_the_own_tenant_opens_by_role(promise: Promise, estate: Estate, cast: Cast) -> None:
    scene = _scene(estate, cast, promise)
    got, expected = {}, {}
    for player in scene.players:
        params = _own_target(estate, scene, player).params
        answer = _call(estate, promise, player, params, estate.tenant.id)
        got[player.name] = answer.status_code
        expected[player.name] = _expected(promise, player)
        if answer.status_code in {401, 403}:
            check_error(answer, answer.status_code)
    if promise.roles == {"Self"}:
        assert set(expected.values()) == {200, 401, 403}
    assert got == expected


@each
@pytest.mark.requirement("R-63", "R-64")
def test_other_tenants_are_shut_and_missing_ones_look_the_same(
    promise: Promise, estate: Estate, neighbour: Estate, cast: Cast
) -> None:
    scene = _scene(estate, cast, promise)
    for player in scene.players:
        answers = [
            _call(estate, promise, player, scene.target.params, tenant_id)
            for tenant_id in (neighbour.tenant.id, ABSENT_ID)
        ]
        expected = 401 if player.standing is None else promise.foreign
        assert [(player.name, a.status_code) for a in answers] == [(player.name, expected)] * 2
        check_error(answers[0], expected)
        foreign, missing = answers
        assert steady_body(foreign) == steady_body(missing)
        assert steady_headers(foreign) == steady_headers(missing)


@with_things
@pytest.mark.requirement("R-63")
def test_things_of_other_tenants_look_like_missing_ones(
    promise: Promise, estate: Estate, neighbour: Estate
) -> None:
    administrator = Player("administrator", estate.header, None)
    foreign = neighbour.target(promise).params
    missing = {name: ABSENT_SECRET if name == "secretId" else ABSENT_ID for name in promise.names}
    answers = [
        _call(estate, promise, administrator, params, estate.tenant.id)
        for params in (foreign, missing)
    ]
    for answer in answers:
        check_error(answer, 404)
    texts = [
        _without_ids(answer, params)
        for answer, params in zip(answers, (foreign, missing), strict=True)
    ]
    assert texts[0] == texts[1]
    assert steady_headers(answers[0]) == steady_headers(answers[1])


@each
@pytest.mark.requirement("R-63")
def test_the_neighbour_keeps_everything(
    promise: Promise, estate: Estate, neighbour: Estate, cast: Cast
) -> None:
    """Administrators of one tenant, aiming at what does exist in the other one."""
    target = neighbour.target(promise)
    for player in cast.players[-2:]:
        answer = _call(estate, promise, player, target.params, neighbour.tenant.id)
        assert answer.status_code == promise.foreign
    owner = Player("owner", neighbour.header, None)
    if promise.roles != AS_SELF:
        answer = _call(neighbour, promise, owner, target.params, neighbour.tenant.id)
        assert answer.status_code == promise.success


@pytest.mark.requirement("R-64")
@pytest.mark.parametrize(
    "promise",
    [p for p in PROMISES if p.names[:1] == ("clientId",) and "/HybridClients" not in p.path],
    ids=lambda promise: promise.id,
)
def test_self_needs_no_role(promise: Promise, estate: Estate) -> None:
    """Also for itself a machine without any role may do only what Self may."""
    target = estate.target(promise)
    if target.collection != "ClientCredentialClients":
        client_id, secret = estate.machine()
    else:
        client_id, secret = target.params["clientId"], target.secret
    player = Player("bare", bearer(estate.served.token(client_id, secret)), None)
    strip(estate, client_id)
    answer = _call(estate, promise, player, target.params, estate.tenant.id)
    is_self = "Self" in promise.roles and target.params["clientId"] == client_id
    assert answer.status_code == (promise.success if is_self else 403)


def test_everybody_is_tried(estate: Estate, cast: Cast) -> None:
    """The table is as wide as it says: eleven callers, and those whom a route names."""
    assert len({player.name for player in cast.players}) == len(cast.players) == 11
    named = {
        promise.id: len(_scene(estate, cast, promise).players) - 11
        for promise in (BY_ID["Roles.get_roles"], BY_ID["HybridClients.get_hybridClients"])
    }
    assert named == {"Roles.get_roles": 0, "HybridClients.get_hybridClients": 1}


def test_the_tenants_are_two(served: Served) -> None:
    assert len({served.first.id, served.second.id, ABSENT_ID}) == 3


def _without_ids(answer: httpx.Response, params: dict[str, str]) -> str:
    """The error without its operation id and the ids that were asked for."""
    text = str(steady_body(answer))
    for value in params.values():
        text = text.replace(f"id {value} ", "id … ").replace(value, "…")
    return text
