"""What every form of ours is read by: that it is a form, well-formed, and not another site's."""

from typing import TypeVar

from gatepost.model.errors import Code, Refused
from gatepost.protocol.parameters import OAuthError
from gatepost.web.http import Call

_FORM = "application/x-www-form-urlencoded"
_Read = TypeVar("_Read")
# In our words alone: on a page of ours a stranger could make the name of a parameter a sentence.
_FAULTS = {
    "too_many_parameters": "it has too many parameters",
    "malformed_form": "it is not well-formed",
    "parameter_too_long": "a parameter is too long",
    "repeated_parameter": "a parameter is there twice",
}


def check_is_form(call: Call) -> None:
    """Refuse a body that is something else."""
    media_type = call.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type != _FORM:
        raise Refused(Code.UNSUPPORTED_MEDIA_TYPE, "This is not a form.", "Use the page.")


def in_order(found: _Read | OAuthError, mend: str) -> _Read:
    """What was read, unless it was not in order."""
    if isinstance(found, OAuthError):
        raise Refused(
            Code.MALFORMED_BODY,
            f"The request is not in order (invalid_request): {_FAULTS[found.reason]}.",
            mend,
        )
    return found


def check_same_site(call: Call, origin: str) -> None:
    """Browsers say where a form comes from; `null` says nothing, for our pages hide their own."""
    fetch_site = call.headers.get("sec-fetch-site")
    sent = call.headers.get("origin")
    foreign = fetch_site not in (None, "same-origin", "none")
    if foreign or (sent is not None and sent not in (origin, "null")):
        raise Refused(
            Code.FORM_NOT_OURS,
            "This form came from another site.",
            "Open the page here and send it again.",
        )
