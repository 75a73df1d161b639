"""The audit of what Gatepost is made of: licences, known weaknesses, and a list of it all.

Run by `make audit`. The exit status is 0 when all is in order, 1 when something is not, and 3 when
the database of weaknesses could not be asked: then nothing is known, which is not the same as none.
"""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import msgspec

from tools import audit_rules as rules
from tools.audit_rules import Exceptions, Kind, Locked, Report
from tools.audit_sbom import Part, document

ROOT = Path(__file__).parents[1]
RUN, DEV = ROOT / "requirements/run.txt", ROOT / "requirements/dev.txt"
RECORDED = ROOT / "tools/audit.toml"
BILL = ROOT / "dist/gatepost.cdx.json"
IN_ORDER, NOT_IN_ORDER, NOT_KNOWN = 0, 1, 3
# A version whose weaknesses every database knows. Who does not tell them is not asking one.
_KNOWN_TO_BE_WEAK = "jinja2==2.10"
_LIMIT_S = 600


class Finding(NamedTuple):
    """What a part of the audit came to, in lines, and its status."""

    status: int
    lines: tuple[str, ...]


def main(arguments: Sequence[str]) -> int:
    """Audit all, print it, and give the exit status; the argument names pip-audit's program."""
    known = recorded()
    parts, absent = parts_of(rules.read_lock(RUN.read_text()))
    findings = (
        licences(parts, known),
        weaknesses(arguments[0], known),
        bill(parts, absent),
    )
    for finding in findings:
        print("\n".join(finding.lines))
    worst = {finding.status for finding in findings}
    return NOT_IN_ORDER if NOT_IN_ORDER in worst else max(worst)


def recorded() -> Exceptions:
    """The exceptions of tools/audit.toml."""
    return msgspec.toml.decode(RECORDED.read_bytes(), type=Exceptions)


def parts_of(locked: Iterable[Locked]) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    """The locked packages as they are installed here, and those that are for other systems."""
    parts, absent = [], []
    for each in locked:
        try:
            found = metadata.distribution(each.name)
        except metadata.PackageNotFoundError:
            if each.marker is None:
                raise SystemExit(f"audit: {each.name} is locked and not installed") from None
            absent.append(f"{each.name} ({each.marker})")
            continue
        if found.version != each.version:
            raise SystemExit(f"audit: {each.name} is {found.version} here and {each.version} there")
        told = {name: found.metadata.get_all(name) or [] for name in set(found.metadata)}
        parts.append(
            Part(
                each.name,
                each.version,
                rules.licence_words(told),
                each.wanted_by,
                tuple(_shipped(found)),
            )
        )
    return tuple(parts), tuple(absent)


def licences(parts: Sequence[Part], known: Exceptions) -> Finding:
    """Whether each package that runs is under a licence that we know and can keep."""
    by_hand = {rules.folded(one.package): one.licence for one in known.licence}
    words = {part.name: by_hand.get(part.name, part.licence) for part in parts}
    kinds = {name: rules.kind_of(said) for name, said in words.items()}
    bad = {name for name, kind in kinds.items() if kind > Kind.WEAK}
    counted = {kind: sum(1 for each in kinds.values() if each is kind) for kind in Kind}
    first = (
        f"licences: {len(parts)} packages run: {counted[Kind.PERMISSIVE]} permissive, "
        f"{counted[Kind.WEAK]} with weak copyleft, {len(bad)} not in order"
    )
    lines = [first]
    lines += [f"  {name}: {words[name]}" for name in sorted(words) if name not in bad]
    lines += [
        f"  NOT IN ORDER  {name}: {words[name] or 'it says none'} ({kinds[name].name.lower()})"
        for name in sorted(bad)
    ]
    return Finding(NOT_IN_ORDER if bad else IN_ORDER, tuple(lines))


def weaknesses(program: str, known: Exceptions) -> Finding:
    """Whether what is locked has known weaknesses, where the database can be asked."""
    proof, said = _asked(program, ["-r", "/dev/stdin", "--no-deps"], _KNOWN_TO_BE_WEAK)
    if proof is None or not proof.weaknesses:
        why = said if proof is None else f"it knows nothing of {_KNOWN_TO_BE_WEAK}"
        return Finding(
            NOT_KNOWN,
            (
                f"weaknesses: NOT KNOWN. The database could not be asked: {why}",
                "  This is not the same as none. Run it again where the database can be reached.",
            ),
        )
    report, said = _asked(program, ["-r", str(DEV), "--require-hashes"], "")
    if report is None:
        return Finding(NOT_KNOWN, (f"weaknesses: NOT KNOWN. Asking failed: {said}",))
    return _judged(report, known)


def bill(parts: Sequence[Part], absent: Sequence[str]) -> Finding:
    """Write the list of all that it is made of."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    made = document(project["name"], project["version"], parts, RUN.read_bytes())
    BILL.parent.mkdir(exist_ok=True)
    BILL.write_text(json.dumps(made, indent=2) + "\n")
    inside = sum(len(each.get("components", ())) for each in made["components"])
    lines = [f"parts: {len(parts)} packages, and {inside} that are built into them: {BILL}"]
    if absent:
        lines.append(f"  not on this system: {', '.join(absent)}")
    return Finding(IN_ORDER, tuple(lines))


def _judged(report: Report, known: Exceptions) -> Finding:
    today = datetime.now(UTC).date()
    still_open = rules.open_weaknesses(report.weaknesses, known.weakness, today)
    idle = rules.idle_exceptions(report.weaknesses, known.weakness)
    skipped = [f"{name} was not looked up" for name in report.skipped]
    bad = [*still_open, *skipped]
    first = (
        f"weaknesses: {len(report.weaknesses)} are known of {report.asked} packages; "
        f"{len(still_open)} of them without an exception"
    )
    lines = (
        first,
        *(f"  NOT IN ORDER  {line}" for line in bad),
        *(f"  {line}" for line in idle),
    )
    return Finding(NOT_IN_ORDER if bad else IN_ORDER, lines)


def _asked(program: str, what: Sequence[str], given: str) -> tuple[Report | None, str]:
    """What the database says of requirements, and the last words of the program that asked it."""
    service = os.environ.get("AUDIT_SERVICE", "pypi")
    command = [program, "--disable-pip", "--progress-spinner", "off", "--format", "json"]
    try:
        done = subprocess.run(
            [*command, "--vulnerability-service", service, "--timeout", "20", *what],
            input=given,
            text=True,
            capture_output=True,
            timeout=_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None, f"no answer within {_LIMIT_S} seconds"
    said = done.stderr.strip().splitlines() or ["it said nothing"]
    return rules.read_report(done.stdout), said[-1]


def _shipped(found: metadata.Distribution) -> Iterable[dict[str, object]]:
    """The lists of parts that a package has in itself."""
    for file in found.files or ():
        if file.parent.name == "sboms" and file.suffix == ".json":
            yield json.loads(Path(str(found.locate_file(file))).read_text())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
