"""Values of the portal to put into a store: sessions, try-outs, links to set a password."""

from datetime import timedelta
from typing import Any

from gatepost.model.portal import PasswordLink, PortalSession, TryOut
from gatepost.ports import ClientQuery, ListedClient, PageOf
from tests.stores.examples import ALL, HYBRID, NOW, guid, later

IN_TEN_MINUTES = NOW + timedelta(minutes=10)


def portal_session(user_id: str, sign_in_id: str, **members: Any) -> PortalSession:
    """A session of the portal."""
    values = {"client_id": "gatepost-portal-mill", "token_mark": guid(), "created_at": later()}
    return PortalSession(user_id=user_id, sign_in_id=sign_in_id, **{**values, **members})


def try_out(client_id: str, **members: Any) -> TryOut:
    """A try-out with an address and a secret of its own."""
    values = {
        "id": guid(),
        "user_id": "kim",
        "redirect_uri": "https://id.example.com/portal/try-out",
        "secret_id": 7,
        "sealed_state": b"\x00sealed\xff",
        "created_at": later(),
        "expires_at": IN_TEN_MINUTES,
        **members,
    }
    return TryOut(client_id=client_id, **values)


def password_link(user_id: str, **members: Any) -> PasswordLink:
    """A link to set a password."""
    values = {"email": "Kim@Example.com", "created_at": later(), "expires_at": IN_TEN_MINUTES}
    return PasswordLink(user_id=user_id, **{**values, **members})


def query(page: PageOf = ALL, **members: Any) -> ClientQuery:
    """A query for hybrid clients."""
    return ClientQuery(page=page, **{"kind": HYBRID, **members})


def names_of(found: tuple[ListedClient, ...]) -> list[str]:
    """The names of listed clients, in their order."""
    return [one.client.settings.name for one in found]
