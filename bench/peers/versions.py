"""Which versions of the peers are installed, as a line for the record."""

import json
import subprocess
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

from bench.peers.install import INSTALLED

_PACKAGES = ("authlib", "django", "django-oauth-toolkit", "flask", "gunicorn", "sqlalchemy")


def versions(node: str) -> dict[str, str]:
    """The version of each package that matters, and of that Node."""
    told = dict(_python(INSTALLED))
    package = INSTALLED / "oidc_provider" / "node_modules" / "oidc-provider" / "package.json"
    told["oidc-provider"] = json.loads(package.read_text())["version"]
    done = subprocess.run([node, "--version"], check=True, capture_output=True, text=True)
    return told | {"node": done.stdout.strip().removeprefix("v")}


def _python(installed: Path) -> Iterator[tuple[str, str]]:
    for site in sorted(installed.glob("*/lib/python3*/site-packages")):
        for package in distributions(path=[str(site)]):
            if package.name.lower() in _PACKAGES:
                yield package.name.lower(), package.version
