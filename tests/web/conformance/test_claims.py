"""Modules about scopes and claims: what UserInfo tells, and id tokens do not."""

import json

from tests.web.conformance.party import PLANS, Party, of

PROFILE = {"name", "given_name", "family_name", "preferred_username", "updated_at"}
EMAIL = {"email"}  # nobody vouches for these people's addresses
ALWAYS = {"sub", "tid"}


def told(party: Party, scope: str) -> set[str]:
    """The claims that UserInfo tells for a scope, with every access token of the flow."""
    done = party.run(party.browser(), scope=scope)
    sources = [source for source in (done.answer, done.tokens) if "access_token" in source]
    found = [set(party.userinfo(source["access_token"])) for source in sources]
    assert all(names == found[0] for names in found)
    return found[0]


@of(*PLANS)
def test_scope_profile(party: Party) -> None:
    """Names, and when they changed."""
    assert told(party, "openid profile") == ALWAYS | PROFILE


@of(*PLANS)
def test_scope_email(party: Party) -> None:
    """The address that the person signs in with."""
    assert told(party, "openid email") == ALWAYS | EMAIL


@of(*PLANS)
def test_scope_address(party: Party) -> None:
    """We know no postal addresses: the scope is left out, and that is no error."""
    assert told(party, "openid address") == ALWAYS


@of(*PLANS)
def test_scope_phone(party: Party) -> None:
    """Nor do we know telephones."""
    assert told(party, "openid phone") == ALWAYS


@of(*PLANS)
def test_scope_all(party: Party) -> None:
    """All of them at once."""
    assert told(party, "openid profile email address phone") == ALWAYS | PROFILE | EMAIL


@of(*PLANS)
def test_claims_essential(party: Party) -> None:
    """A claim asked for by name, and essential, comes without its scope."""
    claims = json.dumps({"userinfo": {"name": {"essential": True}}})
    done = party.run(party.browser(), claims=claims)
    known = party.userinfo(done.tokens["access_token"])
    assert set(known) == ALWAYS | {"name"}
    assert known["name"] == "Kim Lee"
