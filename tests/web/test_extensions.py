"""The member `Extensions`, which is ours: made, kept, replaced, cleared, and else not there."""

from typing import Any

import pytest

from gatepost.model import base64url
from tests.served import Served
from tests.web.rest import RIGHT, added, nothing_written, refused

KEYS = {
    "keys": [
        {
            "kty": "EC",
            "crv": "P-256",
            "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
            "kid": "2026-05",
        }
    ]
}
LOGOUT = {
    "FrontChannelLogoutUri": "https://app.example.com/out",
    "FrontChannelLogoutSessionRequired": False,
    "BackChannelLogoutUri": "http://localhost:5004/out",
    "BackChannelLogoutSessionRequired": True,
}
NO_LOGOUT = {
    "FrontChannelLogoutUri": None,
    "FrontChannelLogoutSessionRequired": True,
    "BackChannelLogoutUri": None,
    "BackChannelLogoutSessionRequired": True,
}
WHOLE: dict[str, dict[str, Any]] = {
    "HybridClients": {"Jwks": KEYS, "RequirePkce": True, **LOGOUT},
    "AuthorizationCodeClients": LOGOUT,
    "ClientCredentialClients": {"Jwks": KEYS},
}
OTHER: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "HybridClients": ({"RequirePkce": True}, {"Jwks": None, "RequirePkce": True, **NO_LOGOUT}),
    "AuthorizationCodeClients": (
        {"BackChannelLogoutUri": "https://a.example/"},
        NO_LOGOUT | {"BackChannelLogoutUri": "https://a.example/"},
    ),
    "ClientCredentialClients": (
        {"Jwks": {"keys": [KEYS["keys"][0] | {"kid": None}]}},
        {"Jwks": {"keys": [{n: v for n, v in KEYS["keys"][0].items() if n != "kid"}]}},
    ),
}
"""What else may be sent, and how it is answered: what is absent has its default."""

each_kind = pytest.mark.parametrize("collection", list(WHOLE))


