"""Every method of a tenant's stores, as another tenant may see it (R-63, D-16).

A row calls the method with the first tenant's ids, and says what comes back in a tenant without
anything and in a twin that has the same ids where ids may be the same.
"""

from gatepost import ports
from gatepost.model.events import Head
from gatepost.model.people import LOCAL_PROVIDER, InvitationStatus
from gatepost.model.tenants import MEMBER, VIEWER
from gatepost.ports import SecretUse
from tests.stores.examples import (
    ALL,
    CREDENTIALS,
    LAST_MOMENT,
    LONG_AGO,
    NOW,
    client,
    event,
    role,
    secret,
    tenant,
    user,
)
from tests.stores.flow_examples import digest_of
from tests.stores.isolation_factors import FACTORS
from tests.stores.isolation_flows import GRANTS, SIGN_INS
from tests.stores.isolation_rows import (
    BUILT_IN,
    EMAIL,
    MARK,
    REFUSED,
    SHARED_ROLE,
    SHARED_USER,
    Row,
)
from tests.stores.portal_examples import password_link, query

CLIENTS: dict[str, Row] = {
    "add": Row(
        lambda u, s: u.clients.add(client(CREDENTIALS, s.client_id)), empty=False, twin=False
    ),
    "get": Row(lambda u, s: u.clients.get(CREDENTIALS, s.client_id), None, None),
    "find": Row(lambda u, s: u.clients.find(s.client_id), None, None),
    "page": Row(lambda u, _: len(u.clients.page(CREDENTIALS, ("line-4",), ALL)), 0, 1),
    "count": Row(lambda u, _: u.clients.count(CREDENTIALS, ()), 0, 1),
    "count_all": Row(lambda u, _: u.clients.count_all(), 0, 1),
    "some": Row(lambda u, s: u.clients.some(CREDENTIALS, [s.client_id], ()), (), ()),
    "listed": Row(lambda u, _: len(u.clients.listed(query(kind=CREDENTIALS, search="T"))), 0, 1),
    "count_listed": Row(lambda u, _: u.clients.count_listed(query(kind=CREDENTIALS), 9), 0, 1),
    "listing": Row(lambda u, s: u.clients.listing(s.client_id), None, None),
    "expiring": Row(lambda u, _: len(u.clients.expiring(LAST_MOMENT, ALL)), 0, 1),
    "count_expiring": Row(lambda u, _: u.clients.count_expiring(LAST_MOMENT, 9), 0, 1),
    "save": Row(
        lambda u, s: u.clients.save(client(CREDENTIALS, s.client_id, name="Taken"), 1),
        empty=False,
        twin=False,
    ),
    "remove": Row(lambda u, s: u.clients.remove(s.client_id), None, None),
    "add_secret": Row(
        lambda u, s: u.clients.add_secret(s.client_id, secret(), b"mine"), REFUSED, REFUSED
    ),
    "secrets": Row(lambda u, s: u.clients.secrets(s.client_id), (), ()),
    "secret": Row(lambda u, s: u.clients.secret(s.client_id, 1), None, None),
    "digests": Row(lambda u, s: u.clients.digests(s.client_id), (), ()),
    "save_secret": Row(
        lambda u, s: u.clients.save_secret(s.client_id, secret(id=1, description="Taken")),
        None,
        None,
    ),
    "renew_digest": Row(
        lambda u, s: u.clients.renew_digest(s.client_id, 1, b"before", b"after"),
        empty=False,
        twin=False,
    ),
    "remove_secret": Row(lambda u, s: u.clients.remove_secret(s.client_id, 1), None, None),
    "note_uses": Row(
        lambda u, s: u.clients.note_uses([SecretUse(s.client_id, 1, 7, NOW)]), None, None
    ),
}

