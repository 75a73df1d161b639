"""The files of `deploy/` keep their rules, and a breach of each rule is named."""

import re
import shutil
import subprocess
from base64 import urlsafe_b64decode
from pathlib import Path

import pytest

from gatepost.cli import gatepost
from gatepost.settings import read_settings
from tests.setup.deploy_breaches import (
    BREACHES,
    CADDY,
    COMPOSE,
    DOCKERFILE,
    NGINX,
    RENDERED,
    RULES,
    UNIT,
    Breach,
    drains_on_compose,
)
from tests.setup.deploy_files import (
    CHART,
    DEPLOY,
    ROOT,
    SETTINGS,
    VERSION,
    documents,
    environment,
    named_settings,
    of_kind,
    steps,
)
from tools.audit_rules import read_lock

PAPER = ROOT / "docs/deploy.md"


@pytest.mark.parametrize("file", RULES, ids=lambda file: file.name)
def test_a_file_keeps_its_rules(file: Path) -> None:
    assert list(RULES[file](file.read_text())) == []


@pytest.mark.parametrize("breach", BREACHES, ids=lambda breach: f"{breach.file.name}: {breach.old}")
def test_a_breach_is_named(breach: Breach) -> None:
    text = breach.file.read_text()
    assert breach.old in text
    found = list(RULES[breach.file](text.replace(breach.old, breach.new)))
    assert any(breach.named in line for line in found), found


@pytest.mark.requirement("R-84")
def test_what_builds_the_wheel_is_named_whole() -> None:
    (pick,) = (step.rest for step in steps(DOCKERFILE.read_text()) if "awk" in step.rest)
    named = set(pick.partition("ours = /^(")[2].partition(")==")[0].split("|"))
    locked, wanted = read_lock((ROOT / "requirements/dev.txt").read_text()), {"hatchling"}
    while more := {each.name for each in locked if wanted & {*each.wanted_by}} - wanted:
        wanted |= more
    assert named == wanted


def test_only_what_is_named_goes_to_the_builder() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] != "#"]
    assert lines[0] == "*"
    copied = {
        path
        for step in steps(DOCKERFILE.read_text())
        if step.word == "COPY" and not step.rest.startswith("--from")
        for path in step.rest.split()[:-1]
    }
    assert copied == {line[1:] for line in lines[1:] if line.startswith("!")}


@pytest.mark.parametrize(
    "file",
    [*(path for path in DEPLOY.rglob("*") if path.is_file() and path.suffix != ".json"), PAPER],
    ids=lambda file: file.name,
)
def test_settings_that_are_named_exist(file: Path) -> None:
    assert named_settings(file.read_text()) <= SETTINGS


def test_the_example_settings_are_taken() -> None:
    settings = read_settings({}, DEPLOY / "gatepost.toml")
    assert settings.public_url == "https://id.example.com"
    assert str(settings.master_key_path()) == "/run/gatepost/master.key"


def test_the_settings_of_compose_are_taken() -> None:
    (whole,) = documents(COMPOSE.read_text())
    given = dict(whole["services"]["node-1"]["environment"])
    asked = given.pop("GATEPOST_PUBLIC_URL")
    assert asked.startswith("${GATEPOST_PUBLIC_URL:?")
    settings = read_settings({**given, "GATEPOST_PUBLIC_URL": "https://id.example.com"}, None)
    assert settings.drain_seconds == drains_on_compose()


@pytest.mark.parametrize("name", ["gatepost", "gatepost-migrate", "gatepost-init"])
def test_the_settings_of_the_chart_are_taken(name: str) -> None:
    found = [
        each for each in documents(RENDERED.read_text()) if each["kind"] in {"Deployment", "Job"}
    ]
    (container,) = (
        each["spec"]["template"]["spec"]["containers"][0]
        for each in found
        if each["metadata"]["name"] == name
    )
    assert read_settings(environment(container), None).public_url == "https://id.example.com"


def test_the_rendered_chart_is_of_the_chart_as_it_is() -> None:
    assert _ran(DEPLOY / "helm/render.sh", "--check") == 0


def test_a_changed_chart_is_noticed(tmp_path: Path) -> None:
    copy = shutil.copytree(DEPLOY / "helm", tmp_path / "helm")
    with (copy / "gatepost/values.yaml").open("a") as values:
        values.write("# more\n")
    assert _ran(copy / "render.sh", "--check") == 1


