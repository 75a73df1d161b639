"""Writes docs/security.md: each rule with the code that holds it and the tests that prove it.

`.venv/bin/python -m tools.requirements`. The rules stand in docs/requirements.toml; a test says by
its mark which of them fails without it. A test compares the page with what this would write.
"""

import ast
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
RULES, PAGE = ROOT / "docs/requirements.toml", ROOT / "docs/security.md"
CODE, TESTS = ROOT / "src/gatepost", ROOT / "tests"

_HEAD = """\
# Security: what must hold, and what proves it

Each rule with the modules that hold it and the files of the tests that fail without it: look there
for the mark `requirement("R-..")`. Written by `.venv/bin/python -m tools.requirements` from
[requirements.toml](requirements.toml) and the marks; `make test` fails when a rule has no test, or
when this page is not what the program would write. What is defended against, and what is not:
[threats.md](threats.md).

Where the rules come from: A = OWASP ASVS 5.0, B = RFC 9700, C = OpenID Connect Core, F = FAPI 2.0,
H = OWASP cheat sheets, J = RFC 8725; other numbers are RFCs, and names are of products that had the
bug.
"""

_FAULTS = """\
## When things break

Each is played by `make faults`, and some in short by `make test`: [faults.md](faults.md).
"""


class Rule(NamedTuple):
    """One rule; `falls_short` is what of it is deliberately not met."""

    name: str
    says: str
    source: str
    code: tuple[str, ...]
    falls_short: str
    trial: str = ""
    """The module of faults/ that plays it, of those that hold when things break."""


class Mark(NamedTuple):
    """A test that is marked with a rule."""

    rule: str
    file: str
    test: str


def rules() -> tuple[Rule, ...]:
    """The rules, in order."""
    told = tomllib.loads(RULES.read_text(encoding="utf-8"))
    return tuple(
        Rule(
            name,
            row["says"],
            row.get("from", ""),
            tuple(row["code"]),
            row.get("falls_short", ""),
            row.get("trial", ""),
        )
        for name, row in told.items()
    )


def marks(folder: Path = TESTS) -> tuple[Mark, ...]:
    """The marks of all tests below a folder."""
    found: list[Mark] = []
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        file = path.relative_to(folder).as_posix()
        found += [Mark(rule, file, test) for rule, test in _marked(tree.body, _of_module(tree))]
    return tuple(found)


def page(of: Sequence[Rule], proved: Sequence[Mark]) -> str:
    """The page."""
    by_rule = {
        rule.name: dict.fromkeys(mark.file for mark in proved if mark.rule == rule.name)
        for rule in of
    }
    lines = [_HEAD, "| Rule | What must hold | From | Code | Tests |", "|---|---|---|---|---|"]
    lines += [_row(rule, by_rule[rule.name]) for rule in of if not rule.trial]
    lines += [
        "",
        _FAULTS,
        "| Fault | What must hold | Trial | Code | Tests |",
        "|---|---|---|---|---|",
    ]
    lines += [_row(rule, by_rule[rule.name]) for rule in of if rule.trial]
    short = [f"- **{rule.name}** {rule.falls_short}" for rule in of if rule.falls_short]
    return "\n".join([*lines, "", "## Where we differ, and why", "", *short, ""])


def _row(rule: Rule, files: Iterable[str]) -> str:
    code = ", ".join(f"[{name}](../src/gatepost/{name})" for name in rule.code)
    tests = ", ".join(f"[{name}](../tests/{name})" for name in files)
    says = rule.says.replace("|", "\\|") + (" (see below)" if rule.falls_short else "")
    third = f"[{rule.trial}](../faults/{rule.trial})" if rule.trial else rule.source
    return f"| {rule.name} | {says} | {third} | {code} | {tests} |"


def _of_module(tree: ast.Module) -> tuple[str, ...]:
    """The rules that `pytestmark` gives every test of a module."""
    return tuple(
        rule
        for node in tree.body
        if isinstance(node, ast.Assign)
        and any(isinstance(it, ast.Name) and it.id == "pytestmark" for it in node.targets)
        for rule in _named(node.value)
    )


def _marked(body: Sequence[ast.stmt], above: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for node in body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        own = (*above, *(rule for each in node.decorator_list for rule in _named(each)))
        if isinstance(node, ast.ClassDef):
            yield from _marked(node.body, own)
        elif node.name.startswith("test"):
            yield from ((rule, node.name) for rule in dict.fromkeys(own))


def _named(node: ast.AST) -> Iterator[str]:
    """The rules in marks below a node, also where a case of many is marked."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.requirement":
            yield from (str(it.value) for it in call.args if isinstance(it, ast.Constant))


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(rules(), marks()), encoding="utf-8")


if __name__ == "__main__":
    main()
