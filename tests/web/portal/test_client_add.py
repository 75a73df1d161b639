"""Add Client without a browser: both steps, every problem at its field, one client for one form."""

import re
from typing import Any

import httpx
import pytest

from gatepost.model.client_kinds import BY_NAME, CLIENT_KINDS
from gatepost.services import listing
from tests.web.portal.desk import CLIENTS, Office, Worker, hidden_fields, office

ADD = f"{CLIENTS}/add"
REDIRECT = "https://app.example.com/signin-oidc"


def form_page(worker: Worker, kind: str = "hybrid") -> httpx.Response:
    return worker.get(f"{ADD}?type={kind}")


def next_page(
    worker: Worker, page: httpx.Response, op: str = "next", **typed: Any
) -> httpx.Response:
    return worker.submit(page, ADD, op=op, **typed)


def to_secret(worker: Worker, **typed: Any) -> httpx.Response:
    known = {"name": "Boiler house", "redirect_uris": [REDIRECT], "access_token_lifetime": "3600"}
    return next_page(worker, form_page(worker), **(known | typed))


def save(worker: Worker, page: httpx.Response, **typed: Any) -> httpx.Response:
    known = {"secret_description": "", "secret_expiration": "2031-05-31T12:00"}
    return next_page(worker, page, "save", **(known | typed))


def value_of(page: httpx.Response, id_: str) -> str:
    found = re.search(rf'<input id="{id_}"[^>]*\bvalue="([^"]*)"', page.text)
    assert found is not None, page.text
    return found[1]


def clients_of(worker: Worker, collection: str = "HybridClients") -> list[dict[str, Any]]:
    served = worker.inside.served
    url = f"{served.api(worker.tenant)}/{collection}"
    found = served.http.get(url, headers=served.admin(worker.tenant)).json()
    assert isinstance(found, list)
    return [row for row in found if row["Name"] != "Administration"]


def token_status(worker: Worker, client_id: str, secret: str) -> int:
    form = {"grant_type": "authorization_code", "code": "gpc_none", "redirect_uri": REDIRECT}
    form |= {"client_id": client_id, "client_secret": secret}
    answer = worker.inside.served.http.post("/identity/connect/token", data=form)
    return answer.status_code


def test_a_hybrid_client_is_added_in_two_steps(administrator: Worker) -> None:
    page = to_secret(administrator, allow_offline_access="true", access_token_lifetime="600")
    assert "<h1>Create Secret</h1>" in page.text
    done = save(administrator, page, secret_description="First")
    assert done.status_code == 200
    assert "Client Successfully Created" in done.text
    client_id, secret = value_of(done, "client_id"), value_of(done, "client_secret")
    (client,) = clients_of(administrator)
    assert client["Id"] == client_id
    assert client["AllowOfflineAccess"] is True
    assert client["AccessTokenLifetime"] == 600
    assert client["RedirectUris"] == [REDIRECT]
    assert token_status(administrator, client_id, secret) == 400
    assert token_status(administrator, client_id, secret + "x") == 401


