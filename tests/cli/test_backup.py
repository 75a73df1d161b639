"""`gatepost backup` and `restore`: whole under load, between both databases, never overwriting."""

import shutil
import stat
import threading
from pathlib import Path

import httpx
import pytest

from tests.cli.program import CLIENTS, PLACES, Place, Running, rows_of, sqlite_place


class Writer(threading.Thread):
    """Adds clients over HTTP until told to stop, and remembers those that were acknowledged."""

    def __init__(self, server: Running, told: dict[str, str]) -> None:
        super().__init__(name="writer")
        self._address = f"{server.url}/api/v1/Tenants/{told['TenantId']}/{CLIENTS}"
        self._header = server.admin(told)
        self._enough = threading.Event()
        self.some = threading.Event()
        self.added: dict[str, str] = {}
        self.fault: str = ""

    def run(self) -> None:
        """Add clients one after the other."""
        with httpx.Client(headers=self._header, timeout=30) as http:
            while not self._enough.is_set() and not self.fault:
                answer = http.post(self._address, json={"Name": f"Client {len(self.added)}"})
                if answer.status_code == 201:
                    body = answer.json()
                    self.added[body["Client"]["Id"]] = body["Secret"]
                else:
                    self.fault = answer.text
                if len(self.added) == 10:
                    self.some.set()

    def stop(self) -> None:
        """Let it end."""
        self._enough.set()
        self.join()


def test_a_backup_under_load_holds_all_that_was_acknowledged_before(place: Place) -> None:
    told = place.init()
    with place.serving() as server:
        writer = Writer(server, told)
        writer.start()
        try:
            assert writer.some.wait(30), writer.fault
            before = set(writer.added)
            done = place.run("backup", "copy.db")
            during = len(writer.added) - len(before)
        finally:
            writer.stop()
    assert (done.status, writer.fault) == (0, ""), done.err
    assert during > 0
    copy = place.folder / "copy.db"
    kept = {row[0] for row in rows_of(copy, "SELECT id FROM clients WHERE kind <> 'portal'")}
    assert before <= kept <= {*writer.added, told["AdminClientId"]}
    # one moment: a client, its secret, its event and the counter are there together, or none
    assert {row[0] for row in rows_of(copy, "SELECT client_id FROM client_secrets")} == kept
    targets = {row[0] for row in rows_of(copy, "SELECT target FROM events")}
    assert kept <= targets
    assert rows_of(copy, "PRAGMA integrity_check") == [("ok",)]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert not list(place.folder.glob("copy.db-*"))
    _assert_restorable(place, {id_: writer.added[id_] for id_ in before})


def _assert_restorable(source: Place, secrets: dict[str, str]) -> None:
    """What was acknowledged before the backup works in a store that was restored from it."""
    place = sqlite_place(source.folder / "again")
    (place.folder / "store").mkdir(parents=True)
    assert place.run("restore", "../copy.db").status == 0
    shutil.copy(source.folder / "store/master.key", place.folder / "store/master.key")
    done = place.run("doctor", "--journal")
    assert done.status == 0, done.out
    assert "the journal of the deployment is whole" in done.out
    with place.serving() as server:
        assert all(server.token(*each) for each in secrets.items())


@pytest.mark.parametrize("target", list(PLACES))
def test_a_restored_store_serves_with_the_old_secrets(
    founded_place: tuple[Place, dict[str, str]], target: str, tmp_path: Path
) -> None:
    source, told = founded_place
    copy = source.folder / f"for-{target}.db"
    assert source.run("backup", copy.name).status == 0
    octets = copy.read_bytes()
    place = PLACES[target](tmp_path)
    assert place.run("restore", str(copy)).status == 0
    assert copy.read_bytes() == octets
    assert [path.name for path in source.folder.glob(f"{copy.name}*")] == [copy.name]
    assert "no master key" in place.run("serve", "--port", "0").refusal()
    (tmp_path / "store").mkdir(exist_ok=True)
    key_file = tmp_path / "store/master.key"
    key_file.write_bytes((source.folder / "store/master.key").read_bytes())
    key_file.chmod(0o600)
    with place.serving() as server:
        header = server.admin(told)
        answer = server.http.get(f"/api/v1/Tenants/{told['TenantId']}", headers=header)
        assert answer.json()["CompanyName"] == told["TenantName"]
        added = server.http.post(
            f"/api/v1/Tenants/{told['TenantId']}/{CLIENTS}", json={"Name": "New"}, headers=header
        )
        assert added.status_code == 201
    assert place.run("doctor", "--journal").status == 0
    assert "does not overwrite" in place.run("restore", str(copy)).refusal()
    assert place.rows(f"SELECT 1 FROM clients WHERE id = '{added.json()['Client']['Id']}'")


def test_a_migrated_store_without_a_row_can_be_filled(
    founded_place: tuple[Place, dict[str, str]], place: Place
) -> None:
    source, told = founded_place
    copy = source.folder / "for-migrated.db"
    if not copy.exists():
        assert source.run("backup", copy.name).status == 0
    assert place.run("migrate").status == 0
    assert place.run("restore", str(copy)).status == 0
    assert place.rows("SELECT id FROM tenants") == [(told["TenantId"],)]


def test_a_backup_overwrites_nothing(founded_place: tuple[Place, dict[str, str]]) -> None:
    place, _ = founded_place
    (place.folder / "mine.txt").write_text("mine")
    assert "exists already" in place.run("backup", "mine.txt").refusal()
    assert (place.folder / "mine.txt").read_text() == "mine"
    assert "cannot be made: No such file" in place.run("backup", "no/where.db").refusal()
    assert "is a directory" in place.run("backup", "store").refusal(2)


def test_only_a_whole_backup_is_restored(embedded: Place, tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no backup at all" * 40)
    (tmp_path / "empty.db").touch()
    for name, words in [
        ("text.db", "is not a backup"),
        ("empty.db", "is not a backup"),
        ("missing.db", "is not there"),
    ]:
        assert words in embedded.run("restore", name).refusal()
    assert "There is no store" in embedded.run("backup", "copy.db").refusal()
    assert not (tmp_path / "copy.db").exists()
    assert embedded.run("migrate").status == 0
    embedded.rows("UPDATE alembic_version SET version_num = '0000'")
    (tmp_path / "old.db").write_bytes((tmp_path / "store/gatepost.db").read_bytes())
    assert "another version" in embedded.run("restore", "old.db").refusal()
