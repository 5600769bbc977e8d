"""Tiles: their paths, their growth, and the proofs computed from nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawmarket.domain.trust.merkle import (
    Frontier,
    ProofError,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from clawmarket.domain.trust.tiles import (
    Tile,
    TileError,
    bundle,
    bundle_path,
    consistency_proof,
    grow,
    inclusion_proofs,
    parse_bundle_path,
    parse_path,
    split_bundle,
    tiles_touched,
)

LEAVES = tuple(leaf_hash(b"leaf %d" % number) for number in range(70_000))
SMALL = 600
ROOTS = [Frontier().extend(LEAVES[:size]).root() for size in range(SMALL + 1)]

TILES = st.builds(Tile, st.integers(0, 63), st.integers(0, 2**56 - 1), st.integers(1, 256))


class Shelf:
    """The tiles of one log, as a store would hold them: the widest of each place."""

    def __init__(self) -> None:
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.size = 0

    def read(self, level: int, index: int) -> bytes:
        """The tile at a place, or nothing."""
        return self.tiles.get((level, index), b"")

    def add(self, count: int) -> list[Tile]:
        """Grow by a batch; the tiles that were written."""
        changed = grow(self.size, LEAVES[self.size : self.size + count], self.read)
        self.tiles.update({(level, index): data for level, index, data in changed})
        self.size += count
        return [Tile(level, index, len(data) // 32) for level, index, data in changed]


def shelf_of(size: int) -> Shelf:
    """A log grown to a size in one batch."""
    shelf = Shelf()
    shelf.add(size)
    return shelf


WHOLE = shelf_of(len(LEAVES))


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 0, 1), "tile/0/000.p/1"),
        (Tile(3, 999, 255), "tile/3/999.p/255"),
        (Tile(1, 1000), "tile/1/x001/000"),
        (Tile(63, 1_234_067, 112), "tile/63/x001/x234/067.p/112"),
    ],
)
def test_a_path_names_level_index_and_partial_width(tile: Tile, path: str) -> None:
    """Indexes are cut into three digits; only a partial tile shows its width."""
    assert tile.path == path
    assert parse_path(path) == tile


@given(TILES)
def test_each_path_reads_back(tile: Tile) -> None:
    """Every tile's path, and every bundle's, parses to what wrote it."""
    assert parse_path(tile.path) == tile
    written = bundle_path(tile.index, tile.width)
    assert parse_bundle_path(written) == (tile.index, tile.width)


@pytest.mark.parametrize(
    "tail",
    [
        "",
        "0",
        "1000",
        "-01",
        "x000/001",
        "001/234",
        "x001",
        "000.p/0",
        "000.p/01",
        "000.p/256",
        "000.p/999",
        "000.p/",
        "000/",
        "000\n",
        "../000",
        "\u0660\u0660\u0660",
        "x999/" * 6 + "999",
        "x001/" * 9 + "001",
    ],
)
def test_a_bad_index_or_width_is_refused(tail: str) -> None:
    """A place has one spelling, in ASCII digits; every other one is refused."""
    with pytest.raises(TileError):
        parse_path(f"tile/0/{tail}")
    with pytest.raises(TileError):
        parse_bundle_path(f"tile/entries/{tail}")


@pytest.mark.parametrize(
    "head", ["", "tile", "/tile/0", "tile/00", "tile/64", "tile/-1", "tiles/0"]
)
def test_a_bad_level_is_refused(head: str) -> None:
    """Levels go from 0 to 63, and entries are not one of them."""
    for wrong in (head, "tile/entries"):
        with pytest.raises(TileError):
            parse_path(f"{wrong}/000")
    for wrong in (head, "tile/0"):
        with pytest.raises(TileError):
            parse_bundle_path(f"{wrong}/000")


@pytest.mark.parametrize(("level", "index", "width"), [(64, 0, 1), (-1, 0, 1), (0, -1, 1)])
def test_a_tile_out_of_range_is_refused(level: int, index: int, width: int) -> None:
    """Levels, indexes and widths that no log has are refused at once."""
    with pytest.raises(TileError):
        Tile(level, index, width)
    for wrong in (0, 257):
        with pytest.raises(TileError, match=f"tile width {wrong} is not between 1 and 256"):
            bundle_path(0, wrong)


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_a_bundle_splits_into_its_entries(entries: list[bytes]) -> None:
    """What is bundled comes out again, the empty entry and the empty bundle too."""
    assert split_bundle(bundle(entries)) == entries


def test_a_bundle_prefixes_each_entry_with_its_length() -> None:
    """The length is a big-endian uint16, so 65,535 bytes fit and one more does not."""
    assert bundle([b"abc", b""]) == b"\x00\x03abc\x00\x00"
    longest = bytes(65_535)
    assert bundle([longest]) == b"\xff\xff" + longest
    with pytest.raises(TileError, match="entry 1 has 65536 bytes, over 65535"):
        bundle([b"", longest + b"\x00"])


def test_a_bundle_cut_short_or_overfull_is_refused() -> None:
    """Neither half a length, nor half an entry, nor 257 entries are a bundle."""
    for data in (b"\x00", b"\x00\x03ab", b"\x00\x01a\x00"):
        with pytest.raises(TileError, match="cut short"):
            split_bundle(data)
    with pytest.raises(TileError, match="holds 256 entries, not 257"):
        split_bundle(b"\x00\x00" * 257)
    with pytest.raises(TileError, match="holds 256 entries, not 257"):
        bundle([b""] * 257)


def test_the_tree_of_the_specification_has_its_tiles() -> None:
    """70,000 leaves: 273 full tiles and one of 112, one full and one of 17, and one of width 1."""
    expected = [Tile(0, index) for index in range(273)]
    expected += [Tile(0, 273, 112), Tile(1, 0), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert tiles_touched(0, 70_000) == expected
    assert tiles_touched(0, 256) == [Tile(0, 0), Tile(1, 0, 1)]
    assert shelf_of(70_000).tiles.keys() == {(tile.level, tile.index) for tile in expected}


def test_only_the_tiles_that_grew_are_touched() -> None:
    """A full tile is not written again, and no level above one that did not grow."""
    assert tiles_touched(255, 257) == [Tile(0, 0), Tile(0, 1, 1), Tile(1, 0, 1)]
    assert tiles_touched(256, 258) == [Tile(0, 1, 2)]
    assert tiles_touched(70_000, 70_000) == []
    for old, new in ((-1, 2), (2, 1)):
        with pytest.raises(TileError, match="can't grow"):
            tiles_touched(old, new)


@settings(deadline=None)
@given(st.lists(st.integers(0, 700), max_size=8))
def test_random_batches_give_the_tiles_of_one_batch(counts: list[int]) -> None:
    """Growth in steps writes the tiles that were announced and ends with the same bytes."""
    shelf = Shelf()
    for count in counts:
        before = shelf.size
        assert shelf.add(count) == tiles_touched(before, shelf.size)
    assert shelf.tiles == shelf_of(shelf.size).tiles


def test_growth_reads_one_partial_tile_per_level() -> None:
    """Nothing is read but the right edge, so a batch costs what it adds."""
    asked: list[tuple[int, int]] = []

    def read(level: int, index: int) -> bytes:
        asked.append((level, index))
        return WHOLE.read(level, index)

    changed = grow(69_990, LEAVES[69_990:70_000], read)
    assert changed == [(0, 273, WHOLE.read(0, 273))]
    assert asked == [(0, 273)]


def test_a_batch_can_be_repeated_over_its_own_tiles() -> None:
    """A sequencer that stopped after writing some tiles writes the same bytes again."""
    shelf = shelf_of(1_000)
    changed = grow(700, LEAVES[700:1_000], shelf.read)
    assert [shelf.read(level, index) for level, index, _ in changed] == [
        data for _, _, data in changed
    ]


def test_growth_refuses_what_does_not_fit() -> None:
    """A missing partial tile, a negative size and a short leaf hash write nothing."""
    with pytest.raises(TileError, match="tile/0/001 has 0 bytes, but 1408 are needed"):
        grow(300, LEAVES[300:301], Shelf().read)
    with pytest.raises(TileError, match="can't have size -1"):
        grow(-1, LEAVES[:1], Shelf().read)
    with pytest.raises(ProofError, match="leaf hash 1 has 4 bytes, not 32"):
        grow(0, [LEAVES[0], b"data"], Shelf().read)


def test_proofs_from_tiles_verify_at_all_sizes() -> None:
    """For each size up to 600, from just its tiles: the edges, the middle and a scattered one."""
    shelf = Shelf()
    for size in range(1, SMALL + 1):
        shelf.add(1)
        scattered = int.from_bytes(LEAVES[size], "big") % size
        indices = sorted({0, size // 2, size - 1, scattered})
        proofs = inclusion_proofs(indices, size, shelf.read)
        for index, proof in zip(indices, proofs, strict=True):
            verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size])
        for size1 in {1, (size + 1) // 2, size, scattered + 1}:
            proof = consistency_proof(size1, size, shelf.read)
            verify_consistency(size1, size, proof, ROOTS[size1], ROOTS[size])


@settings(deadline=None)
@given(data=st.data(), size=st.integers(1, len(LEAVES)))
def test_proofs_for_an_old_size_come_from_newer_tiles(data: st.DataObject, size: int) -> None:
    """A log that has grown still proves every leaf and every earlier size."""
    index = data.draw(st.integers(0, size - 1))
    root = root_of(LEAVES[:size])
    [proof] = inclusion_proofs([index], size, WHOLE.read)
    verify_inclusion(LEAVES[index], index, size, proof, root)
    size1 = index + 1
    proof = consistency_proof(size1, size, WHOLE.read)
    verify_consistency(size1, size, proof, root_of(LEAVES[:size1]), root)


@settings(deadline=None)
@given(data=st.data(), size=st.integers(2, SMALL))
def test_a_bit_flipped_in_a_tile_gives_no_proof(data: st.DataObject, size: int) -> None:
    """Whoever verifies finds the neighbour that was tampered with."""
    index = data.draw(st.integers(0, (size & ~1) - 1))
    tile_index, offset = divmod(index ^ 1, 256)
    shelf = shelf_of(size)
    tile = bytearray(shelf.tiles[0, tile_index])
    tile[offset * 32 + data.draw(st.integers(0, 31))] ^= 1 << data.draw(st.integers(0, 7))
    shelf.tiles[0, tile_index] = bytes(tile)
    [proof] = inclusion_proofs([index], size, shelf.read)
    with pytest.raises(ProofError, match=f"the proof of leaf {index} in size {size} gives root"):
        verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size])


def test_proofs_refuse_what_the_tree_does_not_have() -> None:
    """An index or size outside the tree, or a tile too short for it, is named."""
    for index in (-1, 600):
        with pytest.raises(TileError, match=f"index {index} is not in a tree of size 600"):
            inclusion_proofs([index], 600, WHOLE.read)
    for size1 in (0, 601):
        with pytest.raises(TileError, match=f"no proof leads from size {size1} to size 600"):
            consistency_proof(size1, 600, WHOLE.read)
    with pytest.raises(TileError, match="tile/0/002 has 2784 bytes, but 2816 are needed"):
        inclusion_proofs([0], 600, shelf_of(599).read)
