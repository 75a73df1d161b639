"""Write src/gatepost/crypto/common_passwords.bin anew from lists of passwords.

    .venv/bin/python tools/common_passwords.py LIST…

A list is text with a word a line (.gz is opened), or JSON with one array. Where today's lists come
from stands in src/gatepost/crypto/common_passwords.txt.
"""

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from gatepost.crypto.common_passwords import ENTRY, FILE, packed


def words_in(path: Path) -> Iterator[str]:
    """The words of a list."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    yield from json.loads(raw) if path.suffix == ".json" else raw.decode().splitlines()


def main() -> None:
    """Write the file and say how long it is."""
    octets = packed(word for name in sys.argv[1:] for word in words_in(Path(name)))
    FILE.write_bytes(octets)
    print(f"{len(octets) // ENTRY} words, {len(octets)} octets")


if __name__ == "__main__":
    main()
