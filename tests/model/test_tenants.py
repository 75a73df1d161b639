"""Built-in roles by theme, names that are reserved, and who may grant what."""

import json
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.model.tenants import (
    ADMINISTRATOR,
    MEMBER,
    ROLE_TYPE_BY_ID,
    ROLE_TYPES,
    THEME_PREFIX,
    Role,
    Theme,
    displayed_name,
    is_reserved_role_name,
    may_grant,
)
from gatepost.model.text import fold

CONTRACT = json.loads(
    (Path(__file__).parents[1] / "data/identity-api.json").read_text(encoding="utf-8")
)["constants"]
ROLES = st.frozensets(st.sampled_from("abcd"))


def test_role_types_have_their_public_ids() -> None:
    known = CONTRACT["role_type_ids"]
    ours = {f"Tenant {row.word}": row.id for row in ROLE_TYPES}
    assert ours == {name: id_ for name, id_ in known.items() if name in ours}
    assert len(ours) == 5
    assert set(ROLE_TYPE_BY_ID) == set(ours.values())


@pytest.mark.parametrize(("theme", "era"), [("aveva", "AVEVA"), ("ocs", "OCS")])
def test_built_in_roles_are_named_by_theme(theme: Theme, era: str) -> None:
    names = {
        row.word: displayed_name(
            Role(id="r", name=row.word, description=None, type_id=row.id), theme
        )
        for row in ROLE_TYPES
    }
    assert names == {word: CONTRACT["role_name_by_era"][era][word] for word in names}


def test_custom_roles_keep_their_name() -> None:
    role = Role(id="r", name="Shift lead", description=None)
    assert {displayed_name(role, theme) for theme in get_args(Theme)} == {"Shift lead"}


@pytest.mark.parametrize(
    "name", [f"{prefix} {row.word}" for prefix in THEME_PREFIX.values() for row in ROLE_TYPES]
)
def test_names_of_built_in_roles_are_reserved_under_any_theme(name: str) -> None:
    for spelled in (name, name.upper(), name.replace(" ", "\u00a0 "), f" {name} "):
        assert is_reserved_role_name(fold(spelled))


@pytest.mark.parametrize("name", ["Tenant", "Administrators", "Tenant Administrator 2", ""])
def test_other_names_are_free(name: str) -> None:
    assert not is_reserved_role_name(fold(name))


@pytest.mark.requirement("R-65")
@settings(deadline=None, max_examples=100)
@given(ROLES, ROLES)
def test_nobody_grants_what_they_do_not_hold(held: frozenset[str], wanted: frozenset[str]) -> None:
    assert may_grant(frozenset({MEMBER}), held, wanted) == (wanted - held == frozenset())
    assert may_grant(frozenset({ADMINISTRATOR}), held, wanted)
