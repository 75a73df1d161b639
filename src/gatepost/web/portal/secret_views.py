"""A client with its secrets, as the pages of secrets find them and show them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from gatepost.model import rotation
from gatepost.model.client_kinds import BY_NAME, ClientKind
from gatepost.model.clients import Secret, StoredClient
from gatepost.model.errors import Code, NotFound, Refused
from gatepost.model.rotation import Removal, State
from gatepost.model.tenants import SECRET_LIMIT
from gatepost.ports import PageOf
from gatepost.services import client_secrets, clients
from gatepost.web.portal.list_state import LIST_PATH, ListState
from gatepost.web.portal.visits import Visit

_ALL = PageOf(0, SECRET_LIMIT)
_MAX_DIGITS = 9
_DAY = timedelta(days=1)
_TONES = {
    State.NEVER: "warn",
    State.OK: "ok",
    State.SOON: "warn",
    State.URGENT: "bad",
    State.EXPIRED: "bad",
}


class Owner(NamedTuple):
    """A client of a kind that has secrets, with all of them."""

    client: StoredClient
    secrets: tuple[Secret, ...]

    @property
    def id(self) -> str:
        """The client's id."""
        return self.client.settings.id

    @property
    def kind(self) -> ClientKind:
        """The client's kind."""
        return BY_NAME[self.client.kind]

    @property
    def is_full(self) -> bool:
        """Whether the client has as many secrets as it can have."""
        return len(self.secrets) >= SECRET_LIMIT

    @property
    def has_keys(self) -> bool:
        """Whether the client can show who it is without a secret, by keys of its own."""
        extensions = getattr(self.client.settings, "extensions", None)
        return bool(getattr(extensions, "jwks", None))

    @property
    def tab(self) -> str:
        """The address of the Secrets tab."""
        return ListState(type=self.kind.name, client=self.id, tab="secrets").address()

    def done(self, key: str) -> str:
        """The same with a notice of what was done."""
        return f"{self.tab}&done={key}"

    def address(self, rest: str) -> str:
        """The address of a page of the client's secrets."""
        return f"{LIST_PATH}/{self.id}/secrets/{rest}"


def owner(visit: Visit) -> Owner:
    """The client of the address; one of a kind without secrets has no such pages."""
    return owner_of(
        visit, clients.of_any_kind(visit.world, visit.tenant_id, visit.path["client_id"])
    )


def owner_of(visit: Visit, client: StoredClient) -> Owner:
    """The client with its secrets."""
    kind = BY_NAME[client.kind]
    if not kind.has_secret:
        raise Refused(
            Code.ROUTE_NOT_FOUND, visit.say("door.no_page"), visit.say("door.no_page_mend")
        )
    world, tenant_id = visit.world, visit.tenant_id
    secrets, _ = client_secrets.find(world, tenant_id, kind, client.settings.id, _ALL)
    return Owner(client, secrets)


def named(visit: Visit, whose: Owner) -> Secret:
    """The secret of the address."""
    text = visit.path["secret_id"]
    if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS:
        for secret in whose.secrets:
            if secret.id == int(text):
                return secret
    raise NotFound(Code.SECRET_NOT_FOUND, "secret", text)


def view(visit: Visit, secret: Secret, secrets: Sequence[Secret]) -> dict[str, Any]:
    """A secret as a page shows it, with what is known of its rotation."""
    now = visit.world.clock.now()
    state = rotation.state(secret, now)
    removal = rotation.removal(secret, secrets, now)
    return {
        "number": secret.id,
        "description": secret.description or "",
        "created": visit.moment(secret.created_at),
        "expires": visit.moment(secret.expires_at),
        "state": state.value,
        "badge": _badge(visit, secret, state),
        "tone": _TONES[state],
        "last_used": visit.moment(secret.last_used_at),
        "use_count": secret.use_count,
        "successor": removal.successor.id if removal.successor else None,
        "is_safe": removal.is_safe,
        "removal": _sentence(visit, removal),
    }


def _badge(visit: Visit, secret: Secret, state: State) -> str:
    if secret.expires_at is None or state not in (State.SOON, State.URGENT):
        return visit.say(f"secrets.state_{state}")
    left = secret.expires_at - visit.world.clock.now()
    if left < _DAY:
        return visit.say("secrets.state_today")
    days = round(left / _DAY)
    return visit.say("secrets.state_one_day" if days == 1 else "secrets.state_days", days=days)


def _sentence(visit: Visit, removal: Removal) -> str:
    after = removal.successor
    if after is None:
        return visit.say(f"secrets.removal_{removal.reason}")
    since = visit.moment(after.first_used_at)
    shown = since.full if since else ""
    return visit.say(f"secrets.removal_{removal.reason}", number=after.id, since=shown)
