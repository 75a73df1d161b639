"""A sign-in under way is answered as its client is registered at its end, and not as it was."""

from collections.abc import Callable

import pytest

from tests.flows import CALLBACK, Application, Landing, Visitor, new_application, new_person
from tests.served import Served
from tests.web.test_sign_in_errands import errand_of, shows

CHANGED = "This application was changed meanwhile"
OFF = "This application is switched off"
OTHER = "https://app.example.com/elsewhere"
pytestmark = pytest.mark.requirement("R-01")


def change(served: Served, client: Application, **members: object) -> None:
    """Change a client over REST."""
    address = f"{served.api(client.tenant)}/{client.kind}/{client.id}"
    headers = served.admin(client.tenant)
    kept = served.http.get(address, headers=headers).json()
    changed = served.http.put(address, json=kept | members, headers=headers)
    assert changed.status_code == 200, changed.text


CHANGES: list[tuple[dict[str, object], dict[str, str], str]] = [
    ({"RedirectUris": [OTHER]}, {}, CHANGED),
    ({"Enabled": False}, {}, OFF),
    ({"Extensions": {"RequirePkce": True}}, {}, CHANGED),
    (
        {"AllowAccessTokensViaBrowser": False},
        {"response_type": "code token", "response_mode": "form_post"},
        CHANGED,
    ),
    ({"AllowOfflineAccess": False}, {"scope": "openid offline_access"}, CHANGED),
]


@pytest.mark.parametrize(("members", "asked", "heading"), CHANGES)
def test_no_answer_goes_out_after_the_change(
    served: Served, members: dict[str, object], asked: dict[str, str], heading: str
) -> None:
    client = new_application(
        served, served.first, AllowAccessTokensViaBrowser=True, AllowOfflineAccess=True
    )
    person, visitor = new_person(served, served.first), Visitor(served)
    question = visitor.sign_in(visitor.authorize(client, **asked), person)
    assert 'id="allow"' in question.response.text
    change(served, client, **members)
    for answer in (
        visitor.submit(question, "allow"),
        visitor.submit(question, "deny"),
        visitor.get(f"/identity/resume?request={errand_of(question)}"),
        visitor.get(f"/identity/consent?request={errand_of(question)}"),
    ):
        assert shows(answer, heading)


def allow(visitor: Visitor, question: Landing) -> Landing:
    return visitor.submit(question, "allow")


def deny(visitor: Visitor, question: Landing) -> Landing:
    return visitor.submit(question, "deny")


@pytest.mark.parametrize(("way", "member"), [(allow, "code"), (deny, "error")])
def test_a_change_of_something_else_or_one_that_is_taken_back_stops_nobody(
    served: Served, way: Callable[[Visitor, Landing], Landing], member: str
) -> None:
    client, person = new_application(served, served.first), new_person(served, served.first)
    visitor = Visitor(served)
    page = visitor.authorize(client)
    change(served, client, RedirectUris=[OTHER])
    assert shows(visitor.sign_in(page, person), CHANGED)
    change(served, client, RedirectUris=[OTHER, CALLBACK], Name="Boiler house 2")
    question = visitor.sign_in(page, person)
    landing = way(visitor, question)
    assert landing.uri == CALLBACK
    assert landing.answer[member]


def test_who_is_signed_in_already_is_not_sent_to_an_address_that_is_gone(served: Served) -> None:
    client, person = new_application(served, served.first), new_person(served, served.first)
    visitor = Visitor(served)
    assert visitor.through(visitor.authorize(client), person).answer["code"]
    page = visitor.authorize(client, prompt="select_account")
    change(served, client, RedirectUris=[OTHER])
    for path in ("resume", "choose", "signin"):
        assert shows(visitor.get(f"/identity/{path}?request={errand_of(page)}"), CHANGED)
