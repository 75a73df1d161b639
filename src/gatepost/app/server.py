"""The running server's parts, wired: the doors, the services behind them, the background work."""

import logging
import threading
from datetime import timedelta
from urllib.parse import urlsplit

from gatepost.app.doors import Inside, front_of
from gatepost.app.house import House
from gatepost.app.links import password_links
from gatepost.app.watch import Watch
from gatepost.crypto.passkeys import WebAuthnPasskeys
from gatepost.model.errors import StoreUnavailable
from gatepost.outgoing import Messenger
from gatepost.protocol.discovery import ENDPOINTS, ISSUER_PATH
from gatepost.protocol.resources import known
from gatepost.services.access import AccessService
from gatepost.services.account import AccountService
from gatepost.services.authorize import AuthorizeService
from gatepost.services.cards import Cards
from gatepost.services.client_login import Books, ClientLogin
from gatepost.services.courier import Courier
from gatepost.services.devices import DeviceService
from gatepost.services.errands import Errands
from gatepost.services.flows import Flow, FlowRules, RefreshRules
from gatepost.services.issuing import Mint
from gatepost.services.keys import KeyRing
from gatepost.services.password_links import PasswordLinks
from gatepost.services.portal_sessions import PortalSessions
from gatepost.services.refusals import RefusalBook
from gatepost.services.sign_in import SignInService
from gatepost.services.sign_in_lists import SignInLists
from gatepost.services.sign_out import SignOutService
from gatepost.services.sweeping import Sweeper
from gatepost.services.token import TokenService
from gatepost.services.token_use import TokenUse
from gatepost.services.try_out_calls import Calls, Endpoints
from gatepost.services.try_out_flows import CALLBACK_PATH
from gatepost.services.try_outs import TryOuts
from gatepost.services.usage import UsageBook
from gatepost.web.interaction.visits import Rooms
from gatepost.web.oidc.door import Desk
from gatepost.web.portal import visits as portal_visits

_FLUSH_SECONDS = 1.0


class Server:
    """The application with its background work, for one worker process."""

    def __init__(self, house: House, public_url: str) -> None:
        self._house = house
        self._book = UsageBook()
        self._refusals = RefusalBook(house.world)
        issuer = public_url + ISSUER_PATH
        ring = KeyRing(house.world)
        mint = Mint(house.world, issuer, ring)
        cards = Cards(house.store)
        access = AccessService(house.world, issuer, ring, self._refusals, cards)
        rules, passkeys = _rules(house, public_url), _passkeys(public_url)
        flow = Flow(house.world, mint, self._refusals, rules, passkeys)
        messenger = Messenger(may_call_here=public_url.startswith("http:"))
        self._courier = Courier(messenger, mint)
        audiences = frozenset({issuer, *(issuer + path for path in ENDPOINTS.values())})
        books = Books(self._book, self._refusals)
        login = ClientLogin(house.world, audiences, books, cards)
        links = password_links(house, public_url, self._courier)
        rooms = _rooms(flow, login, self._courier, links)
        desk = Desk(
            tokens=TokenService(house.world, login, mint, flow.rules.refresh),
            use=TokenUse(house.world, access, login, self._refusals),
            authorize=rooms.authorize,
            devices=rooms.devices,
            ring=ring,
        )
        self._watch = Watch(house, ring)
        self._stopping = threading.Event()
        self._clerk = threading.Thread(target=self._keep_books, name="usage", daemon=True)
        lists = SignInLists(house.world, issuer, self._courier)
        sessions = PortalSessions(house.world, public_url, mint, (desk.tokens, access))
        endpoints = Endpoints(mint, desk.tokens, access, desk.use, desk.devices)
        self._try_outs = TryOuts(house.world, public_url, Calls(house.world, endpoints))
        portal = portal_visits.Rooms(house.world, sessions, access, lists, links, self._try_outs)
        self._leaving = threading.Event()
        inside = Inside(rooms, desk, portal, access, lists, self._leaving.is_set)
        self.front = front_of(house, public_url, inside)

    def start(self) -> None:
        """Begin the background work."""
        self._watch.start()
        self._clerk.start()
        self._courier.start()

    def leave(self) -> None:
        """Say that this worker is not to be sent anything more."""
        self._leaving.set()

    def stop(self) -> None:
        """End it, and keep what is not yet kept."""
        self.front.close()
        self._watch.stop()
        self._courier.stop()
        self._stopping.set()
        self._clerk.join(timeout=10)
        self._keep_the_rest()
        self._house.close()

    def _keep_the_rest(self) -> None:
        try:
            self._book.keep_all(self._house.store)
            self._refusals.keep()
        except StoreUnavailable as fault:
            logging.getLogger("gatepost.refusals").warning("counts are lost: %s", fault)

    def _keep_books(self) -> None:
        """Write the counters of use once a second, and once more at the end."""
        log = logging.getLogger("gatepost.usage")
        _ = self._house.world.passwords.decoy  # made now, so that no sign-in waits for it
        sweeper = Sweeper(self._house.world, (self._try_outs.sweep,))
        ending = False
        while not ending:
            ending = self._stopping.wait(_FLUSH_SECONDS)
            try:
                self._book.keep(self._house.store)
                sweeper.sweep_when_due()
            except StoreUnavailable as fault:
                log.warning("counters of use are kept for later: %s", fault)
            except Exception:
                log.exception("counters of use could not be written")


def _rules(house: House, public_url: str) -> FlowRules:
    """Unused refresh tokens end after half the whole time: the original's had 15 of 30 days."""
    absolute = timedelta(seconds=house.settings.refresh_token_lifetime)
    return FlowRules(
        house.settings.consent,
        RefreshRules(absolute / 2, absolute),
        known(public_url + ISSUER_PATH),
        public_url + CALLBACK_PATH,
    )


def _passkeys(public_url: str) -> WebAuthnPasskeys:
    return WebAuthnPasskeys(urlsplit(public_url).hostname or "", public_url)


def _rooms(flow: Flow, login: ClientLogin, courier: Courier, links: PasswordLinks) -> Rooms:
    errands = Errands(flow)
    return Rooms(
        flow=flow,
        errands=errands,
        authorize=AuthorizeService(flow, errands, login),
        sign_in=SignInService(flow, errands, courier),
        sign_out=SignOutService(flow, courier),
        account=AccountService(flow, errands, courier),
        devices=DeviceService(flow.world, login),
        links=links,
    )
