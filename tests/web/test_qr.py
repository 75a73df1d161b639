"""QR codes, compared with those that the package `qrcode` 8 draws with the same mask."""

import hashlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.web import qr

LONGEST = 412
TEXT = "otpauth://totp/" + "Mill:kim@example.com?x=&y " * 20


@pytest.mark.parametrize(
    ("length", "side", "digest"),
    [
        (1, 21, "df9d08e367537cec"),
        (14, 21, "ff942ccc2c48247a"),
        (15, 25, "df34935e90c69657"),
        (26, 25, "2135ecaa36126823"),
        (27, 29, "2e754eeb4667e3cc"),
        (42, 29, "a2c6cf40825d146f"),
        (43, 33, "462d70683777dbde"),
        (62, 33, "d14f4dc0137d44ce"),
        (63, 37, "46c1c887d76df905"),
        (84, 37, "e49e8ab93eaabb75"),
        (85, 41, "65f9e51d696adfdd"),
        (106, 41, "7e3237807b759f75"),
        (107, 45, "edd579be27ef60c8"),
        (122, 45, "f3940f09a0a0bc96"),
        (123, 49, "e82993663b1a9aed"),
        (152, 49, "f31abc9dfbe0e48a"),
        (153, 53, "e791cacee22a5bab"),
        (180, 53, "a6f4b8ab66b2e4c6"),
        (181, 57, "3e1c31bbde6d7929"),
        (213, 57, "a219ba51c9239709"),
        (214, 61, "feaf03b4084a4e60"),
        (251, 61, "6e03d238694908ff"),
        (252, 65, "1d6ef1330cb723fa"),
        (287, 65, "f3b6fd6a431add22"),
        (288, 69, "d3400b742a0e2d54"),
        (331, 69, "ae22305db0067a76"),
        (332, 73, "5c9cb007c7527d52"),
        (362, 73, "6319687d12242c8f"),
        (363, 77, "b395d9e2cb0e6d65"),
        (412, 77, "9553f23ebb52a128"),
    ],
)
def test_the_shortest_and_the_longest_text_of_each_version(
    length: int, side: int, digest: str
) -> None:
    rows = qr.modules(TEXT[:length])
    assert rows is not None
    assert {len(row) for row in rows} == {len(rows)} == {side}
    assert hashlib.sha256("".join(rows).encode()).hexdigest()[:16] == digest


def test_a_text_that_is_too_long_has_no_picture() -> None:
    assert qr.modules("x" * (LONGEST + 1)) is None
    assert qr.drawing("x" * (LONGEST + 1)) is None
    assert qr.drawing("x" * LONGEST) is not None


@settings(deadline=None, max_examples=30)
@given(st.text(max_size=100))
def test_a_picture_says_what_the_modules_are(text: str) -> None:
    rows, drawn = qr.modules(text), qr.drawing(text)
    assert rows is not None
    assert drawn is not None
    assert drawn.side == len(rows) + 2 * qr.QUIET
    dark = set()
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", drawn.path):
        dark |= {(int(x) + step, int(y)) for step in range(int(width))}
    assert re.sub(r"M\d+ \d+h(\d+)v1h-\1z", "", drawn.path) == ""
    told = {
        (x + qr.QUIET, y + qr.QUIET)
        for y, row in enumerate(rows)
        for x, module in enumerate(row)
        if module == "1"
    }
    assert dark == told
