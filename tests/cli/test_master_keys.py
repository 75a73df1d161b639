"""`gatepost keys new-master`, `rewrap`, `retire`; who holds the key; each fault is one line."""

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from gatepost.app import StartFault
from gatepost.cli import gatepost
from tests.cli.program import Place, Running, sqlite_place
from tests.nodes.cluster import seen

pytestmark = pytest.mark.requirement("D-02")

KEY = "B" * 42 + "A"
LEASES = "SELECT office FROM leases"


def key_file(place: Place) -> Path:
    return place.folder / "store" / "master.key"


def numbers(place: Place) -> list[str]:
    """The numbers in the key file; a line without one is the first."""
    lines = key_file(place).read_text().splitlines()
    return [line.partition(":")[0] if ":" in line else "1" for line in lines]


def wait_for_presence(place: Place, office: str) -> None:
    """A server notes which keys it has within a second of its start."""
    assert seen(lambda: (office,) in place.rows(LEASES)), place.rows(LEASES)


def let_them_be_gone(place: Place) -> None:
    """As if the servers had been gone for the time of a lease."""
    place.rows("UPDATE leases SET ends_at = 1")


def api(server: Running, told: dict[str, str], header: dict[str, str] | None = None) -> int:
    """The status of a call, with a fresh token where none is given."""
    place = f"/api/v1/Tenants/{told['TenantId']}"
    return server.http.get(place, headers=header or server.admin(told)).status_code


def test_a_master_key_is_followed_by_another_and_taken_out(place: Place) -> None:
    told = place.init()
    made = place.run("keys", "new-master")
    assert "master key 2 is in" in made.out
    assert numbers(place) == ["1", "2"]
    assert stat.S_IMODE(key_file(place).stat().st_mode) == 0o600
    values = [line.rpartition(":")[2] for line in key_file(place).read_text().splitlines()]
    with place.serving() as server:
        before = server.admin(told)
        wait_for_presence(place, "master keys 2,1")
        done = place.run("keys", "rewrap")
        assert done.status == 0, done.err
        for words in ("master key 2 is in use", "signing keys: 1 sealed", "Master key 1 must stay"):
            assert words in done.out
        assert api(server, told) == api(server, told, before) == 200
        again = place.run("keys", "rewrap")
        assert "Nothing rests on master key 1" in again.out
        assert server.stop() == 0
    retired = place.run("keys", "retire", "1")
    assert retired.status == 0, retired.err
    assert numbers(place) == ["2"]
    with place.serving() as server:
        assert api(server, told) == 200
    checked = place.run("doctor", "--journal")
    assert checked.status == 0, checked.out
    said = [each.out + each.err for each in (made, done, again, retired, checked)]
    assert not [value for value in values if value in "".join(said)]


def test_no_key_is_put_into_use_that_a_running_server_lacks(embedded: Place) -> None:
    told = embedded.init()
    with embedded.serving() as server:
        wait_for_presence(embedded, "master keys 1")
        embedded.run("keys", "new-master")
        refusal = embedded.run("keys", "rewrap").refusal()
        assert "A server runs without master key 2" in refusal
        assert "seconds" in refusal
        assert api(server, told) == 200
        assert server.http.get("/health/ready").status_code == 200
        let_them_be_gone(embedded)
        assert "master key 2 is in use" in embedded.run("keys", "rewrap").out
        assert seen(lambda: server.http.get("/health/ready").status_code == 503)
        assert server.stop() == 0
    log = (embedded.folder / "server.log").read_text()
    assert "master key 2 is in use, and this process does not have it" in log
    with embedded.serving() as server:
        assert server.http.get("/health/ready").status_code == 200


