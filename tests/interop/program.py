"""Programs of this folder, run by Node: the test plays the person whom they send to an address."""

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent
PATIENCE_S = 60


class Back(NamedTuple):
    """How a browser came back to an application: at which address, with which form."""

    address: str
    form: Mapping[str, str] | None = None


Visit = Callable[[str], Back]


def run(name: str, settings: Mapping[str, Any], visit: Visit | None = None) -> dict[str, Any]:
    """What a program says that it found."""
    program = subprocess.Popen(
        ["node", FOLDER / name, json.dumps(settings)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with program:
        try:
            return _talk(program, visit)
        finally:
            program.kill()


def _talk(program: subprocess.Popen[str], visit: Visit | None) -> dict[str, Any]:
    assert program.stdin is not None
    assert program.stdout is not None
    assert program.stderr is not None
    for line in program.stdout:
        said = json.loads(line)
        if "done" in said:
            found: dict[str, Any] = said["done"]
            return found
        assert visit is not None, said
        program.stdin.write(json.dumps(visit(said["go"])._asdict()) + "\n")
        program.stdin.flush()
    raise AssertionError(program.stderr.read())
