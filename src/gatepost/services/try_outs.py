"""Trying a client out: its real flow, with the portal as the application, step by step.

The browser goes to the identity server as for any application; what an application does by itself
goes to the services of the endpoints, in process. Nobody sees more than the beginning of a token.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode

from msgspec.structs import replace

from gatepost.model.client_kinds import BY_NAME
from gatepost.model.clients import StoredClient
from gatepost.model.portal import TryOut
from gatepost.protocol import discovery
from gatepost.protocol.grants.device_code import GRANT_TYPE as DEVICE_GRANT
from gatepost.services import clients, try_out_additions, try_out_flows
from gatepost.services.try_out_additions import Begun
from gatepost.services.try_out_calls import Calls
from gatepost.services.try_out_flows import CALLBACK_PATH
from gatepost.services.try_out_state import Kept, Step, opened, sealed, shown
from gatepost.services.world import Act, World

_BYTES = 32
_SPLIT = "."
_WAITING = frozenset({"authorization_pending", "slow_down"})


class Look(NamedTuple):
    """A client before it is tried: what is in the way, and what will be added."""

    client: StoredClient
    obstacles: tuple[str, ...]
    redirect_uri: str | None
    has_secret: bool


class Seen(NamedTuple):
    """A try-out as its person sees it."""

    id: str
    client_id: str
    is_over: bool
    steps: tuple[Step, ...]
    user_code: str
    expires_at: datetime


class Started(NamedTuple):
    """A try-out that begins, and where the browser goes for it, if it goes anywhere."""

    id: str
    address: str | None


class TryOuts:
    """Runs the flows of clients at one public address."""

    def __init__(self, world: World, public_url: str, calls: Calls) -> None:
        self._world = world
        self._redirect_uri = public_url + CALLBACK_PATH
        self._calls = calls

    def look(self, tenant_id: str, client_id: str) -> Look:
        """What trying this client would do."""
        client = clients.of_any_kind(self._world, tenant_id, client_id)
        kind = BY_NAME[client.kind]
        with self._world.store.reading(tenant_id) as tenancy:
            secrets = len(tenancy.clients.secrets(client.settings.id))
        in_the_way = try_out_additions.obstacles(client, secrets, self._redirect_uri)
        address = self._redirect_uri if kind.response_types else None
        return Look(client, in_the_way, address, kind.has_secret)

    def begin(self, act: Act, client_id: str) -> Started:
        """Add what is needed, and take the first step."""
        begun = try_out_additions.add(self._world, act, client_id, self._redirect_uri)
        if try_out_flows.response_type_of(begun.client):
            return Started(begun.try_out.id, self._send(act, begun))
        kept = Kept(secret=begun.secret)
        if BY_NAME[begun.client.kind].has_roles:
            self._end(act, begun.try_out, self._calls.for_itself(act, begun.client, kept))
        else:
            self._start_device(act, begun, kept)
        return Started(begun.try_out.id, None)

    def come_back(self, act: Act, answer: Mapping[str, str]) -> Seen | None:
        """The browser came back; None when this is no answer to a try-out of the person's."""
        try_out_id = answer.get("state", "").partition(_SPLIT)[0]
        taken = self._take(act, try_out_id, lambda kept: try_out_flows.answers(kept, answer))
        if taken is None:
            seen = self.seen(act, try_out_id)
            return seen if seen and seen.is_over else None
        try_out, kept = taken
        client = clients.of_any_kind(self._world, act.tenant_id, try_out.client_id)
        done = self._calls.with_answer(act, client, kept, (answer, self._redirect_uri))
        return self._end(act, try_out, done)

    def check(self, act: Act, try_out_id: str) -> Seen | None:
        """Ask once whether the person has let the device in; None when nothing is under way."""
        taken = self._take(act, try_out_id, lambda kept: bool(kept.device_code))
        if taken is None:
            return self.seen(act, try_out_id)
        try_out, kept = taken
        client = clients.of_any_kind(self._world, act.tenant_id, try_out.client_id)
        done = self._calls.poll(act, client, kept, DEVICE_GRANT)
        if done.steps[-1].error in _WAITING:
            self._save(act, try_out, replace(done, stage="waiting"))
            return self.seen(act, try_out_id)
        return self._end(act, try_out, done)

    def seen(self, act: Act, try_out_id: str) -> Seen | None:
        """A try-out of the person's own, as far as it is."""
        with self._world.store.reading(act.tenant_id) as tenancy:
            try_out = tenancy.grants.try_out(try_out_id)
        if try_out is None or not self._is_of(act, try_out):
            return None
        return _seen(try_out, opened(self._world, try_out))

    def finish(self, act: Act, try_out_id: str) -> None:
        """Take away what was added; what is over already stays as it is."""
        if self.seen(act, try_out_id) is not None:
            try_out_additions.finish(self._world, act, try_out_id)

    def sweep(self, now: datetime) -> int:
        """End what nobody ended in time."""
        return try_out_additions.sweep(self._world, now)

    def _send(self, act: Act, begun: Begun) -> str:
        """Keep what the answer is compared with, and name the address that the browser opens."""
        state, verifier, nonce = (self._world.dice.token(_BYTES) for _ in range(3))
        kept = Kept(
            secret=begun.secret,
            state=f"{begun.try_out.id}{_SPLIT}{state}",
            verifier=verifier,
            nonce=nonce,
        )
        asked = try_out_flows.authorization_request(
            begun.client, kept, self._redirect_uri, act.tenant_id
        )
        endpoint = self._calls.issuer + discovery.AUTHORIZE_PATH
        step = Step(key="authorize", state="waiting", address=f"GET {endpoint}", sent=shown(asked))
        self._save(act, begun.try_out, kept.with_step(step))
        return f"{endpoint}?{urlencode(asked)}"

    def _start_device(self, act: Act, begun: Begun, kept: Kept) -> None:
        done = self._calls.start_device(act, begun.client, kept)
        if done.device_code:
            self._save(act, begun.try_out, done)
        else:
            self._end(act, begun.try_out, done)

    def _take(
        self, act: Act, try_out_id: str, is_meant: Callable[[Kept], bool]
    ) -> tuple[TryOut, Kept] | None:
        """The try-out, marked so that nobody else goes on with it at the same moment."""
        with self._world.store.writing(act.tenant_id) as tenancy:
            try_out = tenancy.grants.try_out(try_out_id)
            if try_out is None or not self._is_of(act, try_out):
                return None
            kept = opened(self._world, try_out)
            if kept.stage != "waiting" or not is_meant(kept):
                return None
            state = sealed(self._world, try_out.id, replace(kept, stage="busy"))
            tenancy.grants.save_try_out(replace(try_out, sealed_state=state))
        return try_out, kept

    def _save(self, act: Act, try_out: TryOut, kept: Kept) -> None:
        """Keep how far it is, unless it was ended meanwhile."""
        with self._world.store.writing(act.tenant_id) as tenancy:
            now = tenancy.grants.try_out(try_out.id)
            if now is not None and opened(self._world, now).stage != "ended":
                state = sealed(self._world, try_out.id, kept)
                tenancy.grants.save_try_out(replace(now, sealed_state=state))

    def _end(self, act: Act, try_out: TryOut, kept: Kept) -> Seen:
        over = try_out_additions.finish(self._world, act, try_out.id, kept)
        return _seen(over or try_out, kept.ended())

    def _is_of(self, act: Act, try_out: TryOut) -> bool:
        same = try_out.user_id == act.caller.id
        return same and self._world.clock.now() < try_out.expires_at


def _seen(try_out: TryOut, kept: Kept) -> Seen:
    is_over = kept.stage == "ended"
    return Seen(
        try_out.id, try_out.client_id, is_over, kept.steps, kept.user_code, try_out.expires_at
    )
