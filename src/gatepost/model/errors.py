"""The refusals: what ends the road of a request, with a stable code and a way out.

A refusal is raised when nothing must be remembered about it. What must leave a mark
(a wrong secret, a replayed code) is a returned value instead, because an exception rolls back.
"""

from enum import StrEnum

from gatepost.model.text import quoted


class Code(StrEnum):
    """Why a request was refused: stable words, used in the journal and in tests."""

    MALFORMED_BODY = "malformed_body"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    BODY_TOO_LARGE = "body_too_large"
    BODY_TIMEOUT = "body_timeout"
    HEADERS_TOO_LARGE = "headers_too_large"
    INVALID_MEMBER = "invalid_member"
    INVALID_QUERY = "invalid_query"
    FORM_NOT_OURS = "form_not_ours"
    LIMIT_REACHED = "limit_reached"
    DUPLICATE_USER = "duplicate_user"
    BUILT_IN_ROLE = "built_in_role"
    NOT_AUTHENTICATED = "not_authenticated"
    INVALID_TOKEN = "invalid_token"
    SCOPE_MISSING = "scope_missing"
    ROLE_MISSING = "role_missing"
    ROLE_NOT_HELD = "role_not_held"
    LAST_ADMINISTRATOR = "last_administrator"
    OWN_ACCOUNT = "own_account"
    TENANT_NOT_FOUND = "tenant_not_found"
    ROUTE_NOT_FOUND = "route_not_found"
    CLIENT_NOT_FOUND = "client_not_found"
    SECRET_NOT_FOUND = "secret_not_found"
    ROLE_NOT_FOUND = "role_not_found"
    USER_NOT_FOUND = "user_not_found"
    SIGN_IN_NOT_FOUND = "sign_in_not_found"
    PASSKEY_NOT_FOUND = "passkey_not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    CLIENT_ID_TAKEN = "client_id_taken"
    ROLE_TAKEN = "role_taken"
    TENANT_TAKEN = "tenant_taken"
    TENANT_EXISTS = "tenant_exists"
    CHANGED_MEANWHILE = "changed_meanwhile"
    STORE_UNAVAILABLE = "store_unavailable"
    INTERNAL = "internal_error"


class Refused(Exception):
    """The request cannot be carried out; says why, and what would help."""

    def __init__(self, code: Code, reason: str, resolution: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.resolution = resolution


class NotFound(Refused):
    """What was asked for is not in this tenant; foreign and missing ids answer alike."""

    def __init__(self, code: Code, thing: str, id_: object) -> None:
        super().__init__(
            code,
            f"There is no {thing} with the id {quoted(id_)} in this tenant.",
            f"Check the id; list the {thing}s of the tenant to see which there are.",
        )


class StoreUnavailable(Exception):
    """The store cannot be reached or is too busy just now; trying again later may help."""


class JournalUnfit(StoreUnavailable):
    """The journal cannot be gone on with, because somebody else changed its head."""


class BackupFault(Exception):
    """A backup or restore cannot be made; one line that says why and what to do."""


class UnrecordedChange(Exception):
    """A unit of work changed something without writing an event: a fault of ours, never kept."""


class ReadingUnit(Exception):
    """A unit of work that was opened for reading was asked to write: a fault of ours."""
