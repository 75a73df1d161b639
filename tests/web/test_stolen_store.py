"""A stolen database: whoever has its octets has no secret, code, token, session or key.

The product is run over real HTTP on each database. Every secret is heard where it is made: what
the dice give, what is signed, digested, sealed or proved, and what people typed. Then each of them
is looked for, in several ways of writing, in all that a thief can have: the files of SQLite with
what was deleted and the log beside them, the backup, the tables of PostgreSQL as they are dumped.
"""

import base64
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, cast, get_args

import psycopg
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gatepost.app import backup_store
from gatepost.crypto.jose import Jose
from gatepost.crypto.key_files import create_master_key
from gatepost.crypto.passwords import Argon2Passwords
from gatepost.crypto.sealing import KeyedSecrets, MasterKey, Purpose, Sealer
from gatepost.model.requests import Pending
from gatepost.services.world import World
from gatepost.settings import Settings
from gatepost.storage.engine import sqlite_path
from gatepost.storage.grant_store import SqlGrantStore
from gatepost.system import SystemClock, SystemDice
from tests.flows import PASSWORD, Visitor, new_application, new_person
from tests.postgres import _programs, fresh_database, shared_server
from tests.served import Served, serve
from tests.web.factor_desk import APP
from tests.web.indoors import Indoors
from tests.web.second_factors import codes_on, enrolled
from tests.web.whole_run import hearing, whole_run

pytestmark = pytest.mark.requirement("R-50", "R-60", "R-73", "D-02")

SHORTEST = 8
"""Six digits that an app shows are found everywhere; they are good for half a minute."""

OF_32 = 43
"""So many characters of base64url are 32 octets."""

RANDOM = 22
"""So many characters of base64url have at least 128 bits."""

NO_SECRETS = {
    "gatepost.services.world": "the mark that tells a client or person from one of the same id",
    "gatepost.services.issuing": "the id of a token, by which it is revoked",
    "gatepost.services.errands": "the id of an errand, which needs the cookie of its browser too",
    "gatepost.services.browsers": "a salt, which is sent to the application",
    "gatepost.crypto.sealing": "a nonce",
}
"""Who else draws by chance, and what for."""


class Stolen(NamedTuple):
    """What a thief has, by name, and what was issued."""

    octets: Mapping[str, bytes]
    texts: frozenset[str]
    keys: Mapping[str, bytes]
    served: Served


