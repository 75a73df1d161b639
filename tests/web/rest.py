"""What the tests of bad and good input share: bodies that are right, and how a refusal looks."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from gatepost.model.bodies import FirstSecretBody, RoleBody, SecretBody, UserBody
from gatepost.model.client_kinds import CLIENT_KINDS
from gatepost.model.people import LOCAL_PROVIDER
from gatepost.model.reading import Member, members_of
from gatepost.ports import PageOf
from tests.served import Served
from tests.web.contract.tokens import bearer, user_token

FUTURE = "2999-05-31T14:57:08Z"
REDIRECT = "https://app.example.com/cb"
RIGHT: dict[str, dict[str, Any]] = {
    "ClientCredentialClients": {"Name": "Right"},
    "AuthorizationCodeClients": {"Name": "Right", "RedirectUris": [REDIRECT]},
    "HybridClients": {"Name": "Right"},
    "DeviceCodeClients": {"Name": "Right"},
    "Roles": {"Name": "Right"},
    "Users": {"IdentityProviderId": LOCAL_PROVIDER, "ContactEmail": "right@example.com"},
}
SECRETS = "ClientCredentialClients/{client}/Secrets"


def members_on_create() -> dict[str, tuple[Member, ...]]:
    """The members of each collection's new entries, and of secrets."""
    first = members_of(FirstSecretBody)
    found = {
        kind.collection: members_of(kind.settings) + (first if kind.has_secret else ())
        for kind in CLIENT_KINDS
    }
    return found | {
        "Roles": members_of(RoleBody),
        "Users": members_of(UserBody),
        SECRETS: members_of(SecretBody),
    }


def refused(answer: httpx.Response, status: int = 400) -> dict[str, str]:
    """The body of a refusal with this status, which is an `ErrorResponse` of the contract."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text[:300]}"
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    body: dict[str, str] = answer.json()
    assert set(body) == {"OperationId", "Error", "Reason", "Resolution"}
    assert all(body.values())
    assert body["OperationId"] == answer.headers["operation-id"]
    assert "Traceback" not in answer.text
    return body


def standing_of(served: Served) -> tuple[int, ...]:
    """What counts everything that may be written in the first tenant."""
    with served.house.store.reading(served.first.id) as tenancy:
        head = tenancy.journal.head()
        kinds = [tenancy.clients.count(kind.name, ()) for kind in CLIENT_KINDS]
        people, roles = tenancy.directory.count_users(), tenancy.directory.count_roles(None)
    return (head[0].seq if head else 0, people, roles, *kinds)


@contextmanager
def nothing_written(served: Served) -> Iterator[None]:
    """Asserts that the block leaves clients, people, roles and the journal as they are."""
    before = standing_of(served)
    yield
    assert standing_of(served) == before


def added(served: Served, admin: dict[str, str], collection: str, **members: Any) -> Any:
    """A new entry, as the server answers it."""
    body = RIGHT[collection] | members
    answer = served.http.post(f"{served.api()}/{collection}", headers=admin, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def user_header(served: Served) -> tuple[str, dict[str, str]]:
    """The id of the first tenant's first person, and a header with a token of theirs."""
    with served.house.store.reading(served.first.id) as tenancy:
        person = tenancy.directory.users(PageOf(0, 1))[0]
    token = user_token(served, served.first.id, person.id, served.first.client_id)
    return person.id, bearer(token)
