"""axe-core, run in a page: what of it people with impaired senses or hands could not use."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page

AXE = Path(__file__).parents[1] / "interop/node_modules/axe-core/axe.min.js"
RUN = """
async () => {
    const found = await axe.run(document, {resultTypes: ["violations"]});
    return found.violations.map(v => [v.id, v.help, v.nodes.map(n => n.html)]);
}
"""


class Violation(NamedTuple):
    """A rule of axe-core that a page breaks, and the elements that break it."""

    rule: str
    help: str
    elements: list[str]


def violations(page: Page) -> list[Violation]:
    """Every rule that the page breaks as it is shown now.

    The program comes in by the debugger, so the page keeps its content policy.
    """
    page.evaluate(_program())
    return [Violation(*found) for found in page.evaluate(RUN)]


@cache
def _program() -> str:
    if not AXE.exists():
        raise FileNotFoundError("axe-core is not here; tools/npm.sh installs it")
    return AXE.read_text()
