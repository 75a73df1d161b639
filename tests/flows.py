"""A person at a browser, and an application, over real HTTP: for tests of whole flows."""

import base64
import hashlib
import html
import re
import secrets
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import httpx

from gatepost.model.grants import Family, Grounds
from gatepost.model.people import LOCAL_PROVIDER
from gatepost.model.sign_ins import PASSWORD as BY_PASSWORD
from gatepost.services import users
from gatepost.services.tenants import operator_act
from gatepost.services.world import World
from tests.served import Served, Tenant

CALLBACK = "https://app.example.com/signin-oidc"
SIGNED_OUT = "https://app.example.com/signed-out"
PASSWORD = "correct horse battery staple"
AUTHORIZE = "/identity/connect/authorize"


class Person(NamedTuple):
    """A user of a tenant with a password."""

    id: str
    email: str
    password: str


class Application(NamedTuple):
    """A registered client, with its secret where it has one."""

    tenant: Tenant
    kind: str
    id: str
    secret: str | None


class Pkce(NamedTuple):
    """A verifier with its challenge."""

    verifier: str
    challenge: str


class Landing(NamedTuple):
    """Where a browser came to rest: on a page of ours, or with an answer at an application."""

    response: httpx.Response
    uri: str
    mode: str
    answer: dict[str, str]

    @property
    def is_page(self) -> bool:
        """Whether the browser stands on one of our pages."""
        return self.mode == "page"

    @property
    def path(self) -> str:
        """The path of the page it stands on."""
        return urlsplit(str(self.response.url)).path


def new_person(served: Served, tenant: Tenant, **members: Any) -> Person:
    """A person of a tenant, who can sign in."""
    email = f"kim.{secrets.token_hex(4)}@example.com"
    body = {
        "IdentityProviderId": LOCAL_PROVIDER,
        "ContactEmail": email,
        "ContactGivenName": "Kim",
        "ContactSurname": "Lee",
        **members,
    }
    headers = served.admin(tenant)
    made = served.http.post(f"{served.api(tenant)}/Users", json=body, headers=headers)
    assert made.status_code == 201, made.text
    user_id = made.json()["Id"]
    set_password(served, tenant, user_id, PASSWORD)
    return Person(user_id, made.json().get("Email") or email, PASSWORD)


def set_password(
    served: Served, tenant: Tenant, user_id: str, password: str, *, one_time: bool = False
) -> None:
    """Set a person's password as an operator does."""
    act = operator_act(tenant.id, "test")
    users.set_password(served.house.world, act, user_id, password, one_time=one_time)


def new_application(
    served: Served, tenant: Tenant, collection: str = "HybridClients", **members: Any
) -> Application:
    """A client of a kind, by REST."""
    body: dict[str, Any] = {"Name": "Boiler house"}
    if collection in {"HybridClients", "AuthorizationCodeClients"}:
        body |= {"RedirectUris": [CALLBACK], "PostLogoutRedirectUris": [SIGNED_OUT]}
    made = served.http.post(
        f"{served.api(tenant)}/{collection}", json=body | members, headers=served.admin(tenant)
    )
    assert made.status_code == 201, made.text
    client = made.json()
    inner = client.get("Client", client)
    return Application(tenant, collection, inner["Id"], client.get("Secret"))


def pkce() -> Pkce:
    """A new verifier and its S256 challenge."""
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    return Pkce(verifier, base64.urlsafe_b64encode(digest).rstrip(b"=").decode())


class Visitor:
    """A browser without scripts: it keeps cookies, follows redirects, and fills in forms."""

    def __init__(self, served: Served) -> None:
        self.served = served
        # The connections of `served`, which are closed at its end; the cookies are its own.
        shared = served.http._transport
        self.http = httpx.Client(base_url=served.url, timeout=30, transport=shared)

    def authorize(self, client: Application | str, **parameters: str | None) -> Landing:
        """Send the browser with an authorization request; None leaves a parameter out."""
        client_id = client if isinstance(client, str) else client.id
        asked: dict[str, str | None] = {
            "client_id": client_id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid ocsapi",
            "state": "some-state",
            "nonce": "some-nonce",
        }
        asked |= parameters
        query = {name: value for name, value in asked.items() if value is not None}
        return self.get(f"{AUTHORIZE}?{urlencode(query)}")

    def get(self, address: str) -> Landing:
        """Open an address and follow where it leads within the server."""
        return self._settle(self.http.get(address))

    def submit(self, landing: Landing, button: str = "submit", **fields: str) -> Landing:
        """Fill in the page's form with this button and send it."""
        action, values = form_of(landing.response.text, button)
        address = urljoin(str(landing.response.url), action)
        return self._settle(self.http.post(address, data=values | fields))

    def sign_in(self, landing: Landing, person: Person) -> Landing:
        """Type address and password."""
        assert 'id="password"' in landing.response.text, landing
        return self.submit(landing, email=person.email, password=person.password)

    def through(self, landing: Landing, person: Person) -> Landing:
        """Do what the pages ask until the answer is there: sign in and allow."""
        for _ in range(4):
            if not landing.is_page:
                return landing
            if 'id="allow"' in landing.response.text:
                landing = self.submit(landing, "allow")
            else:
                landing = self.sign_in(landing, person)
        return landing

    def _settle(self, response: httpx.Response) -> Landing:
        for _ in range(10):
            if response.status_code not in {302, 303}:
                return _landed(response)
            target = urljoin(str(response.url), response.headers["location"])
            if not target.startswith(self.served.url + "/"):
                return _left(response, target)
            response = self.http.get(target)
        raise AssertionError("the redirects do not end")


