"""Who gets a token and who does not: every state of a client, secret and role, by a set clock."""

from datetime import timedelta

import msgspec
import pytest

from gatepost.model.client_kinds import AUTHORIZATION_CODE, CLIENT_CREDENTIALS, HYBRID
from gatepost.model.clients import SecretDraft
from gatepost.model.events import Origin
from gatepost.protocol.parameters import OAuthError
from gatepost.services import client_secrets, clients, keys
from gatepost.services.access import AccessService
from gatepost.services.cards import Cards
from gatepost.services.client_login import Books, ClientLogin, FormRequest
from gatepost.services.flows import RefreshRules
from gatepost.services.issuing import Mint
from gatepost.services.keys import KeyRing
from gatepost.services.refusals import MOST_IN_A_MINUTE, RefusalBook
from gatepost.services.token import Tokens, TokenService
from gatepost.services.usage import UsageBook
from tests.services.world import Bench, add_client, administrator, found, new_world

HERE = Origin("op", "192.0.2.9")
CALLBACK = "https://app.example.com/cb"
ISSUER = "https://id.example.com/identity"
REFRESH = RefreshRules(idle=timedelta(days=15), absolute=timedelta(days=30))


class Stand:
    """A tenant with one client, and the services that it meets."""

    def __init__(self) -> None:
        self.world: Bench = new_world()
        keys.ensure(self.world, "ES256")
        self.tenant_id = found(self.world).tenant.id
        self.act = administrator(self.world, self.tenant_id)
        self.added = add_client(self.world, self.act)
        ring = KeyRing(self.world)
        self.book = UsageBook()
        self.refused = RefusalBook(self.world)
        login = ClientLogin(
            self.world, frozenset({ISSUER}), Books(self.book, self.refused), Cards(self.world.store)
        )
        mint = Mint(self.world, ISSUER, ring)
        self.tokens = TokenService(self.world, login, mint, REFRESH)
        self.access = AccessService(self.world, ISSUER, ring, self.refused, Cards(self.world.store))

    @property
    def client_id(self) -> str:
        """The client's id."""
        return self.added.client.settings.id

    def ask(self, secret: str | None = None, **changes: str) -> Tokens | OAuthError:
        """Ask for a token with the client's own secret, or another; an empty one is not sent."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": secret if secret is not None else self.added.value or "",
        } | changes
        sent = {name: value for name, value in form.items() if value}
        request = FormRequest(sent, None, Origin(self.world.dice.guid(), "192.0.2.9"))
        return self.tokens.answer(request)

    def refusals(self) -> list[str | None]:
        """The reasons in the journal's refusals."""
        with self.world.store.reading(self.tenant_id) as tenancy:
            links = tenancy.journal.entries(0, 1000)
        return [link.event.reason for link in links if link.event.action == "token.refused"]


@pytest.fixture
def stand() -> Stand:
    return Stand()


def token_of(answer: Tokens | OAuthError) -> str:
    assert isinstance(answer, Tokens), answer
    return answer.access_token


def reason_of(answer: Tokens | OAuthError) -> str:
    assert isinstance(answer, OAuthError), answer
    return answer.reason


@pytest.mark.requirement("R-61")
def test_a_secret_works_strictly_before_its_expiry(stand: Stand) -> None:
    end = stand.world.set_clock.now().replace(hour=13)
    new = client_secrets.add(
        stand.world, stand.act, CLIENT_CREDENTIALS, stand.client_id, SecretDraft(expiration=end)
    )
    stand.world.set_clock.moment = end.replace(hour=12, minute=59, second=59, microsecond=999_999)
    assert token_of(stand.ask(new.value))
    stand.world.set_clock.moment = end
    assert reason_of(stand.ask(new.value)) == "expired_secret"
    assert token_of(stand.ask())


