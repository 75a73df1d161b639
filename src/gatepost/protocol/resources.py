"""Resource indicators (RFC 8707): the one resource that tokens are given for is our own API."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from gatepost.protocol.discovery import ISSUER_PATH
from gatepost.protocol.parameters import OAuthError

_API_PATHS = ("", "/api", "/api/v1", "/api/v1-preview")


def known(issuer: str) -> frozenset[str]:
    """The names under which the API may be asked for."""
    public = issuer.removesuffix(ISSUER_PATH)
    return frozenset(public + path for path in _API_PATHS)


def fault(parameters: Mapping[str, str], resources: AbstractSet[str]) -> OAuthError | None:
    """What is wrong with the resource asked for; without one the API is meant."""
    asked = parameters.get("resource")
    if asked is None or asked.removesuffix("/") in resources:
        return None
    return OAuthError("invalid_target", "no tokens are given for this resource", "resource_unknown")
