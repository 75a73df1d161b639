"""The passwords that are used most, as a file of short digests: searched where it lies (R-45).

The file is sorted, so that a search reads a few pages of it. Nothing of it is held in memory, and
all processes share what the system has read. Six octets of a digest tell an uncommon password for
a common one once in five thousand million; `common_passwords.txt` says where the words come from.
"""

import hashlib
import mmap
from bisect import bisect_left
from collections.abc import Iterable
from pathlib import Path

from gatepost.model.text import fold

ENTRY = 6
FILE = Path(__file__).with_name("common_passwords.bin")


def is_common(folded: str, file: Path = FILE) -> bool:
    """Whether a password, folded, is one of those that are used most."""
    wanted = entry(folded)
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as known:
        count = len(known) // ENTRY
        place = bisect_left(range(count), wanted, key=lambda n: known[n * ENTRY : (n + 1) * ENTRY])
        return known[place * ENTRY : (place + 1) * ENTRY] == wanted


def packed(words: Iterable[str]) -> bytes:
    """The contents of such a file."""
    return b"".join(sorted({entry(fold(word)) for word in words if fold(word)}))


def entry(folded: str) -> bytes:
    """What stands in the file for a word."""
    return hashlib.sha256(folded.encode("utf-8", "surrogatepass")).digest()[:ENTRY]
