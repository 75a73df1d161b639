"""Headers are read within limits, and no further."""

import pytest

from gatepost.model.errors import Code
from gatepost.web.wire import MAX_HEADER_BYTES, read_headers

pytestmark = pytest.mark.requirement("R-68")


def test_what_is_behind_the_limit_is_not_read() -> None:
    """Equal headers are joined, so that reading all of them would take time by their square."""
    found = read_headers([(b"a", b"bb")] * 100_000)
    assert found.fault is not None
    assert found.fault.code is Code.HEADERS_TOO_LARGE
    assert len(found.headers["a"]) <= MAX_HEADER_BYTES


def test_headers_up_to_the_limit_are_read() -> None:
    headers = [(b"a", b"b" * (MAX_HEADER_BYTES - 1))]
    assert read_headers(headers).fault is None
    assert read_headers([*headers, (b"c", b"")]).fault is not None
