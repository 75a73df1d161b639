"""The list of clients: its whole state is in its address."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.model.client_kinds import CLIENT_KINDS
from gatepost.model.tenants import MEMBER
from gatepost.ports import PageOf
from gatepost.web.portal import list_state
from gatepost.web.portal.list_state import EXPIRIES, ORDERS, PAGE_SIZE, STATUSES, ListState
from gatepost.web.portal.visits import Fields
from tests.flows import new_application
from tests.web.portal.desk import CLIENTS, Office, Worker, office

NOW = datetime(2026, 11, 21, tzinfo=UTC)
STATES = st.builds(
    ListState,
    type=st.sampled_from([kind.name for kind in CLIENT_KINDS]),
    q=st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), max_size=40),
    status=st.sampled_from(STATUSES),
    expiry=st.sampled_from(EXPIRIES),
    sort=st.sampled_from(ORDERS),
    descending=st.booleans(),
    page=st.integers(1, 4000),
    client=st.from_regex(r"[A-Za-z0-9._~-]{0,40}", fullmatch=True),
    tab=st.sampled_from(["", "secrets", "use"]),
)


def fields(query: str) -> Fields:
    pairs = parse_qs(query, keep_blank_values=True)
    return Fields(tuple((name, value) for name, values in pairs.items() for value in values))


@given(STATES)
def test_an_address_says_the_whole_state(state: ListState) -> None:
    assert list_state.read(fields(urlsplit(state.address()).query)) == state


@pytest.mark.requirement("R-71")
@given(st.dictionaries(st.sampled_from(ListState._fields), st.text(max_size=300)))
def test_whatever_an_address_says_is_a_state(said: dict[str, str]) -> None:
    state = list_state.read(Fields(tuple(said.items())))
    assert 1 <= state.page <= 4000
    assert len(state.q) <= 200
    assert state.query(NOW).page.count == PAGE_SIZE
    assert state.query(NOW).order in ORDERS


@pytest.mark.parametrize(
    ("expiry", "starts", "ends", "without"),
    [
        ("any", None, None, False),
        ("expired", None, NOW, False),
        ("30", NOW, NOW + timedelta(days=30), False),
        ("90", NOW, NOW + timedelta(days=90), False),
        ("none", None, None, True),
    ],
)
def test_the_filter_of_expiry_is_a_span_of_time(
    expiry: list_state.Expiry, starts: datetime | None, ends: datetime | None, without: bool
) -> None:
    query = ListState(expiry=expiry).query(NOW)
    assert (query.expires_from, query.expires_before) == (starts, ends)
    assert query.without_expiry is without


def test_a_page_is_a_part_of_the_list() -> None:
    assert ListState(page=3).query(NOW).page == PageOf(50, 25)


def filled(portal: Office, number: int, **members: Any) -> list[str]:
    served = portal.inside.served
    return [
        new_application(served, served.first, Name=f"Boiler {n:02}", **members).id
        for n in range(number)
    ]


def test_client_credentials_come_first(administrator: Worker) -> None:
    page = administrator.get(CLIENTS)
    assert '<option value="client-credentials" selected>' in page.text
    options = [page.text.index(f'<option value="{list_state.slug(k.name)}"') for k in CLIENT_KINDS]
    assert options == sorted(options)


def test_an_empty_list_says_what_to_do(administrator: Worker) -> None:
    page = administrator.get(f"{CLIENTS}?type=hybrid")
    assert "No clients of this type yet" in page.text
    assert page.text.count(f"{CLIENTS}/add?type=hybrid") >= 2


def test_a_search_without_a_find_offers_all(administrator: Worker) -> None:
    page = administrator.get(f"{CLIENTS}?type=hybrid&q=nothing")
    assert "No client fits" in page.text
    assert 'value="nothing"' in page.text


def test_pages_follow_each_other(portal: Office) -> None:
    filled(portal, PAGE_SIZE + 2)
    worker = portal.administrator()
    first, second = (worker.get(f"{CLIENTS}?type=hybrid&page={n}") for n in (1, 2))
    assert "1 to 25 of 27" in first.text
    assert "26 to 27 of 27" in second.text
    assert "Boiler 24" in first.text
    assert "Boiler 26" in second.text
    assert 'rel="next"' not in second.text
    beyond = worker.get(f"{CLIENTS}?type=hybrid&page=99")
    assert beyond.url.params["page"] == "2"


@pytest.mark.parametrize("q", ["boiler 01", "BOILER 01", "01 boil"])
def test_a_client_is_found_by_words_of_its_name(portal: Office, q: str) -> None:
    filled(portal, 3)
    page = portal.administrator().get(f"{CLIENTS}?type=hybrid&q={q}")
    assert "Boiler 01" in page.text
    assert "Boiler 02" not in page.text


def test_a_part_of_a_word_is_no_beginning(portal: Office) -> None:
    filled(portal, 3)
    page = portal.administrator().get(f"{CLIENTS}?type=hybrid&q=er 01")
    assert "No client fits" in page.text
    assert "how words of the name begin" in page.text


def test_a_client_is_found_by_its_id(portal: Office) -> None:
    ids = filled(portal, 3)
    page = portal.administrator().get(f"{CLIENTS}?type=hybrid&q={ids[1][:13].upper()}")
    assert ids[1] in page.text
    assert ids[2] not in page.text


def test_the_order_is_turned_by_its_heading(portal: Office) -> None:
    filled(portal, 2)
    worker = portal.administrator()
    up = worker.get(f"{CLIENTS}?type=hybrid").text
    down = worker.get(f"{CLIENTS}?type=hybrid&descending=yes").text
    assert up.index("Boiler 00") < up.index("Boiler 01")
    assert down.index("Boiler 01") < down.index("Boiler 00")
    assert 'aria-sort="ascending"' in up
    assert 'aria-sort="descending"' in down


def test_the_status_filters(portal: Office) -> None:
    served = portal.inside.served
    new_application(served, served.first, Name="Running")
    new_application(served, served.first, Name="Stopped", Enabled=False)
    worker = portal.administrator()
    page = worker.get(f"{CLIENTS}?type=hybrid&status=disabled").text
    assert "Stopped" in page
    assert "Running" not in page


def test_the_nearest_expiry_is_shown_and_marked(portal: Office) -> None:
    served, now = portal.inside.served, portal.inside.world.clock.now()
    soon = (now + timedelta(days=10)).isoformat()
    new_application(served, served.first, Name="Soon", SecretExpirationDate=soon)
    new_application(served, served.first, Name="Never")
    worker = portal.administrator()
    page = worker.get(f"{CLIENTS}?type=hybrid&expiry=30").text
    assert "Soon" in page
    assert "Expires soon" in page
    assert ">Never<" not in page
    portal.inside.forward(days=11)
    again = portal.administrator()
    assert "Expired" in again.get(f"{CLIENTS}?type=hybrid&expiry=expired").text


def test_the_chosen_client_is_shown_beside_the_list(portal: Office) -> None:
    ids = filled(portal, 2)
    page = portal.administrator().get(f"{CLIENTS}?type=hybrid&client={ids[1]}")
    assert f'value="{ids[1]}"' in page.text
    assert "Edit Client" in page.text
    assert 'aria-current="true"' in page.text


def test_a_client_of_another_kind_leads_to_its_own_list(portal: Office) -> None:
    (id_,) = filled(portal, 1)
    page = portal.administrator().get(f"{CLIENTS}?client={id_}")
    assert page.url.params["type"] == "hybrid"


@pytest.mark.requirement("R-63")
def test_a_client_of_another_tenant_is_as_one_that_is_not_there(portal: Office) -> None:
    (id_,) = filled(portal, 1)
    foreign = portal.administrator(portal.inside.served.second)
    for client_id in (id_, "missing"):
        page = foreign.get(f"{CLIENTS}?type=hybrid&client={client_id}")
        assert "client" not in page.url.params
        for what in ("edit", "remove", "disable"):
            assert foreign.get(f"{CLIENTS}/{client_id}/{what}").status_code == 404


def test_the_portal_itself_cannot_be_chosen(administrator: Worker) -> None:
    id_ = f"gatepost-portal-{administrator.tenant.id}"
    assert administrator.get(f"{CLIENTS}/{id_}/remove").status_code == 404
    assert "client" not in administrator.get(f"{CLIENTS}?client={id_}").url.params


def test_the_last_use_is_shown(portal: Office) -> None:
    served = portal.inside.served
    client = new_application(served, served.first, "ClientCredentialClients")
    form = {"grant_type": "client_credentials", "client_id": client.id}
    form["client_secret"] = str(client.secret)
    assert served.http.post("/identity/connect/token", data=form).status_code == 200
    portal.inside.server._book.keep(portal.inside.world.store)
    page = portal.administrator().get(f"{CLIENTS}?client={client.id}").text
    year = portal.inside.world.clock.now().year
    assert f"{year}, " in page[page.index("Last Used", page.index("details-heading")) :]


def test_only_administrators_read_clients_where_reads_are_strict() -> None:
    strict = office(strict_client_reads=True)
    administrator, member = strict.administrator(), strict.member()
    assert administrator.get(CLIENTS).status_code == 200
    assert member.get(CLIENTS).status_code == 403
    served = strict.inside.served
    new_application(served, served.first, "ClientCredentialClients", Name="Boiler house 7")
    with strict.inside.world.store.reading(served.first.id) as tenancy:
        role = tenancy.directory.role_of_type(MEMBER)
    assert role is not None
    pages = [f"/portal/security/roles?role={role.id}", f"/portal/security/roles/{role.id}/members"]
    assert all("Boiler house 7" in administrator.get(page).text for page in pages)
    answers = [member.get(page) for page in pages]
    assert [answer.status_code for answer in answers] == [200, 403]
    assert all("Boiler house" not in answer.text for answer in answers)
