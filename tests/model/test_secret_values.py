"""Generated secrets: recognisable, checked by their own sum, fit for an unencoded form body."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.model.secret_values import MAX_LENGTH, PREFIX, compose, is_well_formed
from gatepost.system import SystemDice

URL_SAFE = st.text("ABCXYZabcxyz0189-_", min_size=43, max_size=43)


@pytest.mark.requirement("R-60")
@settings(deadline=None, max_examples=100)
@given(URL_SAFE)
def test_a_composed_secret_has_the_form(random_text: str) -> None:
    value = compose(random_text)
    assert value.startswith(PREFIX + random_text)
    assert is_well_formed(value)
    assert re.fullmatch(r"gps_[A-Za-z0-9_-]+", value)
    assert len(value) <= MAX_LENGTH


@pytest.mark.requirement("R-60")
@settings(deadline=None, max_examples=100)
@given(URL_SAFE, st.data())
def test_one_changed_character_is_seen(random_text: str, data: st.DataObject) -> None:
    value = compose(random_text)
    at = data.draw(st.integers(len(PREFIX), len(value) - 7))
    other = data.draw(st.sampled_from("ABCXYZ0189").filter(lambda c: c != value[at]))
    assert not is_well_formed(value[:at] + other + value[at + 1 :])


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=60))
def test_any_text_is_judged(text: str) -> None:
    assert not is_well_formed(text) or text == compose(text[len(PREFIX) : -6])


@pytest.mark.parametrize("value", ["", "gps_", "gps_AAAAAA", "xps_" + compose("a" * 43)[4:]])
def test_what_is_no_secret_of_ours(value: str) -> None:
    assert not is_well_formed(value)


@pytest.mark.requirement("R-60", "R-74")
def test_a_secret_holds_256_random_bits() -> None:
    made = {compose(SystemDice().token(32)) for _ in range(50)}
    assert len(made) == 50
    assert {len(value) for value in made} == {len(PREFIX) + 43 + 6}
