"""The callers, in a process of their own: `python -m faults.callers ORDERS`.

Each is a thread with a person, a browser, an application and an administrator's client, and does
one deed after another by its own seeded chance. They end when their standard input closes, because
the fault is over or because who started them is gone, and in any case after a set time.
"""

import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

from faults import orders as papers
from faults.desk import Desk
from faults.journal import Pen
from faults.lobby import Lobby
from faults.orders import Orders
from faults.wire import Told, Unanswered

MIX: Mapping[str, int] = {
    "add client": 12,
    "change secrets": 14,
    "give roles": 8,
    "get token": 18,
    "read client": 6,
    "redeem code": 14,
    "refresh": 18,
    "userinfo": 4,
    "discover": 3,
    "sign in": 3,
}
"""How often which deed is done, if nobody says otherwise."""

_AFTER_A_FAULT_S = 0.05
_JITTER = (0.5, 1.5)


def main() -> None:
    """Call until told to stop."""
    orders = papers.read(Path(sys.argv[1]))
    over, pen = threading.Event(), Pen(Path(orders.journal))
    threads = [
        threading.Thread(target=_call, args=(number, orders, pen, over))
        for number in range(len(orders.people))
    ]
    limit = threading.Timer(orders.most_seconds, over.set)
    for thread in (*threads, limit):
        thread.daemon = True
        thread.start()
    print("calling", flush=True)
    threading.Thread(target=_wait_for_the_end, args=(over,), daemon=True).start()
    for thread in threads:
        thread.join()
    pen.close()


def _call(number: int, orders: Orders, pen: Pen, over: threading.Event) -> None:
    """One caller, to the end."""
    chance = Random(f"{orders.seed} {number}")
    port = orders.ports[number % len(orders.ports)]
    told, twin = (Told(port, each, pen.note) for each in (number, -1 - number))
    lobby = Lobby(orders, orders.people[number], (told, twin), pen.note, chance)
    deeds = _deeds(Desk(orders, told, chance, pen.note), lobby)
    names, weights = list(orders.mix), list(orders.mix.values())
    period = len(orders.people) / orders.per_second if orders.per_second else 0.0
    while not over.is_set():
        began = time.monotonic()
        told.deed = chance.choices(names, weights)[0]
        told.turn += 1
        try:
            deeds[told.deed]()
        except Unanswered:
            over.wait(_AFTER_A_FAULT_S)
        over.wait(max(0.0, began + period * chance.uniform(*_JITTER) - time.monotonic()))
    lobby.close()


def _deeds(desk: Desk, lobby: Lobby) -> Mapping[str, Callable[[], None]]:
    return {
        "add client": desk.add_client,
        "change secrets": desk.change_secrets,
        "give roles": desk.give_roles,
        "get token": desk.get_token,
        "read client": desk.read_client,
        "redeem code": lobby.redeem,
        "refresh": lobby.refresh,
        "userinfo": lobby.userinfo,
        "discover": lobby.discover,
        "sign in": lobby.sign_in,
    }


def _wait_for_the_end(over: threading.Event) -> None:
    sys.stdin.buffer.read()
    over.set()


if __name__ == "__main__":
    main()
