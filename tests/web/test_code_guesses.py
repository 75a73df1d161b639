"""Codes of an app: each is good once, and guesses at them are counted, also over servers."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from gatepost.app import Server
from tests.flows import (
    Visitor,
)
from tests.web.indoors import client
from tests.web.second_factors import (
    CODES,
    recovered,
    typed,
)
from tests.web.second_step_scene import (
    Scene,
    with_app,
)


@pytest.fixture
def scene() -> Scene:
    return with_app()


@pytest.mark.requirement("R-49")
def test_a_code_is_good_once(scene: Scene) -> None:
    visitor, other = scene.visitor(), scene.visitor()
    page, again = scene.at_code(visitor), scene.at_code(other)
    code = scene.app.code()
    assert typed(visitor, page, code).path == "/identity/consent"
    refused = typed(other, again, code)
    assert refused.response.status_code == 401
    assert "used already" in refused.response.text
    assert typed(other, again, scene.app.code(-1)).response.status_code == 401
    assert typed(other, again, scene.app.code(1)).path == "/identity/consent"
    assert scene.told().count("sign_in.refused code_used_again") == 2


@pytest.mark.requirement("R-49")
def test_of_parallel_uses_of_a_code_one_signs_in(scene: Scene) -> None:
    visitors = [scene.visitor() for _ in range(6)]
    pages = [scene.at_code(visitor) for visitor in visitors]
    code = scene.app.code()
    with ThreadPoolExecutor(len(visitors)) as pool:
        landed = list(pool.map(lambda at, page: typed(at, page, code).path, visitors, pages))
    assert sorted(landed) == ["/identity/code"] * 5 + ["/identity/consent"]
    assert scene.sign_ins() == 1


@pytest.mark.requirement("R-49")
def test_guesses_at_codes_are_counted_and_nobody_is_locked_out(scene: Scene) -> None:
    visitor = scene.visitor()
    page = scene.at_code(visitor)
    for _ in range(10):
        assert typed(visitor, page, scene.app.wrong()).response.status_code == 401
    refused = typed(visitor, page, scene.app.code())
    assert refused.response.status_code == 429
    assert refused.response.headers["retry-after"] == "601"
    # from elsewhere the person goes on, and by another way here too
    elsewhere = scene.visitor("198.51.100.7")
    assert typed(elsewhere, scene.at_code(elsewhere), scene.app.code()).path == "/identity/consent"
    assert recovered(visitor, page, CODES[0]).path == "/identity/consent"
    later = scene.visitor()
    scene.house.forward(minutes=10)
    assert typed(later, scene.at_code(later), scene.app.code()).path == "/identity/consent"


@pytest.mark.requirement("R-49")
def test_guesses_from_many_addresses_are_counted_for_the_person(scene: Scene) -> None:
    addresses = [f"198.51.100.{number}" for number in range(1, 22)]
    visitors = [scene.visitor(address) for address in addresses]
    pages = [scene.at_code(visitor) for visitor in visitors]
    found = [
        typed(visitor, page, scene.app.wrong()).response.status_code
        for visitor, page in zip(visitors, pages, strict=True)
    ]
    assert found == [401] * 20 + [429]
    scene.house.forward(minutes=10)
    last = scene.visitor()
    assert typed(last, scene.at_code(last), scene.app.code()).path == "/identity/consent"


def other_node(scene: Scene) -> Visitor:
    """A browser at another server of the same store, as after a restart."""
    visitor = scene.visitor()
    server = Server(scene.house.served.house, scene.house.served.url)
    visitor.http = client(server, scene.house.served.url, "192.0.2.1")
    return visitor


@pytest.mark.requirement("R-49")
def test_neither_a_restart_nor_another_server_forgets_a_code_or_a_guess(scene: Scene) -> None:
    here, there = scene.visitor(), other_node(scene)
    code = scene.app.code()
    assert typed(here, scene.at_code(here), code).path == "/identity/consent"
    page = scene.at_code(there)
    assert "used already" in typed(there, page, code).response.text
    for _ in range(9):
        assert typed(there, page, scene.app.wrong()).response.status_code == 401
    again = other_node(scene)
    refused = typed(again, scene.at_code(again), scene.app.code(1))
    assert refused.response.status_code == 429


@pytest.mark.requirement("R-49")
def test_a_right_code_gives_its_attempt_back(scene: Scene) -> None:
    for _ in range(12):
        visitor = scene.visitor()
        landing = typed(visitor, scene.at_code(visitor), scene.app.code())
        assert landing.path in {"/identity/consent", "page"}
        scene.house.forward(seconds=30)
