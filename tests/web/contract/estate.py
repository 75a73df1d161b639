"""Things to act on, made over HTTP by an administrator, and what an operation is called with."""

import uuid
from typing import Any, NamedTuple

import httpx

from tests.served import Served, Tenant
from tests.web.contract.contract import BASE, Promise

AAD = "e2398938-bf8f-40fa-b380-d538ece2bfc2"
LATER = "2031-05-31T14:57:08+02:00"
MEMBER_TYPE = "7ad2b9ef-5386-4ead-ac9f-ad99c5c5b977"
_URIS = {
    "RedirectUris": ["https://app.example.com/in"],
    "PostLogoutRedirectUris": ["https://app.example.com/out"],
}
_PAGES = {"ClientUri": "https://example.com/about", "LogoUri": "https://example.com/logo.png"}
_FIRST_SECRET = {"SecretDescription": "First", "SecretExpirationDate": LATER}
_KINDS: dict[str, dict[str, Any]] = {
    "HybridClients": {
        **_URIS,
        **_PAGES,
        **_FIRST_SECRET,
        "AllowOfflineAccess": True,
        "AllowAccessTokensViaBrowser": True,
    },
    "AuthorizationCodeClients": {
        **_URIS,
        **_PAGES,
        "AllowedCorsOrigins": ["https://app.example.com"],
        "AllowOfflineAccess": True,
    },
    "ClientCredentialClients": _FIRST_SECRET,
    "DeviceCodeClients": {**_PAGES, "DeviceCodeLifetime": 600},
}
_COMMON = {"Enabled": True, "AccessTokenLifetime": 600, "Tags": ["contract"]}


class Target(NamedTuple):
    """What an operation is called on: the path's parameters, and a machine's own credentials."""

    params: dict[str, str]
    collection: str = ""
    secret: str = ""


class Estate:
    """One tenant, as its administrator sees it."""

    def __init__(self, served: Served, tenant: Tenant) -> None:
        self.served = served
        self.tenant = tenant
        self.base = served.api(tenant)
        self.header = served.admin(tenant)
        self.roles = {row["RoleTypeId"]: row["Id"] for row in self.get("/Roles")}

    def get(self, path: str) -> Any:
        """What stands at a path below the tenant."""
        answer = self.served.http.get(self.base + path, headers=self.header)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def send(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """A call by the administrator."""
        return call(self.served.http, method, self.base + path, self.header, body)

    def make(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Something new below the tenant, as it was answered."""
        answer = self.send("POST", path, body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def machine(self, *role_ids: str) -> tuple[str, str]:
        """A new client-credentials client: its id and secret."""
        made = self.make("/ClientCredentialClients", {"Name": "Machine", "RoleIds": [*role_ids]})
        return made["Client"]["Id"], made["Secret"]

    def app(self) -> str:
        """The id of a new hybrid client, through which people act."""
        made = self.make("/HybridClients", client_body("HybridClients"))
        return str(made["Client"]["Id"])

    def person(self) -> str:
        """The id of a new user."""
        return str(self.make("/Users", user_body())["Id"])

    def role(self) -> str:
        """The id of a new custom role."""
        return str(self.make("/Roles", role_body())["Id"])

    def token(self, *role_ids: str) -> str:
        """The token of a new machine with these roles."""
        return self.served.token(*self.machine(*role_ids))

    def target(self, promise: Promise) -> Target:
        """A fresh thing for an operation to act on."""
        collection = promise.path.removeprefix(BASE).split("/")[1:2]
        if "clientId" in promise.names:
            return self._client(collection[0], promise)
        if "roleId" in promise.names:
            return Target({"roleId": self.role()})
        return Target({"userId": self.person()} if "userId" in promise.names else {})

    def another_secret(self, target: Target) -> Target:
        """The same client with one more secret, which is the one to act on."""
        path = f"/{target.collection}/{target.params['clientId']}/Secrets"
        made = self.make(path, {"Description": "Spare", "Expires": False})
        return target._replace(params={**target.params, "secretId": str(made["Id"])})

    def body(self, promise: Promise) -> Any:
        """A body that the operation takes, with no value used before."""
        if promise.body is None:
            return None
        if promise.body == "Role[]":
            return [{"Id": self.roles[MEMBER_TYPE], "Name": "ignored"}]
        if promise.body.startswith("ClientSecret"):
            return {"Description": "Next", "Expires": True, "Expiration": LATER}
        if promise.body == "Role":
            return role_body()
        if promise.body == "UserCreateOrUpdate":
            return user_body()
        if promise.body == "object":
            return {"theme": "dark", "pages": [1, None, {"wide": True}]}
        return client_body(promise.id.split(".")[0], creating=promise.method == "POST")

    def _client(self, collection: str, promise: Promise) -> Target:
        real = "ClientCredentialClients" if collection == "Clients" else collection
        made = self.make(f"/{real}", client_body(real))
        params = {"clientId": made.get("Client", made)["Id"]}
        if "secretId" in promise.names:
            params["secretId"] = str(made["Id"])
        return Target(params, real, made.get("Secret", ""))


def client_body(collection: str, *, creating: bool = True) -> dict[str, Any]:
    """The settings of a client with every member but its id and its roles."""
    every = {"Name": f"Client {uuid.uuid4()}", **_COMMON, **_KINDS[collection]}
    return {name: value for name, value in every.items() if creating or name not in _FIRST_SECRET}


def role_body() -> dict[str, Any]:
    """A role that nobody has yet."""
    return {"Name": f"Role {uuid.uuid4()}", "Description": "Made by the contract's tests"}


def user_body() -> dict[str, Any]:
    """A user whom nobody knows yet."""
    return {
        "ExternalUserId": uuid.uuid4().hex,
        "ContactGivenName": "Kim",
        "ContactSurname": "Example",
        "ContactEmail": f"{uuid.uuid4().hex}@example.com",
        "IdentityProviderId": AAD,
    }


def call(
    http: httpx.Client, method: str, path: str, headers: dict[str, str], body: Any = None
) -> httpx.Response:
    """One call, with its body in JSON when it has one."""
    if body is None:
        return http.request(method, path, headers=headers)
    return http.request(method, path, headers=headers, json=body)
