"""What one caller knows and does over REST: clients, secrets and roles of the tenant."""

import json
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from bench.credentials import token_form
from bench.served import Answer
from faults.journal import (
    ClientAdded,
    Deed,
    RoleGiven,
    SecretAdded,
    SecretRemoved,
    Unsure,
)
from faults.orders import Orders
from faults.wire import GOOD, Told
from gatepost.protocol import discovery as addresses

TOKEN = addresses.ISSUER_PATH + addresses.TOKEN_PATH
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_JSON = {"Content-Type": "application/json"}
_MOST_SECRETS = 4
_MOST_CLIENTS = 40


class Kept(NamedTuple):
    """A client that this caller added, with the secrets that must work."""

    client_id: str
    secrets: dict[int, str]
    roles: list[set[str]]
    """What it may have: one set, or several while an answer was lost."""


class Desk:
    """A caller as an administrator."""

    def __init__(
        self, orders: Orders, told: Told, chance: Random, note: Callable[[Deed], None]
    ) -> None:
        self._orders = orders
        self._told = told
        self._chance = chance
        self._note = note
        self._kept: list[Kept] = []
        self._bearer: Mapping[str, str] = {}
        self._collection = f"/api/v1/Tenants/{orders.tenant_id}/ClientCredentialClients"

    def add_client(self) -> None:
        """Add a client under an id of our own choice."""
        self._told.deed = "add client"
        id_ = str(UUID(int=self._chance.getrandbits(128), version=4))
        name = f"Fault {id_}"
        body = {"Id": id_, "Name": name}
        answer = self._rest("POST", self._collection, body)
        if answer.status == 201:
            made = answer.json()
            self._note(ClientAdded(_operation(answer), id_, name, made["Secret"]))
            self._kept.append(Kept(id_, {made["Id"]: made["Secret"]}, [set()]))
            # so many are enough to choose from; the others stay as they are
            del self._kept[:-_MOST_CLIENTS]

    def change_secrets(self) -> None:
        """Add a secret to a client, or remove one where it has several."""
        kept = self._one()
        if kept is None:
            self.add_client()
        elif len(kept.secrets) < _MOST_SECRETS:
            self._add_secret(kept)
        else:
            self._remove_secret(kept)

    def give_roles(self) -> None:
        """Give a client some of the roles, in place of those that it has."""
        kept = self._one()
        if kept is None:
            self.add_client()
            return
        wanted = self._other_roles(kept)
        kept.roles.append(wanted)
        self._note(Unsure(kept.client_id))
        path = f"{self._collection}/{kept.client_id}/Roles"
        answer = self._rest("PUT", path, sorted(wanted))
        if answer.status == 200:
            kept.roles[:] = [wanted]
            given = tuple(sorted(role["Id"] for role in answer.json()))
            self._note(RoleGiven(_operation(answer), kept.client_id, given))

    def get_token(self) -> None:
        """Get a token by a secret that must work."""
        kept = self._one()
        if kept is None or not kept.secrets:
            self._sign_on()
            return
        secret = self._chance.choice(list(kept.secrets.values()))
        self._told.call("POST", TOKEN, token_form(kept.client_id, secret), FORM)

    def read_client(self) -> None:
        """Read a client that must be there."""
        kept = self._one()
        if kept is None:
            self.add_client()
        else:
            self._rest("GET", f"{self._collection}/{kept.client_id}", None)

    def _add_secret(self, kept: Kept) -> None:
        path = f"{self._collection}/{kept.client_id}/Secrets"
        answer = self._rest("POST", path, {"Expires": False})
        if answer.status == 201:
            made = answer.json()
            added = SecretAdded(_operation(answer), kept.client_id, made["Id"], made["Secret"])
            self._note(added)
            kept.secrets[added.number] = added.secret

    def _remove_secret(self, kept: Kept) -> None:
        number = self._chance.choice(list(kept.secrets))
        secret = kept.secrets.pop(number)
        self._note(Unsure(secret))
        answer = self._rest("DELETE", f"{self._collection}/{kept.client_id}/Secrets/{number}", None)
        if answer.status == 204:
            self._note(SecretRemoved(_operation(answer), kept.client_id, number, secret))

    def _other_roles(self, kept: Kept) -> set[str]:
        """Others than it may have now: only a change is an event."""
        while True:
            wanted = {each for each in self._orders.role_ids if self._chance.random() < 0.5}
            if wanted not in kept.roles:
                return wanted

    def _one(self) -> Kept | None:
        return self._chance.choice(self._kept) if self._kept else None

    def _rest(self, method: str, path: str, body: Any) -> Answer:
        """Ask as the administration client, with a token that is fetched anew when it is over."""
        if not self._bearer:
            self._sign_on()
        sent = None if body is None else json.dumps(body)
        headers = {**_JSON, **self._bearer}
        answer = self._told.ask(method, path, (sent, headers), (*GOOD, 401))
        if answer.status == 401:
            self._sign_on()
            answer = self._told.call(method, path, sent, {**_JSON, **self._bearer})
        return answer

    def _sign_on(self) -> None:
        client = self._orders.administration
        answer = self._told.call("POST", TOKEN, token_form(client.client_id, client.secret), FORM)
        if answer.status == 200:
            self._bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}


def _operation(answer: Answer) -> str:
    """The id by which the journal of the product knows the request."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return headers["operation-id"]
