"""The contract as the tests read it: the operations that are served by now, and the schemas."""

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

RESOURCES = (
    "HybridClients",
    "AuthorizationCodeClients",
    "ClientCredentialClients",
    "DeviceCodeClients",
    "Secrets",
    "ClientCredentialClientRoles",
    "Roles",
    "Users",
    "UserRoles",
)
SUPPORTING = ("Tenants.get", "Tenants.exists")
BASE = "/api/v1/Tenants/{tenantId}"
_FILE = Path(__file__).parents[2] / "data/identity-api.json"


class Promise(NamedTuple):
    """An operation as the contract words it."""

    id: str
    method: str
    path: str
    query: frozenset[str]
    body: str | None
    responses: dict[int, str | None]
    roles: frozenset[str]
    headers: tuple[str, ...]

    @property
    def success(self) -> int:
        """The status of success. Where removal lists 200 and 204, its quirk says 204."""
        good = [status for status in self.responses if status < 207]
        return max(good) if self.method == "DELETE" else min(good)

    @property
    def result(self) -> str | None:
        """The schema of what a success answers with."""
        return self.responses[self.success]

    @property
    def foreign(self) -> int:
        """What a tenant answers that is not the caller's: 404 where that is listed."""
        return 404 if 404 in self.responses else 403

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the path's parameters, without the tenant's."""
        parts = self.path.removeprefix(BASE).split("/")
        return tuple(part[1:-1] for part in parts if part.startswith("{"))


def _promise(row: dict[str, Any]) -> Promise:
    return Promise(
        id=row["id"],
        method=row["method"],
        path=row["path"],
        query=frozenset(row["query"]),
        body=row["body"],
        responses={int(status): schema for status, schema in row["responses"].items()},
        roles=frozenset(row["roles"]),
        headers=tuple(row["headers"]),
    )


@cache
def whole() -> dict[str, Any]:
    """The contract's file."""
    content: dict[str, Any] = json.loads(_FILE.read_text())
    return content


SCHEMAS: dict[str, dict[str, Any]] = whole()["schemas"]
PROMISES = tuple(
    _promise(row)
    for row in (*whole()["operations"], *whole()["supporting_operations"])
    if row["resource"] in RESOURCES or row["id"] in SUPPORTING
)
BY_ID = {promise.id: promise for promise in PROMISES}