@pytest.mark.parametrize("kind", CLIENT_KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("theme", ["aveva", "ocs"])
def test_every_kind_is_added_to_the_end_in_both_themes(theme: str, kind: Any) -> None:
    worker = office(theme=theme).administrator()
    page = form_page(worker, kind.name.replace("_", "-"))
    typed: dict[str, Any] = {"name": "Boiler house", "access_token_lifetime": "3600"}
    if "redirect_uris" in kind.asked:
        typed["redirect_uris"] = [REDIRECT]
    typed |= {"secret_expiration": "2031-05-31T12:00"}
    page = next_page(worker, page, **typed)
    if kind.has_secret and (theme, kind.name) != ("ocs", "hybrid"):
        heading = {"aveva": "Create Secret", "ocs": "Add Secret"}[theme]
        assert f"<h1>{heading}</h1>" in page.text
        page = save(worker, page)
    assert "Client Successfully Created" in page.text
    assert ('id="client_secret"' in page.text) is kind.has_secret
    (client,) = clients_of(worker, kind.collection)
    assert client["Name"] == "Boiler house"


@pytest.mark.parametrize(
    ("theme", "kind", "button"),
    [
        ("aveva", "client-credentials", "Next"),
        ("aveva", "hybrid", "Next"),
        ("aveva", "authorization-code", "Save"),
        ("aveva", "device-code", "Save"),
        ("ocs", "client-credentials", "Continue"),
        ("ocs", "hybrid", "Add"),
        ("ocs", "authorization-code", "Add"),
        ("ocs", "device-code", "Add"),
    ],
)
def test_the_button_says_what_the_printed_procedure_says(
    theme: str, kind: str, button: str
) -> None:
    page = form_page(office(theme=theme).administrator(), kind)
    found = re.search(r'<button[^>]*id="next"[^>]*>([^<]*)</button>', page.text)
    assert found is not None
    assert found[1] == button


def test_all_problems_stand_at_their_fields_and_nothing_typed_is_lost(
    administrator: Worker,
) -> None:
    page = next_page(
        administrator,
        form_page(administrator),
        name=" ",
        redirect_uris=["http://app.example.com/cb", REDIRECT],
        post_logout_redirect_uris=["https://app.example.com/#x"],
        access_token_lifetime="59",
        client_uri="ftp://x",
        id="not allowed!",
    )
    assert page.status_code == 400
    for name in ("name", "access_token_lifetime", "client_uri", "id"):
        assert f'id="{name}-problem"' in page.text, name
    assert "uses http on a host that is not this machine" in page.text
    assert "has a fragment" in page.text
    typed = hidden_fields(page, ADD)
    assert typed["redirect_uris"] == ["http://app.example.com/cb", REDIRECT]
    assert value_of(page, "access_token_lifetime") == "59"
    assert value_of(page, "client_uri") == "ftp://x"
    assert value_of(page, "id") == "not allowed!"
    assert clients_of(administrator) == []


@pytest.mark.parametrize(
    ("lifetime", "status"),
    [("59", 400), ("60", 200), ("3600", 200), ("3601", 400), ("", 200), ("1e3", 400), ("٦٠", 400),
     ("60.0", 400), ("-60", 400), ("9" * 500, 400)],
)  # fmt: skip
def test_token_lifetime_is_a_number_within_its_bounds(
    administrator: Worker, lifetime: str, status: int
) -> None:
    assert to_secret(administrator, access_token_lifetime=lifetime).status_code == status


def test_an_emptied_lifetime_is_the_default(administrator: Worker) -> None:
    save(administrator, to_secret(administrator, access_token_lifetime=""))
    assert clients_of(administrator)[0]["AccessTokenLifetime"] == 3600


def test_without_a_redirect_url_a_person_is_told(administrator: Worker) -> None:
    page = to_secret(administrator, redirect_uris=[])
    assert page.status_code == 400
    assert 'href="#redirect_uris"' in page.text


def test_plus_adds_and_remove_removes_without_scripts(administrator: Worker) -> None:
    page = form_page(administrator)
    box = {"draft:redirect_uris": REDIRECT, "name": "Boiler house"}
    page = next_page(administrator, page, "add:redirect_uris", **box)
    assert page.status_code == 200
    assert hidden_fields(page, ADD)["redirect_uris"] == REDIRECT
    assert value_of(page, "redirect_uris") == ""
    assert value_of(page, "name") == "Boiler house"
    page = next_page(
        administrator, page, "add:redirect_uris", **{"draft:redirect_uris": "http://x"}
    )
    assert value_of(page, "redirect_uris") == "http://x"
    assert "uses http on a host" in page.text
    page = next_page(administrator, page, "remove:redirect_uris:0")
    assert "redirect_uris" not in hidden_fields(page, ADD)


def test_enter_in_the_box_of_a_list_adds_to_it(administrator: Worker) -> None:
    page = form_page(administrator)
    box = {"draft:redirect_uris": REDIRECT, "name": "Boiler house"}
    page = next_page(administrator, page, "enter", **box)
    assert "<h1>Add Client</h1>" in page.text
    assert hidden_fields(page, ADD)["redirect_uris"] == REDIRECT
    page = next_page(administrator, page, "enter", name="Boiler house")
    assert "<h1>Create Secret</h1>" in page.text


@pytest.mark.parametrize(
    "op",
    ["remove:redirect_uris:9", "remove:redirect_uris:x", "remove:redirect_uris:٣", "remove:name:0",
     "remove:", "add:nothing", "add:"],
)  # fmt: skip
def test_an_odd_button_changes_nothing(administrator: Worker, op: str) -> None:
    page = next_page(administrator, form_page(administrator), op, redirect_uris=[REDIRECT])
    assert page.status_code == 200
    assert hidden_fields(page, ADD)["redirect_uris"] == REDIRECT


def test_what_is_left_in_the_box_counts_as_added(administrator: Worker) -> None:
    typed = {"draft:redirect_uris": REDIRECT, "redirect_uris": []}
    save(administrator, to_secret(administrator, **typed))
    assert clients_of(administrator)[0]["RedirectUris"] == [REDIRECT]


def test_an_address_entered_twice_is_one(administrator: Worker) -> None:
    typed = {"draft:redirect_uris": REDIRECT, "redirect_uris": [REDIRECT, REDIRECT]}
    save(administrator, to_secret(administrator, **typed))
    assert clients_of(administrator)[0]["RedirectUris"] == [REDIRECT]


def test_more_than_ten_addresses_are_refused(administrator: Worker) -> None:
    page = to_secret(administrator, redirect_uris=[f"{REDIRECT}/{n}" for n in range(11)])
    assert page.status_code == 400
    assert "at most 10" in page.text


def test_back_keeps_everything(administrator: Worker) -> None:
    page = to_secret(
        administrator,
        allow_offline_access="true",
        access_token_lifetime="120",
        id="boiler-1",
        client_uri="https://app.example.com/about",
    )
    page = next_page(administrator, page, "back")
    assert "<h1>Add Client</h1>" in page.text
    assert value_of(page, "name") == "Boiler house"
    assert value_of(page, "access_token_lifetime") == "120"
    assert value_of(page, "id") == "boiler-1"
    assert re.search(r'<input id="allow_offline_access"[^>]*\bchecked', page.text)
    assert re.search(r'<details class="fold"[^>]*\bopen', page.text)


def test_a_wrong_expiry_keeps_what_was_typed(administrator: Worker) -> None:
    page = save(administrator, to_secret(administrator), secret_expiration="2001-01-01T00:00",
                secret_description="Spring")  # fmt: skip
    assert page.status_code == 400
    assert value_of(page, "secret_description") == "Spring"
    assert value_of(page, "secret_expiration") == "2001-01-01T00:00"
    assert 'id="secret_expiration-problem"' in page.text
    assert "Client Successfully Created" in save(administrator, page).text


def test_a_double_click_makes_one_client_and_shows_the_same_window(
    administrator: Worker,
) -> None:
    page = to_secret(administrator)
    first, second = save(administrator, page), save(administrator, page)
    assert value_of(first, "client_secret") == value_of(second, "client_secret")
    assert value_of(first, "client_id") == value_of(second, "client_id")
    (client,) = clients_of(administrator)
    with administrator.inside.world.store.reading(administrator.tenant.id) as tenancy:
        assert len(tenancy.clients.secrets(client["Id"])) == 1


def test_the_same_form_a_minute_later_shows_no_secret(administrator: Worker) -> None:
    page = to_secret(administrator)
    secret = value_of(save(administrator, page), "client_secret")
    administrator.inside.forward(seconds=61)
    again = save(administrator, page)
    assert again.status_code == 200
    assert secret not in again.text
    assert "cannot be shown again" in again.text
    assert len(clients_of(administrator)) == 1


def test_a_form_without_secret_sent_twice_makes_one_client(administrator: Worker) -> None:
    page = form_page(administrator, "authorization-code")
    typed: dict[str, Any] = {"name": "Dashboard", "redirect_uris": [REDIRECT]}
    first = next_page(administrator, page, **typed)
    second = next_page(administrator, page, **typed)
    assert value_of(first, "client_id") == value_of(second, "client_id")
    assert len(clients_of(administrator, "AuthorizationCodeClients")) == 1


def test_an_id_that_is_taken_is_told_at_its_field(portal: Office) -> None:
    first, second = portal.administrator(), portal.administrator(portal.inside.served.second)
    save(first, to_secret(first, id="boiler-1"))
    page = save(second, to_secret(second, id="boiler-1"))
    assert page.status_code == 400
    assert 'id="id-problem"' in page.text
    assert "is in use, or was used before" in page.text
    assert clients_of(second) == []


def test_roles_of_a_new_client_have_the_member_role_locked(administrator: Worker) -> None:
    page = form_page(administrator, "client-credentials")
    assert re.search(r'<input id="role_ids-1"[^>]*checked disabled', page.text)
    page = save(administrator, next_page(administrator, page, name="Gateway"))
    (client,) = clients_of(administrator, "ClientCredentialClients")
    assert len(client["RoleIds"]) == 1


@pytest.mark.requirement("R-66")
def test_a_role_of_another_tenant_is_refused(portal: Office) -> None:
    worker = portal.administrator()
    with worker.inside.world.store.reading(worker.inside.served.second.id) as tenancy:
        foreign = tenancy.directory.role_of_type("2dc742ab-39ea-4fc0-a39e-2bcb71c26a5f")
    assert foreign is not None
    page = form_page(worker, "client-credentials")
    page = save(worker, next_page(worker, page, name="Gateway", role_ids=[foreign.id]))
    assert page.status_code == 400
    assert clients_of(worker, "ClientCredentialClients") == []


@pytest.mark.requirement("R-58")
def test_names_are_shown_and_not_run(administrator: Worker) -> None:
    name = "<script>alert(1)</script>{{7*7}}\"'"
    done = save(administrator, to_secret(administrator, name=name))
    assert "<script>alert" not in done.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}" in done.text
    listed = administrator.get(f"{CLIENTS}?type=hybrid&client={value_of(done, 'client_id')}")
    assert "<script>alert" not in listed.text