class Client:
    """One client of the first tenant, as its administrator sees it."""

    def __init__(self, served: Served, collection: str, **members: Any) -> None:
        self.served, self.admin = served, served.admin()
        made = added(served, self.admin, collection, **members)
        self.made = made.get("Client", made)
        self.place = f"{served.api()}/{collection}/{self.made['Id']}"

    def get(self, **headers: str) -> Any:
        """The client, as GET answers it."""
        answer = self.served.http.get(self.place, headers=self.admin | headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def put(self, body: dict[str, Any], **headers: str) -> Any:
        """The client, as a change of it is answered; then GET answers the same."""
        answer = self.served.http.put(self.place, headers=self.admin | headers, json=body)
        assert answer.status_code == 200, answer.text
        assert self.get(**headers) == answer.json()
        return answer.json()


@each_kind
@pytest.mark.requirement("R-67")
def test_what_was_set_is_kept_and_goes_round(served: Served, collection: str) -> None:
    client = Client(served, collection, Extensions=WHOLE[collection])
    assert client.made["Extensions"] == WHOLE[collection]
    assert client.get() == client.made
    with nothing_written(served):
        assert client.put(client.get()) == client.made
        assert client.put({}) == client.made
        assert client.put({"Extensions": None}) == client.made
        assert client.put({"Extensions": WHOLE[collection]}) == client.made
    listed = served.http.get(
        f"{served.api()}/{collection}?id={client.made['Id']}", headers=client.admin
    )
    assert listed.json() == [client.made]


@each_kind
@pytest.mark.requirement("R-67")
def test_it_is_replaced_as_a_whole_and_cleared(served: Served, collection: str) -> None:
    client = Client(served, collection, Extensions=WHOLE[collection])
    sent, answered = OTHER[collection]
    assert client.put({"Extensions": sent})["Extensions"] == answered
    assert client.put({"Name": "Another"})["Extensions"] == answered
    assert "Extensions" not in client.put({"Extensions": {}})
    with nothing_written(served):
        assert "Extensions" not in client.put({"Extensions": {}})
    assert client.put({"Extensions": sent})["Extensions"] == answered


@each_kind
@pytest.mark.requirement("R-76")
def test_the_journal_tells_that_it_was_cleared(served: Served, collection: str) -> None:
    client = Client(served, collection, Extensions=WHOLE[collection])
    client.put({"Extensions": {}})
    with served.house.store.reading(served.first.id) as tenancy:
        head = tenancy.journal.head()
        assert head is not None
        last = tenancy.journal.entries(head[0].seq - 1, 1)[0].event
    assert last.target == client.made["Id"]
    assert last.before == {"Extensions": WHOLE[collection]}
    assert last.after == {"Extensions": None}


@pytest.mark.parametrize("collection", [name for name in RIGHT if name.endswith("Clients")])
def test_an_ordinary_client_has_none(served: Served, collection: str) -> None:
    client = Client(served, collection)
    assert "Extensions" not in client.made
    assert "Extensions" not in client.get()
    assert "Extensions" not in client.put({"Name": "Another"})


@each_kind
def test_what_says_only_defaults_is_none(served: Served, collection: str) -> None:
    defaults = {
        name: None if isinstance(value, dict | str) else name.endswith("SessionRequired")
        for name, value in WHOLE[collection].items()
    }
    client = Client(served, collection, Extensions=defaults)
    assert "Extensions" not in client.made
    assert "Extensions" not in client.put({"Extensions": defaults})


@each_kind
@pytest.mark.requirement("R-67")
def test_without_nulls_it_goes_round_too(served: Served, collection: str) -> None:
    sent, answered = OTHER[collection]
    client = Client(served, collection, Extensions=sent)
    brief = client.get(**{"Accept-Verbosity": "non-verbose"})
    assert brief["Extensions"] == {n: v for n, v in answered.items() if v is not None}
    with nothing_written(served):
        client.put(brief)
        assert client.get() == client.made


@pytest.mark.requirement("R-66")
def test_device_clients_do_not_take_it(served: Served) -> None:
    with nothing_written(served):
        answer = served.http.post(
            f"{served.api()}/DeviceCodeClients",
            headers=served.admin(),
            json={"Name": "Device", "Extensions": {}},
        )
        assert '"Extensions" is not a known member' in refused(answer)["Reason"]


@pytest.mark.requirement("R-04", "R-30", "R-66")
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_mistakes_are_named_by_their_path(served: Served, method: str) -> None:
    client = Client(served, "HybridClients")
    private = base64url.encoded(b"the private part of a key, 32 by")
    body = {
        "Name": "Wrong",
        "Extensions": {
            "FrontChannelLogoutUri": "com.example.app:/out",
            "BackChannelLogoutUri": "http://app.example.com/out",
            "RequirePKCE": True,
            "Jwks": {"keys": [KEYS["keys"][0] | {"d": private}]},
        },
    }
    place = client.place if method == "PUT" else f"{served.api()}/HybridClients"
    with nothing_written(served):
        answer = served.http.request(method, place, headers=client.admin, json=body)
    said = refused(answer)
    for path in (
        "Extensions.FrontChannelLogoutUri",
        "Extensions.BackChannelLogoutUri",
        'Extensions."RequirePKCE"',
        "Extensions.Jwks.keys[0]",
    ):
        assert f"{path} " in said["Reason"]
        assert f"{path}: " in said["Resolution"]
    assert "Did you mean RequirePkce?" in said["Resolution"]
    assert "private parts (d)" in said["Reason"]
    assert private[:20] not in answer.text
    assert "Extensions" not in client.get()


@pytest.mark.requirement("R-66")
def test_the_document_and_the_page_describe_it_as_ours(on_sqlite: Served) -> None:
    schemas = on_sqlite.http.get("/api/openapi.json").json()["components"]["schemas"]
    page = on_sqlite.http.get("/api/docs").text
    for collection, whole in WHOLE.items():
        kind = collection.removesuffix("s")
        for name in (f"{kind}Create", f"{kind}Update", kind):
            described = schemas[name]["properties"]["Extensions"]["anyOf"][0]
            assert described["description"].startswith("Ours, beyond the original API")
            assert described["properties"].keys() == whole.keys()
        assert "Extensions" not in schemas[kind]["required"]
        for name in whole:
            assert f"<code>Extensions.{name}</code>" in page
    assert "Extensions" not in schemas["DeviceCodeClient"]["properties"]
