"""The log as files (C2SP tlog-tiles): paths, entry bundles, growth and proofs from tiles.

A tile at level L holds up to 256 consecutive hashes, each the root of 256^L leaves. Only complete
subtrees are stored, so a full tile never changes and everything else follows from tiles alone.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from clawmarket.domain.trust.merkle import HASH_BYTES, check_hashes, node_hash, root_of

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
MAX_LEVEL = 63
MAX_ENTRY_BYTES = 2**16 - 1

ReadTile = Callable[[int, int], bytes]
"""From level and tile index to the tile's hashes, whatever width exists; b"" for none."""

RootAt = Callable[[int, int], bytes]

_TILE_BYTES = TILE_WIDTH * HASH_BYTES
_INDEX_LIMIT = 1 << (64 - TILE_HEIGHT)
_LENGTH_BYTES = 2
_INDEX_AND_WIDTH = r"((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
_TILE_PATH = re.compile(rf"tile/(0|[1-9][0-9]?)/{_INDEX_AND_WIDTH}")
_BUNDLE_PATH = re.compile(rf"tile/entries/{_INDEX_AND_WIDTH}")


class TileError(ValueError):
    """A path, a tile or a bundle has not the form that tlog-tiles demands."""


@dataclass(frozen=True, slots=True)
class Tile:
    """Where a tile stands and how many hashes it holds.

    Args:
        level: 0 for leaf hashes, 63 at most.
        index: Position within the level, from 0.
        width: Number of hashes, 1 to 256; below 256 the tile is partial.

    Raises:
        TileError: A number is out of its range.
    """

    level: int
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        if not 0 <= self.level <= MAX_LEVEL:
            raise TileError(f"tile level {self.level} is not between 0 and {MAX_LEVEL}")
        _check_place(self.index, self.width)

    @property
    def path(self) -> str:
        """The tile's path below the log's prefix, as `tile/1/x001/x234/067.p/5`."""
        return f"tile/{self.level}/{_index_and_width(self.index, self.width)}"


def parse_path(text: str) -> Tile:
    """Return the tile that a path names. Raises TileError unless `Tile.path` would write it."""
    match = _TILE_PATH.fullmatch(text)
    if match is None:
        raise TileError(f"{text[:80]!r} is not a tile path")
    level, index, width = match.groups()
    tile = Tile(int(level), _parse_index(index), _parse_width(width))
    _check_canonical(text, tile.path)
    return tile


