"""The sessions of the portal. A digest of the cookie's token finds them again."""

from sqlalchemy import delete

from gatepost.model.portal import PortalSession
from gatepost.storage.flow_rows import FlowRows
from gatepost.storage.portal_tables import portal_sessions


class SqlPortalSessionStore(FlowRows):
    """The part of `ports.SignInStore` that concerns the portal."""

    def add_portal_session(self, session: PortalSession, digest: bytes) -> None:
        """Keep a new session of the portal. Bookkeeping; it goes with its sign-in."""
        row = {**self._row(session), "digest": digest}
        self._work.keep_books(portal_sessions.insert(), row)

    def portal_session(self, digest: bytes) -> PortalSession | None:
        """The session of the portal with this digest."""
        return self._first(portal_sessions, PortalSession, digest=digest)

    def end_portal_session(self, digest: bytes) -> bool:
        """Remove it; False when there is none. Bookkeeping."""
        mine = self._here(portal_sessions, digest=digest)
        return self._work.keep_books(delete(portal_sessions).where(*mine)) > 0
