"""Refresh tokens by a set clock: how long they live, the grace, and what a replay ends."""

from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace

from gatepost.crypto.passkeys import WebAuthnPasskeys
from gatepost.model.client_kinds import BY_NAME, HYBRID
from gatepost.model.events import Action, Event, Origin
from gatepost.model.grants import RefreshToken
from gatepost.model.people import LOCAL_PROVIDER, User
from gatepost.model.requests import AuthorizationRequest
from gatepost.model.sign_ins import PASSWORD, SignIn
from gatepost.protocol.parameters import OAuthError
from gatepost.services import clients, finishing, keys, users
from gatepost.services.access import AccessService
from gatepost.services.browsers import Browser
from gatepost.services.cards import Cards
from gatepost.services.client_login import Books, ClientLogin, FormRequest
from gatepost.services.flows import Flow, FlowRules, RefreshRules
from gatepost.services.issuing import Mint
from gatepost.services.keys import KeyRing
from gatepost.services.refusals import RefusalBook
from gatepost.services.sessions import Proved, open_session
from gatepost.services.token import Tokens, TokenService
from gatepost.services.usage import UsageBook
from tests.memory.unit import Tables
from tests.memory_store import MemoryStore
from tests.services.world import Bench, add_client, administrator, found, new_world

HERE = Origin("op", "192.0.2.9")
ISSUER = "https://id.example.com/identity"
CALLBACK = "https://app.example.com/cb"
RULES = RefreshRules(idle=timedelta(hours=4), absolute=timedelta(hours=8))
SCOPES = ("openid", "ocsapi", "offline_access")


class Stand:
    """A tenant with a person and a hybrid client, and the services that they meet."""

    def __init__(self) -> None:
        self.world: Bench = new_world()
        keys.ensure(self.world, "ES256")
        self.tenant_id = found(self.world).tenant.id
        self.act = administrator(self.world, self.tenant_id)
        members = {"redirect_uris": (CALLBACK,), "allow_offline_access": True}
        self.added = add_client(self.world, self.act, HYBRID, **members)
        person = {"provider_id": LOCAL_PROVIDER, "contact_email": "kim@example.com"}
        self.user: User = users.add(self.world, self.act, person)
        ring, refused = KeyRing(self.world), RefusalBook(self.world)
        mint = Mint(self.world, ISSUER, ring)
        rules = FlowRules("remember", RULES, frozenset(), "")
        no_passkeys = WebAuthnPasskeys("id.example.com", "https://id.example.com")
        self.flow = Flow(self.world, mint, refused, rules, no_passkeys)
        self.login = ClientLogin(
            self.world, frozenset({ISSUER}), Books(UsageBook(), refused), Cards(self.world.store)
        )
        self.access = AccessService(self.world, ISSUER, ring, refused, Cards(self.world.store))
        self.tokens = TokenService(self.world, self.login, mint, RULES)

    def signed_in(self) -> SignIn:
        """A sign-in of the person, now."""
        browser = Browser("", (), (), "", "", HERE)
        with self.world.store.writing(self.tenant_id) as tenancy:
            return open_session(self.flow, tenancy, Proved(self.user, PASSWORD), browser).sign_in

    def first(self) -> Tokens:
        """The tokens of a person who said yes a moment ago."""
        request = AuthorizationRequest(
            client_id=self.added.client.settings.id,
            redirect_uri=CALLBACK,
            response_type="code",
            response_mode="query",
            scopes=SCOPES,
        )
        sign_in = self.signed_in()
        with self.world.store.writing(self.tenant_id) as tenancy:
            client = tenancy.clients.find(request.client_id)
            assert client is not None
            by = (client, sign_in)
            granted = finishing.keep(self.flow, tenancy, self.tenant_id, request, by)
        assert not isinstance(granted, OAuthError)
        return given(self.ask("authorization_code", code=granted.code, redirect_uri=CALLBACK))

    def ask(self, grant_type: str, **form: str | None) -> Tokens | OAuthError:
        """A request of the client at the token endpoint."""
        client_id, secret = self.added.client.settings.id, self.added.value or ""
        sent = {"grant_type": grant_type, "client_id": client_id, "client_secret": secret}
        sent |= {name: value for name, value in form.items() if value is not None}
        origin = Origin(self.world.dice.guid(), "192.0.2.9")
        return self.tokens.answer(FormRequest(sent, None, origin))

    def refresh(self, tokens: Tokens, scope: str | None = None) -> Tokens | OAuthError:
        """Redeem the refresh token of an answer."""
        return self.ask("refresh_token", refresh_token=tokens.refresh_token, scope=scope)

    def opens(self, tokens: Tokens) -> bool:
        """Whether the access token of an answer opens the API."""
        return not isinstance(self.access.caller(tokens.access_token, HERE), str)

    @property
    def tables(self) -> Tables:
        """All that the store holds."""
        assert isinstance(self.world.store, MemoryStore)
        return self.world.store._tables

    def chain(self) -> list[RefreshToken]:
        """All refresh tokens there are, oldest first."""
        return sorted(self.tables.refresh_tokens.values(), key=lambda token: token.generation)

    def journal(self, action: Action) -> list[Event]:
        """The journal's events of a kind."""
        with self.world.store.reading(self.tenant_id) as tenancy:
            links = tenancy.journal.entries(0, 1000)
        return [link.event for link in links if link.event.action == action]


