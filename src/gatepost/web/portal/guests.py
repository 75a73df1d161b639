"""The pages of the portal for whoever is not signed in yet: which organisation, in, and out."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from gatepost.model.errors import Code, Refused
from gatepost.protocol.parameters import OAuthError, parse_pairs
from gatepost.services import tenants
from gatepost.services.digests import is_one_of
from gatepost.services.portal_sessions import tenant_of
from gatepost.web import forms, pages
from gatepost.web.http import Call, Reply
from gatepost.web.portal.cookies import Cookies
from gatepost.web.portal.visits import PREFIX, Fields, Place, Rooms, redirect

HOME = f"{PREFIX}/security/clients"
_MAX_BACK = 1_500
_CHOOSE = "choose"
_BINDING_BYTES = 32
_PLAIN = re.compile(r"(?!\.+\Z)[A-Za-z0-9._~-]+\Z")


class Guest(NamedTuple):
    """A call of a browser, whoever sits at it."""

    call: Call
    rooms: Rooms
    place: Place

    @property
    def cookies(self) -> Cookies:
        """The portal's cookies."""
        return self.place.cookies

    @property
    def tokens(self) -> tuple[str, ...]:
        """The sessions that the browser says it has."""
        return self.cookies.tokens(self.call)

    def proofs(self, purpose: str, binding: str) -> tuple[str, ...]:
        """What shows a form to be ours, for the browser with this cookie."""
        return self.rooms.world.secrets.proofs("portal guest form", binding, purpose)

    def page(self, status: int, template: str, **values: object) -> Reply:
        """A page outside of the portal's frame."""
        say, theme = self.place.say, self.place.theme
        return pages.page(status, f"portal/{template}", say=say, theme=theme, **values)


def sign_in(guest: Guest, tenant_id: str | None = None) -> Reply:
    """Off to the identity server, in the tenant that was worked in last or is the only one."""
    likely = (tenant_id,) if tenant_id else _likely(guest)
    for wanted in filter(None, likely):
        begun = guest.rooms.sessions.begin(wanted, _back(guest.call), guest.call.origin)
        if begun is not None:
            return redirect(begun.address, (guest.cookies.signing_in(begun.sealed),))
    return redirect(f"{PREFIX}/choose")


def callback(guest: Guest) -> Reply:
    """Back from the identity server: a session, or what went wrong."""
    answer = dict(_query(guest.call).pairs)
    arrived = guest.rooms.sessions.finish(guest.cookies.flow(guest.call), answer, guest.call.origin)
    if isinstance(arrived, OAuthError):
        key = "denied" if arrived.reason == "portal_denied" else "failed"
        support_id = guest.call.origin.operation_id
        return guest.page(400, "not_signed_in.html", why=key, support_id=support_id)
    here = tenant_of(arrived.token)
    others = tuple(token for token in guest.tokens if tenant_of(token) != here)
    cookies = (
        guest.cookies.working((arrived.token, *others)),
        guest.cookies.signing_in(""),
    )
    return redirect(arrived.back, cookies)


def choose(guest: Guest) -> Reply:
    """Which organisation: one that the browser works in, or another by its alias."""
    return _choice(guest)


def post_choose(guest: Guest) -> Reply:
    """On to the chosen organisation."""
    forms.check_is_form(guest.call)
    forms.check_same_site(guest.call, guest.place.url)
    form = _fields(guest.call.body)
    _check_proof(guest, form)
    wanted = form.get("tenant")
    known = next((token for token in guest.tokens if tenant_of(token) == wanted), None)
    if known is not None:
        others = tuple(token for token in guest.tokens if token != known)
        return redirect(HOME, (guest.cookies.working((known, *others)),))
    tenant_id = tenants.chosen(guest.rooms.world, form.get("alias").strip())
    if tenant_id is None:
        return _choice(guest, alias=form.get("alias"))
    return sign_in(guest, tenant_id)


def signed_out(guest: Guest) -> Reply:
    """The end of a sign-out."""
    left = guest.rooms.sessions.all(guest.tokens)
    names = [session.tenant.name for session in left]
    return guest.page(200, "signed_out.html", names=names)


def _likely(guest: Guest) -> Iterator[str | None]:
    yield tenant_of(guest.tokens[0]) if guest.tokens else None
    yield tenants.chosen(guest.rooms.world, None)


def _choice(guest: Guest, alias: str | None = None) -> Reply:
    sessions = guest.rooms.sessions.all(guest.tokens)
    known = guest.cookies.guest(guest.call)
    binding = known or guest.rooms.world.dice.token(_BINDING_BYTES)
    page = guest.page(
        200 if alias is None else 400,
        "choose.html",
        sessions=[
            {"tenant": session.tenant, "person": session.user.name or session.user.id}
            for session in sessions
        ],
        alias=alias or "",
        unknown=alias is not None,
        proof=guest.proofs(_CHOOSE, binding)[0],
    )
    cookies = () if known else (guest.cookies.bound(binding),)
    return page._replace(headers=(*page.headers, *cookies))


def _check_proof(guest: Guest, form: Fields) -> None:
    """Refuse a form that this browser was not shown (R-54)."""
    binding = guest.cookies.guest(guest.call)
    expected = guest.proofs(_CHOOSE, binding) if binding else ()
    if not is_one_of(form.get("proof").encode(), map(str.encode, expected)):
        raise Refused(
            Code.FORM_NOT_OURS,
            "This form was not made for this browser, or the browser does not keep cookies.",
            "Open the page again and choose once more. Cookies must be allowed.",
        )


def session_over(guest: Guest) -> Reply:
    """A form that came after the session had ended: it is kept on the page while they sign in."""
    forms.check_is_form(guest.call)
    forms.check_same_site(guest.call, guest.place.url)
    path = "/" + "/".join(guest.call.segments)
    return guest.page(403, "session_over.html", action=path, fields=unproved(guest.call.body))


def unproved(body: bytes) -> list[tuple[str, str]]:
    """What a form says, without its proof."""
    found = forms.in_order(parse_pairs(body), "Go back, load the page again and repeat it.")
    return [(name, value) for name, value in found if name != "proof"]


def _back(call: Call) -> str:
    """The page that was asked for. It is one of ours, and travels sealed: nobody chooses it."""
    if call.method not in ("GET", "HEAD"):
        return HOME
    path = "/" + "/".join(call.segments)
    query = call.query.decode("ascii", "replace")
    address = f"{path}?{query}" if query else path
    usual = address.isascii() and address.isprintable() and len(address) <= _MAX_BACK
    plain = all(_PLAIN.match(segment) for segment in call.segments)
    return address if usual and plain and len(call.segments) > 1 else HOME


def _query(call: Call) -> Fields:
    return _fields(call.query)


def _fields(raw: bytes) -> Fields:
    found = forms.in_order(parse_pairs(raw), "Start again at the portal's first page.")
    if len({name for name, _ in found}) != len(found):
        raise Refused(
            Code.MALFORMED_BODY, "A parameter is there twice.", "Start again at the first page."
        )
    return Fields(tuple(found))