def test_the_chart_is_of_this_version() -> None:
    (chart,) = documents((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == VERSION


def test_values_hold_no_secret() -> None:
    (values,) = documents((CHART / "values.yaml").read_text())
    assert values["database"]["existingSecret"] == values["masterKey"]["existingSecret"] == ""
    assert {"password", "databaseUrl", "url"}.isdisjoint(values["database"])


def test_the_store_is_migrated_before_pods_are_renewed() -> None:
    hooks = {
        each["metadata"]["name"]: each["metadata"]["annotations"]["helm.sh/hook"]
        for each in of_kind(RENDERED.read_text(), "Job")
    }
    assert hooks == {"gatepost-migrate": "pre-install,pre-upgrade", "gatepost-init": "pre-install"}


def test_commands_that_the_paper_names_exist() -> None:
    words = [line.split() for line in PAPER.read_text().replace("`", "\n").splitlines()]
    said = {line[1] for line in words if line[:1] == ["gatepost"] and len(line) > 1}
    assert {"init", "migrate", "doctor", "backup", "restore", "keys"} <= said
    assert said <= gatepost.commands.keys()


def test_files_that_the_paper_names_exist() -> None:
    words = PAPER.read_text().replace("`", " ").split()
    named = {word.rstrip(".,:;)") for word in words if word.startswith("deploy/")}
    ours = {path for path in named if not path.startswith(("deploy/secrets/", "deploy/.env"))}
    assert len(ours) > 5
    assert [path for path in ours if not (ROOT / path).exists()] == []


class TestEntry:
    def test_keeps_its_files_to_itself_and_writes_no_memory(self, tmp_path: Path) -> None:
        program = tmp_path / "gatepost"
        program.write_text('#!/bin/sh\nulimit -c\nulimit -H -c\numask\necho "$@"\n')
        program.chmod(0o700)
        path = f"{tmp_path}:/usr/bin:/bin"
        done = subprocess.run(
            ["sh", DEPLOY / "entry.sh", "serve", "two words"],
            env={"PATH": path}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout.split("\n") == ["0", "0", "0077", "serve two words", ""]


class TestSecrets:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """Where the secrets are made, by a root who owns nothing."""
        (tmp_path / "bin").mkdir()
        for name, text in (("id", "echo 0"), ("chown", f'echo "$@" >>{tmp_path}/owners')):
            (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
            (tmp_path / "bin" / name).chmod(0o700)
        return tmp_path / "secrets"

    def test_are_ones_that_the_server_takes(self, folder: Path) -> None:
        assert "put the certificate" in _made(folder)
        key = (folder / "master.key").read_text().removesuffix("\n")
        assert (len(key), len(urlsafe_b64decode(key + "="))) == (43, 32)
        settings = read_settings(
            {"GATEPOST_MASTER_KEY_FILE": "/run/secrets/master.key"}, folder / "gatepost.toml"
        )
        password = (folder / "postgres-password").read_text()
        assert len(password) == 43
        assert settings.database_url == f"postgresql://gatepost:{password}@postgres:5432/gatepost"

    def test_belong_to_the_one_who_reads_each(self, folder: Path) -> None:
        _made(folder)
        given = (line.split() for line in (folder.parent / "owners").read_text().splitlines())
        owners = {Path(path).name.removesuffix(".new"): owner for owner, path in given}
        assert owners == {
            "master.key": "10001:10001",
            "postgres-password": "999:999",
            "gatepost.toml": "10001:10001",
        }
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o400}

    def test_are_made_once(self, folder: Path) -> None:
        _made(folder)
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        assert "is there already" in _made(folder)
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


class TestByTheProgramsThemselves:
    @pytest.fixture(autouse=True)
    def home(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """They keep files of their own at home."""
        for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
            monkeypatch.setenv(name, str(tmp_path))

    @pytest.mark.skipif(not shutil.which("helm"), reason="helm is not here")
    def test_helm_finds_nothing_wrong(self) -> None:
        values = DEPLOY / "helm/example.yaml"
        assert _ran(Path("helm"), "lint", "--strict", str(CHART), "--values", str(values)) == 0

    @pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not here")
    def test_systemd_finds_the_unit_safe(self) -> None:
        limit = ["security", "--offline=true", "--no-pager", "--threshold=15"]
        assert _ran(Path("systemd-analyze"), *limit, str(UNIT)) == 0

    @pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not here")
    def test_nginx_takes_its_file(self, tmp_path: Path) -> None:
        request = "req -x509 -newkey rsa:2048 -nodes -subj /CN=x -keyout tls.key -out tls.crt"
        subprocess.run(["openssl", *request.split()], cwd=tmp_path, capture_output=True, check=True)
        text = re.sub(r"node-\d:", "127.0.0.1:", NGINX.read_text())
        text = text.replace("/etc/nginx/tls", str(tmp_path)).replace(
            "/var/log/nginx", str(tmp_path)
        )
        whole = tmp_path / "nginx.conf"
        whole.write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\n{text}\n}}\n")
        assert _ran(Path("nginx"), "-t", "-c", str(whole), "-e", str(tmp_path / "error.log")) == 0

    @pytest.mark.skipif(not shutil.which("caddy"), reason="Caddy is not here")
    def test_caddy_takes_its_file(self) -> None:
        assert (
            _ran(Path("caddy"), "validate", "--adapter", "caddyfile", "--config", str(CADDY)) == 0
        )


def _made(folder: Path) -> str:
    done = subprocess.run(
        ["sh", DEPLOY / "secrets.sh", folder],
        env={"PATH": f"{folder.parent}/bin:/usr/bin:/bin"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def _ran(program: Path, *arguments: str) -> int:
    return subprocess.run([program, *arguments], capture_output=True, check=False).returncode