class Outdoors:
    """Stands for `Indoors` where the product is served over HTTP: its clock is set ahead."""

    def __init__(self, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
        self.served = served
        self.world: World = served.house.world
        self._ahead = timedelta(0)
        real = SystemClock.now

        def now(clock: SystemClock) -> datetime:
            return real(clock) + self._ahead

        monkeypatch.setattr(SystemClock, "now", now)

    def visitor(self, _address: str = "") -> Visitor:
        """A browser."""
        return Visitor(self.served)

    def forward(self, **by: float) -> None:
        """Move the clock on."""
        self._ahead += timedelta(**by)


class Ears:
    """What was heard: texts, and octets that were sealed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.texts: set[str] = set()
        self.sealed: set[bytes] = set()
        made: tuple[tuple[type, str], ...] = ((Jose, "sign"), (KeyedSecrets, "proof"))
        for owner, name in made:
            monkeypatch.setattr(owner, name, hearing(getattr(owner, name), self.texts))
        given: tuple[tuple[type, str, int], ...] = (
            (KeyedSecrets, "digest", 1),
            (KeyedSecrets, "digest_of", 2),
            (KeyedSecrets, "seal", 2),
            (Argon2Passwords, "hash", 1),
        )
        for owner, name, at in given:
            monkeypatch.setattr(owner, name, self._given(getattr(owner, name), at))
        self.sent: set[str | None] = set()
        add = SqlGrantStore.add_pending

        def hearing_add(store: SqlGrantStore, pending: Pending) -> None:
            # what an application sends in the address; the portal is one too
            self.sent.add(getattr(pending.errand, "state", None))
            add(store, pending)

        monkeypatch.setattr(SqlGrantStore, "add_pending", hearing_add)
        monkeypatch.setattr(SystemDice, "token", self._drawn(SystemDice.token))
        seal = Sealer.seal

        def hearing_seal(sealer: Sealer, plain: bytes, associated: bytes) -> bytes:
            self.sealed.add(plain)
            return seal(sealer, plain, associated)

        monkeypatch.setattr(Sealer, "seal", hearing_seal)

    def _drawn(self, draw: Callable[[SystemDice, int], str]) -> Callable[[SystemDice, int], str]:
        def heard(dice: SystemDice, size: int) -> str:
            drawn = draw(dice, size)
            if sys._getframe(1).f_globals["__name__"] not in NO_SECRETS:
                self.texts.add(drawn)
            return drawn

        return heard

    def _given(self, make: Callable[..., Any], at: int) -> Callable[..., Any]:
        def heard(*arguments: Any) -> Any:
            if "attempts" not in arguments:  # names of those who guess, which are no secret
                self.texts.add(arguments[at])
            return make(*arguments)

        return heard


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stolen(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stolen]:
    """A whole run, and then the theft."""
    folder = tmp_path_factory.mktemp("stolen")
    random = os.urandom(32)
    create_master_key(folder / "master.key", random)
    url = (
        f"sqlite:///{folder}/gatepost.db"
        if request.param == "sqlite"
        else fresh_database(shared_server())
    )
    settings = Settings(database_url=url, master_key_file=folder / "master.key")
    with pytest.MonkeyPatch.context() as monkeypatch:
        ears = Ears(monkeypatch)
        with serve(settings) as served:
            place = Outdoors(served, monkeypatch)
            shown = whole_run(cast("Indoors", place)) | _with_an_app(place) | {PASSWORD}
            octets = _taken(settings, folder)
            texts = frozenset(
                text
                for text in (ears.texts | shown | _shared(served)) - ears.sent
                if len(text) >= SHORTEST
            )
            yield Stolen(octets, texts, _keys(random, ears.sealed), served)


def _with_an_app(place: Outdoors) -> set[str]:
    """A person adds an authenticator app; its key, and the recovery codes."""
    person = new_person(place.served, place.served.first)
    client = new_application(place.served, place.served.first)
    visitor = place.visitor()
    assert visitor.through(visitor.authorize(client), person).answer["code"]
    app, shown = enrolled(visitor, place.world, visitor.get(APP))
    codes = codes_on(shown)
    assert len(codes) == 10
    plain = {code.replace("-", "") for code in codes}
    return {*codes, *plain, base64.b32encode(app.key).decode(), *visitor.http.cookies.values()}


def _shared(served: Served) -> set[str]:
    """The secrets of the clients that administer."""
    return {served.first.secret, served.second.secret}


def _keys(random: bytes, sealed: set[bytes]) -> dict[str, bytes]:
    """Octets of keys: the master key, all that are derived, and what was sealed under them."""
    master = MasterKey(random)
    # the store keeps this one, to tell a wrong master key at the start
    purposes = [each for each in get_args(Purpose) if each != "key-check"]
    found = {"master": random, **{each: master.derive(each) for each in purposes}}
    for number, plain in enumerate(sorted(sealed)):
        found[f"sealed {number}"] = plain
        if plain.startswith(b"\x30"):  # a private key as DER
            found |= {f"{name} {number}": part for name, part in _parts(plain).items()}
    return found


def _parts(der: bytes) -> dict[str, bytes]:
    """A private key in the other forms in which it can be used."""
    private = serialization.load_der_private_key(der, password=None)
    forms = (serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL)
    found = {"PEM": _middle(private.private_bytes(*forms, serialization.NoEncryption()))}
    if isinstance(private, rsa.RSAPrivateKey):
        numbers = private.private_numbers()
        found |= {name: _octets(getattr(numbers, name)) for name in ("d", "p", "q", "dmp1", "iqmp")}
    assert isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    if isinstance(private, ec.EllipticCurvePrivateKey):
        found["d"] = _octets(private.private_numbers().private_value)
    return found


def _middle(pem: bytes) -> bytes:
    """A line from the middle of a PEM."""
    lines = pem.splitlines()
    return lines[len(lines) // 2]


def _octets(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _taken(settings: Settings, folder: Path) -> dict[str, bytes]:
    """The database while it is in use, and its backup."""
    backup_store(settings, folder / "backup.db")
    found = {"backup": (folder / "backup.db").read_bytes()}
    path = sqlite_path(settings.database_url)
    if path is None:
        return found | _dumped(settings.database_url)
    beside = [file for file in path.parent.glob(f"{path.name}*") if file.is_file()]
    assert f"{path.name}-wal" in {file.name for file in beside}
    return found | {file.name: file.read_bytes() for file in beside}


def _dumped(url: str) -> dict[str, bytes]:
    """All tables, as pg_dump has them where it is at hand, and as the server copies them."""
    copied = b""
    with psycopg.connect(url) as connection:
        names = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        for (name,) in names:
            with connection.cursor().copy(f'COPY "{name}" TO STDOUT'.encode()) as rows:
                copied += b"".join(bytes(row) for row in rows)
    program = _programs() / "pg_dump"
    if not program.exists():
        return {"copy": copied}
    dump = subprocess.run([program, "--inserts", url], capture_output=True, check=True)
    return {"copy": copied, "dump": dump.stdout}


def written(value: bytes) -> dict[str, bytes]:
    """The ways in which octets may stand in a file."""
    plain, url = base64.b64encode(value), base64.urlsafe_b64encode(value)
    return {
        "raw": value,
        "hex": value.hex().encode(),
        "HEX": value.hex().upper().encode(),
        "base64": plain.rstrip(b"="),
        "base64url": url.rstrip(b"="),
        "UTF-16": value.decode("latin-1").encode("utf-16-le"),
    }


def ways_of(text: str) -> dict[str, bytes]:
    """The same of a text, and of the octets that a random one stands for."""
    found = written(text.encode())
    octets = octets_of(text)
    return found | {f"octets, {way}": each for way, each in written(octets).items() if octets}


def octets_of(text: str) -> bytes:
    """The random octets of a token, which may have a prefix before and a check after them."""
    random = (text[4:] if text.startswith("gp") and text[3:4] == "_" else text)[:OF_32]
    if len(random) < RANDOM or not random.replace("-", "").replace("_", "").isalnum():
        return b""
    try:
        return base64.urlsafe_b64decode(random + "=" * (-len(random) % 4))
    except ValueError:
        return b""


def finds(
    octets: Mapping[str, bytes], texts: frozenset[str], keys: Mapping[str, bytes]
) -> set[str]:
    """Where something was found, and in which way; never what."""
    found = set()
    for place, there in octets.items():
        for text in texts:
            found |= {f"a text in {place}: {w}" for w, v in ways_of(text).items() if v in there}
        for name, key in keys.items():
            if len(key) >= SHORTEST:
                found |= {f"{name} in {place}: {w}" for w, v in written(key).items() if v in there}
    return found


def test_nothing_that_was_issued_is_in_what_a_thief_has(stolen: Stolen) -> None:
    assert sum(map(len, stolen.octets.values())) > 500_000
    assert len(stolen.texts) > 100
    assert {"master", "checkpoint", "d 0", "PEM 0"} <= {
        name if not name.startswith(("d ", "PEM ")) else f"{name.split()[0]} 0"
        for name in stolen.keys
    }
    assert finds(stolen.octets, stolen.texts, stolen.keys) == set()


def test_the_files_are_those_of_the_store(stolen: Stolen) -> None:
    """What is no secret is found, so the search looks at the right octets."""
    first = stolen.served.first
    where = {name for name, there in stolen.octets.items() if first.client_id.encode() in there}
    beside = {"gatepost.db-wal"} if "gatepost.db" in stolen.octets else {"copy", "dump"}
    assert where >= {"backup", *beside & stolen.octets.keys()}


@pytest.mark.parametrize("way", ["raw", "hex", "HEX", "base64", "base64url", "UTF-16"])
def test_a_secret_that_is_planted_is_found(stolen: Stolen, way: str) -> None:
    secret = stolen.served.first.secret
    name, there = next(iter(stolen.octets.items()))
    planted = {name: there + ways_of(secret)[way] + there[:99]}
    assert finds(planted, frozenset({secret}), {}) != set()
    assert finds(planted, frozenset(), {"master": ways_of(secret)["raw"]}) != set()


def test_a_secret_that_is_planted_in_a_row_is_found(stolen: Stolen, tmp_path: Path) -> None:
    """A column of words, one of octets, and one of JSON; and what is deleted again."""
    settings, secret = stolen.served.house.settings, stolen.served.second.secret
    octets = octets_of(secret)
    with stolen.served.house.database.engine.begin() as connection:
        for name, value in (("words", secret), ("octets", octets)):
            kind = "TEXT" if name == "words" else "BYTEA"
            connection.exec_driver_sql(f"CREATE TABLE planted_{name} (it {kind})")
            sign = "?" if settings.database_url.startswith("sqlite") else "%s"
            connection.exec_driver_sql(f"INSERT INTO planted_{name} VALUES ({sign})", (value,))
    try:
        (tmp_path / "again").mkdir()
        taken = _taken(settings, tmp_path / "again")
        taken.pop("backup")
        found = finds(taken, frozenset({secret}), {})
    finally:
        with stolen.served.house.database.engine.begin() as connection:
            for name in ("words", "octets"):
                connection.exec_driver_sql(f"DROP TABLE planted_{name}")
    ways = {each.rpartition(": ")[2] for each in found}
    assert "raw" in ways
    assert {"octets, raw", "octets, hex"} & ways
