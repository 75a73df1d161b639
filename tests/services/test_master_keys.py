"""One master key follows another on a store: put into use, sealed anew, and nothing in between."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gatepost.crypto.foreign_keys import ForeignKeys
from gatepost.crypto.jose import Jose
from gatepost.crypto.sealing import KeyedSecrets, MasterKey, Sealer
from gatepost.model import base64url
from gatepost.model.errors import StoreUnavailable
from gatepost.model.events import DEPLOYMENT, OPERATOR, Action, Event, Origin
from gatepost.model.factors import Authenticator
from gatepost.model.portal import TryOut
from gatepost.ports import PageOf, SealedRow
from gatepost.services import enrolments, journal, keys, master_keys, try_out_state
from gatepost.services.keys import KeyRing
from gatepost.services.sweeping import LEASE, Sweeper
from gatepost.services.try_out_state import Kept
from gatepost.services.world import World
from gatepost.storage.engine import make_engine
from gatepost.storage.rewrapping import SqlRewrapping
from gatepost.storage.schema import migrate
from gatepost.storage.sql_store import SqlStore
from gatepost.system import SystemDice
from tests.services.two_keys import KEYS, NEW, OLD, two_key_world
from tests.services.world import (
    Bench,
    PlainPasswords,
    SetClock,
    add_client,
    administrator,
    found,
    new_world,
)

pytestmark = pytest.mark.requirement("D-02")

APP_KEY = b"12345678901234567890"


class Site:
    """A store on a disk with one of everything that is sealed, and processes that open it."""

    def __init__(self, folder: Path) -> None:
        self.engine = make_engine(f"sqlite:///{folder}/gatepost.db")
        migrate(self.engine)
        self.clock = SetClock()
        self.rows = SqlRewrapping(self.engine)
        self.first = self.process(OLD)
        with self.first.store.writing_all() as deployment:
            deployment.set_key_check(self.first.secrets.check_of(OLD))
        self.signing = keys.ensure(self.first, "ES256")
        self.tenant_id = found(self.first).tenant.id
        act = administrator(self.first, self.tenant_id)
        self.client_id = add_client(self.first, act).client.settings.id
        self.fill()

    def process(self, *numbers: int) -> Bench:
        """A process that has these keys."""
        master, dice = MasterKey({number: KEYS[number] for number in numbers}), SystemDice()
        secrets = KeyedSecrets(master, dice)
        secrets.write_under(OLD)
        store = SqlStore(self.engine, secrets)
        signer = Jose(Sealer(master, dice))
        return Bench(store, self.clock, dice, secrets, PlainPasswords(), signer, ForeignKeys())

    def fill(self) -> None:
        """A try-out, and somebody with an authenticator app."""
        world, now = self.first, self.clock.now()
        with world.store.reading(self.tenant_id) as tenancy:
            self.user_id = tenancy.directory.users(PageOf(0, 1))[0].id
        place = enrolments.authenticator_place(self.tenant_id, self.user_id)
        sealed = world.secrets.seal(place, base64url.encoded(APP_KEY))
        self.try_out = TryOut(
            id=world.dice.guid(),
            client_id=self.client_id,
            user_id=self.user_id,
            redirect_uri=None,
            secret_id=None,
            sealed_state=b"",
            created_at=now,
            expires_at=now + timedelta(minutes=10),
        )
        state = try_out_state.sealed(world, self.try_out.id, Kept(state="kept"))
        with world.store.writing(self.tenant_id) as tenancy:
            tenancy.sign_ins.save_authenticator(
                Authenticator(user_id=self.user_id, sealed_key=sealed, used_step=0, created_at=now)
            )
            tenancy.grants.add_try_out(_with_state(self.try_out, state))
            tenancy.journal.append(changed(world))

    def numbers(self) -> set[tuple[str, int]]:
        """Which kinds rest on which of the keys."""
        return {(rest.what, number) for number in KEYS for rest in self.rows.rests(number)}


def _with_state(try_out: TryOut, state: bytes) -> TryOut:
    values = {name: getattr(try_out, name) for name in try_out.__struct_fields__}
    return TryOut(**{**values, "sealed_state": state})


def changed(world: World) -> Event:
    """An event, for changes that are made behind the scenes."""
    now, origin = world.clock.now(), Origin("op", "")
    action = Action.AUTHENTICATOR_ADDED
    return Event(at=now, action=action, actor=OPERATOR, origin=origin, target="x")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.engine.dispose()


SEALED = {"signing keys", "heads of journals", "try-outs", "authenticator apps"}


def test_what_is_sealed_is_sealed_anew_and_then_opens_without_the_old_key(site: Site) -> None:
    assert {what for what, number in site.numbers() if number == OLD} >= SEALED
    both = site.process(OLD, NEW)
    assert master_keys.use_newest(both)
    done = master_keys.rewrap(both, site.rows)
    assert {each.kind for each in done} == SEALED
    assert all(each.rows and not each.broken for each in done)
    assert not {what for what, number in site.numbers() if number == OLD} & SEALED
    alone = site.process(NEW)
    assert {verdict.fault for verdict in journal.verify_all(alone)} == {None}
    ring = KeyRing(alone)
    signing = ring.signing()
    assert signing is not None
    token = alone.signer.sign(signing, "at+jwt", b"{}")
    assert alone.signer.verify(ring.published(), "at+jwt", token) == b"{}"
    with alone.store.reading(site.tenant_id) as tenancy:
        try_out = tenancy.grants.try_out(site.try_out.id)
        app = tenancy.sign_ins.authenticator(site.user_id)
    assert try_out is not None
    assert try_out_state.opened(alone, try_out).state == "kept"
    assert enrolments.authenticator_key(alone, site.tenant_id, app) == APP_KEY


def test_doing_it_again_does_nothing(site: Site) -> None:
    both = site.process(OLD, NEW)
    assert master_keys.use_newest(both)
    master_keys.rewrap(both, site.rows)
    assert not master_keys.use_newest(both)
    assert [each.rows for each in master_keys.rewrap(both, site.rows)] == [0, 0, 0, 0]


def test_a_key_that_is_in_the_file_writes_only_when_it_is_put_into_use(site: Site) -> None:
    both = site.process(OLD, NEW)
    KeyRing(both).look()
    assert both.secrets.key_in_use == OLD
    add_client(both, administrator(both, site.tenant_id))
    assert not {what for what, number in site.numbers() if number == NEW}
    other = site.process(OLD, NEW)
    master_keys.use_newest(other)
    KeyRing(both).look()
    assert both.secrets.key_in_use == NEW


@pytest.mark.requirement("R-79")
def test_a_process_without_the_key_in_use_says_so_and_is_out_of_sight(site: Site) -> None:
    ring = KeyRing(site.first)
    ring.look()
    master_keys.use_newest(site.process(OLD, NEW))
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="master key 2 is in use"):
            ring.look()
    assert ring.signing() is not None, "what it has at hand goes on"


@pytest.mark.requirement("R-78")
def test_a_head_that_is_not_ours_is_given_no_seal(site: Site) -> None:
    both = site.process(OLD, NEW)
    master_keys.use_newest(both)
    with site.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE journal_heads SET seq = seq + 1 WHERE tenant_id = ?", (site.tenant_id,)
        )
    done = {each.kind: each for each in master_keys.rewrap(both, site.rows)}
    assert done["heads of journals"].broken == ((site.tenant_id,),)
    assert done["heads of journals"].rows == 1
    assert ("heads of journals", OLD) in site.numbers()


@pytest.mark.requirement("R-79")
def test_what_cannot_be_opened_stays_as_it_is_and_is_told(site: Site) -> None:
    both = site.process(OLD, NEW)
    master_keys.use_newest(both)
    with site.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE signing_keys SET algorithm = 'PS256'")
        connection.exec_driver_sql("UPDATE try_outs SET sealed_state = x'0100'")
    done = {each.kind: each for each in master_keys.rewrap(both, site.rows)}
    assert done["signing keys"].broken == ((site.signing.kid,),)
    assert done["try-outs"].broken == ((site.tenant_id, site.try_out.id),)
    assert {what for what, number in site.numbers() if number == OLD} & SEALED == {
        "signing keys",
        "try-outs",
    }


def test_what_is_written_meanwhile_is_not_written_over(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server writes an event between the look at a head and its new seal."""
    both = site.process(OLD, NEW)
    master_keys.use_newest(both)
    seal = both.secrets.seal_head
    written: list[str] = []

    def slow(tenant_id: str, head: object) -> bytes:
        if tenant_id == site.tenant_id and not written:
            written.append(tenant_id)
            with site.first.store.writing(tenant_id) as tenancy:
                tenancy.journal.append(changed(site.first))
        return seal(tenant_id, head)  # type: ignore[arg-type]

    monkeypatch.setattr(both.secrets, "seal_head", slow)
    done = {each.kind: each for each in master_keys.rewrap(both, site.rows)}
    assert done["heads of journals"].rows == 1
    assert journal.verify(both, site.tenant_id).fault is None
    monkeypatch.undo()
    again = {each.kind: each for each in master_keys.rewrap(both, site.rows)}
    assert again["heads of journals"].rows == 1
    assert journal.verify(site.process(NEW), site.tenant_id).fault is None


