"""Masks: which numbers of each block hold all that is wanted, from the tiles on the disk."""

from collections.abc import Sequence

from clawmarket.domain.market.board import (
    BLOCK,
    BoardColumn,
    BoardTile,
    block_key,
    block_of,
    offsets_of,
    unpack_bits,
)
from clawmarket.ports.store import Query, Snapshot
from clawmarket.services.market.board.terms import Want, Wants

# How many tiles one wanted term may take, or all words together that begin as it says.
MAX_TILES = 4_096
# Of so few bits each is looked at by itself.
FEW = 64

Masks = dict[int, int]

_FULL = (1 << BLOCK) - 1


def masks_of(rows: Snapshot, wants: Wants, size: int) -> tuple[Masks, bool]:
    """Return the mask of each block in which something holds, and whether some were left out."""
    if not wants:
        return _all(size), False
    found = [_any_of(rows, alternatives) for alternatives in wants]
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


def _any_of(rows: Snapshot, alternatives: tuple[Want, ...]) -> tuple[Masks, bool]:
    masks: Masks = {}
    is_cut = False
    for want in alternatives:
        tiles = _tiles(rows, want.term if want.begins else f"{want.term}|")
        if len(tiles) == MAX_TILES and want.begins:
            # What is so common is cut; the word itself never is.
            tiles += _tiles(rows, f"{want.term}|")
        is_cut = is_cut or len(tiles) >= MAX_TILES
        for tile in tiles:
            block = block_of(tile.tile_id)
            masks[block] = masks.get(block, 0) | unpack_bits(tile.bits)
    return masks, is_cut


def _tiles(rows: Snapshot, prefix: str) -> list[BoardTile]:
    return rows.find(Query(BoardTile, prefix=prefix, newest_first=True, limit=MAX_TILES))


def column_of(rows: Snapshot, name: str, block: int) -> bytes:
    """Return a column of a block."""
    column = rows.get(BoardColumn, block_key(name, block))
    return column.cells if column else b""


def within(values: Sequence[int], mask: int, least: int, most: int) -> int:
    """Return the part of a mask whose values lie in a range."""
    if mask.bit_count() <= FEW:
        return sum(1 << at for at in offsets_of(mask) if least <= values[at] <= most)
    flags = ["1" if least <= value <= most else "0" for value in reversed(values)]
    return mask & int("".join(flags), 2)
