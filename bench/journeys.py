"""People who sign in, as a load: some browsers at once, each through page after page.

The slow hash of passwords takes nearly all of the time, so a driver in Python is fast enough.
"""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from statistics import quantiles
from urllib.parse import urlencode

from bench import credentials, names
from bench.browser import Browser
from bench.credentials import Presented
from bench.load import Shot
from bench.names import CALLBACK, VERIFIER
from bench.served import NotServedError
from bench.stores import PASSWORD
from bench.workloads import Ground, Shoot
from gatepost.crypto.passwords import Argon2Passwords
from gatepost.protocol import discovery as addresses
from gatepost.protocol.pkce import challenge_of
from gatepost.system import SystemDice
from gatepost.web.interaction.visits import ACCOUNT

CORES = 2
_BROWSERS = 4
Journey = Callable[[Browser, int], None]


def password_sign_in(ground: Ground) -> Shoot:
    """To one's account page: the sign-in page, address and password, the account."""

    def travel(browser: Browser, number: int) -> None:
        browser.sign_in(ACCOUNT, names.email(number), PASSWORD)
        if names.email(number) not in browser.page:
            raise NotServedError(f"this is not the account of {number}: {browser.page[:300]}")

    return _travelled(ground, travel)


def hybrid_sign_in(ground: Ground) -> Shoot:
    """To an application: sign-in, consent, code and id token, and the tokens for the code."""
    client_id = names.application(0)
    asked = {
        "client_id": client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code id_token",
        "response_mode": "fragment",
        "scope": "openid profile email ocsapi offline_access",
        "state": "only-for-measuring",
        "nonce": "only-for-measuring",
        "prompt": "consent",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
    }
    authorize = f"{addresses.ISSUER_PATH}{addresses.AUTHORIZE_PATH}?{urlencode(asked)}"

    def travel(browser: Browser, number: int) -> None:
        browser.sign_in(authorize, names.email(number), PASSWORD)
        browser.submit("allow")
        code = Presented(client_id, names.secret(client_id), browser.arrived.get("code", ""))
        browser.redeem(credentials.code_form(code))

    return _travelled(ground, travel)


def bare_hashes(seconds: float) -> Shot:
    """Passwords compared with their hash, and nothing around it, on all cores."""
    passwords = Argon2Passwords(SystemDice(), CORES)
    phc = passwords.hash(PASSWORD)

    def compare(_number: int) -> None:
        passwords.verify(phc, PASSWORD)

    return timed([compare] * CORES, itertools.count(), seconds)


def timed(doers: list[Callable[[int], None]], numbers: Iterator[int], seconds: float) -> Shot:
    """Each of them over and over in a thread of its own until the time is over."""
    taken: list[float] = []
    faults: list[str] = []
    ends = time.perf_counter() + seconds

    def go_on(do: Callable[[int], None]) -> None:
        while (began := time.perf_counter()) < ends:
            try:
                do(next(numbers))
            except (NotServedError, AssertionError, OSError) as fault:
                faults.append(str(fault))
            else:
                taken.append(time.perf_counter() - began)

    began = time.perf_counter()
    threads = [threading.Thread(target=go_on, args=(do,)) for do in doers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(taken) < 2:
        raise NotServedError(f"next to nothing was done: {faults[:1]}")
    rate = len(taken) / (time.perf_counter() - began)
    cuts = quantiles(taken, n=100)
    return Shot(len(taken), rate, cuts[49] * 1000, cuts[98] * 1000, len(faults))


def _travelled(ground: Ground, travel: Journey) -> Shoot:
    """The journey in some browsers at once, by another person each time."""
    people = itertools.cycle(range(ground.filled.shape.users))

    def shoot(seconds: float) -> Shot:
        browsers = [Browser(ground.running.port) for _ in range(_BROWSERS)]
        try:
            return timed([_anew(browser, travel) for browser in browsers], people, seconds)
        finally:
            for browser in browsers:
                browser.close()

    return shoot


def _anew(browser: Browser, travel: Journey) -> Callable[[int], None]:
    def do(number: int) -> None:
        browser.forget()
        travel(browser, number)

    return do