def test_what_would_be_lost_is_said_and_lost_only_by_force(embedded: Place) -> None:
    told = embedded.init()
    assert "is in use" in embedded.run("keys", "retire", "1").refusal()
    assert "no master key 7" in embedded.run("keys", "retire", "7").refusal()
    embedded.run("keys", "new-master")
    embedded.run("keys", "rewrap")
    done = embedded.run("keys", "retire", "1")
    assert done.status == 1
    assert "1 client secrets: they stop working" in done.out
    assert f"secret 1 of client {told['AdminClientId']}" in done.out
    assert "Something rests on master key 1" in done.err
    assert numbers(embedded) == ["1", "2"]
    asked = embedded.run("keys", "retire", "1", "--force")
    assert asked.status == 130, "nobody said yes"
    assert numbers(embedded) == ["1", "2"]
    assert embedded.run("keys", "retire", "1", "--force", "--yes").status == 0
    assert numbers(embedded) == ["2"]
    with embedded.serving() as server:
        form = {
            "grant_type": "client_credentials",
            "client_id": told["AdminClientId"],
            "client_secret": told["AdminClientSecret"],
        }
        assert server.http.post("/identity/connect/token", data=form).status_code == 401


def test_an_older_or_a_wrong_key_file_is_refused_with_its_mend(embedded: Place) -> None:
    embedded.init()
    before = key_file(embedded).read_text()
    embedded.run("keys", "new-master")
    both = key_file(embedded).read_text()
    embedded.run("keys", "rewrap")
    key_file(embedded).write_text(before)
    for command in ("keys list", "serve --port 0", "tenant list"):
        refusal = embedded.run(*command.split()).refusal()
        assert "The store needs master key 2" in refusal
    key_file(embedded).write_text(before + f"2:{KEY}\n")
    assert "Master key 2 in the file" in embedded.run("keys", "list").refusal()
    key_file(embedded).write_text(both)
    assert embedded.run("keys", "list").status == 0


def test_keys_that_two_nodes_made_for_themselves_do_not_mix(embedded: Place) -> None:
    """The store knows a key from its making, so the other node's is refused at its start."""
    embedded.init()
    before = key_file(embedded).read_text()
    embedded.run("keys", "new-master")
    key_file(embedded).write_text(before)
    embedded.run("keys", "new-master")
    assert numbers(embedded) == ["1", "3"]
    key_file(embedded).write_text(before + f"2:{KEY}\n")
    assert "Master key 2 in the file" in embedded.run("keys", "list").refusal()


