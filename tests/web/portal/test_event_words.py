"""Every event and every reason has words; what anybody sent is told safely."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.model.client_kinds import HYBRID
from gatepost.model.clients import HybridClient, StoredClient
from gatepost.model.events import ANONYMOUS, OPERATOR, Action, Actor, ChainedEvent, Event, Origin
from gatepost.model.grants import Family, Grounds
from gatepost.model.people import LOCAL_PROVIDER, User
from gatepost.model.tenants import ADMINISTRATOR, Role, Theme
from gatepost.model.text import refused_character
from gatepost.web.api.door import _REMEMBERED
from gatepost.web.portal import event_names, event_refusals, event_words
from gatepost.web.portal.event_names import Names, Piece
from gatepost.web.portal.moments import Zone
from gatepost.web.portal.visits import Visit
from gatepost.web.portal.words import catalogue, sayer
from tests.services.world import START

SOURCES = Path(event_words.__file__).parents[2]
THEMES: tuple[Theme, ...] = ("aveva", "ocs")
KIM, BOILER, FAMILY, ROLE = "kim", "boiler", "family", "role"
PEOPLE = Actor("user", KIM)

# The reasons of `authorization._not_supported`, which are also the errors.
NAMED_IN_A_TABLE = {
    "request_not_supported",
    "request_uri_not_supported",
    "registration_not_supported",
}
CODE = re.compile(r"[a-z]+(?:_[a-z0-9]+)+\Z")
# What makes or notes a refusal: with its reason at this place, or among its other words.
MAKERS = {
    "OAuthError": 2,
    "invalid_request": 1,
    "invalid_grant": 1,
    "revoke_grants": 3,
    "end_everything": 3,
    "end_all_else": 3,
    "_end_everything": 3,
}
TAKERS = {"refused", "_refused", "_unknown", "invalid", "revoke_family", "tell"}


def test_every_reason_in_the_code_has_words() -> None:
    assert len(reasons()) > 100
    known = catalogue("aveva")
    missing = [
        key
        for code in sorted(reasons())
        for key in (f"reason.{code}.what", f"reason.{code}.mend")
        if not known.get(key)
    ]
    assert not missing


def test_no_words_are_left_of_a_reason_that_is_gone() -> None:
    told = {key.split(".")[1] for key in catalogue("aveva") if key.startswith("reason.")}
    assert told - reasons() == {"other"}


def test_no_reason_is_put_together() -> None:
    """A reason is a literal, or one that was a literal before and is passed on by a name."""
    assert list(_reasons_put_together()) == []


def test_a_reason_without_words_is_told_as_it_is() -> None:
    for code in ("new_reason", "<script>", "a{b}c", "\u202eabc", "x" * 10_000):
        found = event_words.reason(sayer("aveva"), code)
        assert len(found.what) < 200
        assert refused_character(found.what) is None
        assert found.mend
    assert "new_reason" in event_words.reason(sayer("aveva"), "new_reason").what


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("action", Action)
def test_every_action_has_words(action: Action, theme: Theme) -> None:
    pattern = catalogue(theme)[f"event.{action.value}"]
    named = {name for _, name, _, _ in string.Formatter().parse(pattern) if name is not None}
    assert named <= event_words._PARTS.keys()
    assert action.partition(".")[0] in event_names.ABOUT
    assert pattern.endswith(".")


def test_every_sentence_is_of_an_action() -> None:
    actions = {action.value for action in Action}
    variants = (".own", ".unknown", ".denied", ".logout")
    for key in catalogue("aveva"):
        if key.startswith("event."):
            text = key.removeprefix("event.")
            assert text in actions or text.endswith(variants), key


@pytest.mark.parametrize("action", sorted(event_words._OWN))
def test_what_people_do_for_themselves_has_words_of_its_own(action: Action) -> None:
    assert f"event.{action.value}.own" in catalogue("aveva")


SENTENCES = [
    (Action.TENANT_ADDED, OPERATOR, "t", "Somebody at the command line founded this organisation."),
    (Action.CLIENT_ADDED, PEOPLE, BOILER, "Kim Lee added the client Boiler."),
    (Action.CLIENT_CHANGED, Actor("client", BOILER), BOILER, "Boiler changed the client Boiler."),
    (Action.CLIENT_REMOVED, Actor("user", "gone"), "away", "gone removed the client Old name."),
    (
        Action.CLIENT_CHANGED,
        Actor("operator", "portal"),
        "gatepost-portal-t",
        "The portal changed the client Gatepost portal.",
    ),
    (
        Action.SECRET_ADDED,
        PEOPLE,
        "boiler/secrets/3",
        'Kim Lee added the secret "Of spring" to Boiler.',
    ),
    (
        Action.SECRET_ADDED,
        Actor("client", BOILER),
        "boiler/secrets/3",
        'Boiler added the secret "Of spring" for itself.',
    ),
    (Action.ROLE_CHANGED, PEOPLE, ROLE, "Kim Lee changed the role Tenant Administrator."),
    (Action.USER_CHANGED, PEOPLE, KIM, "Kim Lee changed their own user."),
    (Action.USER_CHANGED, OPERATOR, KIM, "Somebody at the command line changed the user Kim Lee."),
    (Action.PASSWORD_SET, PEOPLE, KIM, "Kim Lee chose a new password."),
    (Action.SIGNED_IN, PEOPLE, KIM, "Kim Lee signed in."),
    (Action.SIGN_IN_REFUSED, ANONYMOUS, KIM, "Somebody could not sign in as Kim Lee."),
    (Action.SIGN_IN_REFUSED, ANONYMOUS, "", "Somebody could not sign in."),
    (Action.SIGN_IN_REFUSED, PEOPLE, KIM, "Kim Lee could not change their password."),
    (Action.CONSENT_GIVEN, PEOPLE, BOILER, "Kim Lee allowed Boiler to act for them."),
    (Action.GRANT_REVOKED, PEOPLE, FAMILY, "Boiler may no longer act for Kim Lee."),
    (Action.GRANT_REVOKED, PEOPLE, "?", "An application may no longer act for somebody."),
    (
        Action.TOKEN_REVOKED,
        Actor("client", BOILER),
        "client:boiler",
        "Boiler gave an access token back before its end.",
    ),
    (Action.TOKEN_REFUSED, ANONYMOUS, BOILER, "A token for Boiler was refused."),
    (Action.ACCESS_REFUSED, PEOPLE, "x", "Kim Lee tried something that their roles do not allow."),
    (Action.TRY_OUT_BEGUN, PEOPLE, BOILER, "Kim Lee began to try Boiler out."),
]


@pytest.mark.parametrize(("action", "actor", "target", "said"), SENTENCES)
def test_an_event_is_a_sentence(action: Action, actor: Actor, target: str, said: str) -> None:
    told = {"Description": "Of spring"} if "secret" in action else {}
    known = {"before": {"Name": "Old name"}} if target == "away" else {"after": told}
    found = sentence(event(action, actor=actor, target=target, **known))
    assert "".join(piece.text for piece in found) == said


def test_those_who_are_named_have_links() -> None:
    found = sentence(event(Action.CLIENT_CHANGED, actor=PEOPLE, target=BOILER))
    assert [piece.href for piece in found if piece.href] == [
        "/portal/security/users?user=kim",
        "/portal/security/clients?type=hybrid&client=boiler",
    ]


def test_a_device_that_was_turned_away_is_told_so() -> None:
    for decision, said in (("approved", "in."), ("denied", "away.")):
        decided = event(
            Action.DEVICE_DECIDED, actor=PEOPLE, target=BOILER, after={"Decision": decision}
        )
        assert sentence(decided)[-1].text.endswith(said)


def test_changes_are_told_by_the_titles_of_their_fields() -> None:
    changed = event(
        Action.CLIENT_CHANGED,
        actor=PEOPLE,
        target=BOILER,
        before={"Enabled": True, "RedirectUris": [], "AccessTokenLifetime": 60, "LogoUri": None},
        after={
            "Enabled": False,
            "RedirectUris": ["https://a.example/1", "https://a.example/2"],
            "AccessTokenLifetime": 3600,
            "LogoUri": "https://a.example/logo.png",
        },
    )
    assert told(changed).changes == [
        ("Enabled", ["Yes"], ["No"]),
        ("Allowed Redirect URL(s)", [], ["https://a.example/1", "https://a.example/2"]),
        ("Token Lifetime", ["60 seconds"], ["3600 seconds"]),
        ("Link to its picture", [], ["https://a.example/logo.png"]),
    ]


def test_roles_and_moments_are_told_as_people_know_them() -> None:
    changed = event(
        Action.USER_CHANGED,
        target=KIM,
        before={"role_ids": [], "enabled": True},
        after={"role_ids": [ROLE, "gone"], "enabled": True},
    )
    assert told(changed).changes[0] == ("Roles", [], ["Tenant Administrator", "gone"])
    moved = event(
        Action.SECRET_CHANGED,
        target="boiler/secrets/1",
        before={"Expiration": None},
        after={"Expiration": "2031-05-31T14:57:08+00:00"},
    )
    assert told(moved).changes == [("Expiration Date", [], ["31 May 2031, 14:57 UTC"])]


def test_a_new_thing_is_told_in_full_and_not_as_a_change() -> None:
    added = event(Action.ROLE_ADDED, target=ROLE, after={"Name": "Fitters", "Description": None})
    found = told(added)
    assert found.changes == []
    assert found.details == [("Name", [], ["Fitters"])]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Unheard", {"deep": ["<b>", 1]}),
        ("Unheard", 1.5),
        ("Expiration", "not a moment"),
        ("RoleIds", [1, None, {"a": 1}]),
        ("Method", "{0.__class__}"),
        ("{name}", "a"),
        ("Tags", [f"tag {number}" for number in range(100)]),
        ("Name", "x" * 10_000),
        ("Name", "\u202egnirts"),
    ],
    ids=lambda value: str(value)[:20].encode("ascii", "replace").decode(),
)
def test_whatever_a_member_is_it_is_told_in_short(name: str, value: Any) -> None:
    (change,) = told(event(Action.CLIENT_CHANGED, target=BOILER, after={name: value})).changes
    assert 1 <= len(change.after) <= 13
    for text in (change.title, *change.after):
        assert len(text) <= 400
        assert refused_character(text) is None


@pytest.mark.requirement("R-76")
def test_a_refusal_is_opened_out() -> None:
    refused = event(
        Action.AUTHORIZATION_REFUSED,
        target=BOILER,
        reason="redirect_uri_unknown",
        after={
            "Sent": "https://a.example/cb2",
            "Registered": ["https://a.example/cb"],
            "Nearest": "https://a.example/cb",
            "FirstDifference": 21,
            "NotWrittenBefore": 4,
        },
    )
    found = event_refusals.refusal(visit(), NAMES, 7, refused)
    assert found is not None
    assert found.compared == ("https://a.example/cb2", "https://a.example/cb", 20)
    assert found.registered == ["https://a.example/cb"]
    assert found.unwritten == 4
    assert found.offer is not None
    assert found.offer.href == "/portal/activity/7/mend"
    assert "not registered" in found.reason.what


@pytest.mark.parametrize(
    ("reason", "action", "href"),
    [
        ("wrong_secret", Action.TOKEN_REFUSED, "/portal/security/clients/boiler/secrets/add"),
        (
            "token_via_browser_not_allowed",
            Action.AUTHORIZATION_REFUSED,
            "/portal/security/clients/boiler/edit",
        ),
    ],
)
def test_what_is_not_mended_with_a_click_leads_to_a_page(
    reason: str, action: Action, href: str
) -> None:
    refused = event(action, target=BOILER, reason=reason)
    found = event_refusals.refusal(visit(), NAMES, 7, refused)
    assert found is not None
    assert found.offer is not None
    assert found.offer.href == href


@pytest.mark.requirement("R-69")
@given(st.text(max_size=600), st.text(max_size=600), st.text(max_size=600))
def test_the_marked_place_is_where_two_addresses_part(same: str, one: str, other: str) -> None:
    sent, registered = same + one, same + other
    position = next(
        (i for i, (a, b) in enumerate(zip(sent, registered, strict=False)) if a != b),
        min(len(sent), len(registered)),
    )
    found = event_refusals.compared(sent, registered, position)
    assert found.registered is not None
    assert found.sent[: found.position] == found.registered[: found.position]
    for text in (found.sent, found.registered):
        assert refused_character(text) is None
        assert len(text) <= 6 * event_words.MOST_SHOWN + 2
    assert found.position <= len(found.sent)


def test_a_long_address_is_shown_around_the_difference() -> None:
    sent, registered = "a" * 1_000 + "x" + "b" * 1_000, "a" * 1_000 + "y"
    found = event_refusals.compared(sent, registered, 1_000)
    assert found.registered is not None
    assert (found.sent[found.position], found.registered[found.position]) == ("x", "y")
    assert found.sent.startswith("…a")
    assert found.sent.endswith("b…")
    assert len(found.sent) < 350


def test_a_damaged_refusal_is_told_as_far_as_it_goes() -> None:
    for after in ({"Sent": 7}, {"Sent": "a", "Nearest": 1}, {"Registered": "x"}, {}):
        refused = event(
            Action.AUTHORIZATION_REFUSED, target=BOILER, reason="redirect_uri_unknown", after=after
        )
        found = event_refusals.refusal(visit(), NAMES, 7, refused)
        assert found is not None
        assert found.registered == []


def event(action: Action, **members: Any) -> Event:
    known: dict[str, Any] = {"actor": ANONYMOUS, "target": "", "origin": Origin("op", "192.0.2.1")}
    return Event(at=START, action=action, **(known | members))


def sentence(of: Event) -> list[Piece]:
    return event_words.sentence(visit(), NAMES, of)


def told(of: Event) -> event_words.Told:
    return event_words.told(visit(), NAMES, ChainedEvent(tenant_id="t", seq=1, event=of, hash=b""))


def visit() -> Visit:
    """As much of a visit as words need."""
    place = SimpleNamespace(theme="aveva")
    return cast("Visit", SimpleNamespace(say=sayer("aveva"), place=place, zone=Zone("UTC")))


NAMES = Names(
    users={
        KIM: User(
            id=KIM,
            provider_id=LOCAL_PROVIDER,
            email="kim@example.com",
            given_name="Kim",
            surname="Lee",
            incarnation="i",
            role_ids=(),
            created_at=START,
            updated_at=START,
        )
    },
    clients={
        BOILER: StoredClient(
            kind=HYBRID.name,
            settings=HybridClient(id=BOILER, name="Boiler"),
            incarnation="i",
            created_at=START,
            updated_at=START,
            version=1,
        )
    },
    roles={ROLE: Role(id=ROLE, name="Administrator", description=None, type_id=ADMINISTRATOR)},
    families={
        FAMILY: Family(
            id=FAMILY,
            client_id=BOILER,
            user_id=KIM,
            sign_in_id="s",
            grounds=Grounds(scopes=(), auth_time=0, method="pwd"),
            created_at=START,
            expires_at=START,
        )
    },
    secrets={},
)


def reasons() -> set[str]:
    """Every reason that the code gives for a refusal, found by reading it."""
    found = NAMED_IN_A_TABLE | {code.value for code in _REMEMBERED}
    for tree in _trees().values():
        found |= {*_returned(tree)} | {*_assigned(tree)} | {*_given(tree)}
    return found


def _trees() -> dict[Path, ast.Module]:
    folders = ("protocol", "services", "web/oidc")
    paths = sorted(path for folder in folders for path in (SOURCES / folder).rglob("*.py"))
    return {path: ast.parse(path.read_text()) for path in paths}


def _given(tree: ast.AST) -> Iterator[str]:
    """Reasons that are arguments of what makes or notes a refusal."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = _name_of(call)
        if name in MAKERS:
            yield from _literals(call.args[MAKERS[name] : MAKERS[name] + 1])
        elif name in TAKERS:
            yield from (text for text in _literals(call.args) if CODE.match(text))


def _returned(tree: ast.AST) -> Iterator[str]:
    """Reasons that a function gives back instead of what was asked of it."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef) or function.returns is None:
            continue
        if not re.search(r"(?<!\[)\bstr\b(?!,)", ast.unparse(function.returns)):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Return) and node.value is not None:
                yield from (text for text in _literals([node.value]) if CODE.match(text))


def _assigned(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        names = [target.id for target in getattr(node, "targets", []) if hasattr(target, "id")]
        if isinstance(node, ast.Assign) and "reason" in names:
            yield from _literals([node.value])


def _literals(nodes: list[ast.expr]) -> Iterator[str]:
    """Texts that stand there, also as one of two or in a pair."""
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.IfExp):
            yield from _literals([node.body, node.orelse])
        elif isinstance(node, ast.Tuple):
            yield from _literals(node.elts)


def _reasons_put_together() -> Iterator[tuple[str, str]]:
    for path, tree in _trees().items():
        for call in ast.walk(tree):
            if not isinstance(call, ast.Call) or _name_of(call) not in MAKERS:
                continue
            given = call.args[MAKERS[_name_of(call)]]
            if not isinstance(given, ast.Constant | ast.Name):
                yield path.name, ast.unparse(given)


def _name_of(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
