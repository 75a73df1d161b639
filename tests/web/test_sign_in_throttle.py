"""Guessing at passwords is bounded, for each account and address, and nobody is locked out."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.authenticator import Authenticator
from tests.flows import Landing, Person, Visitor, form_of, new_application, new_person
from tests.served import Served, serve, sqlite_settings
from tests.web.indoors import Indoors, counted_hashes, indoors

AT_ONCE = 20
AT_ONCE_FROM_ANYWHERE = 60
AT_ONCE_FROM_AN_ADDRESS = 200
FORGETS_ONE_IN = 30
WRONG = "not the password"


class Guesser:
    """Somebody at a sign-in page who types what they like."""

    def __init__(self, house: Indoors, address: str = "192.0.2.1") -> None:
        self.visitor = house.visitor(address)
        client = new_application(house.served, house.served.first)
        self.page = self.visitor.authorize(client)

    def guess(self, email: str, password: str = WRONG) -> httpx.Response:
        """One attempt."""
        return self.visitor.submit(self.page, email=email, password=password).response

    def statuses(self, emails: list[str]) -> Counter[int]:
        """What comes of an attempt at each."""
        return Counter(self.guess(email).status_code for email in emails)


@pytest.fixture
def house() -> Indoors:
    """A product whose clock stands."""
    return indoors()


@pytest.fixture
def person(house: Indoors) -> Person:
    """Somebody whose password is guessed at."""
    return new_person(house.served, house.served.first)


@pytest.fixture
def hashed(house: Indoors, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was compared with a hash: the slow part."""
    return counted_hashes(house.served, monkeypatch)


@pytest.mark.requirement("R-49")
def test_after_twenty_guesses_even_the_right_one_must_wait(
    house: Indoors, person: Person, hashed: list[str]
) -> None:
    guesser = Guesser(house)
    assert guesser.statuses([person.email] * AT_ONCE) == {401: AT_ONCE}
    assert len(hashed) == AT_ONCE
    answer = guesser.guess(person.email, person.password)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == str(FORGETS_ONE_IN + 1)
    assert f"Please wait {FORGETS_ONE_IN + 1} seconds" in answer.text
    assert len(hashed) == AT_ONCE
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.requirement("R-49")
def test_unknown_people_are_counted_alike(house: Indoors, hashed: list[str]) -> None:
    guesser = Guesser(house)
    nobody = ["nobody@example.com"] * (AT_ONCE + 1)
    assert guesser.statuses(nobody) == {401: AT_ONCE, 429: 1}
    assert len(hashed) == AT_ONCE


@pytest.mark.requirement("R-49")
def test_ways_to_write_an_address_are_one_account(house: Indoors, person: Person) -> None:
    """The directory finds the person by each of these."""
    guesser = Guesser(house)
    ways = [
        person.email.upper(),
        "\uff4b" + person.email[1:],
        person.email.replace("@", "\u200d@"),
        f"  {person.email} ",
    ]
    assert person.email.startswith("k")
    for way in ways:
        visitor = house.visitor()
        page = visitor.authorize(new_application(house.served, house.served.first))
        there = visitor.submit(page, email=way, password=person.password)
        assert there.path == "/identity/consent", way
    assert guesser.statuses(ways * 5) == {401: AT_ONCE}
    assert guesser.guess(person.email).status_code == 429


@pytest.mark.requirement("R-49")
def test_the_account_stays_open_from_other_addresses(house: Indoors, person: Person) -> None:
    """Else whoever knows an address could lock its person out."""
    Guesser(house).statuses([person.email] * (AT_ONCE + 5))
    elsewhere = Guesser(house, "198.51.100.7")
    assert elsewhere.guess(person.email, person.password).status_code == 200
    there = Guesser(house)
    other = new_person(house.served, house.served.first)
    assert there.guess(other.email, other.password).status_code == 200


@pytest.mark.requirement("R-49")
def test_an_account_is_bounded_from_all_addresses_together(
    house: Indoors, person: Person, hashed: list[str]
) -> None:
    guessers = [Guesser(house, f"198.51.100.{number}") for number in range(4)]
    found = sum((g.statuses([person.email] * AT_ONCE) for g in guessers), Counter[int]())
    assert found == {401: AT_ONCE_FROM_ANYWHERE, 429: 20}
    assert len(hashed) == AT_ONCE_FROM_ANYWHERE


