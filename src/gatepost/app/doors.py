"""The doors of the application, wired, and the front before them."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from gatepost.app.house import House, sqlite_file
from gatepost.app.traced import TracedFront
from gatepost.protocol.discovery import ISSUER_PATH
from gatepost.services.access import AccessService
from gatepost.services.sign_in_lists import SignInLists
from gatepost.web import site
from gatepost.web.api import docs_page, openapi
from gatepost.web.api.door import ApiDoor
from gatepost.web.endpoints import Door
from gatepost.web.front import LANES, Front
from gatepost.web.health import MetricsDoor, Vital
from gatepost.web.interaction.cookies import Cookies
from gatepost.web.interaction.door import InteractionDoor
from gatepost.web.interaction.visits import Place, Rooms
from gatepost.web.oidc.door import AT_HAND, Desk, OidcDoor
from gatepost.web.portal import visits as portal_visits
from gatepost.web.portal.cookies import Cookies as PortalCookies
from gatepost.web.portal.door import PortalDoor
from gatepost.web.portal.words import sayer
from gatepost.web.site import ApiPaper, Site

if TYPE_CHECKING:
    from gatepost.app.spans import Tracing


class Inside(NamedTuple):
    """The services behind the doors."""

    rooms: Rooms
    desk: Desk
    portal: portal_visits.Rooms
    access: AccessService
    lists: SignInLists
    vital: Vital
    tracing: "Tracing | None" = None


def front_of(house: House, public_url: str, inside: Inside) -> Front:
    """The application; the order of the doors is the order in which they are asked."""
    world = house.world
    rest = Site(ApiPaper(openapi.document, docs_page.resources), inside.vital)
    doors: tuple[Door, ...] = (
        _interaction(house, public_url, inside),
        _portal(house, public_url, inside),
        OidcDoor(public_url + ISSUER_PATH, inside.desk, world.store),
        rest.documents(),
        _api(house, inside),
        rest,
    )
    https = public_url.startswith("https:")
    # An embedded store has one writer, so more than one lane would only wait for it.
    lanes = LANES if sqlite_file(house.settings) is None else 1
    trusted = house.settings.trusted_proxies
    make = partial(TracedFront, inside.tracing) if inside.tracing else Front
    front = make(doors, world.dice, trusted, https=https, lanes=lanes)
    for method, path in AT_HAND:
        front.answer_at_once(method, ISSUER_PATH + path)
    return front


def metrics_front(house: House, text: Callable[[], str]) -> Front:
    """What answers at a listener that has the metrics, and nothing else."""
    return Front((MetricsDoor(text, site.explain),), house.world.dice, (), https=False)


def _interaction(house: House, public_url: str, inside: Inside) -> InteractionDoor:
    cookies = Cookies(house.world.dice, https=public_url.startswith("https:"))
    place = Place(public_url, urlsplit(public_url).hostname or "", cookies)
    return InteractionDoor(inside.rooms, place)


def _portal(house: House, public_url: str, inside: Inside) -> PortalDoor:
    settings = house.settings
    place = portal_visits.Place(
        public_url,
        public_url + ISSUER_PATH,
        settings.theme,
        sayer(settings.theme),
        PortalCookies(https=public_url.startswith("https:")),
    )
    return PortalDoor(inside.portal, place, strict_reads=settings.strict_client_reads)


def _api(house: House, inside: Inside) -> ApiDoor:
    return ApiDoor(
        house.world,
        (inside.access, inside.lists, inside.portal.passkeys),
        strict_reads=house.settings.strict_client_reads,
        omit_nulls=house.settings.null_members == "omit",
    )
