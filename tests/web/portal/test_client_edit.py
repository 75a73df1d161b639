"""Edit, disable, enable and remove a client; two administrators at once; who depends on it."""

import re
from typing import Any

import httpx
import pytest

from gatepost.model.client_kinds import HYBRID
from gatepost.web.portal import client_forms
from gatepost.web.portal.client_edit import Theirs, merge
from gatepost.web.portal.client_forms import Form
from gatepost.web.portal.visits import Fields
from tests.flows import Application, new_application, new_person, signed_in_tokens
from tests.web.portal.desk import CLIENTS, Office, Worker, hidden_fields

REDIRECT = "https://app.example.com/signin-oidc"
SECOND = "https://app.example.com/second"


@pytest.fixture
def client(portal: Office) -> Application:
    return new_application(portal.inside.served, portal.inside.served.first)


def address(client: Application, what: str) -> str:
    return f"{CLIENTS}/{client.id}/{what}"


def stored(worker: Worker, client: Application) -> dict[str, Any]:
    served = worker.inside.served
    url = f"{served.api(worker.tenant)}/{client.kind}/{client.id}"
    found: dict[str, Any] = served.http.get(url, headers=served.admin(worker.tenant)).json()
    return found


def typed(page: httpx.Response) -> dict[str, str]:
    """The texts in the boxes of the page, as a browser would send them."""
    box = r'<input id="([a-z_]+)" name="\1" (?!type="checkbox")[^>]*\bvalue="([^"]*)"'
    return dict(re.findall(box, page.text))


def save(worker: Worker, page: httpx.Response, client: Application, **fields: Any) -> Any:
    sent = typed(page) | fields
    return worker.submit(page, address(client, "edit"), op="save", **sent)


def form(**values: Any) -> Form:
    pairs = {"name": "Boiler", "access_token_lifetime": "60", "redirect_uris": REDIRECT} | values
    several = [(n, v) for n, vs in pairs.items() for v in (vs if isinstance(vs, list) else [vs])]
    return client_forms.read(client_forms.empty(HYBRID), Fields(tuple(several)))


BASE: dict[str, Any] = {entry.name: client_forms_value for entry, client_forms_value in (
    (e, list(e.value) if isinstance(e.value, tuple) else e.value) for e in form().entries
)}  # fmt: skip


@pytest.mark.parametrize(
    ("mine", "theirs", "result", "told"),
    [
        (form(), form(), "Boiler", []),
        (form(name="Mine"), form(), "Mine", []),
        (form(), form(name="Theirs"), "Theirs", [Theirs("name", "Theirs", mine_stays=False)]),
        (form(name="Mine"), form(name="Theirs"), "Mine",
         [Theirs("name", "Theirs", mine_stays=True)]),
        (form(name="Same"), form(name="Same"), "Same", []),
        (form(name="Mine"), form(redirect_uris=SECOND), "Mine",
         [Theirs("redirect_uris", (SECOND,), mine_stays=False)]),
    ],
    ids=["nothing", "mine", "theirs", "both", "the same", "different fields"],
)  # fmt: skip
def test_what_both_changed_is_brought_together(
    mine: Form, theirs: Form, result: str, told: list[Theirs]
) -> None:
    merged, found = merge(mine, theirs, BASE)
    assert merged.entries[0].value == result
    assert found == told


def test_a_change_is_in_force_at_once(administrator: Worker, client: Application) -> None:
    page = administrator.get(address(client, "edit"))
    done = save(administrator, page, client, name="New name", access_token_lifetime="90")
    assert done.status_code == 303
    assert done.headers["location"].endswith("done=saved")
    assert "The client is saved" in administrator.get(done.headers["location"]).text
    found = stored(administrator, client)
    assert (found["Name"], found["AccessTokenLifetime"]) == ("New name", 90)
    assert found["RedirectUris"] == [REDIRECT]


@pytest.mark.requirement("R-67")
def test_saving_what_is_there_changes_nothing(administrator: Worker, client: Application) -> None:
    before = stored(administrator, client)
    assert (
        save(administrator, administrator.get(address(client, "edit")), client).status_code == 303
    )
    assert stored(administrator, client) == before


@pytest.mark.requirement("R-67")
def test_what_the_form_does_not_ask_stays(portal: Office, administrator: Worker) -> None:
    served = portal.inside.served
    client = new_application(
        served, served.first, Tags=["a"], Extensions={"RequirePkce": True}, Enabled=False
    )
    save(administrator, administrator.get(address(client, "edit")), client, name="Other")
    found = stored(administrator, client)
    assert found["Tags"] == ["a"]
    assert found["Extensions"]["RequirePkce"] is True
    assert found["Enabled"] is False


def test_an_emptied_link_is_cleared(portal: Office, administrator: Worker) -> None:
    served = portal.inside.served
    client = new_application(served, served.first, ClientUri="https://app.example.com/about")
    save(administrator, administrator.get(address(client, "edit")), client, client_uri="")
    assert stored(administrator, client)["ClientUri"] is None


def test_problems_of_an_edit_keep_what_was_typed(
    administrator: Worker, client: Application
) -> None:
    page = administrator.get(address(client, "edit"))
    wrong = save(administrator, page, client, name="", access_token_lifetime="7200")
    assert wrong.status_code == 400
    assert 'value="7200"' in wrong.text
    assert 'id="name-problem"' in wrong.text
    assert (
        save(administrator, wrong, client, name="A", access_token_lifetime="60").status_code == 303
    )


