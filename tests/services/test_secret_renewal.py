"""Digests of client secrets made anew: at the next use, once, and never to a client's harm."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gatepost.model.errors import StoreUnavailable
from gatepost.model.events import Origin
from gatepost.services.client_login import FormRequest
from gatepost.services.token import Tokens
from tests.services import test_tokens
from tests.services.test_tokens import Stand
from tests.services.two_keys import NEW, OLD, two_key_world, without

pytestmark = pytest.mark.requirement("D-02")


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Stand:
    monkeypatch.setattr(test_tokens, "new_world", two_key_world)
    return Stand()


def number_of(stand: Stand) -> int:
    with stand.world.store.reading(stand.tenant_id) as tenancy:
        (known,) = tenancy.clients.digests(stand.client_id)
    return known.digest[0]


def at_hand(stand: Stand) -> Tokens | None:
    """A token without the store, where there is one."""
    form = {
        "grant_type": "client_credentials",
        "client_id": stand.client_id,
        "client_secret": stand.added.value or "",
    }
    request = FormRequest(form, None, Origin("op", "192.0.2.9"))
    return stand.tokens.at_hand(repr(form).encode(), lambda: request)


@contextmanager
def writes_of(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The tenants that are written to in the block."""
    heard: list[str] = []
    writing = stand.world.store.writing

    def heard_of(tenant_id: str) -> object:
        heard.append(tenant_id)
        return writing(tenant_id)

    with monkeypatch.context() as patched:
        patched.setattr(stand.world.store, "writing", heard_of)
        yield heard


def test_nothing_is_made_anew_before_the_key_is_in_use(stand: Stand) -> None:
    assert isinstance(stand.ask(), Tokens)
    assert number_of(stand) == OLD


def test_it_is_made_anew_at_the_next_use_and_once(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand.world.secrets.write_under(NEW)
    with writes_of(stand, monkeypatch) as heard:
        for _ in range(3):
            assert isinstance(stand.ask(), Tokens)
    assert heard == [stand.tenant_id]
    assert number_of(stand) == NEW


def test_a_token_at_hand_waits_for_it_once(stand: Stand) -> None:
    assert isinstance(stand.ask(), Tokens)
    assert at_hand(stand) is not None
    stand.world.secrets.write_under(NEW)
    assert at_hand(stand) is None
    assert isinstance(stand.ask(), Tokens)
    assert number_of(stand) == NEW
    assert at_hand(stand) is not None


def test_a_store_that_cannot_be_written_is_no_reason_to_refuse(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand.world.secrets.write_under(NEW)

    def away(_tenant_id: str) -> None:
        raise StoreUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(stand.world.store, "writing", away)
        assert isinstance(stand.ask(), Tokens)
    assert isinstance(stand.ask(), Tokens)
    assert number_of(stand) == OLD, "it is tried again after a while"
    stand.world.set_clock.forward(minutes=10)
    assert isinstance(stand.ask(), Tokens)
    assert number_of(stand) == NEW


def test_a_wrong_secret_makes_nothing_anew(stand: Stand) -> None:
    stand.world.secrets.write_under(NEW)
    assert not isinstance(stand.ask("wrong"), Tokens)
    assert number_of(stand) == OLD


def test_afterwards_the_old_key_is_not_needed(stand: Stand) -> None:
    stand.world.secrets.write_under(NEW)
    assert isinstance(stand.ask(), Tokens)
    world = without(stand.world, OLD)
    digests = world.secrets.digests(stand.added.value or "")
    with world.store.reading(stand.tenant_id) as tenancy:
        (known,) = tenancy.clients.digests(stand.client_id)
    assert digests == (known.digest,)
