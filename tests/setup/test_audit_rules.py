"""What `make audit` lets pass: tables of licences, weaknesses and exceptions."""

import json
from datetime import date

import msgspec
import pytest

from tools import audit
from tools.audit_rules import (
    Exceptions,
    Kind,
    Weakness,
    WeaknessException,
    idle_exceptions,
    kind_of,
    licence_words,
    open_weaknesses,
    read_lock,
    read_report,
)

LOCK = """\
alembic==1.20.1 \\
    --hash=sha256:aa
    # via gatepost (pyproject.toml)
typing_extensions==4.16.0 ; python_full_version < '3.13' \\
    --hash=sha256:bb
    # via
    #   alembic
    #   SQLAlchemy
"""
TODAY = date(2026, 11, 21)
WEAK = Weakness("jinja2", "2.10", frozenset({"PYSEC-2019-217", "CVE-2019-10906"}), ("2.10.1",))
TOLD = {"id": "PYSEC-2019-217", "aliases": ["CVE-2019-10906"], "fix_versions": ["2.10.1"]}


def excepted(
    name: str = "CVE-2019-10906", package: str = "Jinja2", until: str = "2026-12-01"
) -> WeaknessException:
    """An exception that was recorded."""
    return WeaknessException(
        name, package, "No templates of others.", TODAY, date.fromisoformat(until)
    )


class TestLock:
    def test_is_read_with_markers_and_those_who_want_each(self) -> None:
        alembic, typing = read_lock(LOCK)
        assert alembic == ("alembic", "1.20.1", None, ("gatepost",))
        assert typing.name == "typing-extensions"
        assert typing.marker == "python_full_version < '3.13'"
        assert typing.wanted_by == ("alembic", "sqlalchemy")

    def test_of_the_project_is_read_whole(self) -> None:
        text = audit.RUN.read_text()
        assert len(read_lock(text)) == sum(1 for line in text.splitlines() if "==" in line[:60])


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("MIT", Kind.PERMISSIVE),
        ("mit", Kind.PERMISSIVE),
        ("LGPL-3.0-only", Kind.WEAK),
        ("GPL-3.0-or-later", Kind.STRONG),
        ("AGPL-3.0-only", Kind.STRONG),
        ("GPL-3.0-only OR MIT", Kind.PERMISSIVE),
        ("MIT AND LGPL-3.0-only", Kind.WEAK),
        ("MIT AND (GPL-2.0-only OR MPL-2.0)", Kind.WEAK),
        ("MIT OR Apache-2.0 AND GPL-2.0-only", Kind.PERMISSIVE),
        ("Apache-2.0 WITH LLVM-exception", Kind.PERMISSIVE),
        ("MIT AND Homemade-1.0", Kind.UNKNOWN),
        ("Homemade-1.0", Kind.UNKNOWN),
        ("free, for friends", Kind.UNKNOWN),
        ("MIT MIT", Kind.UNKNOWN),
        ("(MIT", Kind.UNKNOWN),
        ("MIT)", Kind.UNKNOWN),
        ("AND", Kind.UNKNOWN),
        ("", Kind.UNKNOWN),
        (None, Kind.UNKNOWN),
    ],
)
def test_a_licence_is_of_a_kind(words: str | None, kind: Kind) -> None:
    assert kind_of(words) is kind


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"License-Expression": ["MIT"], "License": ["GPL"]}, "MIT"),
        ({"Classifier": ["License :: OSI Approved :: MIT License"]}, "MIT"),
        (
            {
                "Classifier": [
                    "License :: OSI Approved :: MIT License",
                    "License :: OSI Approved :: GNU General Public License v3 (GPLv3)",
                ]
            },
            "MIT AND GPL-3.0-only",
        ),
        ({"Classifier": ["License :: OSI Approved"], "License": ["ISC"]}, "ISC"),
        ({"Classifier": ["License :: Other/Proprietary License"]}, "Other/Proprietary License"),
        ({"License": ["Apache Software License"]}, "Apache-2.0"),
        ({"License": ["Copyright (c) 2026\nPermission is hereby granted"]}, None),
        ({"License": [""]}, None),
        ({}, None),
    ],
)
def test_a_package_says_its_licence(told: dict[str, list[str]], words: str | None) -> None:
    said = licence_words(told)
    assert (said.strip("()") if said else said) == words


class TestWeaknesses:
    def test_without_an_exception_are_open(self) -> None:
        assert open_weaknesses([WEAK], (), TODAY) == (
            "jinja2 2.10: CVE-2019-10906, PYSEC-2019-217 (mended in 2.10.1)",
        )

    @pytest.mark.parametrize("name", sorted(WEAK.names))
    def test_with_an_exception_by_any_of_their_names_are_not(self, name: str) -> None:
        assert open_weaknesses([WEAK], [excepted(name)], TODAY) == ()

    @pytest.mark.parametrize(
        "recorded", [excepted("CVE-2020-1"), excepted(package="flask")], ids=["name", "package"]
    )
    def test_are_open_when_the_exception_is_another_one(self, recorded: WeaknessException) -> None:
        assert len(open_weaknesses([WEAK], [recorded], TODAY)) == 1
        assert len(idle_exceptions([WEAK], [recorded])) == 1

    def test_are_open_again_when_the_exception_has_ended(self) -> None:
        assert open_weaknesses([WEAK], [excepted(until="2026-11-21")], TODAY) == ()
        (line,) = open_weaknesses([WEAK], [excepted(until="2026-11-20")], TODAY)
        assert "ended on 2026-11-20" in line

    def test_are_read_from_a_report(self) -> None:
        rows = [
            {"name": "Jinja2", "version": "2.10", "vulns": [TOLD]},
            {"name": "x", "skip_reason": "?"},
        ]
        report = read_report(json.dumps({"dependencies": rows, "fixes": []}))
        assert report == (2, ("x",), (WEAK,))

    @pytest.mark.parametrize("text", ["", "no", "[]", "{}", '{"dependencies": [{"vulns": [{}]}]}'])
    def test_are_not_read_from_what_is_no_report(self, text: str) -> None:
        assert read_report(text) is None


class TestExceptions:
    def test_of_the_project_are_readable(self) -> None:
        assert isinstance(audit.recorded(), Exceptions)

    @pytest.mark.parametrize("missing", ["reason", "recorded", "until"])
    def test_have_a_reason_and_their_days(self, missing: str) -> None:
        members = {
            "id": '"CVE-2026-1"',
            "package": '"x"',
            "reason": '"y"',
            "recorded": "2026-11-21",
            "until": "2026-12-21",
        }
        lines = "\n".join(f"{name} = {value}" for name, value in members.items() if name != missing)
        with pytest.raises(msgspec.ValidationError, match=missing):
            msgspec.toml.decode(f"[[weakness]]\n{lines}\n", type=Exceptions)