@pytest.mark.requirement("R-41")
def test_the_window_with_the_secret_is_not_kept_anywhere(administrator: Worker) -> None:
    done = save(administrator, to_secret(administrator))
    assert done.headers["cache-control"] == "no-store"
    secret = value_of(done, "client_secret")
    assert secret not in str(done.url)
    assert secret not in administrator.get(f"{CLIENTS}?type=hybrid").text
    with administrator.inside.world.store.reading(administrator.tenant.id) as tenancy:
        assert secret not in repr(tenancy.journal.entries(0, 1000))


@pytest.mark.requirement("R-62")
@pytest.mark.parametrize("draft", ["", "x", "AAAA" * 30])
def test_a_draft_of_nobody_is_replaced_by_our_own(administrator: Worker, draft: str) -> None:
    page = to_secret(administrator)
    done = save(administrator, page, draft=draft)
    assert "Client Successfully Created" in done.text
    assert value_of(done, "client_secret").startswith("gps_")


def test_a_namesake_is_pointed_out(administrator: Worker) -> None:
    assert "same name" not in save(administrator, to_secret(administrator)).text
    assert "same name" in save(administrator, to_secret(administrator, name="BOILER house")).text


def test_the_form_asks_what_the_kind_says() -> None:
    page = form_page(office().administrator(), "authorization-code")
    for name in BY_NAME["authorization_code"].asked:
        assert f'id="{name}"' in page.text
    assert "allow_offline_access" not in page.text


def test_unknown_fields_are_not_taken(administrator: Worker) -> None:
    save(administrator, to_secret(administrator, enabled="", tags="x", incarnation="y"))
    (client,) = clients_of(administrator)
    found = listing.one(administrator.inside.world, administrator.tenant.id, client["Id"])
    assert client["Enabled"] is True
    assert client["Tags"] == []
    assert found.client.incarnation != "y"
