"""Tokens that clients sign with keys of their own (RFC 7523; security.md R-30).

The keys are those that an administrator registered, read by `model.key_sets`. A token brings no key
and names no place to get one; it names an algorithm, which must be one that its key may have.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, get_args

from gatepost.crypto import compact
from gatepost.model.key_sets import ALGORITHMS
from gatepost.model.keys import Algorithm

TOKEN_TYPES = frozenset({"JWT", "client-authentication+jwt"})

_HEADER_NAMES = frozenset({"alg", "kid", "typ"})
_ALGORITHMS: dict[str, Algorithm] = {name: name for name in get_args(Algorithm)}


class ForeignKeys:
    """`ports.KeyVerifier` with the keys that a client registered."""

    def verify(
        self,
        key_set: Mapping[str, Any],
        token: str,
        token_types: AbstractSet[str] = TOKEN_TYPES,
    ) -> bytes | None:
        """The payload, or None whatever is wrong; the signature is looked at last."""
        opened = compact.opened(token)
        if opened is None:
            return None
        header = compact.header_members(opened.head)
        algorithm = _algorithm(header, token_types)
        if algorithm is None:
            return None
        key = _key_for(header, key_set)
        if key is None or not _may_sign(key, algorithm):
            return None
        try:
            check = compact.prepared_check(algorithm, key)
        except ValueError:  # no key of the form; none such is registered
            return None
        return opened.payload if compact.is_signed(opened, check) else None


def _algorithm(header: Mapping[str, str], token_types: AbstractSet[str]) -> Algorithm | None:
    """The algorithm of a header that has nothing which we do not know (R-31)."""
    if not header.keys() <= _HEADER_NAMES or header.get("typ", "JWT") not in token_types:
        return None
    return _ALGORITHMS.get(header.get("alg", ""))


def _key_for(header: Mapping[str, str], key_set: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The key of the token's name; a token without a name is of the only key there is."""
    keys: list[Mapping[str, Any]] = key_set["keys"]
    if "kid" not in header:
        return keys[0] if len(keys) == 1 else None
    return next((key for key in keys if key.get("kid") == header["kid"]), None)


def _may_sign(key: Mapping[str, Any], algorithm: Algorithm) -> bool:
    return algorithm in ALGORITHMS[key["kty"]] and key.get("alg", algorithm) == algorithm