COMMANDS = (
    "init",
    "tenant list",
    "tenant add --name Second",
    "user add --email kim@example.com",
    "user set-password --email kim@example.com",
    "journal show 1",
    "keys list",
    "keys rotate",
    "keys rotate --emergency --yes",
    "keys revoke x --yes",
    "keys new-master",
    "keys rewrap",
    "keys retire 1 --force --yes",
)


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A SQLite store with a tenant, which nobody changes."""
    made = sqlite_place(tmp_path_factory.mktemp("founded"))
    made.init()
    return made


BAD = {
    "There is no master key": None,
    "holds no master key": KEY[:20],
    "not the one that this store was made with": f"{KEY}\n",
    "open to other users": f"{KEY}\n",
}


@pytest.mark.requirement("D-24", "R-79")
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("words", BAD)
def test_every_command_refuses_a_bad_master_key_in_one_line(
    founded: Place, tmp_path: Path, command: str, words: str
) -> None:
    """In this process, because a start a command would take long."""
    spoilt, content = tmp_path / "master.key", BAD[words]
    if content is not None:
        spoilt.write_text(content)
        spoilt.chmod(0o644 if "open" in words else 0o600)
    settings = founded.with_settings(
        GATEPOST_MASTER_KEY_FILE=str(spoilt),
        GATEPOST_DATABASE_URL=f"sqlite:///{founded.folder}/store/gatepost.db",
    ).settings
    done = CliRunner().invoke(gatepost, command.split(), env=settings)
    assert isinstance(done.exception, StartFault), done
    refusal = str(done.exception)
    assert words in refusal
    assert "\n" not in refusal
    assert KEY[:20] not in refusal + done.output
    assert [each.name for each in tmp_path.iterdir()] == (["master.key"] if content else [])


@pytest.mark.requirement("D-24")
def test_the_environment_or_a_command_may_hold_the_key(embedded: Place) -> None:
    told = embedded.init()
    text = key_file(embedded).read_text().strip()
    away = embedded.folder / "away.key"
    key_file(embedded).rename(away)
    held = embedded.with_settings(GATEPOST_MASTER_KEY=text)
    printed = embedded.with_settings(GATEPOST_MASTER_KEY_COMMAND=f"/bin/cat '{away}'")
    for place in (held, printed):
        checked = place.run("doctor", "--journal")
        assert checked.status == 0, checked.out
        assert "the master key fits the store" in checked.out
        assert ("the master key is in the environment" in checked.out) is (place is held)
        assert text not in checked.out + checked.err
        with place.serving("--workers", "2") as server:
            assert api(server, told) == 200
            args = Path(f"/proc/{server.process.pid}/cmdline").read_text()
            assert text not in args
            assert server.stop() == 0
        assert text not in (place.folder / "server.log").read_text()
    assert not key_file(embedded).exists()


def test_a_new_key_for_a_holder_that_is_no_file_goes_into_a_new_one(embedded: Place) -> None:
    told = embedded.init()
    text = key_file(embedded).read_text().strip()
    held = embedded.with_settings(GATEPOST_MASTER_KEY=text)
    assert "Name a new file with --to" in held.run("keys", "new-master").refusal()
    target = embedded.folder / "all.key"
    assert f"master key 2 is in {target}" in held.run("keys", "new-master", "--to", str(target)).out
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert "already" in held.run("keys", "new-master", "--to", str(target)).refusal()
    both = " ".join(target.read_text().split())
    after = embedded.with_settings(GATEPOST_MASTER_KEY=both)
    assert "master key 2 is in use" in after.run("keys", "rewrap").out
    with after.serving() as server:
        assert api(server, told) == 200
    assert "is no file" in after.run("keys", "retire", "1", "--force", "--yes").refusal()


def test_one_holds_the_key(embedded: Place) -> None:
    both = embedded.with_settings(
        GATEPOST_MASTER_KEY_FILE="x.key", GATEPOST_MASTER_KEY=KEY, GATEPOST_MASTER_KEY_COMMAND="y"
    )
    refusal = both.run("keys", "list").refusal()
    assert "GATEPOST_MASTER_KEY_FILE and GATEPOST_MASTER_KEY and" in refusal
    assert "Keep one of them" in refusal
    assert KEY not in refusal


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("GATEPOST_MASTER_KEY", "hidden", "GATEPOST_MASTER_KEY holds no master key"),
        ("GATEPOST_MASTER_KEY_COMMAND", "/bin/false hidden", "failed (status 1)"),
        ("GATEPOST_MASTER_KEY_COMMAND", "/no/such/program hidden", "cannot be run"),
        ("GATEPOST_MASTER_KEY_COMMAND", "/bin/echo hidden", "holds no master key"),
        ("GATEPOST_MASTER_KEY_COMMAND", "'hidden", "is no command"),
    ],
)
def test_a_holder_without_a_key_is_said_in_a_line(
    founded: Place, name: str, value: str, words: str
) -> None:
    refusal = founded.with_settings(**{name: value}).run("keys", "list").refusal()
    assert words in refusal
    assert "hidden" not in refusal


def test_a_postgresql_store_may_be_founded_with_a_key_from_the_environment(
    place: Place,
) -> None:
    settings = {k: v for k, v in place.settings.items() if k != "GATEPOST_MASTER_KEY_FILE"}
    held = place._replace(settings=settings).with_settings(GATEPOST_MASTER_KEY=KEY)
    told = held.init()
    assert not key_file(place).exists()
    with held.serving() as server:
        assert api(server, told) == 200
