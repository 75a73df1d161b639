"""L-08: the clock of the server jumps: two hours ahead, two hours back, ten years ahead."""

import sys
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from bench.browser import Browser
from bench.credentials import Presented, code_form, refresh_form, token_form
from bench.served import Answer, NotServedError
from faults.desk import FORM, TOKEN
from faults.nodes import serving
from faults.orders import authorize_path
from faults.outcome import Outcome, Row, at_most, holds, none_of
from faults.size import Size, Stage
from faults.soundness import journal_fault
from faults.stand import Stand
from faults.wire import Wire
from gatepost.protocol import discovery as addresses

TITLE = "clock jump"
STORES = ("sqlite", "postgresql")
_HOUR, _YEAR = 3_600, 31_557_600
JUMPS = (
    ("as it is", 0),
    ("2 h ahead", 2 * _HOUR),
    ("right again", 0),
    ("2 h behind", -2 * _HOUR),
    ("right after that", 0),
    ("10 years ahead", 10 * _YEAR),
    ("right in the end", 0),
)
"""Where the clock is set, one after the other, in seconds ahead of the real one."""

SETTLE_S: Mapping[Size, float] = {Size.WHOLE: 5.0, Size.QUICK: 2.0, Size.SHORT: 2.0}
GUESSES = 30
LONGEST_WAIT_S = 600
"""So long may somebody be told to wait who has guessed too often."""

STOP_S = 10.0


class Seen(NamedTuple):
    """What was wrong, and the longest wait that was told."""

    wrong: list[str]
    statuses: list[int]
    waits: list[int]


def run(stage: Stage) -> Outcome:
    """Set the clock again and again, and each time do a little of everything."""
    clock, seen = stage.folder.with_name(stage.folder.name + "-clock"), Seen([], [], [])
    with stage.founded(2) as made:
        clock.write_text("0")
        program = (sys.executable, "-m", "faults.clocked", str(clock))
        with serving(made.place, "--workers", "2", program=program) as node:
            for word, seconds in JUMPS:
                clock.write_text(str(seconds))
                time.sleep(SETTLE_S[stage.size])
                _look(made, node.port, word, seen)
            took = node.stop()
        said = journal_fault(made.place)
    return Outcome(
        "L-08",
        stage.store,
        f"the clock {', '.join(word for word, _ in JUMPS)}",
        Row(server_errors=sum(each >= 500 for each in seen.statuses)),
        (
            holds("what is new works at once", said="; ".join(seen.wrong[:6])),
            none_of("answers from 500 on", sum(each >= 500 for each in seen.statuses)),
            none_of("waits below nothing", sum(each < 0 for each in seen.waits)),
            at_most("the longest wait that was told", max(seen.waits), LONGEST_WAIT_S, " s"),
            holds("the journal is sound", said=said),
            at_most("the stop", took, STOP_S, " s"),
        ),
    )


def _look(made: Stand, port: int, word: str, seen: Seen) -> None:
    """A client, an administrator, a person and a guesser, as the clock is now."""
    wire = Wire(port)
    for look in (_machine, _person, _guesser, _ready):
        try:
            look(made, wire, port, seen)
        except (AssertionError, KeyError, NotServedError) as fault:
            seen.wrong.append(f"{look.__name__[1:]}, {word}: {str(fault)[:60]}")
    wire.close()


def _machine(made: Stand, wire: Wire, _port: int, seen: Seen) -> None:
    """A token, and a change by it."""
    form = token_form(made.tenant.client_id, made.tenant.secret)
    token = _told(wire.call("POST", TOKEN, form, FORM), seen)
    headers = {
        "Authorization": f"Bearer {token['access_token']}",
        "Content-Type": "application/json",
    }
    path = f"/api/v1/Tenants/{made.tenant.id}/ClientCredentialClients"
    added = wire.call("POST", path, '{"Name": "At another time"}', headers)
    seen.statuses.append(added.status)
    assert added.status == 201, added.body
    made_now = added.json()
    own = token_form(made_now["Client"]["Id"], made_now["Secret"])
    _told(wire.call("POST", TOKEN, own, FORM), seen)


def _person(made: Stand, wire: Wire, port: int, seen: Seen) -> None:
    """A sign-in, tokens for the code, a refresh, and who it is."""
    person, browser = made.people[0], Browser(port)
    browser.sign_in(authorize_path(made.application.client_id), person.email, person.password)
    browser.close()
    presented = Presented(*made.application_pair, browser.arrived["code"])
    first = _told(wire.call("POST", TOKEN, code_form(presented), FORM), seen)
    again = refresh_form(presented._replace(value=first["refresh_token"]))
    second = _told(wire.call("POST", TOKEN, again, FORM), seen)
    bearer = {"Authorization": f"Bearer {second['access_token']}"}
    known = wire.call("GET", addresses.ISSUER_PATH + addresses.USERINFO_PATH, None, bearer)
    seen.statuses.append(known.status)
    assert known.status == 200, known.body


def _guesser(made: Stand, _wire: Wire, port: int, seen: Seen) -> None:
    """Guesses at one person's password until one is told to wait."""
    for _ in range(GUESSES):
        browser = _Guessing(port)
        path = authorize_path(made.application.client_id)
        try:
            browser.sign_in(path, made.people[1].email, "a guess at it")
        except NotServedError:
            seen.statuses.append(browser.last.status)
        finally:
            browser.close()
        wait = _header(browser.last, "retry-after")
        if wait is not None:
            seen.waits.append(int(wait))
            return
    raise AssertionError("nobody is told to wait")


def _ready(_made: Stand, wire: Wire, _port: int, seen: Seen) -> None:
    """Whether the server is ready, and a key is told."""
    ready = wire.call("GET", "/health/ready")
    keys = wire.call("GET", addresses.ISSUER_PATH + addresses.JWKS_PATH)
    seen.statuses.extend((ready.status, keys.status))
    assert ready.status == 200, ready.body
    assert keys.json()["keys"]


def _told(answer: Answer, seen: Seen) -> dict[str, Any]:
    """A token answer, whose time is ahead."""
    seen.statuses.append(answer.status)
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json()
    assert found["expires_in"] > 0, found["expires_in"]
    return found


class _Guessing(Browser):
    """A browser that remembers its last answer."""

    last: Answer

    def _call(self, method: str, path: str, body: str | None = None) -> Answer:
        self.last = super()._call(method, path, body)
        return self.last


def _header(answer: Answer, name: str) -> str | None:
    return {key.lower(): value for key, value in answer.headers.items()}.get(name)