def test_many_rows_are_sealed_anew_in_batches(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(master_keys, "BATCH", 2)
    now = site.clock.now()
    with site.first.store.writing(site.tenant_id) as tenancy:
        for number in range(7):
            state = try_out_state.sealed(site.first, str(number), Kept(state=str(number)))
            values = {"id": str(number), "created_at": now, "expires_at": now}
            known = {n: getattr(site.try_out, n) for n in site.try_out.__struct_fields__}
            tenancy.grants.add_try_out(TryOut(**{**known, **values, "sealed_state": state}))
    both = site.process(OLD, NEW)
    master_keys.use_newest(both)
    asked: list[int] = []
    reseal = site.rows.reseal

    def counted(kind: str, anew: list[tuple[SealedRow, bytes]]) -> int:
        asked.append(len(anew))
        return reseal(kind, anew)  # type: ignore[arg-type]

    monkeypatch.setattr(site.rows, "reseal", counted)
    done = {each.kind: each.rows for each in master_keys.rewrap(both, site.rows)}
    assert done["try-outs"] == 8
    assert max(asked) == 2


def test_each_change_is_in_the_journal(site: Site) -> None:
    both = site.process(OLD, NEW)
    with both.store.writing_all() as deployment:
        assert master_keys.next_number(both, deployment) == NEW + 1
        master_keys.note_new(both, deployment, b"\x05check")
        assert master_keys.next_number(both, deployment) == 6
    master_keys.use_newest(both)
    with both.store.reading(DEPLOYMENT) as deployment_:
        told = [one.event for one in deployment_.journal.newest(None, 2)]
    assert [(event.action, event.target) for event in told] == [
        (Action.MASTER_KEY_USED, "2"),
        (Action.MASTER_KEY_ADDED, "5"),
    ]


def test_no_key_is_put_into_use_that_a_server_lacks(site: Site) -> None:
    old, new = site.first, site.process(OLD, NEW)
    assert master_keys.lacking(new, site.rows) is None
    Sweeper(old).sweep_when_due()
    assert master_keys.lacking(new, site.rows) == site.clock.now() + LEASE
    Sweeper(new).sweep_when_due()
    site.clock.forward(seconds=LEASE.total_seconds() - 1)
    assert master_keys.lacking(new, site.rows) is not None
    site.clock.forward(seconds=1)
    assert master_keys.lacking(new, site.rows) is None, "it was not seen for the time of a lease"


def test_servers_of_one_kind_are_noted_together(site: Site) -> None:
    """A row for each set of keys, however many processes have it and however often they start."""
    for _ in range(3):
        Sweeper(site.process(OLD, NEW)).sweep_when_due()
        Sweeper(site.first).sweep_when_due()
    assert len(site.rows.present(site.clock.now())) == 2


def test_a_world_in_memory_has_no_check_and_goes_on() -> None:
    for world in (new_world(), two_key_world()):
        keys.ensure(world, "ES256")
        KeyRing(world).look()
        assert KeyRing(world).signing() is not None
