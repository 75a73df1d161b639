"""The running server's parts, wired: the doors, the services behind them, the background work."""

import logging
import threading
from datetime import timedelta
from urllib.parse import urlsplit

from gatepost.app import gauges, metrics
from gatepost.app.counting import Counting
from gatepost.app.couriers import courier_at
from gatepost.app.doors import Inside, front_of, metrics_front
from gatepost.app.evidence import journal_care
from gatepost.app.gauges import Outlook, Queue, Say
from gatepost.app.house import House, key_rules
from gatepost.app.ledger import Ledger
from gatepost.app.links import password_links
from gatepost.app.traced import traced
from gatepost.app.watch import Watch
from gatepost.crypto.passkeys import WebAuthnPasskeys
from gatepost.model.errors import StoreUnavailable
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
from gatepost.services.factor_letters import FactorLetters
from gatepost.services.factors import OwnFactors
from gatepost.services.first_factors import FirstFactors
from gatepost.services.flows import Flow, FlowRules, RefreshRules
from gatepost.services.issuing import Mint
from gatepost.services.key_schedule import KeySchedule
from gatepost.services.keys import KeyRing
from gatepost.services.note_lines import MOST_IN_ALL
from gatepost.services.passkey_lists import PasskeyLists
from gatepost.services.password_links import PasswordLinks
from gatepost.services.portal_sessions import PortalSessions
from gatepost.services.refusals import RefusalBook
from gatepost.services.second_steps import SecondSteps
from gatepost.services.sign_in import SignInService
from gatepost.services.sign_in_lists import SignInLists
from gatepost.services.sign_in_rules import FactorRemoval
from gatepost.services.sign_out import SignOutService
from gatepost.services.sweeping import Sweeper
from gatepost.services.token import TokenService
from gatepost.services.token_use import TokenUse
from gatepost.services.try_out_calls import Calls, Endpoints
from gatepost.services.try_out_flows import CALLBACK_PATH
from gatepost.services.try_outs import TryOuts
from gatepost.services.usage import UsageBook
from gatepost.web.front import Front
from gatepost.web.health import Standing, Vital
from gatepost.web.interaction.visits import Rooms
from gatepost.web.oidc.door import Desk
from gatepost.web.portal import visits as portal_visits

_FLUSH_SECONDS = 1.0


