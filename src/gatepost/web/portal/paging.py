"""Pages of lists that are numbered: which one an address asks for, and the links to the others."""

from collections.abc import Callable
from typing import NamedTuple

from gatepost.model.text import refused_character
from gatepost.ports import PageOf
from gatepost.web.portal.visits import Fields, Visit

PAGE_SIZE = 25
_MAX_PAGE = 4_000
_MAX_DIGITS = 5
_MAX_SEARCH = 200


class Shown(NamedTuple):
    """How many rows a page has, how many there are in all, and whether there are more yet."""

    rows: int
    total: int
    is_more: bool = False


def number_in(query: Fields, name: str = "page") -> int:
    """The page that an address names; the first when it names none."""
    text = query.get(name)
    known = text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
    return min(max(int(text), 1), _MAX_PAGE) if known else 1


def search_in(query: Fields) -> str:
    """What an address looks for; what no text may have finds nothing and is left out."""
    text = query.get("q").strip()[:_MAX_SEARCH]
    return "" if refused_character(text) else text


def part(number: int) -> PageOf:
    """The part of the list that a page shows."""
    return PageOf((number - 1) * PAGE_SIZE, PAGE_SIZE)


def last(total: int) -> int:
    """The number of the last page."""
    return max(1, -(-total // PAGE_SIZE))


def pager(
    visit: Visit, number: int, shown: Shown, address: Callable[[int], str]
) -> dict[str, str | None]:
    """What stands below a list: which rows these are, and where the pages beside are."""
    first = (number - 1) * PAGE_SIZE + 1
    end = first + shown.rows - 1
    key = "paging.range_of_many" if shown.is_more else "paging.range"
    goes_on = end < shown.total or (shown.is_more and shown.rows == PAGE_SIZE)
    return {
        "text": visit.say(key, first=first, last=end, total=shown.total) if shown.rows else "",
        "previous": address(number - 1) if number > 1 else None,
        "next": address(number + 1) if goes_on else None,
    }
