"""The field types: words, bounds, example and mend of each field, written once for all kinds.

Four readers use them and none names a kind: REST bodies, the OpenAPI document, portal forms,
and the checks of the protocol. The `mend` is the sentence that an error message ends with.
"""

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta

MAX_LIST_ITEMS = 10
MAX_TAGS = 50

GUID_PATTERN = "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$"


def _field(
    title: str,
    description: str,
    mend: str,
    example: Any,
    check: str | None = None,
    **bounds: Any,
) -> Meta:
    extra = {"mend": mend} if check is None else {"mend": mend, "check": check}
    return Meta(title=title, description=description, examples=[example], extra=extra, **bounds)


ClientId = Annotated[
    str,
    _field(
        "Client Id",
        "Public name of the client, unique in the deployment. A GUID is generated when absent.",
        "Send 1 to 100 characters from A-Z a-z 0-9 - . _ ~, or leave it out to get a GUID.",
        "5b2a9a0e-6f0c-4c39-9d43-6a3f0a0f5d11",
        pattern="^[A-Za-z0-9._~-]{1,100}$",
        min_length=1,
        max_length=100,
    ),
]
Name = Annotated[
    str,
    _field(
        "Name",
        "Identifies the device or application that uses this client.",
        "Send a text of 1 to 200 characters that is not only blanks.",
        "Boiler house dashboard",
        check="name",
        min_length=1,
        max_length=200,
    ),
]
Description = Annotated[
    str,
    _field(
        "Description",
        "Tells this entry apart from others.",
        "Send a text of at most 500 characters.",
        "Rotation of spring",
        check="text",
        max_length=500,
    ),
]
Enabled = Annotated[
    bool,
    _field("Enabled", "False blocks authentication.", "Send true or false.", example=True),
]
TokenLifetime = Annotated[
    int,
    _field(
        "Token Lifetime",
        "Seconds for which an access token is valid.",
        "Send a whole number of seconds from 60 to 3600.",
        3600,
        ge=60,
        le=3600,
    ),
]
DeviceCodeLifetime = Annotated[
    int,
    _field(
        "Device Code Lifetime",
        "Seconds for which a device code waits for its person.",
        "Send a whole number of seconds from 60 to 3600.",
        300,
        ge=60,
        le=3600,
    ),
]
Tag = Annotated[str, Meta(min_length=1, max_length=100, extra={"check": "text"})]
Tags = Annotated[
    tuple[Tag, ...],
    _field(
        "Tags",
        "Labels to filter lists by.",
        "Send at most 50 different texts of 1 to 100 characters.",
        ["line-4"],
        check="unique",
        max_length=MAX_TAGS,
    ),
]
RedirectUri = Annotated[str, Meta(min_length=1, max_length=2000, extra={"check": "redirect_uri"})]
RedirectUris = Annotated[
    tuple[RedirectUri, ...],
    _field(
        "Allowed Redirect URL(s)",
        "Where results of a sign-in may be sent. Compared exactly, without wildcards.",
        "Send a list of at most 10 different addresses.",
        ["https://app.example.com/signin-oidc"],
        check="unique",
        max_length=MAX_LIST_ITEMS,
    ),
]
LogoutRedirectUris = Annotated[
    tuple[RedirectUri, ...],
    _field(
        "Allowed Logout Redirect URL(s)",
        "Where a person may be sent after signing out. Compared exactly, without wildcards.",
        "Send a list of at most 10 different addresses.",
        ["https://app.example.com/signed-out"],
        check="unique",
        max_length=MAX_LIST_ITEMS,
    ),
]
Origin = Annotated[str, Meta(min_length=1, max_length=300, extra={"check": "origin"})]
CorsOrigins = Annotated[
    tuple[Origin, ...],
    _field(
        "Allowed CORS Origin(s)",
        "Origins from which a browser may call this server.",
        "Send a list of at most 10 different origins.",
        ["https://app.example.com"],
        check="unique",
        max_length=MAX_LIST_ITEMS,
    ),
]
PageUri = Annotated[
    str,
    _field(
        "Link",
        "A web address shown to people on the consent page; the server never fetches it.",
        "Send an http or https address of at most 2000 characters.",
        "https://app.example.com/about",
        check="page_uri",
        min_length=1,
        max_length=2000,
    ),
]
AllowOfflineAccess = Annotated[
    bool,
    _field(
        "Allow Refresh Token",
        "True lets the client ask for refresh tokens by the scope offline_access.",
        "Send true or false.",
        example=False,
    ),
]
AllowAccessTokensViaBrowser = Annotated[
    bool,
    _field(
        "Allow Access Tokens Via Browser",
        "True lets response types carry an access token through the browser. Rarely wise.",
        "Send true or false.",
        example=False,
    ),
]
Guid = Annotated[
    str,
    _field(
        "Id",
        "A GUID.",
        "Send a GUID such as 7ad2b9ef-5386-4ead-ac9f-ad99c5c5b977.",
        "7ad2b9ef-5386-4ead-ac9f-ad99c5c5b977",
        check="guid",
        pattern=GUID_PATTERN,
    ),
]
RoleIds = Annotated[
    tuple[Guid, ...],
    _field(
        "Roles",
        "Ids of the roles. The member role is always present and added when left out.",
        "Send a list of at most 100 role ids of this tenant.",
        ["7ad2b9ef-5386-4ead-ac9f-ad99c5c5b977"],
        max_length=100,
    ),
]
PersonName = Annotated[
    str,
    _field(
        "Name",
        "A part of a person's name.",
        "Send a text of at most 200 characters.",
        "Kim",
        check="person_name",
        max_length=200,
    ),
]
ExternalId = Annotated[
    str,
    _field(
        "External id",
        "The id that an outside identity provider gave to the person.",
        "Send a text of at most 200 characters.",
        "0f8fad5b",
        check="text",
        max_length=200,
    ),
]
Expiration = Annotated[
    datetime,
    _field(
        "Expiration Date",
        "When the secret stops working.",
        "Send a future date and time in ISO 8601 with its zone, such as 2031-05-31T14:57:08Z.",
        "2031-05-31T14:57:08Z",
        check="instant",
    ),
]
Expires = Annotated[
    bool,
    _field(
        "Expires",
        "False says that the secret never expires; it must agree with Expiration.",
        "Send true together with Expiration, or false alone for a secret that never expires.",
        example=True,
    ),
]