@pytest.mark.requirement("R-19", "R-21")
def test_whoever_is_not_authenticated_gets_one_answer(stand: Stand) -> None:
    end = stand.world.set_clock.now().replace(hour=13)
    short = client_secrets.add(
        stand.world, stand.act, CLIENT_CREDENTIALS, stand.client_id, SecretDraft(expiration=end)
    )
    stand.world.set_clock.forward(hours=2)
    public = add_client(stand.world, stand.act, AUTHORIZATION_CODE, redirect_uris=(CALLBACK,))
    answers = [
        stand.ask("wrong"),
        stand.ask(short.value),
        stand.ask(client_id="nobody"),
        stand.ask(""),
        stand.ask("any", client_id=public.client.settings.id),
    ]
    clients.change(stand.world, stand.act, CLIENT_CREDENTIALS, stand.client_id, {"enabled": False})
    answers.append(stand.ask())
    told = {
        (answer.error, answer.description, answer.status)
        for answer in answers
        if isinstance(answer, OAuthError)
    }
    assert len(told) == 1
    assert [reason_of(answer) for answer in answers] == [
        "wrong_secret",
        "expired_secret",
        "unknown_client",
        "no_credentials",
        "secret_of_public_client",
        "client_disabled",
    ]
    assert stand.refusals() == [
        "wrong_secret",
        "expired_secret",
        "no_credentials",
        "secret_of_public_client",
        "client_disabled",
    ]


@pytest.mark.requirement("R-27")
def test_what_an_administrator_takes_away_is_gone_at_once(stand: Stand) -> None:
    token = token_of(stand.ask())
    assert not isinstance(stand.access.caller(token, HERE), str)
    change = (stand.world, stand.act, CLIENT_CREDENTIALS, stand.client_id)
    clients.change(*change, {"enabled": False})
    assert stand.access.caller(token, HERE) == "principal_inactive"
    clients.change(*change, {"enabled": True})
    assert not isinstance(stand.access.caller(token, HERE), str)
    client_secrets.remove(*change, 1)
    assert reason_of(stand.ask()) == "wrong_secret"
    assert stand.access.caller(token, HERE) == "secret_removed"


@pytest.mark.requirement("R-83")
def test_a_token_does_not_come_alive_with_a_new_client_of_the_same_id(stand: Stand) -> None:
    token = token_of(stand.ask())
    clients.remove(stand.world, stand.act, CLIENT_CREDENTIALS, stand.client_id)
    assert stand.access.caller(token, HERE) == "principal_inactive"
    add_client(stand.world, stand.act, id=stand.client_id)
    assert stand.access.caller(token, HERE) == "principal_replaced"


@pytest.mark.requirement("R-31")
def test_a_token_ends_with_its_lifetime(stand: Stand) -> None:
    clients.change(
        stand.world,
        stand.act,
        CLIENT_CREDENTIALS,
        stand.client_id,
        {"access_token_lifetime": 60},
    )
    token = token_of(stand.ask())
    stand.world.set_clock.forward(seconds=59)
    assert not isinstance(stand.access.caller(token, HERE), str)
    stand.world.set_clock.forward(seconds=1)
    assert stand.access.caller(token, HERE) == "expired_token"


@pytest.mark.requirement("R-31")
def test_a_token_of_another_issuer_is_refused(stand: Stand) -> None:
    issuer, ring = "https://other/identity", KeyRing(stand.world)
    elsewhere = AccessService(
        stand.world, issuer, ring, RefusalBook(stand.world), Cards(stand.world.store)
    )
    assert elsewhere.caller(token_of(stand.ask()), HERE) == "wrong_issuer"


@pytest.mark.requirement("R-32")
def test_a_token_of_another_type_is_refused(stand: Stand) -> None:
    key = KeyRing(stand.world).signing()
    assert key is not None
    payload = stand.world.signer.verify([key], "at+jwt", token_of(stand.ask()))
    assert payload is not None
    assert (
        stand.access.caller(stand.world.signer.sign(key, "JWT", payload), HERE) == "bad_signature"
    )


