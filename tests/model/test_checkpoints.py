"""Lines of checkpoints: what is signed is what is read, and nothing else is one."""

from datetime import UTC, datetime

import pytest

from gatepost.model import checkpoints
from gatepost.model.checkpoints import Checkpoint
from gatepost.model.events import Head
from gatepost.model.journal_walk import Attested

pytestmark = pytest.mark.requirement("R-78", "D-14")

NOW = datetime(2031, 5, 31, 14, 57, 8, 123456, tzinfo=UTC)
HEADS = (("", Head(3, bytes(32))), ('mi"ll\n', Head(2**40, b"\xff" * 32)))
CHECKPOINT = Checkpoint(NOW, HEADS)


def backwards(body: bytes) -> str:
    """A signature that anybody can make."""
    return str(len(body))


LINE = checkpoints.line(CHECKPOINT, "key", backwards)


def test_a_line_is_read_as_it_was_written() -> None:
    read = checkpoints.read(LINE)
    assert read is not None
    assert (read.checkpoint, read.key) == (CHECKPOINT, "key")
    assert read.signature == backwards(read.body)
    assert read.body + f',"signature":"{read.signature}"}}\n'.encode() == LINE
    assert LINE.count(b"\n") == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"gatepost-checkpoint-1", b"gatepost-checkpoint-2"),
        (b'"key":"key"', b'"key":"key","key":"key"'),
        (b'"key":"key"', b'"key":"key","note":""'),
        (b'"key":"key"', b'"key": "key"'),
        (b"08.123456Z", b"08.123456"),
        (b"08.123456Z", b"08.1234560Z"),
        (b"2031-05-31T", b"2031-13-31T"),
        (b'["",3,', b'["",0,'),
        (b'["",3,', b'["",-3,'),
        (b'["",3,', b'["",9223372036854775808,'),
        (b'["",3,', b'["",3.5,'),
        (b'["",3,"00', b'["",3,"'),
        (b'["",3,"00', b'["",3,"zz'),
        (b'"}\n', b'"}'),
        (b"}\n", b"} \n"),
        (LINE, b"\n"),
        (LINE, b"[]\n"),
        (LINE, b"\xff\n"),
        (LINE, LINE[:40]),
    ],
)
def test_what_we_did_not_write_is_no_checkpoint(before: bytes, after: bytes) -> None:
    assert before in LINE
    assert checkpoints.read(LINE.replace(before, after, 1)) is None


def test_a_journal_has_what_all_checkpoints_have_of_it() -> None:
    later = Checkpoint(NOW.replace(year=2032), (("", Head(5, bytes(32))),))
    found = checkpoints.by_journal([CHECKPOINT, later])
    assert found[""] == [Attested(HEADS[0][1], NOW), Attested(Head(5, bytes(32)), later.at)]
    assert [each.head.seq for each in found['mi"ll\n']] == [2**40]
