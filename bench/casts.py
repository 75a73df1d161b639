"""The molds of what stands in a filled store, each made by the product's own stores.

The values of a casting come in the order of the mold's marks, which stands at each function.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, cast

from bench.molds import Catching, Cell, Mold
from bench.names import CALLBACK, VERIFIER
from gatepost.app import House
from gatepost.model.client_kinds import CLIENT_CREDENTIALS, HYBRID
from gatepost.model.clients import Client, ClientCredentialClient, HybridClient, StoredClient
from gatepost.model.grants import CODE_LIFETIME, AuthorizationCode, Family, Grounds, RefreshToken
from gatepost.model.people import LOCAL_PROVIDER, User
from gatepost.model.sign_ins import ABSOLUTE_LIMIT, PASSWORD, SignIn, SignInDigests
from gatepost.model.tenants import ADMINISTRATOR, MEMBER, ROLE_TYPES, Role, Tenant
from gatepost.protocol.pkce import challenge_of
from gatepost.services import portal_client
from gatepost.services.tenants import operator_act
from gatepost.storage.client_store import SqlClientStore
from gatepost.storage.directory_store import SqlDirectoryStore
from gatepost.storage.engine import transaction
from gatepost.storage.grant_store import SqlGrantStore
from gatepost.storage.moments import Moment
from gatepost.storage.role_store import SqlRoleStore
from gatepost.storage.sign_in_store import SqlSignInStore
from gatepost.storage.sql_views import SqlDeployment
from gatepost.storage.tables import client_secrets, clients

TENANT, CLIENT, PERSON = "mark-of-tenant", "mark-of-client", "mark-of-person"
FAMILY, SIGN_IN, NUMBER = "mark-of-family", "mark-of-sign-in", "9090909"
ROLES = tuple(f"mark-of-role-{number}" for number in range(len(ROLE_TYPES)))
ADMINISTRATOR_AT, MEMBER_AT = (
    [row.id for row in ROLE_TYPES].index(type_id) for type_id in (ADMINISTRATOR, MEMBER)
)
_ADMINISTRATOR = (ROLES[ADMINISTRATOR_AT], ROLES[MEMBER_AT])
DIGEST, SECOND, THIRD = b"mark of digest", b"second mark", b"third mark"
BORN, EXPIRY = datetime(2901, 1, 1, tzinfo=UTC), datetime(2902, 1, 1, tzinfo=UTC)
SCOPES = ("openid", "profile", "email", "ocsapi", "offline_access")
_LONG = timedelta(days=365)


class Molds(NamedTuple):
    """One for each kind of thing."""

    tenant: Mold
    administration: Mold
    application: Mold
    device: Mold
    person: Mold
    refresh_token: Mold
    code: Mold


def molds(house: House) -> Molds:
    """All molds, of things that are made at this moment."""
    now = house.world.clock.now()
    maker = _Maker(house, now)
    return Molds(
        maker.tenant(),
        maker.administration(),
        maker.application(),
        maker.device(),
        maker.person(),
        maker.grant(_LONG),
        maker.code(),
    )


def fresh_grant(house: House) -> Mold:
    """Grants with a refresh token, as they are just after a sign-in."""
    return _Maker(house, house.world.clock.now()).grant(ABSOLUTE_LIMIT)


def fresh_code(house: House) -> Mold:
    """Grants with a code, as they are just after a sign-in."""
    return _Maker(house, house.world.clock.now()).code()


def moment(value: datetime) -> int:
    """A moment as a cell."""
    return Moment().process_bind_param(value, None) or 0


class _Maker:
    def __init__(self, house: House, now: datetime) -> None:
        self._house = house
        self._now = now

    def tenant(self) -> Mold:
        """TENANT, NUMBER, *ROLES."""

        def make(work: Catching) -> None:
            name = f"Tenant {NUMBER}"
            tenant = Tenant(
                id=TENANT, name=name, alias=name, created_at=self._now, updated_at=self._now
            )
            SqlDeployment(work, self._house.world.secrets).add_tenant(tenant)
            roles = SqlRoleStore(work, TENANT, SqlClientStore(work, TENANT))
            for role_id, row in zip(ROLES, ROLE_TYPES, strict=True):
                roles.add_role(
                    Role(id=role_id, name=row.word, description=row.description, type_id=row.id)
                )
            self._add_portal(work)

        return self._mold(make, (TENANT, NUMBER, *ROLES))

    def administration(self) -> Mold:
        """TENANT, CLIENT, DIGEST, and the ids of the administrator and the member role."""
        settings = ClientCredentialClient(id=CLIENT, name="Administration", role_ids=_ADMINISTRATOR)
        return self._client(settings, (TENANT, CLIENT, DIGEST, *_ADMINISTRATOR))

    def application(self) -> Mold:
        """TENANT, CLIENT, DIGEST."""
        settings = HybridClient(
            id=CLIENT, name="Application", redirect_uris=(CALLBACK,), allow_offline_access=True
        )
        return self._client(settings, (TENANT, CLIENT, DIGEST))

    def device(self) -> Mold:
        """TENANT, CLIENT, DIGEST, the id of the member role, NUMBER, BORN, EXPIRY."""
        settings = ClientCredentialClient(
            id=CLIENT, name=f"Device {NUMBER}", role_ids=(ROLES[MEMBER_AT],), tags=("device",)
        )
        marks = (TENANT, CLIENT, DIGEST, ROLES[MEMBER_AT], NUMBER, moment(BORN), moment(EXPIRY))
        return self._client(settings, marks)

    def person(self) -> Mold:
        """TENANT, PERSON, NUMBER, the id of the member role, and the hash of the password."""

        def make(work: Catching) -> None:
            address = f"person{NUMBER}@example.com"
            user = User(
                id=PERSON,
                provider_id=LOCAL_PROVIDER,
                email=address,
                contact_email=address,
                given_name="Kim",
                surname=f"Lee {NUMBER}",
                incarnation=self._house.world.dice.token(6),
                role_ids=(ROLES[MEMBER_AT],),
                created_at=self._now,
                updated_at=self._now,
            )
            people = SqlDirectoryStore(work, TENANT, SqlClientStore(work, TENANT))
            people.add_user(user)
            people.set_password(PERSON, "mark-of-phc", self._now, must_change=False)

        return self._mold(make, (TENANT, PERSON, NUMBER, ROLES[MEMBER_AT], "mark-of-phc"))

    def grant(self, lifetime: timedelta) -> Mold:
        """TENANT, CLIENT, PERSON, FAMILY, DIGEST."""

        def make(work: Catching) -> None:
            store = SqlGrantStore(work, TENANT)
            store.add_family(self._family(lifetime))
            token = RefreshToken(
                digest=DIGEST,
                family_id=FAMILY,
                generation=1,
                created_at=self._now,
                expires_at=self._now + lifetime,
            )
            store.add_refresh_token(token)

        return self._mold(make, (TENANT, CLIENT, PERSON, FAMILY, DIGEST))

    def code(self) -> Mold:
        """TENANT, CLIENT, PERSON, FAMILY, DIGEST, SIGN_IN, and the digests of the sign-in."""

        def make(work: Catching) -> None:
            SqlSignInStore(work, TENANT).add(self._sign_in(), SignInDigests(SECOND, THIRD))
            store = SqlGrantStore(work, TENANT)
            store.add_family(self._family(ABSOLUTE_LIMIT))
            code = AuthorizationCode(
                digest=DIGEST,
                family_id=FAMILY,
                redirect_uri=CALLBACK,
                challenge=challenge_of(VERIFIER),
                nonce="only-for-measuring",
                created_at=self._now,
                expires_at=self._now + CODE_LIFETIME,
            )
            store.add_code(code)

        marks = (TENANT, CLIENT, PERSON, FAMILY, DIGEST, SIGN_IN, SECOND, THIRD)
        return self._mold(make, marks)

    def _sign_in(self) -> SignIn:
        return SignIn(
            id=SIGN_IN,
            user_id=PERSON,
            method=PASSWORD,
            signed_in_at=self._now,
            last_seen_at=self._now,
            expires_at=self._now + ABSOLUTE_LIMIT,
            address="127.0.0.1",
            agent="bench",
        )

    def _family(self, lifetime: timedelta) -> Family:
        grounds = Grounds(scopes=SCOPES, auth_time=int(self._now.timestamp()), method=PASSWORD)
        return Family(
            id=FAMILY,
            client_id=CLIENT,
            user_id=PERSON,
            sign_in_id=SIGN_IN,
            grounds=grounds,
            created_at=self._now,
            expires_at=self._now + lifetime,
        )

    def _add_portal(self, work: Catching) -> None:
        """By the product; its event is left out, for the journal is written for itself."""
        act = operator_act(TENANT, "bench")
        portal_client.add(self._house.world, act, cast("Any", _WithoutJournal(work)), ())

    def _client(self, settings: Client, marks: tuple[Cell, ...]) -> Mold:
        """A client with its one secret."""
        of_device = EXPIRY if moment(EXPIRY) in marks else None
        born = BORN if moment(BORN) in marks else self._now
        is_hybrid = isinstance(settings, HybridClient)

        def make(work: Catching) -> None:
            stored = StoredClient(
                kind=(HYBRID if is_hybrid else CLIENT_CREDENTIALS).name,
                settings=settings,
                incarnation=self._house.world.dice.token(6),
                created_at=born,
                updated_at=self._now,
                version=1,
            )
            SqlClientStore(work, TENANT).add(stored)
            work.only(clients).update(next_secret_id=2, next_expiry=of_device)
            secret = {
                "tenant_id": TENANT,
                "client_id": CLIENT,
                "id": 1,
                "digest": DIGEST,
                "created_at": born,
                "created_by": "operator",
                "expires_at": of_device,
            }
            work.add(client_secrets, secret)

        return self._mold(make, marks)

    def _mold(self, make: Callable[[Catching], None], marks: tuple[Cell, ...]) -> Mold:
        with transaction(self._house.database.engine, writing=False) as connection:
            work = Catching(connection)
            make(work)
        return Mold(work, marks)


class _WithoutJournal:
    """As much of a tenancy as a client is added to."""

    def __init__(self, work: Catching) -> None:
        self.clients = SqlClientStore(work, TENANT)
        self.journal = self

    def append(self, _event: object) -> None:
        """Nothing is kept."""
