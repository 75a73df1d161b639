import stat
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests import browser as chromium
from tests.browser import NoBrowserError
from tests.journeys import axe


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_operations_can_be_used_by_everybody(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    answer = page.goto("/api/docs")
    assert answer is not None
    assert answer.status == 200
    assert axe.violations(page) == []


def test_a_page_that_not_everybody_can_use_is_told(page: Page) -> None:
    page.set_content("<html><body><main><h1>Form</h1><img src=''><input></main></body></html>")
    assert {found.rule for found in axe.violations(page)} >= {"html-has-lang", "image-alt", "label"}


def test_the_content_policy_stays_in_force_beside_axe(page: Page) -> None:
    page.goto("/api/docs")
    axe.violations(page)
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'),"
        " {textContent: 'window.planted = 1'}))"
    )
    assert page.evaluate("window.planted") is None


class TestFinding:
    @pytest.fixture(autouse=True)
    def _nowhere(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.delenv("CHROMIUM", raising=False)

    @pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome"])
    def test_by_each_name(self, tmp_path: Path, name: str) -> None:
        wanted = program(tmp_path / name)
        assert chromium.chromium() == wanted

    def test_as_the_environment_says(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        program(tmp_path / "chromium")
        monkeypatch.setenv("CHROMIUM", str(tmp_path / "other"))
        with pytest.raises(NoBrowserError, match="CHROMIUM"):
            chromium.chromium()
        wanted = program(tmp_path / "other")
        assert chromium.chromium() == wanted

    def test_says_what_to_install(self) -> None:
        with pytest.raises(NoBrowserError, match=r"tools/browser\.sh"):
            chromium.chromium()


def program(path: Path) -> str:
    path.touch()
    path.chmod(stat.S_IRWXU)
    return str(path)
