"""The portal's lists: how many there are, which a page that is not full tells by itself."""

import pytest

from gatepost.ports import PageOf


@pytest.mark.parametrize(
    ("skip", "rows", "total"),
    [
        (0, 0, 0),
        (0, 24, 24),
        (0, 25, None),
        (25, 2, 27),
        (25, 25, None),
        (25, 0, None),
    ],
)
def test_a_page_that_is_not_full_tells_how_many_there_are(
    skip: int, rows: int, total: int | None
) -> None:
    assert PageOf(skip, 25).told_total(rows) == total
