from typing import Any

import pytest
from msgspec.structs import replace

from gatepost.model.client_kinds import (
    AUTHORIZATION_CODE,
    CLIENT_CREDENTIALS,
    DEVICE_CODE,
    HYBRID,
    ClientKind,
)
from gatepost.model.clients import StoredClient
from gatepost.model.errors import Code, NotFound, Refused
from gatepost.model.events import ANONYMOUS, Action, Event, Origin
from gatepost.services import clients, mends
from gatepost.services.mends import Mend, Way
from gatepost.services.world import Act
from tests.services.world import START, Bench, add_client, administrator, found, new_world

KNOWN = "https://app.example.com/cb"
SENT = "https://app.example.com/cb2"
ADDS = [
    ("redirect_uri_unknown", Way.ADD_REDIRECT),
    ("logout_uri_unknown", Way.ADD_LOGOUT),
]
# What is registered, what was sent, and whether that is registered already.
ADDRESSES: list[tuple[tuple[str, ...], str, bool]] = [
    ((), SENT, False),
    ((KNOWN,), SENT, False),
    ((KNOWN,), KNOWN + "/", False),
    ((KNOWN,), KNOWN, True),
    (("http://127.0.0.1:5000/cb",), "http://127.0.0.1:6000/cb", True),
    (("http://localhost:5000/cb",), "http://localhost:6000/cb", False),
    ((KNOWN,), "com.example.app:/cb", False),
]
REFUSED, NO_TOKEN = Action.AUTHORIZATION_REFUSED, Action.TOKEN_REFUSED


def client(kind: ClientKind = HYBRID, **members: Any) -> StoredClient:
    settings = kind.settings(**({"id": "boiler", "name": "Boiler"} | members))
    return StoredClient(
        kind=kind.name,
        settings=settings,
        incarnation="i",
        created_at=START,
        updated_at=START,
        version=1,
    )


def event(reason: str, action: Action = REFUSED, target: str = "boiler", **after: Any) -> Event:
    return Event(
        at=START,
        action=action,
        actor=ANONYMOUS,
        origin=Origin("5b2a9a0e-6f0c-4c39-9d43-6a3f0a0f5d11", "192.0.2.1"),
        target=target,
        reason=reason,
        after=after or None,
    )


@pytest.mark.parametrize(("reason", "way"), ADDS)
@pytest.mark.parametrize("kind", [HYBRID, AUTHORIZATION_CODE], ids=lambda kind: kind.name)
@pytest.mark.parametrize("case", ADDRESSES)
def test_an_unknown_address_can_be_added(
    kind: ClientKind, reason: str, way: Way, case: tuple[tuple[str, ...], str, bool]
) -> None:
    registered, sent, is_done = case
    member = mends._LISTS[way]
    mend = mends.mend_for(event(reason, Sent=sent), client(kind, **{member: registered}))
    assert mend == Mend(way, member, sent, is_done=is_done)
    assert mend.is_offered is not is_done


@pytest.mark.requirement("R-04")
@pytest.mark.parametrize("reason", ["redirect_uri_unknown", "logout_uri_unknown"])
@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ("https://*.example.com/cb", "wildcard"),
        ("http://app.example.com/cb", "http on a host that is not this machine"),
        ("javascript:alert(1)", "scheme javascript"),
        ("data:text/html,x", "scheme data"),
        ("https://app.example.com/cb#part", "fragment"),
        ("https://user@app.example.com/cb", "user name"),
        ("https://app.example.com/\u202ecb", "U+202E"),
        ("https://app.example.com/<script>", "U+003C"),
        ("https://app.example.com/a/../cb", ". or .. step"),
        ("https://app.example.com/" + "a" * 2_000, "longer than 2000"),
        ("cb", "no scheme"),
        ("", "no scheme"),
    ],
    ids=lambda text: text[:40],
)
def test_an_address_that_can_never_be_registered_says_why(reason: str, sent: str, why: str) -> None:
    mend = mends.mend_for(event(reason, Sent=sent), client(redirect_uris=(KNOWN,)))
    assert mend is not None
    assert mend.hindrance is not None
    assert why in mend.hindrance.reason
    assert mend.hindrance.resolution
    assert not mend.is_offered


