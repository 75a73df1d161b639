"""What the dashboard and the alerts ask for is what the program tells."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from gatepost.model.measures import MEASURES, Kind, Measure

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = DEPLOY / "alerts/gatepost.yaml"
CASES = Path(__file__).parents[1] / "data/alerts.yaml"
DASHBOARD = json.loads((DEPLOY / "grafana/gatepost.json").read_text(encoding="utf-8"))
OF_PROMETHEUS = {"instance", "job", "le"}
_PARTS = ("_bucket", "_sum", "_count")


def alerts() -> list[dict[str, Any]]:
    """All alerts."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    """All panels that show something."""
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[tuple[str, str]]:
    """Every expression, with the name of where it stands."""
    for rule in alerts():
        yield rule["alert"], rule["expr"]
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for variable in DASHBOARD["templating"]["list"]:
        if "definition" in variable:
            yield variable["name"], variable["definition"]


EXPRESSIONS = [*expressions()]


def measure_of(name: str) -> Measure | None:
    """The measure that a name in an expression is of."""
    if name in MEASURES:
        return MEASURES[name]
    base = next((name.removesuffix(part) for part in _PARTS if name.endswith(part)), "")
    found = MEASURES.get(base)
    return found if found is not None and found.kind is Kind.HISTOGRAM else None


def labels_of(expression: str) -> set[str]:
    """The labels that an expression names: in selectors, and after by, without and on."""
    found = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", expression))
    for listed in re.findall(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)", expression):
        found |= {name.strip() for name in listed.split(",")}
    return found


@pytest.mark.parametrize(("place", "expression"), EXPRESSIONS)
def test_an_expression_asks_for_what_is_told(place: str, expression: str) -> None:
    names = set(re.findall(r"\bgatepost_\w+", expression))
    measures = {name: measure_of(name) for name in names}
    assert place
    assert [name for name, measure in measures.items() if measure is None] == []
    told = {label for measure in measures.values() if measure for label in measure.labels}
    assert labels_of(expression) <= told | OF_PROMETHEUS


def test_every_measure_is_on_the_dashboard() -> None:
    shown = " ".join(target["expr"] for panel in panels() for target in panel["targets"])
    assert [name for name in MEASURES if name not in shown] == []


def test_every_panel_has_a_place_of_its_own() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert (x, y) not in taken, (panel["title"], taken.get((x, y)))
                taken[x, y] = panel["title"]
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)


def test_an_alert_says_what_is_wrong_and_what_helps() -> None:
    names = [rule["alert"] for rule in alerts()]
    assert len(set(names)) == len(names)
    for rule in alerts():
        assert rule["annotations"].keys() == {"summary", "mend"}, rule["alert"]
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}, rule["alert"]


def test_every_alert_is_shown_to_fire() -> None:
    cases = yaml.safe_load(CASES.read_text(encoding="utf-8"))["tests"]
    fired = {
        case["alertname"]
        for test in cases
        for case in test["alert_rule_test"]
        if case.get("exp_alerts")
    }
    assert fired == {rule["alert"] for rule in alerts()}


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not here")
def test_prometheus_takes_the_rules_and_they_fire_as_they_should() -> None:
    for command in (("check", "rules", str(RULES)), ("test", "rules", str(CASES))):
        done = subprocess.run(["promtool", *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
