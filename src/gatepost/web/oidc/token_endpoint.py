"""The token endpoint: answered alone, at once where nothing of the store is needed, or together."""

from collections.abc import Callable, Sequence
from functools import partial

from gatepost.model import measures
from gatepost.model.measures import OTHER, Series
from gatepost.protocol.grants import (
    GRANTS,
    authorization_code,
    client_credentials,
    refresh_token,
)
from gatepost.protocol.parameters import OAuthError
from gatepost.services.client_login import FormRequest
from gatepost.services.token import Tokens, TokenService
from gatepost.web.endpoints import Together
from gatepost.web.http import Call, Headers, Reply, json_reply
from gatepost.web.oidc.cors import VARY, Cors
from gatepost.web.oidc.telling import NO_CACHE, oauth_error, request_of, right_request

_TOLD_TO_ALL: Headers = (*NO_CACHE, *VARY)
_WORDS = {grant_type: grant_type.rpartition(":")[2] for grant_type in GRANTS}
"""The grants as they are counted: a URN by its last part."""

_ISSUED: dict[str, Series] = {
    word: (measures.TOKENS, word, "issued") for word in (*_WORDS.values(), OTHER)
}
_ISSUED_FOR_ITSELF = _ISSUED[client_credentials.GRANT_TYPE]
_FOR_ITSELF = client_credentials.GRANT_TYPE.encode()
_REDEMPTIONS = (authorization_code.GRANT_TYPE.encode(), refresh_token.GRANT_TYPE.encode())


class TokenEndpoint:
    """Answers for the tokens of one issuer."""

    def __init__(self, tokens: TokenService, cors: Cors) -> None:
        self._tokens = tokens
        self._cors = cors
        self.together = Together(_is_redemption, self._answer_together)

    def answer(self, call: Call) -> Reply:
        """The answer to one call, whatever it takes and whatever is wrong."""
        request = request_of(call)
        if isinstance(request, OAuthError):
            return _refused(OTHER, request)
        grant, found = _grant(request), self._tokens.answer(request)
        return _refused(grant, found) if isinstance(found, OAuthError) else _told(grant, found)

    def at_hand(self, call: Call) -> Reply | None:
        """The same without the store; whether an origin may read it is in the store too."""
        # Looked for before anything is read: every other grant needs the store.
        if _FOR_ITSELF not in call.body or "origin" in call.headers or call.query:
            return None
        headers = call.headers
        words = words_of(headers.get("content-type", ""), headers.get("authorization"), call.body)
        tokens = self._tokens.at_hand(words, partial(right_request, call))
        return None if tokens is None else json_reply(200, tokens, _TOLD_TO_ALL, _ISSUED_FOR_ITSELF)

    def _answer_together(self, calls: Sequence[Call]) -> Sequence[Callable[[], Reply] | None]:
        """The same for codes and refresh tokens that are used up together."""
        requests = [right_request(call) for call in calls]
        asked = [request for request in requests if request is not None]
        made = iter(self._tokens.answer_together(asked))
        return [
            None if request is None else self._signed(call, request, next(made))
            for call, request in zip(calls, requests, strict=True)
        ]

    def _signed(
        self, call: Call, request: FormRequest, sign: Callable[[], Tokens] | None
    ) -> Callable[[], Reply] | None:
        """What signs the answer to a call, where there is one."""
        if sign is None:
            return None
        return lambda: self._cors.shared(call, _told(_grant(request), sign()))


def words_of(media_type: str, authorization: str | None, body: bytes) -> bytes:
    """All of a request that decides about a token at hand, in words that no other request has.

    A header has no line end in it; a request with a query is not at hand.
    """
    head = f"{media_type}\n{authorization is None}{authorization}\n"
    return head.encode("latin-1") + body


def _grant(request: FormRequest) -> str:
    return _WORDS.get(request.form.get("grant_type", ""), OTHER)


def _told(grant: str, tokens: Tokens) -> Reply:
    return json_reply(200, tokens, NO_CACHE, _ISSUED[grant])


def _refused(grant: str, error: OAuthError) -> Reply:
    return oauth_error(error)._replace(counted=(measures.TOKENS, grant, error.error))


def _is_redemption(call: Call) -> bool:
    """Whether a form may be one; it is read in its thread."""
    return any(grant_type in call.body for grant_type in _REDEMPTIONS)
