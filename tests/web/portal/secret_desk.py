"""The pages of secrets as tests use them: addresses, forms, and what is kept behind them."""

import re
from datetime import timedelta
from html import unescape
from typing import Any, NamedTuple

import httpx

from gatepost.model.client_kinds import CLIENT_CREDENTIALS, ClientKind
from gatepost.model.clients import Secret, SecretDraft
from gatepost.ports import SecretUse
from gatepost.services import client_secrets, clients
from gatepost.services.tenants import operator_act
from tests.web.portal.desk import CLIENTS, Worker, signed_in

DESCRIPTION = "Boiler house"
LONG = "x" * 501
EXPIRES = "2027-05-01T12:00"


class Drawer(NamedTuple):
    """One client's secrets, and who works on them."""

    worker: Worker
    kind: ClientKind
    id: str

    @property
    def base(self) -> str:
        """Where the pages of its secrets are."""
        return f"{CLIENTS}/{self.id}/secrets"

    def tab(self) -> str:
        """The Details pane with the Secrets tab."""
        page = self.worker.get(
            f"{CLIENTS}?type={self.kind.name.replace('_', '-')}&client={self.id}&tab=secrets"
        )
        assert page.status_code == 200, page.text
        return page.text

    def get(self, rest: str) -> httpx.Response:
        """A page of a secret."""
        return self.worker.get(f"{self.base}/{rest}")

    def submit(self, rest: str, page: httpx.Response | None = None, **typed: Any) -> httpx.Response:
        """The form of a page, filled in."""
        return self.worker.submit(page or self.get(rest), f"{self.base}/{rest}", **typed)

    def add(self, page: httpx.Response | None = None, **typed: Any) -> httpx.Response:
        """A new secret by the form."""
        usual = {"secret_description": DESCRIPTION, "secret_expiration": EXPIRES}
        return self.submit("add", page, **usual | typed)

    def secrets(self) -> tuple[Secret, ...]:
        """What is kept."""
        world = self.worker.inside.world
        with world.store.reading(self.worker.tenant.id) as tenancy:
            return tenancy.clients.secrets(self.id)

    def keep(self, days: float | None, description: str | None = None) -> Secret:
        """A secret that ends in so many days, made behind the pages."""
        world = self.worker.inside.world
        moment = None if days is None else world.clock.now() + timedelta(days=days)
        draft = SecretDraft(description=description, expires=moment is not None, expiration=moment)
        return client_secrets.add(world, self._act(), self.kind, self.id, draft).secret

    def change(self, secret_id: int, **values: Any) -> None:
        """A change by somebody else."""
        draft = SecretDraft(**values)
        world = self.worker.inside.world
        client_secrets.change(world, self._act(), self.kind, self.id, (secret_id, draft))

    def remove(self, secret_id: int) -> None:
        """A removal by somebody else."""
        world = self.worker.inside.world
        client_secrets.remove(world, self._act(), self.kind, self.id, secret_id)

    def use(self, secret_id: int) -> None:
        """The secret is used at this moment."""
        world = self.worker.inside.world
        with world.store.writing(self.worker.tenant.id) as tenancy:
            tenancy.clients.note_uses([SecretUse(self.id, secret_id, 1, world.clock.now())])

    def later(self, **by: float) -> "Drawer":
        """The same after a while, by somebody who has signed in again."""
        worker = self.worker
        worker.inside.forward(**by)
        visitor = signed_in(worker.inside, worker.tenant, worker.person)
        return self._replace(worker=worker._replace(visitor=visitor))

    def _act(self) -> Any:
        return operator_act(self.worker.tenant.id, "test")


def drawer(
    worker: Worker, kind: ClientKind = CLIENT_CREDENTIALS, name: str = "Boiler", **members: Any
) -> Drawer:
    """A new client of a kind, with a first secret that never ends where the kind has secrets."""
    act = operator_act(worker.tenant.id, "test")
    members = {"name": name, **members}
    added = clients.add(worker.inside.world, act, kind, members, SecretDraft())
    return Drawer(worker, kind, added.client.settings.id)


def value_in(page: httpx.Response) -> str | None:
    """The secret that the window shows."""
    assert page.status_code == 200, page.text
    assert "Client Secret Created" in page.text
    found = re.search(r'id="client_secret"[^>]*\bvalue="([^"]*)"', page.text)
    return unescape(found[1]) if found else None


def field(page: httpx.Response, name: str) -> str:
    """What a field of a form shows."""
    found = re.search(rf'<input[^>]*\bname="{name}"[^>]*>', page.text)
    assert found, page.text
    value = re.search(r'\bvalue="([^"]*)"', found[0])
    return unescape(value[1]) if value else ""


def words(page: httpx.Response) -> str:
    """The text of a page without its tags."""
    text = re.sub(r"<(script|template)\b.*?</\1>", "", page.text, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())
