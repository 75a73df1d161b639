"""Devices without a browser: their codes, and the yes or no of their person (RFC 8628)."""

from datetime import timedelta
from typing import NamedTuple

from gatepost.model import base64url, throttle
from gatepost.model.client_kinds import BY_NAME
from gatepost.model.clients import DeviceCodeClient, StoredClient
from gatepost.model.events import DEPLOYMENT, Action, Actor, Event, Origin
from gatepost.model.grants import APPROVED, DENIED, POLL_INTERVAL, WAITING, DeviceCode
from gatepost.model.networks import network
from gatepost.model.requests import DeviceErrand
from gatepost.model.sign_ins import SignIn
from gatepost.ports import Tenancy
from gatepost.protocol import scopes
from gatepost.protocol.authorization import ShowError
from gatepost.protocol.grants.device_code import GRANT_TYPE
from gatepost.protocol.parameters import OAuthError
from gatepost.services import throttling
from gatepost.services.browsers import Browser
from gatepost.services.client_login import ClientLogin, FormRequest, KnownClient
from gatepost.services.digests import first_found
from gatepost.services.finishing import new_family
from gatepost.services.floods import Flood
from gatepost.services.flows import (
    DEVICE_ALLOWED_PAGE,
    DEVICE_DENIED_PAGE,
    GONE,
    Flow,
    Home,
)
from gatepost.services.world import World

# No vowels, so that no words come about, and no digits, which look like letters (RFC 8628, 6.1).
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_CODE_LENGTH = 8
_DEVICE_CODE_BYTES = 32
_TRIES = 5


class DeviceStart(NamedTuple):
    """What a device is told when it begins (RFC 8628, 3.2)."""

    device_code: str
    user_code: str
    expires_in: int
    interval: int

    def __repr__(self) -> str:
        return "DeviceStart(***)"


class FoundDevice(NamedTuple):
    """A device that waits, and the tenant it waits in."""

    tenant_id: str
    errand: DeviceErrand


class DeviceService:
    """Gives devices their codes, and finds them by what people type."""

    def __init__(self, world: World, login: ClientLogin) -> None:
        self._world = world
        self._login = login
        self._flood = Flood(world.clock, throttle.BEGUN_BY_STRANGERS, "too_many_begun")

    def start(self, request: FormRequest) -> DeviceStart | OAuthError:
        """Codes for a device."""
        known = self._login.known(request)
        if isinstance(known, OAuthError):
            return known
        too_many = self._flood.refusal(request.origin.address)
        if too_many is not None:
            return too_many
        asked = _asked(known, request)
        if isinstance(asked, OAuthError):
            self._login.remember(known.tenant_id, known.id, asked, request.origin)
            return asked
        settings = known.client.settings
        assert isinstance(settings, DeviceCodeClient)  # noqa: S101  (its kind has the grant)
        lifetime = settings.device_code_lifetime
        for _ in range(_TRIES):
            device_code = "gpd_" + self._world.dice.token(_DEVICE_CODE_BYTES)
            user_code = new_user_code(self._world)
            if self._add(known, asked, (device_code, user_code), lifetime):
                seconds = int(POLL_INTERVAL.total_seconds())
                return DeviceStart(device_code, shown_code(user_code), lifetime, seconds)
        return OAuthError("server_error", "no free user code was found", "no_user_code", 503)

    def find(self, typed: str, browser: Browser) -> FoundDevice | timedelta | None:
        """The device that shows this code; how long to wait when there were too many guesses."""
        code = "".join(letter for letter in typed.upper() if letter in LETTERS)
        digests = self._world.secrets.digests_of("user-code", code)
        limits = throttling.keys(
            self._world,
            {f"user codes {network(browser.origin.address)}": throttle.USER_CODES},
        )
        wait = self._count(limits)
        if wait:
            return wait
        with self._world.store.reading_all() as deployment:
            tenant_id = first_found(deployment.tenant_of_user_code, digests)
        if tenant_id is None:
            return None
        with self._world.store.reading(tenant_id) as tenancy:
            device = first_found(tenancy.grants.device_with_user_code, digests)
        if device is None or device.state != WAITING:
            return None
        if self._world.clock.now() >= device.expires_at:
            return None
        self._give_back(limits)
        errand = DeviceErrand(
            client_id=device.client_id,
            device_code=device.digest.hex(),
            user_code=_sealed_code(self._world, device.digest.hex(), shown_code(code)),
            scopes=device.scopes,
        )
        return FoundDevice(tenant_id, errand)

    def _count(self, limits: throttling.Keys) -> timedelta:
        """Wrong codes are of no tenant; the address is all that is known of who guesses."""
        with self._world.store.writing(DEPLOYMENT) as nobody:
            return throttling.count(self._world, nobody, limits)

    def _give_back(self, limits: throttling.Keys) -> None:
        """A right code was no guess: many devices may be let in from one address."""
        with self._world.store.writing(DEPLOYMENT) as nobody:
            throttling.give_back(self._world, nobody, limits)

    def _add(
        self, known: KnownClient, asked: tuple[str, ...], codes: tuple[str, str], lifetime: int
    ) -> bool:
        device_code, user_code = codes
        now = self._world.clock.now()
        with self._world.store.writing(known.tenant_id) as tenancy:
            return tenancy.grants.add_device_code(
                DeviceCode(
                    digest=self._world.secrets.digest_of("device-code", device_code),
                    user_code_digest=self._world.secrets.digest_of("user-code", user_code),
                    client_id=known.id,
                    scopes=asked,
                    created_at=now,
                    expires_at=now + timedelta(seconds=lifetime),
                )
            )