def test_the_longest_address_that_can_be_registered_is_offered() -> None:
    sent = "https://app.example.com/".ljust(2_000, "a")
    for reason in ("redirect_uri_unknown", "logout_uri_unknown"):
        assert _reason(event(reason, Sent=sent)) is None
        assert "longer than 2000" in (_reason(event(reason, Sent=sent + "a")) or "")


@pytest.mark.parametrize("reason", ["redirect_uri_unknown", "logout_uri_unknown"])
def test_a_full_list_says_that_one_must_go(reason: str) -> None:
    full = tuple(f"{KNOWN}/{number}" for number in range(10))
    known = client(redirect_uris=full, post_logout_redirect_uris=full)
    mend = mends.mend_for(event(reason, Sent=SENT), known)
    assert mend is not None
    assert mend.hindrance is not None
    assert "the most" in mend.hindrance.reason


@pytest.mark.parametrize(
    ("action", "reason", "kind", "expected"),
    [
        (REFUSED, "client_disabled", HYBRID, Mend(Way.ENABLE, "enabled")),
        (NO_TOKEN, "client_disabled", DEVICE_CODE, Mend(Way.ENABLE, "enabled")),
        (NO_TOKEN, "wrong_secret", HYBRID, Mend(Way.ADD_SECRET)),
        (NO_TOKEN, "expired_secret", CLIENT_CREDENTIALS, Mend(Way.ADD_SECRET)),
        (NO_TOKEN, "no_credentials", HYBRID, Mend(Way.ADD_SECRET)),
        (NO_TOKEN, "wrong_secret", AUTHORIZATION_CODE, None),
        (
            REFUSED,
            "token_via_browser_not_allowed",
            HYBRID,
            Mend(Way.EDIT, "allow_access_tokens_via_browser"),
        ),
        (REFUSED, "token_via_browser_not_allowed", AUTHORIZATION_CODE, None),
        (NO_TOKEN, "refresh_not_allowed", HYBRID, Mend(Way.EDIT, "allow_offline_access")),
        (NO_TOKEN, "refresh_not_allowed", CLIENT_CREDENTIALS, None),
        (REFUSED, "pkce_missing", HYBRID, None),
        (REFUSED, "redirect_uri_unknown", HYBRID, None),
        (REFUSED, "redirect_uri_unknown", DEVICE_CODE, None),
        (Action.ACCESS_REFUSED, "client_disabled", HYBRID, None),
        (Action.CLIENT_CHANGED, "", HYBRID, None),
    ],
)
def test_what_helps_against_other_refusals(
    action: Action, reason: str, kind: ClientKind, expected: Mend | None
) -> None:
    assert mends.mend_for(event(reason, action), client(kind, enabled=False)) == expected


@pytest.mark.parametrize(
    ("reason", "action", "members"),
    [
        ("client_disabled", REFUSED, {"enabled": True}),
        ("token_via_browser_not_allowed", REFUSED, {"allow_access_tokens_via_browser": True}),
        ("refresh_not_allowed", NO_TOKEN, {"allow_offline_access": True}),
    ],
)
def test_what_was_set_right_already_is_told(
    reason: str, action: Action, members: dict[str, Any]
) -> None:
    mend = mends.mend_for(event(reason, action), client(**members))
    assert mend is not None
    assert mend.is_done
    assert not mend.is_offered


@pytest.mark.parametrize("sent", [None, 7, ["https://app.example.com"], {"a": 1}])
def test_without_an_address_there_is_nothing_to_add(sent: object) -> None:
    assert mends.mend_for(event("redirect_uri_unknown", Sent=sent), client()) is None


def test_a_removed_client_and_the_portal_cannot_be_mended() -> None:
    refused = event("redirect_uri_unknown", Sent=SENT)
    assert mends.mend_for(refused, None) is None
    portal = replace(client(AUTHORIZATION_CODE), kind="portal")
    assert mends.mend_for(refused, portal) is None


def test_applying_adds_the_address_behind_the_others() -> None:
    world, act, id_ = _bench()
    seq = _journal(world, act, event("redirect_uri_unknown", target=id_, Sent=SENT))
    before = mends.of_event(world, act.tenant_id, seq)
    assert mends.difference(before) == (KNOWN, len(KNOWN))
    mends.apply(world, act, seq)
    assert _settings(world, act, id_).redirect_uris == (KNOWN, SENT)
    newest = _newest(world, act)
    assert (newest.action, newest.actor) == (Action.CLIENT_CHANGED, act.actor)
    assert newest.after == {"RedirectUris": [KNOWN, SENT]}


