"""The laws are run by a machine; here the machine is shown a breach of each, and must name it.

The breaches are planted in a small house of the same plan, under the project's own configuration.
"""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parents[2]
# A migration is a list of statements, as long as the change, and is never edited again.
SOURCES = sorted(path for path in (ROOT / "src").rglob("*.py") if path.parent.name != "versions")

MAX_FILE = 300
MAX_FUNCTION = 40

HOUSE = {
    "__init__.py": "",
    "cli.py": "import click\nimport uvicorn\nfrom gatepost import app",
    "app/__init__.py": "from gatepost.app import server",
    "app/house.py": "from gatepost import crypto, settings, storage, system",
    "app/server.py": "import uvicorn\nfrom gatepost import outgoing, web, app",
    "web/__init__.py": "import jinja2",
    "web/api/__init__.py": "from gatepost.services import token",
    "web/interaction/__init__.py": "from gatepost.services import token",
    "web/oidc/__init__.py": "from gatepost.services import token",
    "web/portal/__init__.py": "from gatepost.services import token",
    "storage/__init__.py": "",
    "storage/tables.py": "import alembic\nimport psycopg\nimport sqlalchemy\nimport sqlite3",
    "crypto/__init__.py": "import argon2\nfrom cryptography.hazmat import primitives",
    "outgoing.py": "import http.client",
    "system.py": "import secrets",
    "settings.py": "import os\n\nHOME = os.environ",
    "services/__init__.py": "",
    "services/token.py": "from gatepost import ports",
    "ports.py": "from gatepost import protocol",
    "protocol/__init__.py": "from gatepost import model",
    "model/__init__.py": "",
}

FLOOR_BREACHES = [
    ("model/clients.py", "from gatepost import storage", "gatepost.model is not allowed to import"),
    ("model/clients.py", "from gatepost import services", "gatepost.model is not allowed"),
    ("protocol/pkce.py", "from gatepost import ports", "gatepost.protocol is not allowed"),
    ("services/keys.py", "from gatepost import crypto", "gatepost.services is not allowed"),
    ("web/pages.py", "from gatepost import storage", "gatepost.web is not allowed to import"),
    ("web/pages.py", "from gatepost.crypto import jose", "gatepost.web is not allowed to import"),
    ("storage/keys.py", "from gatepost import settings", "gatepost.storage is not allowed"),
    ("web/api/main.py", "from gatepost import app", "gatepost.web is not allowed to import"),
    ("services/logout.py", "from gatepost import outgoing", "gatepost.services is not allowed"),
    ("utils.py", "", "gatepost.utils"),
    ("attic/__init__.py", "", "gatepost.attic"),
    ("web/api/main.py", "from gatepost.web import oidc", "gatepost.web.api is not allowed"),
    ("web/oidc/main.py", "from gatepost.web import api", "gatepost.web.oidc is not allowed"),
    ("web/portal/main.py", "from gatepost.web import oidc", "gatepost.web.portal is not allowed"),
    ("services/keys.py", "import sqlalchemy", "gatepost.services.keys -> sqlalchemy"),
    ("services/keys.py", "import cryptography.x509", "gatepost.services.keys -> cryptography"),
    ("model/people.py", "import sqlite3", "gatepost.model.people -> sqlite3"),
    ("protocol/page.py", "import jinja2", "gatepost.protocol.page -> jinja2"),
    ("crypto/rows.py", "import psycopg", "gatepost.crypto.rows -> psycopg"),
    ("app/house.py", "from sqlalchemy import create_engine", "gatepost.app.house -> sqlalchemy"),
    ("web/pages.py", "import cryptography", "gatepost.web.pages -> cryptography"),
    ("storage/hash.py", "import argon2", "gatepost.storage.hash -> argon2"),
    ("app/server.py", "import jinja2", "gatepost.app.server -> jinja2"),
    ("app/__init__.py", "import click", "gatepost.app -> click"),
    ("web/serve.py", "import uvicorn", "gatepost.web.serve -> uvicorn"),
    ("app/server.py", "import opentelemetry", "gatepost.app.server -> opentelemetry"),
    ("services/keys.py", "import opentelemetry", "gatepost.services.keys -> opentelemetry"),
]