@pytest.fixture
def stand() -> Stand:
    return Stand()


def given(answer: Tokens | OAuthError) -> Tokens:
    assert isinstance(answer, Tokens), answer
    return answer


def reason(answer: Tokens | OAuthError) -> str:
    assert isinstance(answer, OAuthError), answer
    return answer.reason


@pytest.mark.requirement("R-26")
def test_a_token_that_is_not_used_ends_after_the_idle_time(stand: Stand) -> None:
    first = stand.first()
    stand.world.set_clock.forward(hours=4)
    assert reason(stand.refresh(first)) == "expired_refresh_token"
    stand.world.set_clock.forward(seconds=-0.001)
    second = given(stand.refresh(first))
    stand.world.set_clock.forward(hours=3, minutes=59)
    assert given(stand.refresh(second)).refresh_token != second.refresh_token


@pytest.mark.requirement("R-26")
def test_however_often_it_is_used_a_family_ends_after_the_absolute_time(stand: Stand) -> None:
    tokens, began = stand.first(), stand.world.clock.now()
    for _ in range(7):
        stand.world.set_clock.forward(hours=1)
        tokens = given(stand.refresh(tokens))
    assert stand.chain()[-1].expires_at == began + RULES.absolute
    stand.world.set_clock.forward(minutes=59, seconds=59)
    assert given(stand.refresh(tokens)).access_token
    last = given(stand.refresh(tokens))
    stand.world.set_clock.forward(seconds=1)
    assert reason(stand.refresh(last)) == "expired_refresh_token"
    assert stand.opens(last), "an access token lives as long as it says, and no longer"
    stand.world.set_clock.forward(seconds=3598)
    assert stand.opens(last)
    (family,) = stand.tables.families.values()
    assert family.expires_at > stand.world.clock.now(), "what lives can still be revoked"
    stand.world.set_clock.forward(seconds=1)
    assert not stand.opens(last)


@pytest.mark.requirement("R-26")
def test_the_times_of_new_tokens_are_those_of_the_settings_now(stand: Stand) -> None:
    first, began = stand.first(), stand.world.clock.now()
    strict = RefreshRules(timedelta(minutes=5), timedelta(minutes=20))
    stand.tokens = TokenService(stand.world, stand.login, stand.flow.mint, strict)
    stand.world.set_clock.forward(minutes=16)
    second = given(stand.refresh(first))
    assert stand.chain()[-1].expires_at == began + timedelta(minutes=20)
    stand.world.set_clock.forward(minutes=4)
    assert reason(stand.refresh(second)) == "expired_refresh_token"


@pytest.mark.requirement("R-25")
def test_whoever_lost_the_answer_gets_the_same_successor(stand: Stand) -> None:
    first = stand.first()
    second = given(stand.refresh(first))
    stand.world.set_clock.forward(seconds=9.999)
    again = given(stand.refresh(first))
    assert again.refresh_token == second.refresh_token != first.refresh_token
    assert again.access_token != second.access_token
    assert [token.generation for token in stand.chain()] == [1, 2]
    assert all(stand.opens(tokens) for tokens in (first, second, again))
    third = given(stand.refresh(again))
    assert third.refresh_token not in {first.refresh_token, second.refresh_token}


@pytest.mark.requirement("R-17", "R-25", "R-76")
def test_a_replay_after_the_grace_ends_the_family(stand: Stand) -> None:
    other = stand.first()
    first = stand.first()
    second = given(stand.refresh(first))
    stand.world.set_clock.forward(seconds=10)
    assert reason(stand.refresh(first)) == "refresh_token_reused"
    assert not stand.opens(first)
    assert not stand.opens(second)
    assert reason(stand.refresh(second)) == "grant_revoked"
    assert reason(stand.refresh(first)) == "grant_revoked"
    (noted,) = stand.journal(Action.GRANT_REVOKED)
    assert (noted.reason, noted.actor.kind) == ("refresh_token_reused", "client")
    assert stand.opens(other), "another grant of the same person goes on"
    assert given(stand.refresh(other)).access_token


