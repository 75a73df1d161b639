"""The flows of the operator's commands, which end with an answer as a request does."""

from collections.abc import Callable
from functools import partial
from threading import Thread

import httpx

from faults.flows import Flow, Ground, Ready
from faults.pages import is_replaced, somebody
from gatepost.model.errors import StoreUnavailable
from gatepost.services import key_schedule, users
from gatepost.services.tenants import operator_act
from tests.flows import Person

_RULES = key_schedule.rules_of("ES256", announce=14, active=90, retain=14)
_NEW = "a password by the operator"


def flows() -> tuple[Flow, ...]:
    """All of them."""
    return (
        Flow("rotate keys", _kids, _rotate, _key_is_added),
        Flow("revoke a key", _announced, _revoke, _key_is_gone),
        Flow("set password", somebody, _set_password, _new_one_counts),
    )


def _operated(deed: Callable[[], object]) -> httpx.Response:
    """Done in a thread, whose calls are counted as those of a request are."""
    answers: list[httpx.Response] = []

    def answer() -> None:
        try:
            answers.append(httpx.Response(200, text=str(deed())))
        except StoreUnavailable as refused:
            answers.append(httpx.Response(503, text=str(refused)))
        except Exception as fault:  # noqa: BLE001  (what a command fails with is looked at)
            answers.append(httpx.Response(500, text=repr(fault)))

    thread = Thread(target=answer, name="operator")
    thread.start()
    thread.join()
    return answers[0]


def _kids(ground: Ground) -> Ready:
    with ground.served.house.world.store.reading_all() as deployment:
        return frozenset(key.kid for key in deployment.signing_keys())


def _rotate(ground: Ground, _ready: Ready) -> httpx.Response:
    return _operated(lambda: key_schedule.rotate(ground.served.house.world, _RULES).kid)


def _key_is_added(ground: Ground, ready: Ready, answer: httpx.Response) -> bool:
    return answer.text in _kids(ground) - ready


def _announced(ground: Ground) -> Ready:
    return key_schedule.rotate(ground.served.house.world, _RULES).kid


def _revoke(ground: Ground, ready: Ready) -> httpx.Response:
    world = ground.served.house.world
    return _operated(lambda: key_schedule.revoke(world, _RULES.algorithm, ready))


def _key_is_gone(ground: Ground, ready: Ready, _answer: httpx.Response) -> bool:
    return ready not in _kids(ground)


def _set_password(ground: Ground, ready: Ready) -> httpx.Response:
    world, act = ground.served.house.world, operator_act(ground.served.first.id, "faults")
    return _operated(partial(users.set_password, world, act, ready.id, _NEW, one_time=False))


def _new_one_counts(ground: Ground, ready: Person, _answer: httpx.Response) -> bool:
    return is_replaced(ground, ready, _NEW)
