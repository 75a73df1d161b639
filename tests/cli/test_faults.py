"""Whatever goes wrong is one line on standard error and a status, never a trace."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gatepost.cli import gatepost
from tests.cli.program import Place, postgresql_place, sqlite_place

COMMANDS = [
    "serve",
    "init",
    "migrate",
    "doctor",
    "openapi",
    "backup",
    "restore",
    "user add",
    "user set-password",
    "tenant add",
    "tenant list",
    "keys list",
    "keys rotate",
    "keys revoke",
    "keys new-master",
    "keys rewrap",
    "keys retire",
]
DOWN = "postgresql://kim:hidden@127.0.0.1:1/gatepost"


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A SQLite store with a tenant."""
    place = sqlite_place(tmp_path_factory.mktemp("founded"))
    place.init()
    return place


def test_the_program_says_what_it_can_do(embedded: Place) -> None:
    done = embedded.run("--help")
    assert (done.status, done.err) == (0, "")
    for command in COMMANDS:
        assert f"  {command.split()[0]} " in done.out
    bare = embedded.run()
    assert (bare.status, bare.out) == (2, "")
    assert bare.err == done.out
    assert embedded.run("keys", "rotate", "-h").out.startswith("Usage: gatepost keys rotate [OPT")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    """In this process, because a start a command would take long."""
    done = CliRunner().invoke(gatepost, [*command.split(), "--help"], prog_name="gatepost")
    assert done.exit_code == 0
    usage, blank, words, *_ = done.output.splitlines()
    assert usage.startswith(f"Usage: gatepost {command} [OPTIONS]")
    assert (blank, words[:2]) == ("", "  ")
    assert "  --config FILE " in done.output or command == "openapi"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nonsense", "No such command 'nonsense'. See: gatepost --help"),
        ("serve --nonsense", "See: gatepost serve --help"),
        ("serve --workers 0", "0 is not in the range"),
        ("user add", "Missing option '--email'"),
        ("init --admin-password-file .", "is a directory"),
        ("migrate --config .", "is a directory"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(embedded: Place, line: str, words: str) -> None:
    assert words in embedded.run(*line.split()).refusal(2)


@pytest.mark.parametrize("command", ["tenant list", "keys list", "backup copy.db"])
def test_looking_at_a_store_that_is_not_there_makes_none(embedded: Place, command: str) -> None:
    assert "There is no store at" in embedded.run(*command.split()).refusal()
    assert list(embedded.folder.iterdir()) == []


@pytest.mark.parametrize("command", ["serve --port 0", "tenant list"])
def test_a_store_that_cannot_be_used_is_said_in_a_line(embedded: Place, command: str) -> None:
    file = embedded.folder / "file"
    file.write_text("this is no database at all, however long it may be " * 10)
    for url, words in [
        ("sqlite:///file", "file is not a database"),
        ("sqlite:///file/gatepost.db", "file"),
        ("sqlite:////proc/nonsense/gatepost.db", "/proc/nonsense"),
        ("sqlite:///.", "GATEPOST_DATABASE_URL"),
        ("mysql://localhost/gatepost", "no store that Gatepost knows"),
        (DOWN, "GATEPOST_MASTER_KEY_FILE is not set"),
    ]:
        refusal = embedded.with_settings(GATEPOST_DATABASE_URL=url).run(*command.split()).refusal()
        assert words in refusal
        assert "hidden" not in refusal


@pytest.mark.parametrize("command", ["serve --port 0", "backup copy.db"])
def test_a_postgresql_that_is_down_is_said_in_a_line(embedded: Place, command: str) -> None:
    place = embedded.with_settings(
        GATEPOST_DATABASE_URL=DOWN, GATEPOST_MASTER_KEY_FILE="master.key"
    )
    refusal = place.run(*command.split()).refusal()
    assert "Connection refused" in refusal
    assert "hidden" not in refusal
    assert not (embedded.folder / "copy.db").exists()


def test_a_postgresql_without_rights_is_said_in_a_line(tmp_path: Path) -> None:
    place = postgresql_place(tmp_path)
    user = f"user_{tmp_path.name}"
    place.rows(f"CREATE ROLE {user} LOGIN")
    url = place.settings["GATEPOST_DATABASE_URL"].replace("postgres@", f"{user}@")
    stranger = place.with_settings(GATEPOST_DATABASE_URL=url)
    assert "permission denied" in stranger.run("init").refusal()


def test_a_lost_master_key_is_not_made_anew(founded: Place, tmp_path: Path) -> None:
    key_file = tmp_path / "master.key"
    place = founded.with_settings(GATEPOST_MASTER_KEY_FILE=str(key_file))
    for command in ("serve --port 0", "init", "tenant list"):
        assert "There is no master key" in place.run(*command.split()).refusal()
    assert not key_file.exists()


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [
        ("A" * 43, 0o600, "not the one that this store was made with"),
        ("nonsense", 0o600, "holds no master key"),
        ("A" * 43, 0o644, "open to other users"),
    ],
)
def test_a_wrong_master_key_is_said_in_a_line(
    founded: Place, tmp_path: Path, content: str, mode: int, words: str
) -> None:
    key_file = tmp_path / "master.key"
    key_file.write_text(content)
    key_file.chmod(mode)
    place = founded.with_settings(GATEPOST_MASTER_KEY_FILE=str(key_file))
    assert words in place.run("serve", "--port", "0").refusal()


def test_a_store_of_a_newer_version_is_left_alone(embedded: Place) -> None:
    embedded.init()
    embedded.rows("UPDATE alembic_version SET version_num = '9999'")
    for command in ("serve --port 0", "migrate", "init"):
        assert "newer Gatepost" in embedded.run(*command.split()).refusal()


def test_the_environment_wins_over_the_file(founded: Place, tmp_path: Path) -> None:
    config = tmp_path / "gatepost.toml"
    config.write_text('database_url = "sqlite:///elsewhere.db"\nsigning_algorithm = "ES256"\n')
    rotated = founded.run("keys", "rotate", "--config", str(config))
    assert "(ES256)" in rotated.out, rotated.err
    strict = founded.with_settings(GATEPOST_SIGNING_ALGORITHM="PS256")
    assert "(PS256)" in strict.run("keys", "rotate", "--config", str(config)).out
    alone = Place(tmp_path, {}).run("tenant", "list", "--config", str(config))
    assert "elsewhere.db" in alone.refusal()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'databse_url = "x"', "databse_url in"),
        (b"no toml", "is not valid TOML"),
        (None, "No such file"),
    ],
)
def test_a_bad_settings_file_is_said_in_a_line(
    embedded: Place, content: bytes | None, words: str
) -> None:
    if content is not None:
        (embedded.folder / "gatepost.toml").write_bytes(content)
    assert words in embedded.run("migrate", "--config", "gatepost.toml").refusal()


def test_each_wrong_setting_has_its_line(embedded: Place) -> None:
    wrong = embedded.with_settings(GATEPOST_WORKER="2", GATEPOST_THEME="blue")
    done = wrong.run("migrate")
    assert done.status == 1
    unknown, theme = done.err.splitlines()
    assert "GATEPOST_WORKER in the environment is not a setting" in unknown
    assert "Did you mean GATEPOST_WORKERS?" in unknown
    assert 'GATEPOST_THEME is "blue"' in theme


def test_the_document_is_the_one_that_is_served(founded: Place) -> None:
    printed: dict[str, Any] = founded.run("openapi").json()
    with founded.serving() as server:
        served = server.http.get("/api/openapi.json").json()
    assert printed == served
    assert json.dumps(printed["info"])
