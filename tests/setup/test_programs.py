"""The scripts behind `make unit` see to the programs that tests need, or say what to install."""

import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
SHELL = "/bin/sh"
NEEDED = ("chromium", "node", "npm")
REPORT = 'echo "$(basename "$0") $*" >>"$REPORT"'


class Ran(NamedTuple):
    """How a script ended, what it said, and which of the programs here it called with what."""

    status: int
    said: str
    calls: list[str]


Script = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path) -> Script:
    """Run a script where there are only some programs; each of them reports that it was called."""

    def run(script: Path, *programs: str, user: int = 0, **environment: str) -> Ran:
        here = tmp_path / "bin"
        for name in (*programs, "basename", "dirname"):
            put(here / name, REPORT, real=shutil.which(name) if name.endswith("name") else None)
        put(here / "id", f"echo {user}")
        report = tmp_path / "report"
        report.touch()
        done = subprocess.run(
            [SHELL, script],
            env={"PATH": str(here), "REPORT": str(report), **environment},
            text=True,
            capture_output=True,
            check=False,
        )
        return Ran(done.returncode, done.stdout + done.stderr, report.read_text().splitlines())

    return run


def put(path: Path, text: str, real: str | None = None) -> None:
    """A program: a link to a real one, or a script of one line."""
    path.parent.mkdir(exist_ok=True)
    if real:
        path.symlink_to(real)
        return
    path.write_text(f"#!{SHELL}\n{text}\n")
    path.chmod(stat.S_IRWXU)


class TestBrowser:
    script = ROOT / "tools/browser.sh"

    @pytest.mark.parametrize("chromium", ["chromium", "chromium-browser", "google-chrome"])
    def test_does_nothing_when_all_is_here(self, run: Script, chromium: str) -> None:
        assert run(self.script, chromium, "node", "npm", "apt-get") == (0, "", [])

    def test_takes_the_browser_that_the_environment_names(self, run: Script) -> None:
        assert run(self.script, "node", "npm", CHROMIUM="/opt/browser") == (0, "", [])

    @pytest.mark.parametrize("user", [0, 1000])
    @pytest.mark.parametrize("here", [(), NEEDED[1:], NEEDED[:1]])
    def test_says_in_one_line_what_to_install(
        self, run: Script, here: tuple[str, ...], user: int
    ) -> None:
        installer = ("apt-get",) if user else ()
        ran = run(self.script, *here, *installer, user=user)
        assert ran.status == 1
        assert ran.calls == []
        assert len(ran.said.splitlines()) == 1
        missing = [
            package
            for name, package in zip(NEEDED, ("chromium", "nodejs", "npm"), strict=True)
            if name not in here
        ]
        assert ran.said.endswith(f"apt-get install {' '.join(missing)}\n")

    def test_installs_what_is_missing_with_apt(self, run: Script) -> None:
        ran = run(self.script, "node", "apt-get", "dnf")
        assert ran.status == 0
        install = "apt-get install -y -qq --no-install-recommends chromium npm"
        assert ran.calls == ["apt-get update -qq", install]

    def test_installs_what_is_missing_with_dnf(self, run: Script) -> None:
        ran = run(self.script, "chromium", "dnf")
        assert ran.status == 0
        assert ran.calls == ["dnf install -y -q nodejs npm"]


class TestPackages:
    @pytest.fixture
    def script(self, tmp_path: Path) -> Path:
        """The script in a checkout that has a lock and no packages."""
        (tmp_path / "tools").mkdir()
        (tmp_path / "tests/interop").mkdir(parents=True)
        (tmp_path / "tests/interop/package-lock.json").touch()
        return Path(shutil.copy(ROOT / "tools/npm.sh", tmp_path / "tools"))

    def test_are_installed_as_locked_and_run_nothing(self, run: Script, script: Path) -> None:
        ran = run(script, "npm")
        assert ran.status == 0
        assert ran.calls == ["npm ci --ignore-scripts --no-audit --no-fund --loglevel=error"]

    @pytest.mark.parametrize(("age", "calls"), [(60, 0), (-60, 1)])
    def test_are_installed_anew_when_the_lock_is_newer(
        self, run: Script, script: Path, age: int, calls: int
    ) -> None:
        interop = script.parents[1] / "tests/interop"
        (interop / "node_modules").mkdir()
        installed = interop / "node_modules/.package-lock.json"
        installed.touch()
        locked = (interop / "package-lock.json").stat().st_mtime
        os.utime(installed, (locked + age, locked + age))
        assert len(run(script, "npm").calls) == calls