@pytest.mark.requirement("R-25")
def test_an_early_replay_ends_the_family_once_the_successor_was_used(stand: Stand) -> None:
    first = stand.first()
    second = given(stand.refresh(first))
    third = given(stand.refresh(second))
    assert reason(stand.refresh(first)) == "refresh_token_reused"
    assert reason(stand.refresh(third)) == "grant_revoked"
    assert not any(stand.opens(tokens) for tokens in (first, second, third))


@pytest.mark.requirement("R-25", "R-60")
def test_no_refresh_token_is_kept_in_the_clear(stand: Stand) -> None:
    first = stand.first()
    second = given(stand.refresh(first))
    with stand.world.store.reading(stand.tenant_id) as tenancy:
        journal = msgspec.json.encode(tenancy.journal.entries(0, 1000)).decode()
    kept = repr(stand.tables) + journal
    for tokens in (first, second):
        assert tokens.refresh_token is not None
        assert tokens.refresh_token not in kept
        assert tokens.refresh_token[4:] not in kept
        assert tokens.refresh_token not in repr(tokens)
    assert stand.chain()[0].sealed_successor


@pytest.mark.requirement("R-23", "R-24")
def test_a_narrow_refresh_does_not_narrow_the_family(stand: Stand) -> None:
    narrow = given(stand.refresh(stand.first(), scope="ocsapi"))
    assert (narrow.scope, narrow.id_token) == ("ocsapi", None)
    whole = given(stand.refresh(narrow))
    assert whole.scope == "openid ocsapi offline_access"
    assert whole.id_token
    assert reason(stand.refresh(whole, scope="ocsapi email")) == "scope_widened"
    assert given(stand.refresh(whole)).access_token, "a refusal of the scope uses nothing up"


@pytest.mark.requirement("R-24", "R-27")
@pytest.mark.parametrize(
    ("members", "expected"),
    [({"enabled": False}, "client_disabled"), ({"allow_offline_access": False}, "refresh_not_al")],
)
def test_a_setting_of_the_client_counts_at_once(
    stand: Stand, members: dict[str, bool], expected: str
) -> None:
    first, client_id = stand.first(), stand.added.client.settings.id
    change = (stand.world, stand.act, HYBRID, client_id)
    clients.change(*change, members)
    assert reason(stand.refresh(first)).startswith(expected)
    clients.change(*change, dict.fromkeys(members, True))
    assert given(stand.refresh(first)).access_token, "the refusal used nothing up"


@pytest.mark.requirement("R-52", "R-27")
def test_a_grant_can_be_revoked_as_long_as_anything_of_it_lives(stand: Stand) -> None:
    """Also when the client's tokens live longer than they did when the person said yes."""
    change = (stand.world, stand.act, HYBRID, stand.added.client.settings.id)
    clients.change(*change, {"access_token_lifetime": 60})
    tokens = stand.first()
    for _ in range(2):
        stand.world.set_clock.forward(hours=3, minutes=59)
        tokens = given(stand.refresh(tokens))
    clients.change(*change, {"access_token_lifetime": 3600})
    tokens = given(stand.refresh(tokens))
    stand.world.set_clock.forward(minutes=30)
    assert stand.opens(tokens)
    users.set_password(stand.world, stand.act, stand.user.id, "a new password", one_time=False)
    assert not stand.opens(tokens)


@pytest.mark.requirement("R-27")
def test_the_grant_of_a_device_lives_as_long_as_its_code_and_tokens(stand: Stand) -> None:
    kind = BY_NAME["device_code"]
    device = add_client(stand.world, stand.act, kind, device_code_lifetime=3600).client
    sign_in = replace(stand.signed_in(), expires_at=stand.world.clock.now())
    family = finishing.new_family(stand.flow, (device, sign_in), ("ocsapi",))
    assert family.expires_at - family.created_at >= timedelta(hours=2)


@pytest.mark.requirement("R-52")
def test_a_password_that_an_operator_sets_ends_sign_ins_and_grants(stand: Stand) -> None:
    first = stand.first()
    second = given(stand.refresh(first))
    stand.signed_in()
    colleague = {"provider_id": LOCAL_PROVIDER, "contact_email": "lee@example.com"}
    lee = users.add(stand.world, stand.act, colleague)
    users.set_password(stand.world, stand.act, lee.id, "a new password", one_time=False)
    assert stand.opens(second), "somebody else's password"
    users.set_password(stand.world, stand.act, stand.user.id, "a new password", one_time=True)
    assert not stand.opens(first)
    assert reason(stand.refresh(second)) == "grant_revoked"
    with stand.world.store.reading(stand.tenant_id) as tenancy:
        assert tenancy.sign_ins.of_user(stand.user.id) == ()
    assert len(stand.journal(Action.SIGN_IN_ENDED)) == 2
    (noted,) = stand.journal(Action.GRANT_REVOKED)
    assert noted.reason == "password_changed"