DIRECTORY: dict[str, Row] = {
    "tenant": Row(
        lambda u, s: (u.directory.tenant() or tenant()).id == s.first, empty=False, twin=False
    ),
    "add_role": Row(
        lambda u, _: u.directory.add_role(role(MARK, SHARED_ROLE)), empty=True, twin=False
    ),
    "role": Row(lambda u, _: u.directory.role(SHARED_ROLE) is not None, empty=False, twin=True),
    "role_named": Row(lambda u, _: u.directory.role_named(f"{MARK} role"), None, None),
    "role_of_type": Row(
        lambda u, _: u.directory.role_of_type(VIEWER) is not None, empty=True, twin=True
    ),
    "roles": Row(lambda u, _: len(u.directory.roles(None, ALL)), BUILT_IN, BUILT_IN + 1),
    "count_roles": Row(lambda u, _: u.directory.count_roles(None), BUILT_IN, BUILT_IN + 1),
    "some_roles": Row(lambda u, s: len(u.directory.some_roles([SHARED_ROLE, s.role_id])), 0, 1),
    "save_role": Row(
        lambda u, _: u.directory.save_role(role(f"{MARK} role", SHARED_ROLE)),
        empty=False,
        twin=True,
    ),
    "remove_role": Row(lambda u, _: u.directory.remove_role(SHARED_ROLE), None, None),
    "reserve_id": Row(
        lambda u, s: u.directory.reserve_id("user", s.user_id), empty=False, twin=False
    ),
    "add_user": Row(
        lambda u, _: u.directory.add_user(user(SHARED_USER, email=EMAIL)), empty=True, twin=False
    ),
    "user": Row(lambda u, s: u.directory.user(s.user_id), None, None),
    "user_with_email": Row(
        lambda u, _: u.directory.user_with_email(LOCAL_PROVIDER, EMAIL) is None,
        empty=True,
        twin=False,
    ),
    "users": Row(lambda u, _: len(u.directory.users(ALL)), 0, 1),
    "count_users": Row(lambda u, _: u.directory.count_users(), 0, 1),
    "users_of": Row(
        lambda u, _: sum(len(u.directory.users_of(each, ALL)) for each in InvitationStatus), 0, 1
    ),
    "count_users_of": Row(
        lambda u, _: sum(u.directory.count_users_of(each) for each in InvitationStatus), 0, 1
    ),
    "found_users": Row(lambda u, _: len(u.directory.found_users("EXAMPLE.com", ALL)), 0, 1),
    "count_found_users": Row(lambda u, _: u.directory.count_found_users("o", 9), 0, 1),
    "some_users": Row(lambda u, s: len(u.directory.some_users([s.user_id, SHARED_USER])), 0, 1),
    "save_user": Row(
        lambda u, _: u.directory.save_user(user(SHARED_USER, email=EMAIL, version=2), 1),
        empty=False,
        twin=True,
    ),
    "remove_user": Row(lambda u, _: u.directory.remove_user(SHARED_USER), None, None),
    "users_in_role": Row(lambda u, _: len(u.directory.users_in_role(MEMBER, ALL)), 0, 1),
    "count_users_in_role": Row(lambda u, _: u.directory.count_users_in_role(MEMBER), 0, 1),
    "enabled_users_in_role": Row(lambda u, _: u.directory.enabled_users_in_role(MEMBER), 0, 1),
    "able_users_in_role": Row(lambda u, _: u.directory.able_users_in_role(MEMBER), 0, 1),
    "clients_in_role": Row(lambda u, _: len(u.directory.clients_in_role(MEMBER, ALL)), 0, 1),
    "count_clients_in_role": Row(lambda u, _: u.directory.count_clients_in_role(MEMBER), 0, 1),
    "enabled_clients_in_role": Row(lambda u, _: u.directory.enabled_clients_in_role(MEMBER), 0, 1),
    "password": Row(lambda u, _: u.directory.password(SHARED_USER), None, "$twin"),
    "password_is_one_time": Row(
        lambda u, _: u.directory.password_is_one_time(SHARED_USER), empty=False, twin=False
    ),
    "set_password": Row(
        lambda u, _: u.directory.set_password(SHARED_USER, "$new", NOW, must_change=True),
        REFUSED,
        None,
    ),
    "set_password_link": Row(
        lambda u, s: u.directory.set_password_link(
            password_link(SHARED_USER), digest_of(s.twin, "new")
        ),
        REFUSED,
        None,
    ),
    "password_link": Row(
        lambda u, s: u.directory.password_link(digest_of(s.first, "link", "")), None, None
    ),
    "password_link_of": Row(
        lambda u, _: getattr(u.directory.password_link_of(SHARED_USER), "email", None),
        None,
        "twin",
    ),
    "remove_password_link": Row(
        lambda u, _: u.directory.remove_password_link(SHARED_USER), empty=False, twin=True
    ),
    "preferences": Row(lambda u, _: u.directory.preferences(SHARED_USER), None, '"twin"'),
    "set_preferences": Row(
        lambda u, _: u.directory.set_preferences(SHARED_USER, "[]"), REFUSED, None
    ),
}

JOURNAL: dict[str, Row] = {
    "append": Row(lambda u, _: u.journal.append(event()).seq, 3, 4),
    "entries": Row(lambda u, _: len(u.journal.entries(0, 1_000)), 2, 3),
    "newest": Row(lambda u, _: len(u.journal.newest(None, 1_000)), 2, 3),
    "newest_refusals": Row(lambda u, _: len(u.journal.newest_refusals(None, 1_000)), 0, 1),
    "about": Row(lambda u, _: len(u.journal.about(MARK, None, 1_000)), 0, 0),
    "of_operation": Row(
        lambda u, _: len(u.journal.of_operation(event().origin.operation_id)), 2, 3
    ),
    "head": Row(lambda u, _: (u.journal.head() or ((0,),))[0][0], 2, 3),
    "begins": Row(lambda u, _: u.journal.begins().seq, 0, 0),
    "cut": Row(lambda u, _: u.journal.cut(Head(1, b"hash")), 1, 1),
    "attested": Row(lambda u, _: u.journal.attested(), 0, 0),
    "first_since": Row(lambda u, _: u.journal.first_since(LONG_AGO), 1, 1),
    "last_before": Row(lambda u, _: u.journal.last_before(LAST_MOMENT), 2, 3),
}

TABLES: dict[type, dict[str, Row]] = {
    ports.ClientStore: CLIENTS,
    ports.DirectoryStore: DIRECTORY,
    ports.JournalStore: JOURNAL,
    ports.SignInStore: SIGN_INS | FACTORS,
    ports.GrantStore: GRANTS,
}
