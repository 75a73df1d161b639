"""What a client may have beyond the original API: the member `Extensions`, which is ours.

The settings of a kind are flat; this one object stands in them, so that a client without it has
exactly the members of the original. It is kept as None where it says nothing but defaults.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

from gatepost.model import key_sets
from gatepost.model.uris import MAX_LENGTH

_YES_OR_NO = "Send true or false."

KeySet = Annotated[
    dict[str, Any],
    Meta(
        title="Keys",
        description="Public keys, as a JSON Web Key Set, with which the client may sign to "
        "authenticate by private_key_jwt. The server never fetches keys.",
        examples=[
            {
                "keys": [
                    {
                        "kty": "EC",
                        "crv": "P-256",
                        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
                        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
                        "kid": "2026-05",
                        "use": "sig",
                        "alg": "ES256",
                    }
                ]
            }
        ],
        extra={"mend": key_sets.MEND, "check": "key_set"},
        extra_json_schema=key_sets.SCHEMA,
    ),
]
RequirePkce = Annotated[
    bool,
    Meta(
        title="Require PKCE",
        description="True refuses a sign-in without a PKCE challenge. False when absent.",
        examples=[True],
        extra={"mend": _YES_OR_NO},
    ),
]


def _logout_uri(title: str, description: str, example: str) -> Meta:
    return Meta(
        title=title,
        description=description,
        examples=[example],
        min_length=1,
        max_length=MAX_LENGTH,
        extra={
            "mend": f"Send an https address of at most {MAX_LENGTH} characters.",
            "check": "logout_uri",
        },
    )


def _session_required(title: str) -> Meta:
    return Meta(
        title=title,
        description="True tells the application which session ended. True when absent.",
        examples=[True],
        extra={"mend": _YES_OR_NO},
    )


FrontChannelLogoutUri = Annotated[
    str,
    _logout_uri(
        "Front-Channel Logout URL",
        "A page of the application that the person's browser opens when they sign out.",
        "https://app.example.com/signed-out-in-browser",
    ),
]
BackChannelLogoutUri = Annotated[
    str,
    _logout_uri(
        "Back-Channel Logout URL",
        "Where the server tells the application itself that a person signed out.",
        "https://app.example.com/signed-out-by-server",
    ),
]
FrontChannelSession = Annotated[bool, _session_required("Front-Channel Logout Session Required")]
BackChannelSession = Annotated[bool, _session_required("Back-Channel Logout Session Required")]


class HybridExtensions(Struct, frozen=True, kw_only=True, rename="pascal"):
    """Ours, beyond the original API: keys to authenticate by, PKCE, and word of sign-outs."""

    jwks: KeySet | None = None
    require_pkce: RequirePkce = False
    front_channel_logout_uri: FrontChannelLogoutUri | None = None
    front_channel_logout_session_required: FrontChannelSession = True
    back_channel_logout_uri: BackChannelLogoutUri | None = None
    back_channel_logout_session_required: BackChannelSession = True


class AuthorizationCodeExtensions(Struct, frozen=True, kw_only=True, rename="pascal"):
    """Ours, beyond the original API: word of sign-outs."""

    front_channel_logout_uri: FrontChannelLogoutUri | None = None
    front_channel_logout_session_required: FrontChannelSession = True
    back_channel_logout_uri: BackChannelLogoutUri | None = None
    back_channel_logout_session_required: BackChannelSession = True


class ClientCredentialExtensions(Struct, frozen=True, kw_only=True, rename="pascal"):
    """Ours, beyond the original API: keys to authenticate by."""

    jwks: KeySet | None = None


# No example on purpose: an example of a client is one of the original API.
_EXTENSIONS = Meta(
    title="Extensions",
    description="Ours, beyond the original API. An answer has it only where it was set. Sent in a "
    "PUT it replaces the whole object, and {} clears it.",
    extra={"mend": "Send an object, {} to clear it, or leave it out."},
)
OfHybrid = Annotated[HybridExtensions, _EXTENSIONS]
OfAuthorizationCode = Annotated[AuthorizationCodeExtensions, _EXTENSIONS]
OfClientCredential = Annotated[ClientCredentialExtensions, _EXTENSIONS]
