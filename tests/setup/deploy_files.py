"""The files of `deploy/` as values: a unit, a Dockerfile, manifests, settings that they name."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml  # type: ignore[import-untyped]

from gatepost.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm/gatepost"
PORT = 8080
USER = 10001
VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
SETTINGS = frozenset(PREFIX + name.upper() for name in Settings.__struct_fields__)
_NAMED = re.compile(r"\bGATEPOST_[A-Z_]+[A-Z]\b")
_SECONDS = re.compile(r"(\d+)s?\Z")


class Step(NamedTuple):
    """An instruction of a Dockerfile."""

    word: str
    rest: str


def steps(dockerfile: str) -> tuple[Step, ...]:
    """The instructions of a Dockerfile."""
    kept = "\n".join(line for line in dockerfile.splitlines() if not line.startswith("#"))
    joined = re.sub(r"\\\n\s*", " ", kept)
    found = (line.partition(" ") for line in joined.splitlines() if line.strip())
    return tuple(Step(word, rest.strip()) for word, _, rest in found)


def directives(unit: str) -> dict[str, list[str]]:
    """The directives of a unit, each with all its values."""
    found: dict[str, list[str]] = {}
    for line in unit.splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.startswith(("#", ";")):
            found.setdefault(name.strip(), []).append(value.strip())
    return found


def documents(text: str) -> list[dict[str, Any]]:
    """The documents of a YAML file."""
    return [each for each in yaml.safe_load_all(text) if each]


def of_kind(text: str, kind: str) -> list[dict[str, Any]]:
    """The manifests of a kind."""
    return [each for each in documents(text) if each["kind"] == kind]


def pods(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The pods that manifests make, each by the name of what makes it."""
    for each in documents(text):
        if each["kind"] in {"Deployment", "Job"}:
            yield each["metadata"]["name"], each["spec"]["template"]["spec"]


def seconds(text: str | int) -> int:
    """A time that is written in whole seconds."""
    match = _SECONDS.match(str(text))
    assert match, text
    return int(match[1])


def named_settings(text: str) -> set[str]:
    """The settings that a file names."""
    return set(_NAMED.findall(text))


def environment(container: Mapping[str, Any]) -> dict[str, str]:
    """The settings that a container is given, with an example for what is kept in a Secret."""
    example = "postgresql://gatepost:secret@db.example.com:5432/gatepost"
    return {each["name"]: each.get("value", example) for each in container["env"]}