def let_in(
    flow: Flow, tenancy: Tenancy, errand: DeviceErrand, by: tuple[StoredClient, SignIn, Origin]
) -> Home | ShowError:
    """The person said yes: the device's next question is answered with tokens."""
    client, sign_in, origin = by
    family = new_family(flow, (client, sign_in), errand.scopes)
    tenancy.grants.add_family(family)
    if not tenancy.grants.settle_device_code(
        bytes.fromhex(errand.device_code), APPROVED, family.id
    ):
        return GONE
    _note(flow, tenancy, errand, (sign_in, origin, APPROVED))
    return Home(DEVICE_ALLOWED_PAGE, client.settings.name)


def turn_away(
    flow: Flow, tenancy: Tenancy, errand: DeviceErrand, by: tuple[SignIn, Origin]
) -> Home | ShowError:
    """The person said no."""
    if not tenancy.grants.settle_device_code(bytes.fromhex(errand.device_code), DENIED, None):
        return GONE
    _note(flow, tenancy, errand, (*by, DENIED))
    client = tenancy.clients.find(errand.client_id)
    return Home(DEVICE_DENIED_PAGE, client.settings.name if client else "")


def code_of(world: World, errand: DeviceErrand) -> str:
    """The code that the person typed, to be compared with the one on the device."""
    sealed = base64url.decoded(errand.user_code)
    return world.secrets.unseal(_place(errand.device_code), sealed or b"") or ""


def new_user_code(world: World) -> str:
    """Eight letters, each as likely as the others."""
    letters = ""
    while len(letters) < _CODE_LENGTH:
        drawn = world.dice.token(_CODE_LENGTH).upper()
        letters += "".join(letter for letter in drawn if letter in LETTERS)
    return letters[:_CODE_LENGTH]


def shown_code(code: str) -> str:
    """The code as people read it."""
    return f"{code[:4]}-{code[4:]}"


def _asked(known: KnownClient, request: FormRequest) -> tuple[str, ...] | OAuthError:
    if GRANT_TYPE not in BY_NAME[known.client.kind].grants:
        return OAuthError(
            "unauthorized_client",
            "a client of this kind may not use the device grant",
            "grant_not_allowed",
        )
    text = request.form.get("scope", scopes.API_SCOPE)
    asked = scopes.allowed(known.client.settings, scopes.split(text))
    return scopes.length_fault(text) or scopes.use_fault(asked) or asked


def _note(
    flow: Flow, tenancy: Tenancy, errand: DeviceErrand, by: tuple[SignIn, Origin, str]
) -> None:
    sign_in, origin, decision = by
    tenancy.journal.append(
        Event(
            at=flow.world.clock.now(),
            action=Action.DEVICE_DECIDED,
            actor=Actor("user", sign_in.user_id),
            origin=origin,
            target=errand.client_id,
            after={"Decision": decision, "Scopes": list(errand.scopes)},
        )
    )


def _sealed_code(world: World, device_code: str, user_code: str) -> str:
    """Whoever steals the store is not to let a device of somebody else in."""
    return base64url.encoded(world.secrets.seal(_place(device_code), user_code))


def _place(device_code: str) -> str:
    return f"device {device_code}"
