"""`gatepost journal verify`, `export`, `checkpoint` and `key`: what a reviewer can do with them."""

import json
import shutil
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from gatepost.services import journal, retention
from gatepost.services.retention import RetentionRules
from tests.cli.evidence import house_of
from tests.cli.program import CLIENTS, PLACES, Done, Place, copied, sqlite_place

pytestmark = pytest.mark.requirement("R-78", "D-14")

DOCS = Path(__file__).parents[2] / "docs/operations.md"
KEPT = {"GATEPOST_CHECKPOINTS": "kept.jsonl"}
FAULT = "something is wrong; see above."
SPOILT: list[tuple[str, str]] = [
    ("UPDATE events SET at = 9223372036854775807 WHERE seq = 2", "event 2 cannot be read"),
    ("UPDATE events SET action = 'x' WHERE seq = 2", "event 2 cannot be read"),
    ("UPDATE events SET after = '[7]' WHERE seq = 2", "event 2 was changed"),
    ("UPDATE events SET hash = '' WHERE seq = 2", "event 2 was changed"),
    ("UPDATE events SET seq = 70 WHERE seq = 2", "event 2 is missing"),
    ("UPDATE journal_heads SET seal = hash WHERE seq > 0", "the seal of the head is not ours"),
    ("UPDATE journal_heads SET hash = '' WHERE seq > 0", "its head says"),
]
ONLY_SQLITE: list[tuple[str, str]] = [
    ("UPDATE events SET target = CAST(x'ff' AS TEXT) WHERE seq = 2", "event 2 cannot be read"),
    ("UPDATE events SET at = 'noon' WHERE seq = 2", "event 2 cannot be read"),
    ("UPDATE events SET after = 'no JSON' WHERE seq = 2", "event 2 cannot be read"),
    ("UPDATE events SET hash = 7 WHERE seq = 2", "event 2 was changed"),
    ("UPDATE journal_heads SET seal = 7 WHERE seq > 0", "the seal of the head is not ours"),
]


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A SQLite store with a tenant, to be copied."""
    place = sqlite_place(tmp_path_factory.mktemp("founded"))
    place.init()
    return place


def lines(done: Done) -> list[tuple[str, str, str]]:
    """Mark, journal and verdict of each line."""
    parts = [line[6:].partition(": ") for line in done.out.splitlines()]
    marks = [line[:4].strip() for line in done.out.splitlines()]
    return [(mark, name, said) for mark, (name, _, said) in zip(marks, parts, strict=True)]


def of_the_tenant(statement: str) -> str:
    """The same statement, on rows of the tenant alone."""
    return f"{statement} AND tenant_id <> ''"


def test_a_good_store_has_a_line_for_each_journal(
    founded_place: tuple[Place, dict[str, str]],
) -> None:
    place, told = founded_place
    done = place.run("journal", "verify")
    assert (done.status, done.err) == (0, "")
    assert [line[:2] for line in lines(done)] == [
        ("ok", "the deployment"),
        ("ok", told["TenantId"]),
    ]
    for name, word in (("the deployment", "deployment"), (told["TenantId"], told["TenantId"])):
        assert [line[1] for line in lines(place.run("journal", "verify", "--tenant", word))] == [
            name
        ]
    assert "no tenant nobody" in place.run("journal", "verify", "--tenant", "nobody").refusal()


def test_a_broken_journal_is_named_and_the_others_have_their_verdict(spoilt: Place) -> None:
    statement, fault = SPOILT[0]
    spoilt.rows(of_the_tenant(statement))
    done = spoilt.run("journal", "verify")
    assert done.refusal() == FAULT
    (good, _, _), (bad, _, said) = lines(done)
    assert (good, bad) == ("ok", "FAIL")
    assert fault in said
    doctor = spoilt.run("doctor", "--journal")
    assert doctor.refusal() == FAULT
    assert "the journal of the deployment is whole" in doctor.out
    assert fault in doctor.out


@pytest.mark.parametrize(("statement", "fault"), SPOILT)
def test_whatever_was_done_to_a_row_is_found(spoilt: Place, statement: str, fault: str) -> None:
    spoilt.rows(of_the_tenant(statement))
    _assert_one_broken(spoilt, fault)


@pytest.mark.parametrize(("statement", "fault"), ONLY_SQLITE)
def test_what_only_sqlite_takes_is_found_too(
    founded: Place, tmp_path: Path, statement: str, fault: str
) -> None:
    place = copied(founded, tmp_path)
    place.rows(of_the_tenant(statement))
    _assert_one_broken(place, fault)


def _assert_one_broken(place: Place, fault: str) -> None:
    """Of two journals one is broken in this way."""
    with house_of(place) as house:
        whole, broken = journal.verify_all(house.world)
    assert (whole.tenant_id, whole.fault) == ("", None)
    assert broken.fault is not None
    assert fault in broken.fault


def test_a_tenant_that_was_taken_out_of_the_database_is_missed(spoilt: Place) -> None:
    (tenant_id,) = (row[0] for row in spoilt.rows("SELECT id FROM tenants"))
    for table in ("events", "journal_heads"):
        spoilt.rows(f"DELETE FROM {table} WHERE tenant_id <> ''")
    spoilt.rows("DELETE FROM tenants")
    done = spoilt.run("journal", "verify")
    assert done.refusal() == FAULT
    assert lines(done)[1] == ("FAIL", tenant_id, "the tenant is not there, and it was founded here")
    assert "was founded here" in spoilt.run("doctor", "--journal").out


def test_an_export_is_private_overwrites_nothing_and_needs_no_store(
    founded_place: tuple[Place, dict[str, str]], tmp_path: Path
) -> None:
    place, told = founded_place
    assert place.run("journal", "export", "--out", "all.jsonl").status == 0
    out = place.folder / "all.jsonl"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    before = out.read_bytes()
    assert "exists already" in place.run("journal", "export", "--out", out.name).refusal()
    assert out.read_bytes() == before
    assert place.run("journal", "verify", "--file", out.name).status == 0
    nowhere = sqlite_place(tmp_path)
    done = nowhere.run("journal", "verify", "--file", str(out))
    assert done.status == 0
    assert done.out.count("seal of the newest event was not looked at") == 2
    assert not list(tmp_path.iterdir())
    out.write_bytes(
        before.replace(b'"address', b'"Address').replace(told["TenantId"].encode(), b"", 1)
    )
    assert nowhere.run("journal", "verify", "--file", str(out)).refusal() == FAULT


def test_a_part_goes_to_standard_output(founded_place: tuple[Place, dict[str, str]]) -> None:
    place, told = founded_place
    done = place.run("journal", "export", "--tenant", told["TenantId"], "--after", "2")
    assert done.status == 0
    assert [json.loads(line)["seq"] for line in done.out.splitlines()][:2] == [3, 4]
    later = place.run("journal", "export", "--since", "2099-01-01")
    assert (later.status, later.out) == (0, "")
    earlier = place.run("journal", "export", "--until", "2099-01-01T00:00:00+02:00")
    assert json.loads(earlier.out.splitlines()[0])["seq"] == 1
    assert "Name it with --tenant" in place.run("journal", "export", "--after", "2").refusal(2)
    assert "write a date" in place.run("journal", "export", "--since", "noon").refusal(2)
    assert "no tenant x" in place.run("journal", "export", "--tenant", "x").refusal()


def test_the_verifier_in_the_docs_verifies_a_real_export(place: Place) -> None:
    told = place.init()
    with place.serving() as server:
        header = server.admin(told)
        for name in ('Bo"iler', "Łódź ñ", "1e300"):
            address = f"/api/v1/Tenants/{told['TenantId']}/{CLIENTS}"
            assert server.http.post(address, json={"Name": name}, headers=header).status_code == 201
    assert place.run("journal", "export", "--out", "all.jsonl").status == 0
    program = place.folder / "verify.py"
    program.write_text(_verifier())
    command = (sys.executable, "-I", str(program), "all.jsonl")
    whole = subprocess.run(command, cwd=place.folder, capture_output=True, check=False)
    assert (whole.returncode, whole.stderr) == (0, b"")
    text = (place.folder / "all.jsonl").read_bytes()
    kept = text.splitlines(keepends=True)
    for spoilt in (
        text.replace("Łódź".encode(), b"Lodz"),
        b"".join((*kept[:1], *kept[2:])),
        text.replace(b'"seq":2,', b'"seq":3,', 1),
    ):
        assert spoilt != text
        (place.folder / "all.jsonl").write_bytes(spoilt)
        done = subprocess.run(command, cwd=place.folder, capture_output=True, check=False)
        assert done.returncode == 1


def _verifier() -> str:
    """The program that the docs give, which has about ten lines and needs nothing of ours."""
    text = DOCS.read_text(encoding="utf-8").partition("## The journal\n")[2]
    program = text.partition("```python\n")[2].partition("```")[0]
    assert 8 <= len(program.splitlines()) <= 14
    assert "gatepost" not in program
    return program


def test_a_server_writes_checkpoints_when_it_begins_and_when_it_ends(place: Place) -> None:
    told = place.init()
    kept = place.folder / "kept.jsonl"
    with place.with_settings(**KEPT).serving() as server:
        header = server.admin(told)
        address = f"/api/v1/Tenants/{told['TenantId']}/{CLIENTS}"
        assert server.http.post(address, json={"Name": "Boiler"}, headers=header).status_code == 201
        assert server.stop() == 0
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    newest = [json.loads(line) for line in kept.read_text().splitlines()][-1]
    done = place.run("journal", "verify", "--checkpoints", "kept.jsonl")
    assert done.status == 0, done.out
    assert all("agree" in said for _, _, said in lines(done))
    key = place.run("journal", "key").out.strip()
    assert newest["key"] == key
    assert "BEGIN PUBLIC KEY" in place.run("journal", "key", "--pem").out


def test_a_journal_that_was_cut_at_its_end_is_shorter_than_its_checkpoint(place: Place) -> None:
    told = place.init()
    watched = place.with_settings(**KEPT)
    assert watched.run("journal", "checkpoint").out.startswith("2 journals")
    assert watched.run("journal", "checkpoint").out.startswith("0 journals")
    export = place.run("journal", "export", "--tenant", told["TenantId"], "--out", "one.jsonl")
    assert export.status == 0
    text = (place.folder / "one.jsonl").read_bytes().splitlines(keepends=True)
    (place.folder / "short.jsonl").write_bytes(b"".join(text[:3]))
    nowhere = sqlite_place(place.folder / "elsewhere")
    nowhere.folder.mkdir()
    key = place.run("journal", "key").out.strip()
    asked = ("--checkpoints", "../kept.jsonl", "--key", key, "--file")
    assert "agree" in nowhere.run("journal", "verify", *asked, "../one.jsonl").out
    short = nowhere.run("journal", "verify", *asked, "../short.jsonl")
    assert short.refusal() == FAULT
    assert "it ends at event 3, and the checkpoint of" in short.out
    unknown = nowhere.run("journal", "verify", *asked[:2], "--file", "../one.jsonl")
    assert "line 1 is no checkpoint that a known key signed" in unknown.out


def test_an_older_backup_that_was_restored_is_seen(place: Place, tmp_path: Path) -> None:
    place.init()
    assert place.run("backup", "copy.db").status == 0
    assert place.run("user", "add", "--email", "kim@example.com").status == 0
    assert place.with_settings(**KEPT).run("journal", "checkpoint").status == 0
    restored = _restored(place, tmp_path / "restored")
    assert restored.run("journal", "verify").status == 0
    kept = ("--checkpoints", str(place.folder / "kept.jsonl"))
    short = restored.run("journal", "verify", *kept)
    assert short.refusal() == FAULT
    assert "an older backup was restored" in short.out
    for name in ("pat", "sam"):
        assert restored.run("user", "add", "--email", f"{name}@example.com").status == 0
    other = restored.run("journal", "verify", *kept)
    assert other.refusal() == FAULT
    assert "is not the one of the checkpoint of" in other.out


def test_a_backup_keeps_where_a_journal_begins(place: Place, tmp_path: Path) -> None:
    told = place.init()
    _trim(place, told["TenantId"])
    ((seq, events),) = place.rows(
        "SELECT seq, (SELECT count(*) FROM events) FROM journal_beginnings"
    )
    assert (seq > 1, events > 1) == (True, True)
    assert place.run("backup", "copy.db").status == 0
    restored = _restored(place, tmp_path / "restored")
    done = restored.run("journal", "verify")
    assert done.status == 0, done.out
    assert "older ones were removed" in lines(done)[1][2]
    restored.rows(f"UPDATE journal_beginnings SET seq = {seq - 1}")
    assert restored.run("journal", "verify").refusal() == FAULT


def _restored(place: Place, folder: Path) -> Place:
    """The copy of a store, under its key, on the other kind of store."""
    folder.mkdir()
    is_sqlite = place.settings["GATEPOST_DATABASE_URL"].startswith("sqlite")
    restored = PLACES["postgresql" if is_sqlite else "sqlite"](folder)
    assert restored.run("restore", str(place.folder / "copy.db")).status == 0
    (restored.folder / "store").mkdir(exist_ok=True)
    shutil.copy(place.folder / "store/master.key", restored.folder / "store/master.key")
    return restored


def _trim(place: Place, tenant_id: str) -> None:
    """Remove what happened so far, as the sweeper does after the days that are set."""
    with house_of(place) as house:
        later = house.world.clock.now() + timedelta(minutes=1)
        rules = RetentionRules(timedelta(days=30), "all")
        assert retention.trim(house.world, tenant_id, later, rules) > 1


@pytest.mark.requirement("R-76")
def test_a_backup_is_written_down_and_made_all_the_same(place: Place) -> None:
    place.init()
    done = place.run("backup", "first.db")
    assert (done.status, done.err) == (0, "")
    told = place.rows("SELECT action, target FROM events WHERE action = 'backup.made'")
    assert told == [("backup.made", "first.db")]
    (place.folder / "store/master.key").rename(place.folder / "away.key")
    done = place.run("backup", "second.db")
    assert done.status == 0
    assert "The journal does not tell of this backup: There is no master key" in done.err
    assert (place.folder / "second.db").is_file()


def test_what_cannot_be_kept_is_said(embedded: Place) -> None:
    embedded.init()
    assert "GATEPOST_CHECKPOINTS is not set" in embedded.run("journal", "checkpoint").refusal()
    nowhere = embedded.with_settings(GATEPOST_CHECKPOINTS="no/where.jsonl")
    assert "no/where.jsonl cannot be written" in nowhere.run("journal", "checkpoint").refusal()
    closed = embedded.with_settings(GATEPOST_CHECKPOINTS="https://127.0.0.1:1/x")
    assert (
        "https://127.0.0.1:1/x cannot be reached" in closed.run("journal", "checkpoint").refusal()
    )


def test_doctor_tells_where_checkpoints_stand(spoilt: Place) -> None:
    watched = spoilt.with_settings(**KEPT)
    assert "checkpoint" not in spoilt.run("doctor").out
    done = watched.run("doctor")
    assert "warn  journals wait for a checkpoint; there is none yet" in done.out
    assert watched.run("journal", "checkpoint").status == 0
    assert "ok    the newest checkpoint is of 20" in watched.run("doctor").out
    assert "note  " not in watched.run("journal", "verify").out
    (spoilt.folder / "kept.jsonl").unlink()
    assert "warn  kept.jsonl is not there, and the newest" in watched.run("doctor").out
    assert "note  no checkpoint is at hand" in watched.run("journal", "verify").out
    spoilt.rows("UPDATE journal_checkpoints SET at = 1, seq = 1")
    assert "journals wait for a checkpoint; the newest is of" in watched.run("doctor").out
