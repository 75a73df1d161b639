"""QR codes (ISO/IEC 18004) as the path of an SVG picture: bytes, level M, up to version 15.

Drawn here, so that the key of an authenticator app reaches nobody else (decision 0025). A row of
modules is a number whose bit x says whether the module in column x is dark.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise, zip_longest
from typing import NamedTuple

QUIET = 4
# Of level M, by version from 1 on: octets for correction in a block, and blocks.
_CORRECTION = (10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24)
_BLOCKS = (1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10)
_WITH_VERSION = 7
_LONG_COUNT = 10  # from this version on the length has 16 bits
_MASKS: tuple[Callable[[int, int], int], ...] = (
    lambda x, y: (x + y) % 2,
    lambda _, y: y % 2,
    lambda x, _: x % 3,
    lambda x, y: (x + y) % 3,
    lambda x, y: (x // 3 + y // 2) % 2,
    lambda x, y: x * y % 2 + x * y % 3,
    lambda x, y: (x * y % 2 + x * y % 3) % 2,
    lambda x, y: ((x + y) % 2 + x * y % 3) % 2,
)
_RUN = re.compile("0{5,}|1{5,}")
_FINDER = re.compile("(?=00001011101|10111010000)")


class Drawing(NamedTuple):
    """A code as a picture: its side in modules, with the quiet zone, and the path of the dark."""

    side: int
    path: str


class _Grid:
    """Modules, and which of them are no data."""

    def __init__(self, version: int) -> None:
        self.version = version
        self.size = version * 4 + 17
        self.dark = [0] * self.size
        self.fixed = [0] * self.size

    def put(self, x: int, y: int, dark: object) -> None:
        """Set a module that no mask changes; what lies beside the grid is left out."""
        if 0 <= x < self.size and 0 <= y < self.size:
            self.fixed[y] |= 1 << x
            self.dark[y] = self.dark[y] & ~(1 << x) | bool(dark) << x


def drawing(text: str) -> Drawing | None:
    """The picture of a text; None when it is too long."""
    rows = modules(text)
    if rows is None:
        return None
    bars = (
        f"M{QUIET + run.start()} {QUIET + y}h{len(run[0])}v1h-{len(run[0])}z"
        for y, row in enumerate(rows)
        for run in re.finditer("1+", row)
    )
    return Drawing(len(rows) + 2 * QUIET, "".join(bars))


def modules(text: str) -> tuple[str, ...] | None:
    """The code of a text, row by row, 1 for dark; None when it is too long."""
    data = text.encode()
    version = next((v for v in range(1, len(_BLOCKS) + 1) if _fits(len(data), v)), None)
    if version is None:
        return None
    grid = _Grid(version)
    _draw_patterns(grid)
    _draw_data(grid, _codewords(data, version))
    masked = [_masked(grid, number) for number in range(len(_MASKS))]
    return min(masked, key=_penalty)


def _fits(length: int, version: int) -> bool:
    return 4 + _count_bits(version) + 8 * length <= 8 * _capacity(version)


def _count_bits(version: int) -> int:
    return 16 if version >= _LONG_COUNT else 8


def _capacity(version: int) -> int:
    """How many octets of data a version has."""
    return _octets(version) - _CORRECTION[version - 1] * _BLOCKS[version - 1]


def _octets(version: int) -> int:
    """How many octets there are in all: the area without patterns and version."""
    bits = (16 * version + 128) * version + 64
    marks = len(_marks(version))
    if marks:
        bits -= (25 * marks - 10) * marks - 55
    return (bits - (36 if version >= _WITH_VERSION else 0)) // 8


def _marks(version: int) -> list[int]:
    """Where alignment patterns stand, in both directions."""
    if version == 1:
        return []
    count = version // 7 + 2
    step = (version * 8 + count * 3 + 5) // (count * 4 - 4) * 2
    return [6, *(version * 4 + 10 - step * i for i in range(count - 2, -1, -1))]


def _draw_patterns(grid: _Grid) -> None:
    last = grid.size - 1
    for i in range(grid.size):
        grid.put(6, i, i % 2 == 0)
        grid.put(i, 6, i % 2 == 0)
    for x, y in ((3, 3), (last - 3, 3), (3, last - 3)):
        _draw_rings(grid, x, y, 4, light=(2, 4))
    marks = _marks(grid.version)
    corners = {(6, 6), (6, last - 6), (last - 6, 6)}
    for x, y in ((x, y) for x in marks for y in marks if (x, y) not in corners):
        _draw_rings(grid, x, y, 2, light=(1,))
    _draw_format(grid, 0)
    if grid.version >= _WITH_VERSION:
        bits = grid.version << 12 | _remainder_of_bits(grid.version, 12, 0x1F25)
        for i in range(18):
            across, along = grid.size - 11 + i % 3, i // 3
            grid.put(across, along, bits >> i & 1)
            grid.put(along, across, bits >> i & 1)


def _draw_rings(grid: _Grid, x: int, y: int, radius: int, light: tuple[int, ...]) -> None:
    around = range(-radius, radius + 1)
    for dx, dy in ((dx, dy) for dx in around for dy in around):
        grid.put(x + dx, y + dy, max(abs(dx), abs(dy)) not in light)


def _draw_format(grid: _Grid, mask: int) -> None:
    """The level (M is 0) and the mask, twice."""
    bits = (mask << 10 | _remainder_of_bits(mask, 10, 0x537)) ^ 0x5412
    last, corner = grid.size - 1, ((8, 7), (8, 8), (7, 8))
    first = [*((8, i) for i in range(6)), *corner, *((14 - i, 8) for i in range(9, 15))]
    second = [*((last - i, 8) for i in range(8)), *((8, last - 14 + i) for i in range(8, 15))]
    for i, places in enumerate(zip(first, second, strict=True)):
        for x, y in places:
            grid.put(x, y, bits >> i & 1)
    grid.put(8, last - 7, dark=True)


def _remainder_of_bits(value: int, count: int, divisor: int) -> int:
    rest = value
    for _ in range(count):
        rest = rest << 1 ^ (rest >> count - 1) * divisor
    return rest


def _draw_data(grid: _Grid, octets: Sequence[int]) -> None:
    """Two columns at a time from the right, up and down in turn."""
    bits = (octet >> place & 1 for octet in octets for place in range(7, -1, -1))
    for x, y in _way(grid.size):
        if not grid.fixed[y] >> x & 1:
            grid.dark[y] |= next(bits, 0) << x


def _way(size: int) -> Iterator[tuple[int, int]]:
    upward = True
    for right in (*range(size - 1, 6, -2), 5, 3, 1):
        for y in range(size - 1, -1, -1) if upward else range(size):
            yield right, y
            yield right - 1, y
        upward = not upward


def _codewords(data: bytes, version: int) -> list[int]:
    """The data with their correction, block by block in turn."""
    count, correction = _BLOCKS[version - 1], _CORRECTION[version - 1]
    padded = _padded(data, version)
    short, longer = divmod(len(padded), count)
    blocks, start = [], 0
    for number in range(count):
        end = start + short + (number >= count - longer)
        blocks.append(padded[start:end])
        start = end
    divisor = _divisor(correction)
    corrections = [_remainder(block, divisor) for block in blocks]
    return [*_in_turn(blocks), *_in_turn(corrections)]


def _in_turn(blocks: Iterable[Sequence[int]]) -> Iterator[int]:
    for octets in zip_longest(*blocks):
        yield from (octet for octet in octets if octet is not None)


def _padded(data: bytes, version: int) -> bytes:
    """Mode and length before the data, and behind them what fills the version."""
    width = _count_bits(version)
    capacity = _capacity(version)
    bits = f"0100{len(data):0{width}b}" + "".join(f"{octet:08b}" for octet in data)
    bits += "0" * min(4, 8 * capacity - len(bits))
    bits += "0" * (-len(bits) % 8)
    filled = int(bits, 2).to_bytes(len(bits) // 8, "big")
    return filled + (b"\xec\x11" * capacity)[: capacity - len(filled)]


def _divisor(degree: int) -> list[int]:
    """The polynomial whose zeros are the first powers of 2, highest coefficient left out."""
    found = [0] * (degree - 1) + [1]
    root = 1
    for _ in range(degree):
        for i, coefficient in enumerate(found):
            after = found[i + 1] if i + 1 < degree else 0
            found[i] = _product(coefficient, root) ^ after
        root = _product(root, 2)
    return found


def _remainder(block: Iterable[int], divisor: Sequence[int]) -> list[int]:
    rest = [0] * len(divisor)
    for octet in block:
        factor = octet ^ rest[0]
        rest = [
            low ^ _product(coefficient, factor)
            for low, coefficient in zip((*rest[1:], 0), divisor, strict=True)
        ]
    return rest


def _product(one: int, other: int) -> int:
    """In the field of 256 elements by x^8 + x^4 + x^3 + x^2 + 1."""
    found = 0
    for place in range(7, -1, -1):
        found = found << 1 ^ (found >> 7) * 0x11D
        found ^= (other >> place & 1) * one
    return found


def _masked(grid: _Grid, number: int) -> tuple[str, ...]:
    mask = _MASKS[number]
    _draw_format(grid, number)
    rows = []
    for y in range(grid.size):
        turned = sum(1 << x for x in range(grid.size) if not mask(x, y))
        row = grid.dark[y] ^ (turned & ~grid.fixed[y])
        rows.append(f"{row:0{grid.size}b}"[::-1])
    return tuple(rows)


def _penalty(rows: tuple[str, ...]) -> int:
    """How hard a code is to read: runs, blocks, what looks like a finder, too much of one kind."""
    lines = (*rows, *("".join(column) for column in zip(*rows, strict=True)))
    runs = sum(len(run[0]) - 2 for line in lines for run in _RUN.finditer(line))
    finders = sum(1 for line in lines for _ in _FINDER.finditer(line))
    numbers = [int(row, 2) for row in rows]
    inner = (1 << len(rows) - 1) - 1
    blocks = 0
    for above, below in pairwise(numbers):
        unlike = (above ^ below) | (above ^ below) >> 1 | above ^ above >> 1
        blocks += (~unlike & inner).bit_count()
    share = 100 * sum(number.bit_count() for number in numbers) // len(rows) ** 2
    return runs + 3 * blocks + 40 * finders + 10 * (abs(share - 50) // 5)
