"""What one caller does as a person and as the application behind the browser: codes and tokens."""

import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from random import Random
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from bench.browser import Browser
from bench.credentials import Presented, code_form, refresh_form
from bench.served import Answer, NotServedError
from faults.desk import FORM, TOKEN
from faults.journal import CodeRedeemed, Deed, Gone, Rotated, SignedIn, Twice, Unsure
from faults.orders import Orders, Person, authorize_path
from faults.wire import GOOD, Told, Unanswered
from gatepost.model.grants import REFRESH_GRACE
from gatepost.protocol import discovery as addresses
from gatepost.web.interaction.visits import ACCOUNT

_USERINFO = addresses.ISSUER_PATH + addresses.USERINFO_PATH
_MOST_CHAINS = 20
_ONCE_MORE = 0.25
"""So many of the codes and refresh tokens are presented twice."""

_SOON_S = REFRESH_GRACE.total_seconds() * 0.8
"""Who lost an answer and asks again so soon must get it."""


class Chain(NamedTuple):
    """A refresh token that must work, and since when its use is in doubt."""

    token: str
    access_token: str
    began: float
    lost_at: float | None = None


class Lobby:
    """A caller as a person who signs in, and as the application that is signed in to."""

    def __init__(
        self,
        orders: Orders,
        person: Person,
        tolds: tuple[Told, Told],
        note: Callable[[Deed], None],
        chance: Random,
    ) -> None:
        self._orders = orders
        self._person = person
        self._told, self._twin = tolds
        self._note = note
        self._chance = chance
        self._chains: list[Chain] = []
        self._second = ThreadPoolExecutor(1)

    def redeem(self) -> None:
        """Get a code by the sign-in that there is, and the tokens for it."""
        self._told.deed = "redeem code"
        code = self._code()
        if code is None:
            return
        if self._chance.random() < _ONCE_MORE:
            self._redeem_at_once(code)
            return
        answer = self._told.call("POST", TOKEN, self._code_form(code), FORM)
        if answer.status != 200:
            return
        made = answer.json()
        self._note(CodeRedeemed(code, made["refresh_token"]))
        if self._chance.random() < _ONCE_MORE:
            self._redeem_again(code, made["refresh_token"])
        else:
            self._keep(Chain(made["refresh_token"], made["access_token"], time.monotonic()))

    def refresh(self) -> None:
        """Rotate a refresh token; one whose answer was lost is presented again."""
        self._forget_old()
        if not self._chains:
            self.redeem()
            return
        chain = self._chains.pop(self._chance.randrange(len(self._chains)))
        lost_at = time.monotonic() if chain.lost_at is None else chain.lost_at
        good = GOOD if time.monotonic() - lost_at < _SOON_S else (*GOOD, 400)
        self._note(Unsure(chain.token))
        form = refresh_form(Presented(*_pair(self._orders), chain.token))
        try:
            answers = self._posted(form, good, race=self._chance.random() < _ONCE_MORE)
        except Unanswered:
            self._chains.append(chain._replace(lost_at=lost_at))
            raise
        made = {each.json()["refresh_token"]: each for each in answers if each.status == 200}
        for token, answer in made.items():
            self._note(Rotated(chain.token, token))
            self._keep(Chain(token, answer.json()["access_token"], chain.began))
        if len(made) > 1:
            self._note(Twice("refresh token", chain.token))
        if not made and any(answer.status >= 500 for answer in answers):
            self._chains.append(chain._replace(lost_at=lost_at))

    def userinfo(self) -> None:
        """Ask who the person is, by a token that must be good."""
        self._forget_old()
        if not self._chains:
            self.redeem()
            return
        chain = self._chance.choice(self._chains)
        self._told.call("GET", _USERINFO, None, {"Authorization": f"Bearer {chain.access_token}"})

    def sign_in(self) -> None:
        """Sign in with the password, at a browser that was never here."""
        browser = _Visitor(self._told)
        try:
            browser.sign_in(ACCOUNT, self._person.email, self._person.password)
        except (NotServedError, AssertionError):
            return  # what the server answered stands in the journal
        if self._person.email in browser.page:
            self._note(SignedIn(self._person.email, browser.cookie))

    def discover(self) -> None:
        """Read where everything is, and the key set."""
        for path in (addresses.DISCOVERY_PATH, addresses.JWKS_PATH):
            self._told.call("GET", addresses.ISSUER_PATH + path)

    def close(self) -> None:
        """End it."""
        self._second.shutdown()

    def _code_form(self, code: str) -> str:
        return code_form(Presented(*_pair(self._orders), code))

    def _code(self) -> str | None:
        path = authorize_path(self._orders.application.client_id)
        answer = self._told.ask("GET", path, (None, {"Cookie": self._person.cookie}), (302, 303))
        headers = {name.lower(): value for name, value in answer.headers.items()}
        code = dict(parse_qsl(urlsplit(headers.get("location", "")).query)).get("code")
        if code is None and answer.status in GOOD:
            self._note(Gone("sign-in", self._person.cookie))
        return code

    def _redeem_at_once(self, code: str) -> None:
        """Of two that come at once with a code one gets tokens, which end with the other's try."""
        answers = self._posted(self._code_form(code), (*GOOD, 400), race=True)
        good = [answer.json()["refresh_token"] for answer in answers if answer.status == 200]
        for token in good:
            self._note(CodeRedeemed(code, token))
            self._note(Unsure(token))
        if len(good) > 1:
            self._note(Twice("code", code))
        if [answer.status for answer in answers] == [400, 400]:
            self._note(Gone("code", code))

    def _redeem_again(self, code: str, refresh_token: str) -> None:
        """A code that was used must be refused, and what it gave ends with that."""
        self._note(Unsure(refresh_token))
        form = self._code_form(code)
        if self._told.ask("POST", TOKEN, (form, FORM), (400,)).status == 200:
            self._note(Twice("code", code))

    def _posted(self, form: str, good: Collection[int], *, race: bool) -> list[Answer]:
        """The answer, or in a race those of two connections at once that were answered."""
        if not race:
            return [self._told.ask("POST", TOKEN, (form, FORM), good)]
        self._twin.deed = self._told.deed
        other = self._second.submit(self._twin.ask, "POST", TOKEN, (form, FORM), good)
        found: list[Answer] = []
        try:
            found.append(self._told.ask("POST", TOKEN, (form, FORM), good))
        finally:
            with suppress(Unanswered):
                found.append(other.result())
        return found

    def _forget_old(self) -> None:
        oldest = time.monotonic() - self._orders.chain_seconds
        self._chains = [chain for chain in self._chains if chain.began > oldest]

    def _keep(self, chain: Chain) -> None:
        self._chains.append(chain)
        del self._chains[:-_MOST_CHAINS]


class _Visitor(Browser):
    """A browser whose requests are told."""

    def __init__(self, told: Told) -> None:
        super().__init__(0)
        self._caller = told


def _pair(orders: Orders) -> tuple[str, str]:
    return orders.application.client_id, orders.application.secret
