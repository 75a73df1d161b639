"""Key sets of public keys, which a client registers to authenticate by (RFC 7517; RFC 7518, 6).

Values are not repeated in what is said of them: a caller may have sent a private key by mistake.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from gatepost.model import base64url
from gatepost.model.text import quoted, refused_character

MAX_KEYS = 10
MAX_KID = 200
ALGORITHMS = {"RSA": ("RS256", "PS256"), "EC": ("ES256",)}
"""The algorithms by which a key of each type may sign."""
ALL_ALGORITHMS = tuple(name for names in ALGORITHMS.values() for name in names)

_OWN = {"RSA": ("n", "e"), "EC": ("crv", "x", "y")}
_COMMON = ("kty", "kid", "alg", "use")
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
_RSA_BITS = (2048, 4096)
_MAX_EXPONENT = 2**32 - 1  # a longer one makes each verification slow
_MAX_NAMED = 5

# P-256: FIPS 186-5, SP 800-186 section 3.2.1.3; its a is -3.
_P256_SIZE = 32
_P256_PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1
_P256_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B

MEND = (
    f'Send {{"keys": […]}} with 1 to {MAX_KEYS} public keys, each RSA of {_RSA_BITS[0]} to '
    f"{_RSA_BITS[1]} bits or EC on P-256."
)


def _key_schema(key_type: str, own: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "kty": {"const": key_type},
            "kid": {"type": "string", "minLength": 1, "maxLength": MAX_KID},
            "alg": {"enum": list(ALGORITHMS[key_type])},
            "use": {"const": "sig"},
            **own,
        },
        "required": ["kty", *own],
        "additionalProperties": False,
    }


_NUMBER = {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"}
_COORDINATE = {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "keys": {
            "description": f"1 to {MAX_KEYS} public keys; each has a kid where there are several.",
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_KEYS,
            "items": {
                "anyOf": [
                    _key_schema("RSA", {"n": _NUMBER, "e": _NUMBER}),
                    _key_schema(
                        "EC", {"crv": {"const": "P-256"}, "x": _COORDINATE, "y": _COORDINATE}
                    ),
                ]
            },
        }
    },
    "required": ["keys"],
    "additionalProperties": False,
}


class KeyFault(NamedTuple):
    """What is wrong, at which place below the key set, and what to send instead."""

    place: str
    problem: str
    mend: str


def read_key_set(value: object) -> dict[str, Any] | list[KeyFault]:
    """The key set without its null members, or everything that is wrong with it."""
    if not isinstance(value, dict):
        return [KeyFault("", "is not an object", MEND)]
    members = _without_nulls(value)
    faults = [*_unknown("", members, ("keys",))]
    keys = members.get("keys")
    if not isinstance(keys, list) or not 1 <= len(keys) <= MAX_KEYS:
        return [*faults, KeyFault(".keys", f"is not a list of 1 to {MAX_KEYS} keys", MEND)]
    read = [_without_nulls(key) if isinstance(key, dict) else key for key in keys]
    for index, key in enumerate(read):
        faults += _key_faults(f".keys[{index}]", key)
    faults += _kid_faults([key for key in read if isinstance(key, dict)])
    return faults or {"keys": read}


def _without_nulls(members: Mapping[str, Any]) -> dict[str, Any]:
    """A null says nothing, like an absent member."""
    return {name: value for name, value in members.items() if value is not None}


def _key_faults(place: str, key: object) -> Iterator[KeyFault]:
    if not isinstance(key, dict):
        yield KeyFault(place, "is not an object", MEND)
        return
    private = [name for name in _PRIVATE if name in key]
    if private:
        yield KeyFault(
            place,
            f"has private parts ({', '.join(private)}), and only public keys are taken",
            "Make a new key, because this one is no longer secret, and send its public part only.",
        )
        return
    key_type = key.get("kty")
    if not isinstance(key_type, str) or key_type not in _OWN:
        yield KeyFault(f"{place}.kty", "is neither RSA nor EC", MEND)
        return
    yield from _unknown(place, key, (*_COMMON, *_OWN[key_type]))
    yield from _label_faults(place, key_type, key)
    yield from (_rsa_faults if key_type == "RSA" else _ec_faults)(place, key)


def _unknown(place: str, members: Mapping[str, Any], known: tuple[str, ...]) -> Iterator[KeyFault]:
    unknown = [name for name in members if name not in known]
    if unknown:
        shown = ", ".join(quoted(name, 40) for name in unknown[:_MAX_NAMED])
        more = f" and {len(unknown) - _MAX_NAMED} more" if len(unknown) > _MAX_NAMED else ""
        yield KeyFault(
            place, f"has unknown members: {shown}{more}", f"Send {', '.join(known)} and no others."
        )


def _label_faults(place: str, key_type: str, key: Mapping[str, Any]) -> Iterator[KeyFault]:
    """What is wrong with the members that say how the key is named and used."""
    if "kid" in key and not _is_kid(key["kid"]):
        yield KeyFault(
            f"{place}.kid",
            f"is not a text of 1 to {MAX_KID} visible characters",
            "Send a short name, such as the key's thumbprint.",
        )
    known = ALGORITHMS[key_type]
    if "alg" in key and key["alg"] not in known:
        wanted = " or ".join(known)
        yield KeyFault(f"{place}.alg", f"is not {wanted}", f"Send {wanted}, or leave it out.")
    if "use" in key and key["use"] != "sig":
        yield KeyFault(f"{place}.use", "is not sig", "Send sig, or leave it out.")


def _is_kid(kid: object) -> bool:
    return isinstance(kid, str) and 1 <= len(kid) <= MAX_KID and refused_character(kid) is None


def _rsa_faults(place: str, key: Mapping[str, Any]) -> Iterator[KeyFault]:
    least, most = _RSA_BITS
    modulus, exponent = _number(key.get("n")), _number(key.get("e"))
    if modulus is None or not least <= modulus.bit_length() <= most or modulus % 2 == 0:
        yield KeyFault(
            f"{place}.n",
            f"is not a modulus of {least} to {most} bits in base64url",
            "Send the modulus as RFC 7518, 6.3.1.1 writes it, of a key of 2048 bits or more.",
        )
    if exponent is None or not 1 < exponent <= _MAX_EXPONENT or exponent % 2 == 0:
        yield KeyFault(
            f"{place}.e",
            "is not an odd exponent of at most 32 bits in base64url",
            "Send the public exponent; nearly every key has AQAB.",
        )


def _ec_faults(place: str, key: Mapping[str, Any]) -> Iterator[KeyFault]:
    if key.get("crv") != "P-256":
        yield KeyFault(f"{place}.crv", "is not P-256", "Send a key on the curve P-256.")
        return
    found = {name: _coordinate(key.get(name)) for name in ("x", "y")}
    for name, number in found.items():
        if number is None:
            yield KeyFault(
                f"{place}.{name}",
                f"is not a coordinate of {_P256_SIZE} octets in base64url",
                "Send the coordinate as RFC 7518, 6.2.1 writes it, in 43 characters.",
            )
    x, y = found["x"], found["y"]
    if x is not None and y is not None and not _is_on_curve(x, y):
        yield KeyFault(place, "is no point of the curve P-256", "Send x and y of the same key.")


def _number(text: object) -> int | None:
    """A whole number in as few octets as it takes (RFC 7518, 2)."""
    octets = base64url.decoded(text) if isinstance(text, str) else None
    return int.from_bytes(octets, "big") if octets and octets[0] else None


def _coordinate(text: object) -> int | None:
    octets = base64url.decoded(text) if isinstance(text, str) else None
    return int.from_bytes(octets, "big") if octets and len(octets) == _P256_SIZE else None


def _is_on_curve(x: int, y: int) -> bool:
    in_field = x < _P256_PRIME and y < _P256_PRIME
    return in_field and (y * y - (x * x * x - 3 * x + _P256_B)) % _P256_PRIME == 0


def _kid_faults(keys: list[dict[str, Any]]) -> Iterator[KeyFault]:
    kids = [key["kid"] for key in keys if isinstance(key.get("kid"), str)]
    if len(keys) > 1 and not all("kid" in key for key in keys):
        yield KeyFault(
            ".keys", "has several keys and not a kid for each", "Name each key by its own kid."
        )
    if len(set(kids)) < len(kids):
        yield KeyFault(".keys", "has the same kid twice", "Name each key by its own kid.")
