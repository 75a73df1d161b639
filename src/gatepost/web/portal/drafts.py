"""What a form that makes something new carries: the value it will have, sealed for its person.

The value is made when the form is shown. The same form sent twice so makes one thing (0019).
"""

from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from gatepost.model import base64url
from gatepost.model.secret_values import compose
from gatepost.services import client_secrets
from gatepost.web.portal.visits import Visit

LIFETIME = timedelta(hours=1)
SHOWN_AGAIN = timedelta(minutes=1)


class Draft(Struct, frozen=True):
    """A secret's value before it is kept, and the client that it is for."""

    client_id: str
    value: str
    made_at: datetime

    def __repr__(self) -> str:
        return f"Draft({self.client_id!r}, ***)"


def new(visit: Visit, client_id: str) -> Draft:
    """A draft with a new value, made at this moment."""
    return Draft(client_id, client_secrets.new_value(visit.world), visit.world.clock.now())


def value_for(visit: Visit, draft: Draft, client_id: str) -> str:
    """The secret of a new client with this id: no two clients get one secret by one form."""
    return compose(visit.world.secrets.proof("drafted secret", draft.value, client_id))


def sealed(visit: Visit, draft: Draft) -> str:
    """The draft as the hidden field `draft` of a form; only this person's forms open it."""
    plain = msgspec.json.encode(draft).decode()
    return base64url.encoded(visit.world.secrets.seal(_place(visit), plain))


def opened(visit: Visit, text: str) -> Draft | None:
    """The draft of a form that was sent, or None when it is not this person's or too old."""
    raw = base64url.decoded(text)
    plain = visit.world.secrets.unseal(_place(visit), raw) if raw else None
    if plain is None:
        return None
    draft = msgspec.json.decode(plain.encode(), type=Draft)
    return draft if visit.world.clock.now() - draft.made_at < LIFETIME else None


def _place(visit: Visit) -> str:
    return f"portal draft {visit.session.user.id}"
