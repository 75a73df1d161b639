"""One visit of the portal: who, their form with its proof, and how a page is made."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from gatepost.model.errors import Code, Refused
from gatepost.model.people import User
from gatepost.model.tenants import ADMINISTRATOR, Theme
from gatepost.ports import PageOf
from gatepost.protocol.parameters import parse_pairs
from gatepost.services.access import AccessService
from gatepost.services.digests import is_one_of
from gatepost.services.passkey_lists import PasskeyLists
from gatepost.services.password_links import PasswordLinks
from gatepost.services.portal_sessions import PortalSessions, Session
from gatepost.services.sign_in_lists import SignInLists
from gatepost.services.sign_in_rules import FactorRemoval
from gatepost.services.try_outs import TryOuts
from gatepost.services.world import Act, World
from gatepost.web import forms, pages
from gatepost.web.http import NO_STORE, Call, Headers, Reply
from gatepost.web.portal.cookies import Cookies
from gatepost.web.portal.moments import Moment, Zone
from gatepost.web.portal.words import Say

PREFIX = "/portal"
_MOST_NAMED = 3


class Rooms(NamedTuple):
    """The services behind the pages."""

    world: World
    sessions: PortalSessions
    access: AccessService
    sign_ins: SignInLists
    links: PasswordLinks
    try_outs: TryOuts
    factors: FactorRemoval
    passkeys: PasskeyLists


class Place(NamedTuple):
    """Where this deployment is reached, and in which words it speaks."""

    url: str
    issuer: str
    theme: Theme
    say: Say
    cookies: Cookies
    strict_reads: bool = False
    """Only administrators are told of clients."""


class Fields(NamedTuple):
    """What a form or an address says; a name may be there several times."""

    pairs: tuple[tuple[str, str], ...]

    def get(self, name: str, default: str = "") -> str:
        """The first value of a name."""
        return next((value for known, value in self.pairs if known == name), default)

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a name, in order."""
        return tuple(value for known, value in self.pairs if known == name)

    def has(self, name: str) -> bool:
        """Whether the name is there at all."""
        return any(known == name for known, _ in self.pairs)


class Visit(NamedTuple):
    """A call of somebody who is signed in, with what its pages need."""

    call: Call
    path: Mapping[str, str]
    session: Session
    rooms: Rooms
    place: Place
    zone: Zone

    @property
    def world(self) -> World:
        """The ports."""
        return self.rooms.world

    @property
    def tenant_id(self) -> str:
        """The tenant that is being managed."""
        return self.session.tenant.id

    @property
    def act(self) -> Act:
        """The person, as services know who makes a change."""
        return Act(self.session.caller, self.call.origin)

    @property
    def may_change(self) -> bool:
        """Whether the person administers the tenant."""
        return self.session.caller.is_administrator

    def say(self, key: str, /, **values: object) -> str:
        """Words in the theme of this deployment."""
        return self.place.say(key, **values)

    def query(self) -> Fields:
        """What the address says behind its question mark."""
        return _fields(self.call.query)

    def proof(self, purpose: str) -> str:
        """The hidden field that shows a form to be ours, for this session and purpose."""
        return self._proofs(purpose)[0]

    def _proofs(self, purpose: str) -> tuple[str, ...]:
        return self.world.secrets.proofs("portal form", self.session.token, purpose)

    def form(self, purpose: str) -> Fields:
        """The fields of a form of ours; refused when it may be somebody else's (R-54, D-11)."""
        forms.check_is_form(self.call)
        forms.check_same_site(self.call, self.place.url)
        found = _fields(self.call.body)
        if not is_one_of(found.get("proof").encode(), map(str.encode, self._proofs(purpose))):
            raise FormOfAnotherSession(self, purpose, found)
        return found

    def moment(self, at: Any) -> Moment | None:
        """A moment for a page, or None for none."""
        return None if at is None else self.zone.moment(at)

    def page(self, status: int, template: str, section: str, **values: Any) -> Reply:
        """A page within the portal's frame; `section` is the part of the left pane it is of."""
        return pages.page(
            status,
            f"portal/{template}",
            say=self.place.say,
            theme=self.place.theme,
            shell=self._shell(section),
            **{"notice": None, "problem": None, **values},
        )

    def _shell(self, section: str) -> dict[str, Any]:
        user = self.session.user
        return {
            "person": {
                "name": user.name or user.id,
                "email": user.email or "",
                "initial": (user.name or user.id)[:1].upper(),
            },
            "tenant": {"name": self.session.tenant.name},
            "section": section,
            "may_change": self.may_change,
            "whom": [] if self.may_change else self.whom_to_ask(),
            "menu_always": self.place.theme == "ocs",
            "signout_proof": self.proof("signout"),
        }

    def whom_to_ask(self) -> list[str]:
        """The first administrators of the tenant, by the names that people know them by."""
        with self.world.store.reading(self.tenant_id) as tenancy:
            role = tenancy.directory.role_of_type(ADMINISTRATOR)
            page = PageOf(0, _MOST_NAMED)
            found: Sequence[User] = tenancy.directory.users_in_role(role.id, page) if role else ()
        return [user.name or user.id for user in found if user.enabled]


class FormOfAnotherSession(Refused):
    """A form of this browser that was made before its person signed in again, or not made by us.

    It came from our own site, so the person may look at it and send it again (nothing is lost).
    """

    def __init__(self, visit: Visit, purpose: str, fields: Fields) -> None:
        super().__init__(
            Code.FORM_NOT_OURS, visit.say("door.form_too_old"), visit.say("door.form_look_again")
        )
        self.purpose = purpose
        self.fields = fields


class Allowed(StrEnum):
    """Who may use a page: everybody of the tenant, or its administrators."""

    MEMBER = "member"
    ADMINISTRATOR = "administrator"


class Route(NamedTuple):
    """A page: its method, its path below /portal with {names} in it, who may, and what answers."""

    method: str
    path: str
    allowed: Allowed
    handle: Callable[[Visit], Reply]


def redirect(path: str, extra: Headers = ()) -> Reply:
    """303 to a page of the portal, so that what was posted is not posted again (R-06)."""
    if not (path.isascii() and path.isprintable()):
        raise Refused(
            Code.ROUTE_NOT_FOUND, "There is no page at this address.", "Go back to the first page."
        )
    return Reply(303, b"", (("Location", path), *NO_STORE, *extra))


def _fields(raw: bytes) -> Fields:
    found = forms.in_order(parse_pairs(raw), "Go back, load the page again and repeat it.")
    return Fields(tuple(found))
