"""Nothing secret is in the journal, by construction: what events tell is listed here, name by name.

An event is made of declared members. What stands in its `before` and `after` is written down where
the event is made, or comes from one of a few functions that list the members of a thing.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gatepost.model import journal_lines
from gatepost.model.client_kinds import CLIENT_KINDS
from gatepost.model.clients import Secret, StoredClient
from gatepost.model.events import Event, Head
from gatepost.model.people import User
from gatepost.model.tenants import Role
from gatepost.services import client_secrets, clients, roles, sign_out, users
from gatepost.services.journal_export import Part
from tests.law.told import Source, fields_given, sources

pytestmark = pytest.mark.requirement("R-76", "D-14")

SRC = Path(__file__).parents[2] / "src/gatepost"
FILES = sorted(path for path in SRC.rglob("*.py") if path.parent.name != "versions")
NOW = datetime(2031, 5, 31, tzinfo=UTC)
SECRETIVE = ("secret", "password", "token", "digest", "code", "seed", "phc", "sealed", "private")


def names(text: str) -> set[str]:
    """The words of a text."""
    return set(text.split())


MEMBERS = names(
    "ActiveFrom Added Algorithm Authenticator Decision Description Email EmailVerified ExpiresAt "
    "FoundedAt Journals Left Method Name NotWrittenBefore OneTime Passkey Passkeys RedirectUris "
    "RoleIds Scopes SecondFactor SignIn"
)
"""What is written down where an event is made."""

OF_A_SECRET = names("Description Expiration")
OF_A_ROLE = names("Description Name")
OF_A_USER = names(
    "id provider_id email given_name surname contact_email contact_given_name contact_surname "
    "external_user_id provider_user_id enabled role_ids"
)
OF_A_CUT = names("Events Upto Hash")
OF_A_PART = names("After Since Until")
OF_AN_ADDRESS = names("FirstDifference Mend Nearest Registered Sent")
OF_CLIENTS = names(
    "Id Name Enabled Tags RoleIds Extensions ClientUri LogoUri RedirectUris "
    "PostLogoutRedirectUris AllowedCorsOrigins AllowOfflineAccess AllowAccessTokensViaBrowser "
    "AccessTokenLifetime DeviceCodeLifetime"
)

TELLERS = {
    "services/client_secrets.py": "_told",
    "services/clients.py": "told",
    "services/roles.py": "_told",
    "services/try_out_additions.py": "told",
    "services/users.py": "_told",
    "services/retention.py": "journal_lines.cut_members",
    "services/journal_export.py": "part.members",
}
"""The functions that list the members of a thing, by the files that ask them."""

PASSED_ON = {
    ("services/flows.py:refuse", "shown.known"): "what is registered, as `ShowError.known` says",
    ("services/refusals.py:_counting", "event.after"): "what the same event told already",
    (
        "services/world.py:_event",
        "{name: value for name, value in details.items() if value is not None}",
    ): ("what the caller gave, which is looked at where it calls"),
    ("storage/journal_store.py:_link", "row.before"): "what was kept",
    ("storage/journal_store.py:_link", "row.after"): "what was kept",
}
"""What is neither, with the reason why it can be nothing else."""


def found() -> Iterator[Source]:
    """All that events can tell, from the whole source."""
    for path in FILES:
        yield from sources(path, str(path.relative_to(SRC)))


def told_by(settings: Mapping[str, object]) -> set[str]:
    """The names of what was told."""
    return set(settings)


def test_an_event_is_made_of_its_members() -> None:
    given = set().union(*map(fields_given, FILES))
    assert given <= {*Event.__struct_fields__, "**"}
    assert [path.name for path in FILES if "**" in fields_given(path)] == ["world.py"]


def test_what_events_tell_is_listed() -> None:
    assert {source.name for source in found() if source.kind == "member"} == MEMBERS


def test_what_events_are_given_by_others_lists_its_members() -> None:
    asked = {(s.place.partition(":")[0], s.name) for s in found() if s.kind == "function"}
    assert asked == set(TELLERS.items())


def test_what_is_passed_on_has_its_reason() -> None:
    assert {(s.place, s.name) for s in found() if s.kind == "strange"} == set(PASSED_ON)


def test_what_is_told_of_a_thing_is_listed() -> None:
    secret = Secret(id=1, description="", expires_at=None, created_at=NOW, created_by="")
    role = Role(id="", name="", description=None)
    user = User(
        id="",
        provider_id="",
        email=None,
        incarnation="",
        role_ids=(),
        created_at=NOW,
        updated_at=NOW,
    )
    assert told_by(client_secrets._told(secret)) == OF_A_SECRET
    assert told_by(roles._told(role)) == OF_A_ROLE
    assert told_by(users._told(user)) == OF_A_USER
    assert told_by(journal_lines.cut_members(Head(1, b""), 1)) == OF_A_CUT
    assert told_by(Part().members()) == OF_A_PART
    assert told_by(sign_out._known(["https://a.example/b"], "https://a.example/c")) == OF_AN_ADDRESS


def test_what_is_told_of_a_client_is_its_settings() -> None:
    told: set[str] = set()
    for kind in CLIENT_KINDS:
        client = StoredClient(
            kind=kind.name,
            settings=kind.settings(id="", name=""),
            incarnation="",
            created_at=NOW,
            updated_at=NOW,
            version=1,
        )
        told |= told_by(clients.told(client))
    assert told == OF_CLIENTS


def test_no_name_sounds_like_a_secret() -> None:
    every = MEMBERS | OF_A_SECRET | OF_A_ROLE | OF_A_USER | OF_A_CUT | OF_A_PART | OF_CLIENTS
    sounding = {name for name in every for word in SECRETIVE if word in name.lower()}
    assert sounding == {"AllowAccessTokensViaBrowser", "AccessTokenLifetime", "DeviceCodeLifetime"}


BREACHES = [
    ('event(w, a, x, y, after={"Value": secret})', "member", "Value"),
    ("event(w, a, x, y, after=asdict(secret))", "function", "asdict"),
    ("event(w, a, x, y, after=secret.__dict__)", "strange", "secret.__dict__"),
    ("event(w, a, x, y, after={name: 1})", "strange", "name"),
    ("event(w, a, x, y, before={**everything})", "strange", "everything"),
    ("replace(done, after=whole)", "strange", "whole"),
    ("Event(at=now, **members)", "strange", "members"),
    ("known = {'Pin': 1}; Event(at=now, before=known)", "member", "Pin"),
    ("a, b = changed_members(vars(x), y); Event(before=a)", "function", "vars"),
]


@pytest.mark.parametrize(("text", "kind", "name"), BREACHES)
def test_a_breach_is_named(tmp_path: Path, text: str, kind: str, name: str) -> None:
    path = tmp_path / "planted.py"
    path.write_text(f"def plant():\n    {text}\n")
    assert Source("planted.py:plant", kind, name) in sources(path, path.name)