def redeem(
    served: Served, client: Application, code: str, **parameters: str | None
) -> httpx.Response:
    """Redeem a code."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    return token(served, client, **(form | parameters))


def token(served: Served, client: Application, **parameters: str | None) -> httpx.Response:
    """A request at the token endpoint, authenticated as the client; None leaves one out."""
    form: dict[str, str | None] = {"client_id": client.id, "client_secret": client.secret}
    form |= parameters
    sent = {name: value for name, value in form.items() if value is not None}
    return served.http.post("/identity/connect/token", data=sent)


def signed_in_tokens(
    served: Served, client: Application, person: Person, **parameters: str | None
) -> dict[str, Any]:
    """The whole code flow with PKCE; the token answer."""
    proof = pkce()
    visitor = Visitor(served)
    asked = {"code_challenge": proof.challenge, "code_challenge_method": "S256", **parameters}
    landing = visitor.through(visitor.authorize(client, **asked), person)
    answer = redeem(served, client, landing.answer["code"], code_verifier=proof.verifier)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def form_of(page: str, button: str) -> tuple[str, dict[str, str]]:
    """The address and hidden fields of the form that has this button, with the button's own."""
    for form in re.findall(r"<form\b.*?</form>", page, re.DOTALL):
        pressed = re.search(rf'<(?:button|input)[^>]*\bid="{button}"[^>]*>', form)
        if pressed:
            action = html.unescape(_attribute(form.split(">", 1)[0], "action") or "")
            fields = {}
            for tag in re.findall(r'<input[^>]*type="hidden"[^>]*>', form):
                fields[_attribute(tag, "name") or ""] = html.unescape(
                    _attribute(tag, "value") or ""
                )
            name = _attribute(pressed[0], "name")
            if name and pressed[0].startswith("<button"):
                fields[name] = _attribute(pressed[0], "value") or ""
            return action, fields
    raise AssertionError(f"no form with the button {button!r} on: {page[:2000]}")


def _attribute(tag: str, name: str) -> str | None:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return found[1] if found else None


def _landed(response: httpx.Response) -> Landing:
    if 'id="form_post"' in response.text:
        form = re.search(r"<form\b.*?</form>", response.text, re.DOTALL)
        assert form is not None
        action = html.unescape(_attribute(form[0].split(">", 1)[0], "action") or "")
        fields = {
            html.unescape(_attribute(tag, "name") or ""): html.unescape(
                _attribute(tag, "value") or ""
            )
            for tag in re.findall(r'<input[^>]*type="hidden"[^>]*>', form[0])
        }
        return Landing(response, action, "form_post", fields)
    return Landing(response, str(response.url), "page", {})


def _left(response: httpx.Response, target: str) -> Landing:
    parts = urlsplit(target)
    uri = target.split("#", maxsplit=1)[0].split("?", maxsplit=1)[0]
    if parts.fragment:
        return Landing(response, uri, "fragment", dict(parse_qsl(parts.fragment)))
    return Landing(response, uri, "query", dict(parse_qsl(parts.query)))


def new_grant(world: World, tenant_id: str, user_id: str, client_id: str) -> Family:
    """A grant as a sign-in leaves it, put into the store: for people who have no way to sign in."""
    now = world.clock.now()
    family = Family(
        id=world.dice.guid(),
        client_id=client_id,
        user_id=user_id,
        sign_in_id=world.dice.guid(),
        grounds=Grounds(scopes=("ocsapi",), auth_time=int(now.timestamp()), method=BY_PASSWORD),
        created_at=now,
        expires_at=now + timedelta(hours=8),
    )
    with world.store.writing(tenant_id) as tenancy:
        tenancy.grants.add_family(family)
    return family
