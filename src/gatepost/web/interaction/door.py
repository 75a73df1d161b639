"""The addresses below /identity that browsers visit, and what answers there."""

from collections.abc import Mapping

from gatepost.protocol import discovery
from gatepost.services.password_links import WELCOME_PATH
from gatepost.web import site
from gatepost.web.endpoints import Endpoint
from gatepost.web.http import Call, Reply
from gatepost.web.interaction import (
    account_pages,
    authorize_pages,
    factor_pages,
    second_step_pages,
    sign_in_pages,
    sign_out_pages,
    welcome_pages,
)
from gatepost.web.interaction.visits import ACCOUNT, PREFIX, Answering, Place, Rooms, Visit

BODY_LIMIT = 64 * 1024
_PAGES: Mapping[str, Mapping[str, Answering]] = {
    PREFIX + discovery.AUTHORIZE_PATH: {
        "GET": authorize_pages.authorize,
        "POST": authorize_pages.post_authorize,
    },
    PREFIX + discovery.END_SESSION_PATH: {
        "GET": sign_out_pages.end_session,
        "POST": sign_out_pages.post_end_session,
    },
    PREFIX + discovery.CHECK_SESSION_PATH: {"GET": sign_out_pages.check_session},
    f"{PREFIX}/resume": {"GET": sign_in_pages.resume},
    f"{PREFIX}/signin": {"GET": sign_in_pages.sign_in, "POST": sign_in_pages.post_sign_in},
    f"{PREFIX}/signin/passkey": {"POST": sign_in_pages.post_passkey},
    f"{PREFIX}/code": {"GET": second_step_pages.code, "POST": second_step_pages.post_code},
    f"{PREFIX}/code/passkey": {"POST": second_step_pages.post_code_passkey},
    f"{PREFIX}/enrol": {"GET": second_step_pages.enrol, "POST": second_step_pages.post_enrol},
    f"{PREFIX}/enrol/passkey": {"POST": second_step_pages.post_enrol_passkey},
    f"{PREFIX}/password": {"GET": sign_in_pages.password, "POST": sign_in_pages.post_password},
    f"{PREFIX}/choose": {"GET": sign_in_pages.choose, "POST": sign_in_pages.post_choose},
    f"{PREFIX}/consent": {"GET": sign_in_pages.consent, "POST": sign_in_pages.post_consent},
    f"{PREFIX}/device": {"GET": authorize_pages.device, "POST": authorize_pages.post_device},
    f"{PREFIX}/device/confirm": {"GET": sign_in_pages.device_confirm},
    f"{PREFIX}/signout": {"POST": sign_out_pages.post_sign_out},
    WELCOME_PATH: {"GET": welcome_pages.welcome, "POST": welcome_pages.post_welcome},
    ACCOUNT: {"GET": account_pages.account},
    f"{ACCOUNT}/alias": {"POST": account_pages.post_alias},
    f"{ACCOUNT}/sessions/end": {"POST": account_pages.post_end},
    f"{ACCOUNT}/sessions/end-others": {"POST": account_pages.post_end_others},
    f"{ACCOUNT}/consents/remove": {"POST": account_pages.post_take_back},
    f"{ACCOUNT}/passkeys/add": {"POST": account_pages.post_add_passkey},
    f"{ACCOUNT}/passkeys/remove": {"POST": account_pages.post_remove_passkey},
    factor_pages.APP: {
        "GET": factor_pages.authenticator,
        "POST": factor_pages.post_authenticator,
    },
    f"{factor_pages.APP}/remove": {"GET": factor_pages.remove, "POST": factor_pages.post_remove},
    f"{ACCOUNT}/recovery-codes": {"POST": factor_pages.post_codes},
    f"{ACCOUNT}/password": {"GET": account_pages.password, "POST": account_pages.post_password},
    f"{ACCOUNT}/signout": {"POST": account_pages.post_sign_out},
}
# Here a GET gives a code or ends a session, which a HEAD must not.
_ACTING = frozenset(
    {
        PREFIX + discovery.AUTHORIZE_PATH,
        PREFIX + discovery.END_SESSION_PATH,
        f"{PREFIX}/resume",
    }
)
_HASHING = frozenset(
    {
        f"{PREFIX}/signin",
        f"{PREFIX}/password",
        f"{ACCOUNT}/password",
        f"{factor_pages.APP}/remove",
        WELCOME_PATH,
    }
)


class InteractionDoor:
    """Answers browsers at the identity server; every other path is another door's."""

    def __init__(self, rooms: Rooms, place: Place) -> None:
        self._rooms = rooms
        self._place = place

    def find(self, method: str, segments: tuple[str, ...]) -> Endpoint | None:
        """The endpoint of a page."""
        path = "/" + "/".join(segments).lower()
        page = _PAGES.get(path)
        if page is None:
            return None
        answering = page.get("GET" if method == "HEAD" and path not in _ACTING else method)
        if answering is None:
            return Endpoint(lambda call: site.wrong_method(call, page), site.explain, route=path)
        return Endpoint(
            lambda call: self._answer(answering, call),
            site.explain,
            BODY_LIMIT if method == "POST" else 0,
            hashes=method == "POST" and path in _HASHING,
            route=path,
        )

    def _answer(self, answering: Answering, call: Call) -> Reply:
        visitor = self._place.cookies.browser(call)
        reply = answering(Visit(call, visitor.browser, self._rooms, self._place))
        named = {value.partition("=")[0] for name, value in reply.headers if name == "Set-Cookie"}
        fresh = tuple(pair for pair in visitor.fresh if pair[1].partition("=")[0] not in named)
        if call.method == "POST":
            # Another site's POST comes without our cookies; new ones would replace those there are.
            fresh = ()
        return reply._replace(headers=reply.headers + fresh)
