"""The certified server, and the parties of each plan."""

from datetime import timedelta

import pytest

from gatepost.services import key_schedule
from tests.flows import Application, new_application, new_person
from tests.web.conformance.party import Party, Plan
from tests.web.indoors import HTTPS, Indoors, indoors


@pytest.fixture(scope="session")
def certified() -> Indoors:
    """The server, over https, with the algorithm that it signs with unless told otherwise."""
    made = indoors(HTTPS)
    key_schedule.settle(made.world, "RS256", timedelta(days=1))
    return made


@pytest.fixture(scope="session")
def parties() -> dict[Plan, Party]:
    """The parties that were made already."""
    return {}


@pytest.fixture
def party(request: pytest.FixtureRequest, certified: Indoors, parties: dict[Plan, Party]) -> Party:
    """The party of a plan; which plans, each test says."""
    plan: Plan = request.param
    if plan not in parties:
        first, second = (_client(certified) for _ in range(2))
        person = new_person(certified.served, certified.served.first)
        parties[plan] = Party(certified, plan, first, second, person)
    return parties[plan]


def _client(certified: Indoors) -> Application:
    return new_application(
        certified.served,
        certified.served.first,
        AllowAccessTokensViaBrowser=True,
        AllowOfflineAccess=True,
    )
