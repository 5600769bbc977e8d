"""The board: an index over all tasks, in tiles of bits, that follows the records.

Tasks are numbered in the order of their publication. Of each block of `BLOCK` numbers, every term
(a word, a skill, a state) has a tile that says which of them it holds for, and a few columns keep
what is compared or sorted by. It is worked out from the tasks and can be made anew at any time.
"""

import struct
from dataclasses import dataclass
from itertools import compress

BOARD = "board"
BLOCK = 1024

_SPARSE = 48
_BITS = b"b"
_OFFSETS = b"o"
_FLAGS = bytes.maketrans(b"01", b"\x00\x01")


@dataclass(frozen=True, slots=True)
class BoardHead:
    """Which record the board has followed last, and how many tasks it has numbered."""

    name: str
    last_record_id: str
    size: int


@dataclass(frozen=True, slots=True)
class BoardPlace:
    """Which number a task has."""

    task_id: str
    number: int


@dataclass(frozen=True, slots=True)
class BoardTile:
    """Which tasks of a block a term holds for; the key is term|block."""

    tile_id: str
    bits: bytes


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """One value of each task of a block, in the order of the numbers; the key is name|block."""

    column_id: str
    cells: bytes


EMPTY_BOARD = BoardHead(BOARD, "", 0)


def block_key(name: str, block: int) -> str:
    """Return the key of a term's tile, or of a column, for a block."""
    return f"{name}|{block:06x}"


def block_of(key: str) -> int:
    """Return the block that a key is for."""
    return int(key[-6:], 16)


def pack_bits(mask: int) -> bytes:
    """Return a tile's bits for the disk: a few as a list of offsets, many as they are."""
    if mask.bit_count() > _SPARSE:
        return _BITS + mask.to_bytes(BLOCK // 8, "little")
    offsets = offsets_of(mask)
    return _OFFSETS + struct.pack(f"<{len(offsets)}H", *offsets)


def unpack_bits(bits: bytes) -> int:
    """Return the mask of a tile; nothing is an empty one."""
    if bits[:1] == _BITS:
        return int.from_bytes(bits[1:], "little")
    mask = 0
    for offset in struct.unpack(f"<{len(bits) // 2}H", bits[1:]):
        mask |= 1 << offset
    return mask


def offsets_of(mask: int) -> list[int]:
    """Return the places of a mask's bits, rising."""
    if mask.bit_count() > _SPARSE:
        return list(compress(range(BLOCK), flags_of(mask)))
    offsets = []
    while mask:
        lowest = mask & -mask
        offsets.append(lowest.bit_length() - 1)
        mask ^= lowest
    return offsets


def flags_of(mask: int) -> bytes:
    """Return a mask as one byte a bit, the lowest first."""
    return f"{mask:b}"[::-1].encode().translate(_FLAGS)


def pack_numbers(numbers: list[int]) -> bytes:
    """Return a column of whole numbers for the disk."""
    return struct.pack(f"<{len(numbers)}q", *numbers)


def unpack_numbers(cells: bytes) -> tuple[int, ...]:
    """Return a column of whole numbers."""
    return struct.unpack(f"<{len(cells) // 8}q", cells)