RUFF_BREACHES = [
    ("services/keys.py", "from datetime import datetime, UTC\n\nNOW = datetime.now(UTC)"),
    ("web/pages.py", "from datetime import date\n\nTODAY = date.today()"),
    ("services/keys.py", "import time\n\nNOW = time.time()"),
    ("model/people.py", "import secrets\n\nTOKEN = secrets.token_hex()"),
    ("crypto/keys.py", "import random\n\nDIE = random.random()"),
    ("crypto/keys.py", "import os\n\nSALT = os.urandom(16)"),
    ("services/keys.py", "from uuid import uuid4\n\nKEY = uuid4()"),
    ("app/house.py", "import os\n\nHOME = os.environ['HOME']"),
    ("cli.py", "import os\n\nHOME = os.getenv('HOME')"),
]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A house in which every law is kept."""
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    for name, text in HOUSE.items():
        _plant(tmp_path, name, text)
    return tmp_path


def test_floors_hold_without_a_breach(house: Path) -> None:
    status, said = _lint_imports(house)
    assert status == 0, said


@pytest.mark.parametrize(("name", "text", "named"), FLOOR_BREACHES)
def test_a_breach_of_the_floors_is_named(house: Path, name: str, text: str, named: str) -> None:
    _plant(house, name, text)
    status, said = _lint_imports(house)
    assert status != 0
    assert named in " ".join(said.split())


def test_clock_dice_and_environment_have_a_place(house: Path) -> None:
    status, said = _ruff(house)
    assert status == 0, said


@pytest.mark.parametrize(("name", "text"), RUFF_BREACHES)
def test_clock_dice_and_environment_are_refused_elsewhere(
    house: Path, name: str, text: str
) -> None:
    _plant(house, name, text)
    status, said = _ruff(house)
    assert status != 0
    assert f"{name}:" in said
    assert "TID251" in said


def test_the_two_exempt_files_keep_to_their_own() -> None:
    """TID251 is lifted from a file as a whole, so the other half of it is held here."""
    settings, system = (
        {*_names(ROOT / "src/gatepost" / name)} for name in ("settings.py", "system.py")
    )
    assert not settings & {"now", "random", "secrets", "time", "today", "urandom", "uuid4"}
    assert not system & {"environ", "environb", "getenv"}


def test_files_are_short() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in SOURCES}
    assert not {str(path): n for path, n in lengths.items() if n > MAX_FILE}


def test_functions_are_short() -> None:
    assert not [name for path in SOURCES for name in _long_functions(path.read_text(), path.name)]


def test_a_long_function_is_named() -> None:
    body = "    x = 1\n"
    assert not [*_long_functions(f"def f():\n{body * 39}", "a.py")]
    assert [*_long_functions(f"def f():\n{body * 40}", "a.py")] == ["a.py: f has 41 lines"]


def test_every_ignored_rule_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    assert not _without_reason(text)


def test_an_ignored_rule_without_a_reason_is_named() -> None:
    planted = dedent("""
        [tool.ruff.lint]
        select = ["E"]
        ignore = [
            "E501", # the formatter sees to it
            "S105",
        ]
        [tool.ruff.lint.per-file-ignores]
        "a.py" = ["T201"]
        "b.py" = [
            "S101", # why not
        ]
    """)
    assert _without_reason(planted) == ["S105", "T201"]


def test_the_tests_run_on_the_versions_that_are_served() -> None:
    run, dev = ({*_pins(ROOT / f"requirements/{lock}.txt")} for lock in ("run", "dev"))
    assert run
    assert not run - dev


def _plant(house: Path, name: str, text: str) -> None:
    path = house / "src/gatepost" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'"""{name}."""\n\n{text}\n')


def _lint_imports(house: Path) -> tuple[int, str]:
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return _run(house, "-c", program, "--no-cache", "--no-logo")


def _ruff(house: Path) -> tuple[int, str]:
    return _run(
        house, "-m", "ruff", "check", "--no-cache", "--select=TID251", "--output-format=concise"
    )


def _run(house: Path, *arguments: str) -> tuple[int, str]:
    """Run a Python tool on the planted house, which stands before the real one on the path."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=house,
        env={"PYTHONPATH": str(house / "src"), "COLUMNS": "400"},
        text=True,
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def _names(path: Path) -> Iterator[str]:
    """Every name, attribute and imported module in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                yield name
            case ast.ImportFrom(module=str(name)):
                yield name
            case _:
                pass


def _long_functions(text: str, place: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION:
                yield f"{place}: {node.name} has {length} lines"


def _without_reason(text: str) -> list[str]:
    """The ignored rules that have no line and comment of their own."""
    lint = tomllib.loads(text)["tool"]["ruff"]["lint"]
    ignored = [*lint["ignore"], *(c for codes in lint["per-file-ignores"].values() for c in codes)]
    explained = re.findall(r'^\s*"([A-Z]+\d+)",\s+# \w.{5,}$', text, re.MULTILINE)
    return sorted(code for code in set(ignored) if ignored.count(code) > explained.count(code))


def _pins(lock: Path) -> list[str]:
    return re.findall(r"^(\S+==\S+)", lock.read_text(), re.MULTILINE)
