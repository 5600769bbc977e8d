"""Masks: which numbers of each block hold all that is wanted, from the tiles on the disk."""

from collections.abc import Sequence

from clawmarket.domain.market.board.index import (
    BLOCK,
    BoardColumn,
    BoardTile,
    block_key,
    block_of,
    offsets_of,
    unpack_bits,
    unpack_numbers,
)
from clawmarket.ports.store import Query, Snapshot
from clawmarket.services.market.board.terms import Want, Wants

# How many tiles one wanted term may take, or all words together that begin as it says.
MAX_TILES = 4_096
# How many all beginnings of one search may take together: anybody may ask, and every tile is read.
MAX_TILES_OF_BEGINNINGS = 8_192
# Of so few bits each is looked at by itself.
FEW = 64
FEW_BLOCKS = 8

Masks = dict[int, int]

_FULL = (1 << BLOCK) - 1


def masks_of(rows: Snapshot, wants: Wants, size: int) -> tuple[Masks, bool]:
    """Return the mask of each block in which something holds, and whether some were left out."""
    if not wants:
        return _all(size), False
    room = MAX_TILES_OF_BEGINNINGS
    found = []
    for alternatives in wants:
        masks, is_cut, taken = _any_of(rows, alternatives, room)
        found.append((masks, is_cut))
        room -= taken
    # The rarest first: the others are then looked at in its blocks only.
    found.sort(key=lambda each: len(each[0]))
    masks = found[0][0]
    for other, _ in found[1:]:
        masks = {block: both for block in masks if (both := masks[block] & other.get(block, 0))}
    return masks, any(is_cut for _, is_cut in found)


def _all(size: int) -> Masks:
    full, rest = divmod(size, BLOCK)
    masks = dict.fromkeys(range(full), _FULL)
    if rest:
        masks[full] = (1 << rest) - 1
    return masks


def _any_of(rows: Snapshot, alternatives: tuple[Want, ...], room: int) -> tuple[Masks, bool, int]:
    """Return the masks of any of them, whether some were cut, and the tiles of beginnings."""
    masks: Masks = {}
    is_cut, taken = False, 0
    for want in alternatives:
        if want.begins:
            most = min(MAX_TILES, room - taken)
            tiles = _tiles(rows, want.term, most)
            taken += len(tiles)
            if len(tiles) == most:
                # What is so common is cut; the word itself never is.
                tiles += _tiles(rows, f"{want.term}|")
                is_cut = True
        else:
            tiles = _tiles(rows, f"{want.term}|")
            is_cut = is_cut or len(tiles) == MAX_TILES
        for tile in tiles:
            block = block_of(tile.tile_id)
            masks[block] = masks.get(block, 0) | unpack_bits(tile.bits)
    return masks, is_cut, taken


def _tiles(rows: Snapshot, prefix: str, most: int = MAX_TILES) -> list[BoardTile]:
    if most <= 0:
        return []
    return rows.find(Query(BoardTile, prefix=prefix, newest_first=True, limit=most))


class Columns:
    """The columns that a search looks at, each read once; of many blocks all at once."""

    def __init__(self, rows: Snapshot, blocks: int) -> None:
        self._rows = rows
        self._is_many = blocks > FEW_BLOCKS
        self._read: dict[str, bytes] = {}
        self._fetched: set[str] = set()

    def cells(self, name: str, block: int) -> bytes:
        """Return a column of a block."""
        key = block_key(name, block)
        if key not in self._read:
            column = self._rows.get(BoardColumn, key)
            self._read[key] = column.cells if column else b""
        return self._read[key]

    def numbers(self, name: str, block: int) -> tuple[int, ...]:
        """Return a column of whole numbers."""
        if self._is_many and name not in self._fetched:
            self._fetched.add(name)
            newest = Query(BoardColumn, prefix=f"{name}|", newest_first=True, limit=MAX_TILES)
            self._read |= {each.column_id: each.cells for each in self._rows.find(newest)}
        return unpack_numbers(self.cells(name, block))


def within(values: Sequence[int], mask: int, least: int, most: int) -> int:
    """Return the part of a mask whose values lie in a range."""
    if mask.bit_count() <= FEW:
        return sum(1 << at for at in offsets_of(mask) if least <= values[at] <= most)
    flags = ["1" if least <= value <= most else "0" for value in reversed(values)]
    return mask & int("".join(flags), 2)