def test_applying_twice_changes_nothing_more() -> None:
    world, act, id_ = _bench()
    seq = _journal(world, act, event("logout_uri_unknown", target=id_, Sent=SENT))
    assert not mends.apply(world, act, seq).mend.is_done
    assert mends.apply(world, act, seq).mend.is_done
    assert _settings(world, act, id_).post_logout_redirect_uris == (SENT,)


def test_applying_enables_a_client() -> None:
    world, act, id_ = _bench(enabled=False)
    mends.apply(world, act, _journal(world, act, event("client_disabled", target=id_)))
    assert _settings(world, act, id_).enabled


@pytest.mark.requirement("R-04")
@pytest.mark.parametrize(
    "sent", ["https://*.example.com/cb", "http://app.example.com/cb", "javascript:alert(1)"]
)
def test_an_address_that_can_never_be_registered_is_not_added(sent: str) -> None:
    world, act, id_ = _bench()
    seq = _journal(world, act, event("redirect_uri_unknown", target=id_, Sent=sent))
    with pytest.raises(Refused) as refused:
        mends.apply(world, act, seq)
    assert refused.value.code is Code.INVALID_MEMBER
    assert "can never be registered" in refused.value.reason
    assert _settings(world, act, id_).redirect_uris == (KNOWN,)


@pytest.mark.parametrize("reason", ["wrong_secret", "expired_secret"])
def test_what_is_mended_elsewhere_is_not_applied(reason: str) -> None:
    world, act, id_ = _bench()
    seq = _journal(world, act, event(reason, NO_TOKEN, target=id_))
    with pytest.raises(NotFound):
        mends.apply(world, act, seq)
    assert _newest(world, act).reason == reason


def test_somebody_else_at_the_same_moment_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    world, act, id_ = _bench()
    seq = _journal(world, act, event("redirect_uri_unknown", target=id_, Sent=SENT))
    seen = mends.of_event(world, act.tenant_id, seq)
    clients.change(world, act, HYBRID, id_, {"redirect_uris": ()})
    monkeypatch.setattr(mends, "of_event", lambda *_: seen)
    with pytest.raises(Refused) as refused:
        mends.apply(world, act, seq)
    assert refused.value.code is Code.CHANGED_MEANWHILE
    assert _settings(world, act, id_).redirect_uris == ()


@pytest.mark.parametrize("seq", [-1, 0, 1, 999, 2**63 - 1, 2**63, 10**30])
def test_an_event_that_is_no_refusal_is_not_found(seq: int) -> None:
    world, act, _ = _bench()
    with pytest.raises(NotFound):
        mends.of_event(world, act.tenant_id, seq)


@pytest.mark.requirement("R-83")
def test_a_refusal_of_another_tenant_is_not_found() -> None:
    world, act, id_ = _bench()
    refused = event("redirect_uri_unknown", target=id_, Sent=SENT)
    seq = [_journal(world, act, refused) for _ in range(20)][-1]
    other = administrator(world, found(world).tenant.id)
    with pytest.raises(NotFound):
        mends.apply(world, other, seq)
    # Also when the other tenant's own event names the client.
    with pytest.raises(NotFound):
        mends.apply(world, other, _journal(world, other, refused))
    assert _settings(world, act, id_).redirect_uris == (KNOWN,)


def _reason(refused: Event) -> str | None:
    mend = mends.mend_for(refused, client())
    assert mend is not None
    return mend.hindrance.reason if mend.hindrance else None


def _bench(**members: Any) -> tuple[Bench, Act, str]:
    """A tenant with a client that has one address, and an administrator's act."""
    world = new_world()
    act = administrator(world, found(world).tenant.id)
    made = add_client(world, act, HYBRID, redirect_uris=(KNOWN,), **members)
    return world, act, made.client.settings.id


def _journal(world: Bench, act: Act, refused: Event) -> int:
    with world.store.writing(act.tenant_id) as tenancy:
        return tenancy.journal.append(refused).seq


def _newest(world: Bench, act: Act) -> Event:
    with world.store.reading(act.tenant_id) as tenancy:
        return tenancy.journal.newest(None, 1)[0].event


def _settings(world: Bench, act: Act, id_: str) -> Any:
    return clients.of_any_kind(world, act.tenant_id, id_).settings
