"""`make audit` from end to end, with a program in the place of the one that asks the database."""

import json
import stat
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tools import audit
from tools.audit_rules import Exceptions, LicenceException, WeaknessException, read_lock
from tools.audit_sbom import Part, built_in, document

TOLD = {"id": "PYSEC-2019-217", "aliases": ["CVE-2019-10906"], "fix_versions": ["2.10.1"]}
WEAK = {"dependencies": [{"name": "jinja2", "version": "2.10", "vulns": [TOLD]}]}
FINE = {"dependencies": [{"name": "click", "version": "8.5.1", "vulns": []}]}
INSIDE = {
    "components": [
        {"type": "library", "name": "thing", "version": "2"},
        {"type": "library", "name": "openssl", "version": "4.0.3", "bom-ref": "/builder/x"},
    ]
}
PARTS = (
    Part("thing", "2", "MIT", ("gatepost",), (INSIDE,)),
    Part("other", "1", None, ("thing",), ()),
)
TODAY = date(2026, 11, 21)
EXCEPTED = WeaknessException("CVE-2019-10906", "Jinja2", "No templates of others.", TODAY, date.max)
Asker = Callable[..., str]


class TestAsking:
    """`tools.audit.weaknesses` with a program in the place of pip-audit."""

    @pytest.fixture
    def asker(self, tmp_path: Path) -> Asker:
        """Makes a program that answers first what it is asked for proof, then for the lock."""

        def asker(proof: Any, lock: Any = None, status: int = 0) -> str:
            for name, answer in (("proof", proof), ("lock", lock)):
                (tmp_path / name).write_text(
                    answer if isinstance(answer, str) else json.dumps(answer)
                )
            program = tmp_path / "asker"
            program.write_text(
                "#!/bin/sh\necho 'last words' >&2\n"
                'case "$*" in *--require-hashes*) answer=lock ;; *) answer=proof ;; esac\n'
                f'cat "{tmp_path}/$answer"\nexit {status}\n'
            )
            program.chmod(stat.S_IRWXU)
            return str(program)

        return asker

    def test_finds_nothing(self, asker: Asker) -> None:
        finding = audit.weaknesses(asker(WEAK, FINE), Exceptions())
        assert finding.status == audit.IN_ORDER
        assert finding.lines[0].startswith("weaknesses: 0 are known of 1 packages")

    @pytest.mark.requirement("R-84")
    def test_finds_what_nobody_excepted(self, asker: Asker) -> None:
        finding = audit.weaknesses(asker(WEAK, WEAK, status=1), Exceptions())
        assert finding.status == audit.NOT_IN_ORDER
        assert any("NOT IN ORDER  jinja2 2.10: CVE-2019-10906" in line for line in finding.lines)

    def test_lets_an_exception_pass(self, asker: Asker) -> None:
        recorded = Exceptions(weakness=(EXCEPTED,))
        finding = audit.weaknesses(asker(WEAK, WEAK, status=1), recorded)
        assert finding.status == audit.IN_ORDER

    def test_is_not_content_when_a_package_was_skipped(self, asker: Asker) -> None:
        lock = {"dependencies": [{"name": "click", "skip_reason": "not found"}]}
        finding = audit.weaknesses(asker(WEAK, lock), Exceptions())
        assert finding.status == audit.NOT_IN_ORDER

    @pytest.mark.parametrize(
        ("proof", "why"),
        [
            ("", "last words"),
            (
                {"dependencies": [{"name": "jinja2", "version": "2.10", "vulns": []}]},
                "knows nothing",
            ),
            ({"dependencies": [{"name": "jinja2", "skip_reason": "404"}]}, "knows nothing"),
        ],
        ids=["does not answer", "knows no weakness", "knows no package"],
    )
    def test_says_that_nothing_is_known(self, asker: Asker, proof: Any, why: str) -> None:
        finding = audit.weaknesses(asker(proof, FINE), Exceptions())
        assert finding.status == audit.NOT_KNOWN
        assert "NOT KNOWN" in finding.lines[0]
        assert why in finding.lines[0]

    def test_says_so_too_when_the_second_answer_fails(self, asker: Asker) -> None:
        finding = audit.weaknesses(asker(WEAK, "", status=1), Exceptions())
        assert finding.status == audit.NOT_KNOWN


class TestLicences:
    @pytest.mark.requirement("R-84")
    def test_of_what_runs_are_in_order(self) -> None:
        parts, _ = audit.parts_of(read_lock(audit.RUN.read_text()))
        finding = audit.licences(parts, audit.recorded())
        assert finding.status == audit.IN_ORDER, finding.lines
        assert len(finding.lines) == len(parts) + 1

    @pytest.mark.parametrize("words", ["GPL-3.0-only", None, "Homemade-1.0"])
    def test_that_are_strong_or_unknown_are_not(self, words: str | None) -> None:
        part = Part("thing", "1", words, (), ())
        assert audit.licences([part], Exceptions()).status == audit.NOT_IN_ORDER
        by_hand = LicenceException("Thing", "MIT", "Its README.", TODAY)
        assert audit.licences([part], Exceptions(licence=(by_hand,))).status == audit.IN_ORDER


class TestBill:
    def test_names_every_part_and_what_wants_it(self) -> None:
        made = document("gatepost", "0.1.0", PARTS, b"lock")
        assert [each["purl"] for each in made["components"]] == [
            "pkg:pypi/thing@2",
            "pkg:pypi/other@1",
        ]
        assert made["dependencies"] == [
            {"ref": "pkg:pypi/gatepost@0.1.0", "dependsOn": ["pkg:pypi/thing@2"]},
            {"ref": "pkg:pypi/thing@2", "dependsOn": ["pkg:pypi/other@1"]},
            {"ref": "pkg:pypi/other@1", "dependsOn": []},
        ]

    def test_names_what_is_built_in_without_its_owner_or_paths(self) -> None:
        assert built_in([INSIDE], "thing") == [
            {
                "type": "library",
                "name": "openssl",
                "version": "4.0.3",
                "bom-ref": "thing#openssl@4.0.3",
            }
        ]

    def test_is_the_same_for_the_same_lock(self) -> None:
        one, other = (document("gatepost", "0.1.0", PARTS, b"lock") for _ in range(2))
        assert one == other
        changed = document("gatepost", "0.1.0", PARTS, b"another")
        assert one["serialNumber"] != changed["serialNumber"]

    def test_of_the_project_has_every_part_once(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "BILL", tmp_path / "dist/bill.json")
        parts, absent = audit.parts_of(read_lock(audit.RUN.read_text()))
        assert audit.bill(parts, absent).status == audit.IN_ORDER
        made = json.loads((tmp_path / "dist/bill.json").read_text())
        refs = [each["bom-ref"] for each in _all(made["components"])]
        assert len(refs) == len(set(refs))
        assert "openssl" in {each["name"] for each in _all(made["components"])}
        wanted = {ref for each in made["dependencies"] for ref in each["dependsOn"]}
        assert wanted == {each["purl"] for each in made["components"]}


def _all(components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for each in components for one in (each, *_all(each.get("components", [])))]
