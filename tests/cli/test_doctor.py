"""`gatepost doctor`: nothing to say on a good store, and each fault with its mend."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.program import Done, Place, copied, postgresql_place, sqlite_place

KEY = "store/master.key"
STORE = "store/gatepost.db"
FOREIGN_KEY = base64.urlsafe_b64encode(bytes(32)).decode().rstrip("=")


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A SQLite store with a tenant, to be copied."""
    place = sqlite_place(tmp_path_factory.mktemp("founded"))
    place.init()
    return place


def test_a_good_store_has_nothing_to_mend(spoilt: Place) -> None:
    done = spoilt.with_settings(GATEPOST_PUBLIC_URL="https://id.example.com").run(
        "doctor", "--journal"
    )
    assert (done.status, done.err) == (0, "")
    assert {line[:2] for line in done.out.splitlines()} == {"ok"}
    assert done.out.count("journal of") == 2


@pytest.mark.parametrize(
    ("url", "mend"),
    [(None, "Set it to the address"), ("http://localhost:8080", "Put a TLS proxy in front")],
)
def test_what_is_only_unwise_is_a_warning(founded: Place, url: str | None, mend: str) -> None:
    settings = {"GATEPOST_PUBLIC_URL": url} if url else {}
    done = founded.with_settings(**settings).run("doctor")
    assert done.status == 0
    assert f"      {mend}" in done.out.split("warn  ")[1]


CUT = (
    "DELETE FROM events WHERE tenant_id <> '' AND seq = "
    "(SELECT max(e.seq) FROM events AS e WHERE e.tenant_id = events.tenant_id)"
)
FAULTS: list[tuple[str, Callable[[Path], object], str, str]] = [
    ("no store", lambda f: (f / STORE).unlink(), f"{STORE} is not there", "gatepost init"),
    ("store open", lambda f: (f / STORE).chmod(0o644), "open to others", "chmod 600"),
    ("no key", lambda f: (f / KEY).unlink(), f"{KEY} is not there", "Put it back"),
    ("key open", lambda f: (f / KEY).chmod(0o640), "open to others", "chmod 600"),
    ("other key", lambda f: (f / KEY).write_text(FOREIGN_KEY), "cannot be used", "right key file"),
    ("no key text", lambda f: (f / KEY).write_text("x"), "cannot be used", "from its backup"),
    ("no SQLite", lambda f: (f / STORE).write_text("x" * 99), "not a database", "DATABASE_URL"),
]


@pytest.mark.parametrize(
    ("do", "what", "mend"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS]
)
def test_a_fault_of_the_files_is_found(
    founded: Place, tmp_path: Path, do: Callable[[Path], object], what: str, mend: str
) -> None:
    place = copied(founded, tmp_path)
    do(tmp_path)
    _assert_found(place.run("doctor"), what, mend)


@pytest.mark.parametrize(
    ("statement", "what", "mend"),
    [
        ("UPDATE alembic_version SET version_num = '0000'", "schema is 0000", "gatepost migrate"),
        ("UPDATE alembic_version SET version_num = '9999'", "newer Gatepost", "that version"),
        ("DELETE FROM alembic_version", "store is empty", "gatepost init"),
        ("DELETE FROM tenants", "no tenant", "gatepost init"),
        ("DELETE FROM signing_keys", "no signing key is active", "keys rotate"),
        ("UPDATE signing_keys SET created_at = 4102444800000000", "clock says", "Set the clock"),
    ],
)
def test_a_fault_of_the_store_is_found(spoilt: Place, statement: str, what: str, mend: str) -> None:
    spoilt.rows(statement)
    _assert_found(spoilt.run("doctor"), what, mend)


def test_a_fault_of_the_settings_is_found(embedded: Place) -> None:
    done = embedded.with_settings(GATEPOST_WORKERS="many").run("doctor")
    _assert_found(done, "GATEPOST_WORKERS", "Correct the setting")


def test_a_postgresql_that_is_down_is_found(tmp_path: Path) -> None:
    place = postgresql_place(tmp_path)
    url = "postgresql://kim:hidden@127.0.0.1:1/gatepost"
    done = place.with_settings(GATEPOST_DATABASE_URL=url).run("doctor")
    _assert_found(done, "cannot be used", "Start the database")
    assert "hidden" not in done.out + done.err


@pytest.mark.requirement("R-78")
@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE events SET target = 'x' WHERE seq = 2 AND tenant_id <> ''", "event 2 was changed"),
        ("UPDATE events SET action = 'x' WHERE seq = 2 AND tenant_id <> ''", "cannot be read"),
        ("UPDATE events SET at = at + 1 WHERE seq = 1 AND tenant_id <> ''", "event 1 was changed"),
        ("DELETE FROM events WHERE seq = 2 AND tenant_id <> ''", "event 2 is missing"),
        (CUT, "its head says"),
        ("DELETE FROM journal_heads", "the head is missing"),
        ("UPDATE journal_heads SET seal = hash", "the seal of the head is not ours"),
    ],
)
def test_a_journal_that_was_tampered_with_is_found(
    spoilt: Place, statement: str, what: str
) -> None:
    spoilt.rows(statement)
    _assert_found(spoilt.run("doctor", "--journal"), what, "compare it with a backup")


def _assert_found(done: Done, what: str, mend: str) -> None:
    """There is a fault of these words, followed by these words of its mend."""
    assert done.refusal() == "something is wrong; see above."
    faults = [part.split("\n") for part in done.out.split("FAIL  ")[1:]]
    assert any(what in fault[0] and mend in fault[1] for fault in faults), done.out
