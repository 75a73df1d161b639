"""Bad addresses over REST: paging, broken escapes, paths that lead nowhere."""

import pytest

from tests.served import Served
from tests.web.rest import nothing_written, refused

LISTS = [
    "ClientCredentialClients",
    "AuthorizationCodeClients",
    "HybridClients",
    "DeviceCodeClients",
    "Roles",
    "Users",
    "Users/Status",
]
BAD_PAGES = [
    ("count", "0"),
    ("count", "-1"),
    ("count", "1001"),
    ("count", "99999999999999999999"),
    ("count", "9" * 5000),
    ("count", "ten"),
    ("count", ""),
    ("count", "1.0"),
    ("count", "1e2"),
    ("count", "+5"),
    ("count", " 5"),
    ("count", "\u0665"),
    ("count", "0x10"),
    ("count", "1;drop"),
    ("skip", "-1"),
    ("skip", "2000000001"),
    ("skip", "null"),
    ("skip", "true"),
    ("skip", "1_000"),
]
STRANGE_PATHS = [
    "HybridClients/%ff",
    "HybridClients/%00",
    "HybridClients/%zz",
    "HybridClients/%",
    "HybridClients/%c0%af",
    "HybridClients/a%2Fb",
    "HybridClients/..%2f..%2fRoles",
    "HybridClients/%252e%252e",
    "HybridClients/" + "x" * 8000,
    "HybridClients/x/Secrets/1",
    "ClientCredentialClients/x/Secrets/-1",
    "ClientCredentialClients/x/Secrets/99999999999999999999",
    "ClientCredentialClients/x/Secrets/%D9%A1",
    "Users/%ff",
    "Users/%00",
    "Users/%F0%9F%98%80",
    "Users/%ED%A0%80/Status",
    "Roles/%00",
    "Roles/'%20OR%201=1",
    "Clients/%00/Roles",
    "%ff",
    "Nothing",
    "/HybridClients",
]


@pytest.mark.requirement("R-71")
@pytest.mark.parametrize("path", LISTS)
def test_a_bad_page_is_refused(on_sqlite: Served, path: str) -> None:
    admin = on_sqlite.admin()
    for name, value in BAD_PAGES:
        answer = on_sqlite.http.get(
            f"{on_sqlite.api()}/{path}", headers=admin, params={name: value}
        )
        assert name in refused(answer)["Reason"]
    for query in ("count=1&count=1", "skip=0&skip=0", "count=5&count="):
        answer = on_sqlite.http.get(f"{on_sqlite.api()}/{path}?{query}", headers=admin)
        assert "more than once" in refused(answer)["Reason"]


@pytest.mark.requirement("R-71")
@pytest.mark.parametrize("path", LISTS)
def test_the_ends_of_paging_are_taken(served: Served, path: str) -> None:
    admin = served.admin()
    for query in ("count=1", "count=1000", "skip=2000000000", "skip=0&count=001"):
        answer = served.http.get(f"{served.api()}/{path}?{query}", headers=admin)
        assert answer.status_code == 200, answer.text


@pytest.mark.requirement("R-72")
@pytest.mark.parametrize(
    "query",
    ["id=%ff", "id=%00", "tag=%C0%AF", "count=%zz", "skip=%ff", "roleTypeId=%00", "status=%00"],
)
def test_a_broken_query_is_refused(served: Served, query: str) -> None:
    name = query.split("=", 1)[0]
    path = {"roleTypeId": "Roles", "status": "Users/Status"}.get(name, "HybridClients")
    refused(served.http.get(f"{served.api()}/{path}?{query}", headers=served.admin()))


@pytest.mark.requirement("R-68", "R-72")
def test_too_many_parameters_are_refused(on_sqlite: Served) -> None:
    query = "&".join(["id=x"] * 1101)
    refused(on_sqlite.http.get(f"{on_sqlite.api()}/Users?{query}", headers=on_sqlite.admin()))


@pytest.mark.requirement("R-72", "R-63")
@pytest.mark.parametrize("path", STRANGE_PATHS)
def test_a_strange_path_leads_nowhere(served: Served, path: str) -> None:
    admin = served.admin()
    with nothing_written(served):
        for method in ("GET", "DELETE"):
            answer = served.http.request(method, f"{served.api()}/{path}", headers=admin)
            assert answer.status_code in {404, 405}
            refused(answer, answer.status_code)
