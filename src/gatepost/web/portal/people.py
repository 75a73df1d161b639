"""A person, or a client, as lists of the portal name them."""

from typing import Any
from urllib.parse import urlencode

from gatepost.model.clients import StoredClient
from gatepost.model.people import User
from gatepost.web.portal.visits import PREFIX, Visit

USERS = f"{PREFIX}/security/users"


def told(visit: Visit, user: User) -> dict[str, Any]:
    """A person by name and address, and whether it is whoever looks."""
    return {
        "id": user.id,
        "name": user.name or user.contact_email or user.id,
        "email": user.email or user.contact_email or "",
        "href": f"{USERS}?{urlencode({'user': user.id})}",
        "is_self": user.id == visit.session.user.id,
    }


def client_told(client: StoredClient) -> dict[str, Any]:
    """A client by name and id."""
    id_ = client.settings.id
    said = {"type": client.kind.replace("_", "-"), "client": id_, "tab": "roles"}
    return {
        "id": id_,
        "name": client.settings.name,
        "href": f"{PREFIX}/security/clients?{urlencode(said)}",
    }
