"""GATEPOST_STRICT_CLIENT_READS: no address of the API tells a member of the tenant's clients."""

from collections.abc import Iterator

import pytest

from gatepost.model.tenants import MEMBER
from gatepost.web.api.operations import Allowed
from gatepost.web.api.table import OPERATIONS
from tests.served import Served, Tenant, serve, sqlite_settings
from tests.web.oauth import TOKEN, add_client, form_of

pytestmark = pytest.mark.requirement("R-64")

TELLING = [
    row.template
    for row in OPERATIONS
    if row.method == "GET"
    and Allowed.MEMBER in row.allowed
    and any(word.endswith("clients") for word in row.template.lower().split("/"))
]


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with the setting."""
    settings = sqlite_settings(tmp_path_factory.mktemp("strict"), strict_client_reads=True)
    with serve(settings) as served:
        yield served


def bearer(served: Served, client: Tenant) -> dict[str, str]:
    """The header of a client's own token."""
    answer = served.http.post(TOKEN, data=form_of(client.client_id, client.secret))
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def address(template: str, tenant_id: str, client_id: str) -> str:
    """The address of an operation, about a client and the role that everybody has."""
    of = {"tenantId": tenant_id, "clientId": client_id, "roleId": MEMBER}
    return template.format(**of)


@pytest.mark.parametrize("template", TELLING)
def test_a_member_is_told_of_no_client(strict: Served, template: str) -> None:
    client, member = add_client(strict, Name="Boiler house 7"), add_client(strict)
    path = address(template, strict.first.id, client.client_id)
    refused = strict.http.get(path, headers=bearer(strict, member))
    assert refused.status_code == 403, refused.text
    assert client.client_id not in refused.text.replace(path, "")
    assert strict.http.get(path, headers=strict.admin()).status_code in {200, 404}


def test_there_are_such_addresses() -> None:
    assert len(TELLING) >= 6