@pytest.mark.requirement("R-49")
def test_an_address_is_bounded_over_all_accounts(house: Indoors, hashed: list[str]) -> None:
    guesser = Guesser(house)
    people = [f"person.{number}@example.com" for number in range(AT_ONCE_FROM_AN_ADDRESS + 3)]
    assert guesser.statuses(people) == {401: AT_ONCE_FROM_AN_ADDRESS, 429: 3}
    assert len(hashed) == AT_ONCE_FROM_AN_ADDRESS


@pytest.mark.requirement("R-49")
def test_answers_of_passkeys_are_counted_for_their_address(house: Indoors) -> None:
    guesser = Guesser(house)
    action, fields = form_of(guesser.page.response.text, "passkey")
    assertion = Authenticator().assertion("0" * 43)
    found: Counter[int] = Counter()
    for _ in range(AT_ONCE_FROM_AN_ADDRESS + 1):
        answer = guesser.visitor.http.post(action, data=fields | {"assertion": assertion})
        found[answer.status_code] += 1
    assert found == {401: AT_ONCE_FROM_AN_ADDRESS, 429: 1}


@pytest.mark.requirement("R-49")
def test_another_tenant_has_counters_of_its_own(house: Indoors, person: Person) -> None:
    Guesser(house).statuses([person.email] * (AT_ONCE + 1))
    namesake = new_person(house.served, house.served.second, ContactEmail=person.email)
    visitor = house.visitor()
    page = visitor.authorize(new_application(house.served, house.served.second))
    assert visitor.sign_in(page, namesake).path == "/identity/consent"


@pytest.mark.requirement("R-49")
def test_it_is_forgotten_by_itself(house: Indoors, person: Person) -> None:
    guesser = Guesser(house)
    guesser.statuses([person.email] * (AT_ONCE + 30))
    house.forward(seconds=FORGETS_ONE_IN - 1)
    assert guesser.guess(person.email).status_code == 429
    house.forward(seconds=1)
    assert guesser.statuses([person.email] * 2) == {401: 1, 429: 1}
    house.forward(seconds=AT_ONCE * FORGETS_ONE_IN)
    assert guesser.statuses([person.email] * (AT_ONCE + 1)) == {401: AT_ONCE, 429: 1}


@pytest.mark.requirement("R-49")
def test_a_success_is_no_guess(house: Indoors, person: Person) -> None:
    """Hundreds who sign in from one address, and one who signs in often, are not slowed down."""
    guesser = Guesser(house)
    guesser.statuses([person.email] * (AT_ONCE - 1))
    for _ in range(AT_ONCE_FROM_AN_ADDRESS + 10):
        assert guesser.guess(person.email, person.password).status_code == 200
    assert guesser.statuses([person.email] * 2) == {401: 1, 429: 1}


@pytest.mark.requirement("R-49")
def test_parallel_guesses_are_counted_before_any_is_hashed(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = served.new_tenant()
    person = new_person(served, tenant)
    visitor = Visitor(served)
    page = visitor.authorize(new_application(served, tenant))
    hashed = counted_hashes(served, monkeypatch)

    def guess(_number: int) -> int:
        landing = visitor.submit(page, email=person.email, password=WRONG)
        return landing.response.status_code

    with ThreadPoolExecutor(12) as threads:
        found = Counter(threads.map(guess, range(40)))
    # One is forgotten each half minute, which a slow machine may take for all this.
    assert AT_ONCE <= found[401] == len(hashed) <= AT_ONCE + 1
    assert found[429] == 40 - found[401]


@pytest.mark.requirement("R-49")
def test_a_new_server_process_remembers(tmp_path: Path) -> None:
    settings = sqlite_settings(tmp_path)
    with serve(settings) as before:
        tenant = before.first
        person, client = new_person(before, tenant), new_application(before, tenant)
        visitor = Visitor(before)
        page = visitor.authorize(client)
        first = [visitor.submit(page, email=person.email, password=WRONG) for _ in range(AT_ONCE)]
        assert _statuses(first) == {401}
    with serve(settings) as after:
        visitor = Visitor(after)
        landing = visitor.sign_in(visitor.authorize(client), person)
        assert landing.response.status_code == 429
        assert int(landing.response.headers["retry-after"]) <= FORGETS_ONE_IN + 1


def _statuses(landings: list[Landing]) -> set[int]:
    return {landing.response.status_code for landing in landings}
