"""Every word of the portal stands in its catalogue, and every entry there is used."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from gatepost.model.tenants import Theme
from gatepost.web.portal.words import catalogue

WEB = Path(__file__).parents[2] / "src/gatepost/web"
TEMPLATES = sorted((WEB / "templates/portal").glob("*.html"))
CODE = sorted((WEB / "portal").rglob("*.py"))
FILES = sorted((WEB / "portal/words").glob("*.toml"))
THEMES: tuple[Theme, ...] = get_args(Theme)
_SAID = re.compile(r"""\bsay\(\s*f?["']([^"']*)["']\s*(~)?""")
_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_TAG = re.compile(r"<!--.*?-->|<[^>]*>", re.DOTALL)
# What a macro writes into a tag, and what closes one.
_ATTRIBUTE = re.compile(r'(inert|[a-z-]+=".*|")\Z', re.DOTALL)
# Marks between things, which no language says otherwise.
_MARKS = "·—+:.,()/ \n\t&nbsp;"


def test_the_themes_have_the_same_keys() -> None:
    assert catalogue("aveva").keys() == catalogue("ocs").keys()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_theme_says_only_otherwise_what_is_said(path: Path) -> None:
    tables = msgspec.toml.decode(path.read_bytes(), type=dict[str, dict[str, str]])
    assert tables.keys() <= {"words", *THEMES}
    for theme in THEMES:
        assert tables.get(theme, {}).keys() <= tables["words"].keys()


def test_no_key_stands_in_two_files() -> None:
    keys: list[str] = []
    for path in FILES:
        keys += msgspec.toml.decode(path.read_bytes(), type=dict[str, dict[str, str]])["words"]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("theme", THEMES)
def test_every_place_in_a_text_has_a_name(theme: Theme) -> None:
    for key, text in catalogue(theme).items():
        names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
        assert all(name.isidentifier() for name in names), key


@pytest.mark.parametrize("path", [*TEMPLATES, *CODE], ids=lambda path: path.name)
def test_what_is_said_is_in_the_catalogue(path: Path) -> None:
    known = catalogue("aveva")
    for key, goes_on in _said(path):
        if goes_on:
            assert any(each.startswith(key) for each in known), key
        else:
            assert key in known, key


def test_every_entry_is_used() -> None:
    said = [*(found for path in TEMPLATES for found in _said(path)), *_texts()]
    whole = {key for key, goes_on in said if not goes_on}
    begun = tuple({key for key, goes_on in said if goes_on and "." in key})
    unused = [key for key in catalogue("aveva") if key not in whole and not key.startswith(begun)]
    assert unused == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_have_no_words_of_their_own(path: Path) -> None:
    assert list(_own_words(path.read_text())) == []


def test_a_word_of_a_template_is_named() -> None:
    planted = (
        '<p class="{{ kind }}">{# note #}{{ say("a.b") }} Hello {% if x %}there{% endif %}</p>'
    )
    assert list(_own_words(planted)) == ["Hello", "there"]
    assert list(_own_words('<input aria-label="Name">')) == ["Name"]


def _own_words(text: str) -> Iterator[str]:
    bare = _JINJA.sub("\x00", text)
    for name, value in re.findall(r'\b(aria-label|title|placeholder|alt)="([^"]*)"', bare):
        if name and value.strip("\x00" + _MARKS):
            yield value
    for part in _TAG.sub("\x00", bare).split("\x00"):
        if part.strip(_MARKS) and not _ATTRIBUTE.match(part.strip()):
            yield part.strip()


def _said(path: Path) -> Iterator[tuple[str, bool]]:
    """The keys that a file says, and whether each is only the beginning of one."""
    text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
    if path.suffix == ".py":
        yield from _said_in_code(text)
        return
    for match in _SAID.finditer(text):
        yield match[1], bool(match[2])


def _said_in_code(text: str) -> Iterator[tuple[str, bool]]:
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        if not (isinstance(node.func, ast.Attribute) and node.func.attr == "say"):
            continue
        yield from _keys(node.args[0])


def _keys(node: ast.expr) -> Iterator[tuple[str, bool]]:
    match node:
        case ast.Constant(value=str(key)):
            yield key, False
        case ast.JoinedStr(values=[ast.Constant(value=str(key)), *_]):
            yield key, True
        case ast.IfExp(body=body, orelse=orelse):
            yield from _keys(body)
            yield from _keys(orelse)
        case _:
            pass


def _texts() -> Iterator[tuple[str, bool]]:
    """Every text in the portal's code: a key may be chosen in one place and said in another."""
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant | ast.JoinedStr):
                yield from _keys(node)
