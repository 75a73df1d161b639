"""A tenant with a client and a person, and the cards that are made of them."""

from collections.abc import Callable
from typing import Any

import pytest

from gatepost.model.client_kinds import CLIENT_CREDENTIALS
from gatepost.model.clients import SecretDraft
from gatepost.model.people import LOCAL_PROVIDER
from gatepost.model.tenants import VIEWER
from gatepost.services import client_secrets, clients, roles, users
from gatepost.services.cards import Cards
from gatepost.services.principals import Standing
from gatepost.services.roles import RoleDraft
from tests.services.world import Bench, add_client, administrator, found, new_world, role_id

DOORS = (
    "reading",
    "reading_all",
    "writing",
    "writing_all",
    "redemptions",
    "client_facts",
    "person_facts",
)


class Stand:
    """A tenant with a client, a person and a role of their own, and the cards of them."""

    def __init__(self) -> None:
        self.world: Bench = new_world()
        self.tenant_id = found(self.world).tenant.id
        self.act = administrator(self.world, self.tenant_id)
        self.role_id = roles.add(self.world, self.act, RoleDraft(name="Fitters")).role.id
        self.other_role_id = role_id(self.world, self.tenant_id, VIEWER)
        self.added = add_client(self.world, self.act, role_ids=(self.role_id,))
        self.client_id = self.added.client.settings.id
        person = {"provider_id": LOCAL_PROVIDER, "contact_email": "kim@example.com"}
        self.user_id = users.add(self.world, self.act, {**person, "role_ids": (self.role_id,)}).id
        self.cards = Cards(self.world.store)
        self.doors: list[str] = []

    def standing(self, cards: Cards | None = None) -> Standing | None:
        """The standing of the person who acts through the client."""
        asked = cards or self.cards
        card = asked.client(self.client_id)
        return asked.standing_of(card, self.user_id) if card else None

    def change(self, **members: object) -> None:
        """Change the client."""
        clients.change(self.world, self.act, CLIENT_CREDENTIALS, self.client_id, members)

    def disable_person(self) -> None:
        """Disable the person."""
        users.change(self.world, self.act, self.user_id, {"enabled": False})

    def change_secret(self, draft: SecretDraft) -> None:
        """Change the client's first secret."""
        changes = (1, draft)
        client_secrets.change(self.world, self.act, CLIENT_CREDENTIALS, self.client_id, changes)

    def count_doors(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Write down, from now on, which doors of the store are opened."""
        store: Any = self.world.store

        def counted(door: str, open_: Callable[..., Any]) -> Callable[..., Any]:
            def opened(*args: object) -> object:
                self.doors.append(door)
                return open_(*args)

            return opened

        for door in DOORS:
            monkeypatch.setattr(store, door, counted(door, getattr(store, door)))