def bundle_path(index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of the entries behind a level 0 tile. Raises TileError."""
    _check_place(index, width)
    return f"tile/entries/{_index_and_width(index, width)}"


def parse_bundle_path(text: str) -> tuple[int, int]:
    """Return index and width that a bundle path names. Raises TileError."""
    match = _BUNDLE_PATH.fullmatch(text)
    if match is None:
        raise TileError(f"{text[:80]!r} is not an entry bundle path")
    index, width = _parse_index(match[1]), _parse_width(match[2])
    _check_canonical(text, bundle_path(index, width))
    return index, width


def _check_place(index: int, width: int) -> None:
    if not 0 <= index < _INDEX_LIMIT:
        raise TileError(f"tile index {index} is not between 0 and 2^56 - 1")
    if not 1 <= width <= TILE_WIDTH:
        raise TileError(f"tile width {width} is not between 1 and {TILE_WIDTH}")


def _index_and_width(index: int, width: int) -> str:
    path = f"{index % 1000:03d}"
    while index := index // 1000:
        path = f"x{index % 1000:03d}/{path}"
    return path if width == TILE_WIDTH else f"{path}.p/{width}"


def _parse_index(text: str) -> int:
    return int(text.replace("x", "").replace("/", ""))


def _parse_width(text: str | None) -> int:
    return TILE_WIDTH if text is None else int(text)


def _check_canonical(text: str, written: str) -> None:
    # Spellings such as `x000/001` and `.p/256` name the same tile twice and defeat caches.
    if text != written:
        raise TileError(f"{text!r} must be written {written!r}")


def bundle(entries: Sequence[bytes]) -> bytes:
    """Return entries one after the other, each behind its length as a big-endian uint16.

    Raises:
        TileError: More than 256 entries, or one above 65,535 bytes.
    """
    if len(entries) > TILE_WIDTH:
        raise TileError(f"a bundle holds {TILE_WIDTH} entries, not {len(entries)}")
    for position, entry in enumerate(entries):
        if len(entry) > MAX_ENTRY_BYTES:
            raise TileError(f"entry {position} has {len(entry)} bytes, over {MAX_ENTRY_BYTES}")
    return b"".join(len(entry).to_bytes(_LENGTH_BYTES, "big") + entry for entry in entries)


def split_bundle(data: bytes) -> list[bytes]:
    """Return the entries of a bundle. Raises TileError when it is cut short or overfull."""
    entries: list[bytes] = []
    position = 0
    while position < len(data):
        start = position + _LENGTH_BYTES
        position = start + int.from_bytes(data[position:start], "big")
        if position > len(data):
            raise TileError(f"entry {len(entries)} of the bundle is cut short")
        entries.append(data[start:position])
    if len(entries) > TILE_WIDTH:
        raise TileError(f"a bundle holds {TILE_WIDTH} entries, not {len(entries)}")
    return entries


def tiles_touched(old_size: int, new_size: int) -> list[Tile]:
    """Return the tiles to write when the tree grows, from level 0 up and from the left.

    The tile that was partial at the old size is among them when it widens; its bundle's index and
    width equal those of the level 0 tile.

    Raises:
        TileError: The sizes don't grow from 0 upwards.
    """
    if not 0 <= old_size <= new_size:
        raise TileError(f"a log can't grow from size {old_size} to {new_size}")
    touched: list[Tile] = []
    level, old, new = 0, old_size, new_size
    while old < new:
        indexes = range(old >> TILE_HEIGHT, (new - 1 >> TILE_HEIGHT) + 1)
        touched += (Tile(level, i, min(TILE_WIDTH, new - (i << TILE_HEIGHT))) for i in indexes)
        level, old, new = level + 1, old >> TILE_HEIGHT, new >> TILE_HEIGHT
    return touched


def grow(size: int, leaf_hashes: Sequence[bytes], read: ReadTile) -> list[tuple[int, int, bytes]]:
    """Return the tiles that change when leaves are added, each as (level, index, hashes).

    They are those of `tiles_touched`, in the same order. The work is in proportion to the new
    leaves: of the old tree only the partial tile at the right of each level is read.

    Args:
        size: Leaves in the tree so far.
        leaf_hashes: The new leaves.
        read: Gives a tile; a wider one than the size needs is cut, so a batch can be repeated.

    Raises:
        TileError: The size is negative, or a partial tile is shorter than the size demands.
        ProofError: A leaf hash has not 32 bytes.
    """
    if size < 0:
        raise TileError(f"a log can't have size {size}")
    check_hashes(leaf_hashes, "leaf hash")
    changed: list[tuple[int, int, bytes]] = []
    level, added = 0, leaf_hashes
    while added:
        first, kept = divmod(size, TILE_WIDTH)
        # An empty tile must not be served (tlog-tiles, Partial Tiles), so it isn't asked for.
        old = _hashes(read, level, first, kept) if kept else b""
        data = old + b"".join(added)
        tiles = [data[at : at + _TILE_BYTES] for at in range(0, len(data), _TILE_BYTES)]
        changed += ((level, first + i, tile) for i, tile in enumerate(tiles))
        # Partial tiles must not be hashed into the level above (tlog-tiles, Partial Tiles).
        added = [root_of(_split(tile)) for tile in tiles if len(tile) == _TILE_BYTES]
        level, size = level + 1, size >> TILE_HEIGHT
    return changed


def inclusion_proofs(indices: Iterable[int], size: int, read: ReadTile) -> list[list[bytes]]:
    """Return the proofs of RFC 6962, section 2.1.1, that leaves are in the tree of this size.

    What several proofs share is worked out once.

    Raises:
        TileError: An index is not in the tree, or a tile is shorter than the size demands.
    """
    root_at = _subtree_roots(read)
    return [_inclusion_proof(index, size, root_at) for index in indices]


def _inclusion_proof(index: int, size: int, root_at: RootAt) -> list[bytes]:
    if not 0 <= index < size:
        raise TileError(f"index {index} is not in a tree of size {size}")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split_point(end - start)
        if index < middle:
            proof.append(_span_root(middle, end, root_at))
            end = middle
        else:
            proof.append(_span_root(start, middle, root_at))
            start = middle
    return proof[::-1]


def consistency_proof(size1: int, size2: int, read: ReadTile) -> list[bytes]:
    """Return the proof of RFC 6962, section 2.1.2, that the first tree is the second's beginning.

    Raises:
        TileError: Not 0 < size1 <= size2, or a tile is shorter than size2 demands.
    """
    if not 0 < size1 <= size2:
        raise TileError(f"no proof leads from size {size1} to size {size2}")
    root_at = _subtree_roots(read)
    proof: list[bytes] = []
    start, end = 0, size2
    while size1 != end:
        middle = start + _split_point(end - start)
        if size1 <= middle:
            proof.append(_span_root(middle, end, root_at))
            end = middle
        else:
            proof.append(_span_root(start, middle, root_at))
            start = middle
    if start:
        # The verifier knows the older root; it needs this subtree unless that is the whole tree.
        proof.append(_span_root(start, end, root_at))
    return proof[::-1]


def _split_point(count: int) -> int:
    """The largest power of two below a count, where RFC 6962 parts a tree."""
    return 1 << (count - 1).bit_length() - 1


def _span_root(start: int, end: int, root_at: RootAt) -> bytes:
    """The root of the leaves from start to end, where start ends a complete subtree."""
    roots: list[bytes] = []
    while start < end:
        height = (end - start).bit_length() - 1
        roots.append(root_at(start, height))
        start += 1 << height
    node = roots.pop()
    while roots:
        node = node_hash(roots.pop(), node)
    return node


def _subtree_roots(read: ReadTile) -> RootAt:
    """From a start and a height, the root of the complete subtree of 2^height leaves from there."""
    tile = cache(read)

    @cache
    def root_at(start: int, height: int) -> bytes:
        # One tile holds it.
        level, rest = divmod(height, TILE_HEIGHT)
        index, first = divmod(start >> level * TILE_HEIGHT, TILE_WIDTH)
        after = first + (1 << rest)
        return root_of(_split(_hashes(tile, level, index, after)[first * HASH_BYTES :]))

    return root_at


def _hashes(read: ReadTile, level: int, index: int, width: int) -> bytes:
    """The first hashes of a tile, as many as width says."""
    data = read(level, index)
    if len(data) < width * HASH_BYTES:
        path = Tile(level, index).path
        raise TileError(f"{path} has {len(data)} bytes, but {width * HASH_BYTES} are needed")
    return data[: width * HASH_BYTES]


def _split(data: bytes) -> list[bytes]:
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]