class Server:
    """The application with its background work, for one worker process.

    The ledger is what the workers of a node share, and `worker` the number of this one's share.
    """

    def __init__(
        self, house: House, public_url: str, ledger: Ledger | None = None, worker: int = 0
    ) -> None:
        house, self._tracing = traced(house)
        self._house, self._ledger = house, ledger or Ledger()
        self.counting = Counting(self._ledger.share(worker), self._gauges)
        self._book, self._refusals = UsageBook(), RefusalBook(house.world, self.counting.note)
        issuer = public_url + ISSUER_PATH
        ring, cards = KeyRing(house.world), Cards(house.world.store)
        mint = Mint(house.world, issuer, ring)
        access = AccessService(house.world, issuer, ring, self._refusals, cards)
        flow = _flow(house, public_url, mint, self._refusals)
        self._courier = courier_at(public_url, mint)
        audiences = frozenset({issuer, *(issuer + path for path in ENDPOINTS.values())})
        login = ClientLogin(house.world, audiences, Books(self._book, self._refusals), cards)
        links = password_links(house, public_url, self._courier)
        rooms = _rooms(flow, login, self._courier, links)
        desk = Desk(
            tokens=TokenService(house.world, login, mint, flow.rules.refresh),
            use=TokenUse(house.world, access, login, self._refusals),
            authorize=rooms.authorize,
            devices=rooms.devices,
            ring=ring,
        )
        self._watch, self._outlook = Watch(house, ring), Outlook(house.world)
        self._stopping, self._leaving = threading.Event(), threading.Event()
        self._care = journal_care(house)
        self._clerk = threading.Thread(target=self._keep_books, name="usage", daemon=True)
        lists = SignInLists(house.world, issuer, self._courier)
        sessions = PortalSessions(house.world, public_url, mint, (desk.tokens, access))
        endpoints = Endpoints(mint, desk.tokens, access, desk.use, desk.devices)
        self._try_outs = TryOuts(house.world, public_url, Calls(house.world, endpoints))
        also = (house.world, issuer, self._courier, FactorLetters(house.world, links.mailer))
        removal, passkeys = FactorRemoval(*also), PasskeyLists(*also)
        portal = portal_visits.Rooms(
            house.world, sessions, access, lists, links, self._try_outs, removal, passkeys
        )
        vital = Vital(self.standing, None if house.settings.metrics_listen else self._metrics)
        inside = Inside(rooms, desk, portal, access, lists, vital, self._tracing)
        self.front = front_of(house, public_url, inside)

    def start(self) -> None:
        """Begin the background work."""
        self._watch.start()
        self.counting.start()
        self._clerk.start()
        self._courier.start()

    def leave(self) -> None:
        """Say that this worker is not to be sent anything more."""
        self._leaving.set()

    def standing(self) -> Standing:
        """Whether requests may be sent here."""
        return Standing.STOPPING if self._leaving.is_set() else self._watch.standing()

    def metrics_front(self) -> Front:
        """What answers at the listener for metrics."""
        return metrics_front(self._house, self._metrics)

    def stop(self) -> None:
        """End it, and keep what is not yet kept."""
        self.front.close()
        self._watch.stop()
        self._courier.stop()
        self._stopping.set()
        self._clerk.join(timeout=10)
        self._keep_the_rest()
        if self._tracing is not None:
            self._tracing.stop()
        self._house.close()

    def _metrics(self) -> str:
        return metrics.page(self._ledger)

    def _gauges(self) -> tuple[Say, ...]:
        waiting = {
            "secret_uses": Queue(self._book.waiting),
            "logout_notes": Queue(self._courier.waiting, MOST_IN_ALL),
        }
        return (
            gauges.standing(self.standing),
            gauges.calls(self.front),
            gauges.queues(waiting),
            gauges.connections(self._house.store),
            gauges.sight(self._watch, self._house.world.clock, key_rules(self._house)),
            self._outlook.say,
            gauges.checkpoints(self._care.waiting, self._house.world.clock),
        )

    def _keep_the_rest(self) -> None:
        try:
            self._book.keep_all(self._house.store)
            self._refusals.keep()
            self._care.finish()
        except StoreUnavailable as fault:
            logging.getLogger("gatepost.refusals").warning("counts are lost: %s", fault)

    def _keep_books(self) -> None:
        """Write the counters of use once a second, and once more at the end."""
        log = logging.getLogger("gatepost.usage")
        _ = self._house.world.passwords.decoy  # made now, so that no sign-in waits for it
        schedule = KeySchedule(self._house.world, key_rules(self._house))
        also = (self._try_outs.sweep, schedule.act, self._outlook.look, *self._care.chores)
        sweeper = Sweeper(self._house.world, also)
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


def _flow(house: House, public_url: str, mint: Mint, refusals: RefusalBook) -> Flow:
    rules, passkeys = _rules(house, public_url), _passkeys(public_url)
    return Flow(house.world, mint, refusals, rules, passkeys)


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
    letters = FactorLetters(flow.world, links.mailer)
    steps = SecondSteps(flow, errands, courier, letters)
    return Rooms(
        flow=flow,
        errands=errands,
        authorize=AuthorizeService(flow, errands, login),
        sign_in=SignInService(flow, errands, courier),
        sign_out=SignOutService(flow, courier),
        account=AccountService(flow, errands, courier, letters),
        devices=DeviceService(flow.world, login),
        links=links,
        second_steps=steps,
        first_factors=FirstFactors(flow, steps, letters),
        factors=OwnFactors(flow, courier, letters),
    )