def test_two_administrators_lose_nothing(portal: Office, client: Application) -> None:
    one, other = portal.administrator(), portal.administrator()
    seen_by_one = one.get(address(client, "edit"))
    seen_by_other = other.get(address(client, "edit"))
    assert save(other, seen_by_other, client, access_token_lifetime="120").status_code == 303
    conflict = save(one, seen_by_one, client, name="Ours")
    assert conflict.status_code == 409
    assert "changed this client while you did" in conflict.text
    assert "Token Lifetime is now: 120" in conflict.text
    assert stored(one, client)["Name"] == "Boiler house"
    assert save(one, conflict, client).status_code == 303
    found = stored(one, client)
    assert (found["Name"], found["AccessTokenLifetime"]) == ("Ours", 120)


def test_two_administrators_at_the_same_field_are_told(portal: Office, client: Application) -> None:
    one, other = portal.administrator(), portal.administrator()
    seen = one.get(address(client, "edit"))
    save(other, other.get(address(client, "edit")), client, name="Theirs")
    conflict = save(one, seen, client, name="Ours")
    assert conflict.status_code == 409
    assert "they saved Theirs" in conflict.text
    assert typed(conflict)["name"] == "Ours"


@pytest.mark.parametrize("base", ["", "[]", "{", "{}", '{"name": 7}', "null"])
def test_an_odd_base_is_no_harm(portal: Office, client: Application, base: str) -> None:
    one, other = portal.administrator(), portal.administrator()
    seen = one.get(address(client, "edit"))
    save(other, other.get(address(client, "edit")), client, name="Theirs")
    assert save(one, seen, client, name="Ours", base=base).status_code == 409


@pytest.mark.parametrize("version", ["", "x", "0", "-1", "9" * 40, "1٢"])
def test_an_odd_version_saves_nothing(
    administrator: Worker, client: Application, version: str
) -> None:
    page = administrator.get(address(client, "edit"))
    assert save(administrator, page, client, name="Ours", version=version).status_code == 409
    assert stored(administrator, client)["Name"] == "Boiler house"


def test_lists_are_edited_without_scripts(administrator: Worker, client: Application) -> None:
    page = administrator.get(address(client, "edit"))
    where = address(client, "edit")
    boxes = typed(page) | {"draft:redirect_uris": SECOND}
    page = administrator.submit(page, where, op="add:redirect_uris", **boxes)
    assert hidden_fields(page, where)["redirect_uris"] == [REDIRECT, SECOND]
    page = administrator.submit(page, where, op="remove:redirect_uris:0", **typed(page))
    assert save(administrator, page, client).status_code == 303
    assert stored(administrator, client)["RedirectUris"] == [SECOND]


@pytest.mark.requirement("R-27")
def test_a_disabled_client_gets_nothing_until_it_is_enabled(
    administrator: Worker, client: Application
) -> None:
    for what, status in (("disable", 401), ("enable", 400)):
        page = administrator.get(address(client, what))
        assert f"{what.capitalize()} Boiler house?" in page.text
        done = administrator.submit(page, address(client, what))
        assert done.headers["location"].endswith(f"done={what}d")
        answer = administrator.inside.served.http.post(
            "/identity/connect/token",
            data={"grant_type": "refresh_token", "refresh_token": "gpr_x",
                  "client_id": client.id, "client_secret": str(client.secret)},
        )  # fmt: skip
        assert answer.status_code == status


def test_removing_says_what_depends_on_it(portal: Office) -> None:
    served = portal.inside.served
    client = new_application(served, served.first, AllowOfflineAccess=True)
    person = new_person(served, served.first)
    signed_in_tokens(served, client, person, scope="openid ocsapi offline_access")
    worker = portal.administrator()
    page = worker.get(address(client, "remove"))
    assert "Remove Boiler house?" in page.text
    assert "1 person is signed in with it" in page.text
    assert "1 live refresh token" in page.text
    assert "1 secrets" not in page.text
    assert "1 secret" in page.text
    done = worker.submit(page, address(client, "remove"))
    assert done.headers["location"].endswith("done=removed")
    assert "The client is removed" in worker.get(done.headers["location"]).text
    assert worker.get(address(client, "edit")).status_code == 404


def test_opening_the_question_changes_nothing(administrator: Worker, client: Application) -> None:
    for what in ("disable", "remove"):
        administrator.get(address(client, what))
    assert stored(administrator, client)["Enabled"] is True


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("redirect_uris", REDIRECT, None),
        ("redirect_uris", "http://app.example.com/", "uses http"),
        ("redirect_uris", "javascript:alert(1)", "scheme"),
        ("allowed_cors_origins", "https://app.example.com/path", "Write https://app.example.com"),
        ("allowed_cors_origins", "https://app.example.com", None),
        ("post_logout_redirect_uris", "https://a*b.example.com", "wildcard"),
        ("name", "x", None),
        ("nothing", "x", None),
        ("redirect_uris", "", None),
    ],
)
def test_the_live_check_says_what_saving_would_say(
    administrator: Worker, field: str, value: str, problem: str | None
) -> None:
    params = {"field": field, "value": value}
    answer = administrator.visitor.http.get("/portal/check", params=params)
    found = answer.json()["problem"]
    assert answer.headers["content-type"] == "application/json"
    assert (problem in found) if problem else found is None
