"""What a grant may decide: tokens to issue. A refusal is an `OAuthError`."""

from typing import NamedTuple

API_SCOPE = "ocsapi"
MAX_SCOPE = 1_000


class Issue(NamedTuple):
    """An access token with these scopes is to be issued."""

    scopes: tuple[str, ...]