@pytest.mark.requirement("R-22")
def test_a_hybrid_client_has_no_client_credentials(stand: Stand) -> None:
    hybrid = add_client(stand.world, stand.act, HYBRID)
    answer = stand.ask(hybrid.value, client_id=hybrid.client.settings.id)
    assert reason_of(answer) == "grant_not_allowed"
    assert stand.refusals() == ["grant_not_allowed"]


@pytest.mark.requirement("R-22")
def test_a_public_client_has_no_client_credentials(stand: Stand) -> None:
    """Its name alone is enough to be known, and for nothing else."""
    public = add_client(stand.world, stand.act, AUTHORIZATION_CODE, redirect_uris=(CALLBACK,))
    answer = stand.ask("", client_id=public.client.settings.id)
    assert reason_of(answer) == "grant_not_allowed"


def test_uses_are_counted_and_kept(stand: Stand) -> None:
    for _ in range(3):
        token_of(stand.ask())
    stand.ask("wrong")
    stand.book.keep(stand.world.store)
    stand.book.keep(stand.world.store)
    secret = client_secrets.get(
        stand.world, stand.tenant_id, CLIENT_CREDENTIALS, stand.client_id, 1
    )
    assert secret.use_count == 3
    assert secret.last_used_at == secret.first_used_at == stand.world.set_clock.now()


def test_uses_that_cannot_be_kept_wait(stand: Stand) -> None:
    token_of(stand.ask())

    class Broken:
        def writing_all(self) -> None:
            raise OSError("away")

    with pytest.raises(OSError, match="away"):
        stand.book.keep(Broken())  # type: ignore[arg-type]
    stand.book.keep(stand.world.store)
    secret = client_secrets.get(
        stand.world, stand.tenant_id, CLIENT_CREDENTIALS, stand.client_id, 1
    )
    assert secret.use_count == 1


@pytest.mark.requirement("R-76")
def test_nobody_floods_the_journal(stand: Stand) -> None:
    for _ in range(MOST_IN_A_MINUTE + 5):
        assert reason_of(stand.ask("wrong")) == "wrong_secret"
    assert len(stand.refusals()) == MOST_IN_A_MINUTE
    stand.world.set_clock.forward(minutes=1)
    stand.ask("wrong")
    with stand.world.store.reading(stand.tenant_id) as tenancy:
        last = tenancy.journal.entries(0, 1000)[-1].event
    assert last.after == {"NotWrittenBefore": 5}


@pytest.mark.requirement("R-76")
def test_what_was_only_counted_is_written_at_the_end(stand: Stand) -> None:
    for _ in range(MOST_IN_A_MINUTE + 5):
        stand.ask("wrong")
    stand.refused.keep()
    stand.refused.keep()
    assert len(stand.refusals()) == MOST_IN_A_MINUTE + 1
    with stand.world.store.reading(stand.tenant_id) as tenancy:
        last = tenancy.journal.entries(0, 1000)[-1].event
    assert last.after == {"NotWrittenBefore": 4}


@pytest.mark.requirement("R-60", "R-76")
def test_no_secret_is_in_the_journal(stand: Stand) -> None:
    new = client_secrets.add(
        stand.world, stand.act, CLIENT_CREDENTIALS, stand.client_id, SecretDraft(expires=False)
    )
    stand.ask("a-wrong-secret-of-somebody")
    with stand.world.store.reading(stand.tenant_id) as tenancy:
        told = msgspec.json.encode(tenancy.journal.entries(0, 1000)).decode()
    for value in (new.value, stand.added.value, "a-wrong-secret-of-somebody"):
        assert value is not None
        assert value not in told
    assert "wrong_secret" in told


@pytest.mark.requirement("R-60")
def test_nothing_shows_a_secret_when_it_is_printed(stand: Stand) -> None:
    answer = stand.ask()
    form = {"client_secret": "hidden-secret"}
    request = FormRequest(form, "Basic hidden-secret", HERE)
    shown = f"{answer!r} {request!r} {stand.added!r} {found(stand.world)!r}"
    assert token_of(answer) not in shown
    assert stand.added.value is not None
    assert stand.added.value not in shown
    assert "gps_" not in shown
    assert "hidden-secret" not in shown
