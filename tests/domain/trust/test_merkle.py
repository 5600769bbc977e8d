"""The Merkle tree against the recursive definitions of RFC 6962, section 2.1."""

from functools import cache
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.domain.trust.merkle import (
    EMPTY_ROOT,
    Frontier,
    ProofError,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

LEAVES = tuple(leaf_hash(b"leaf %d" % number) for number in range(600))
SIZES = st.integers(min_value=1, max_value=len(LEAVES))


@cache
def defined_root(start: int, end: int) -> bytes:
    """MTH(D[start:end]), word for word."""
    if end - start == 1:
        return LEAVES[start]
    middle = parting(start, end)
    return node_hash(defined_root(start, middle), defined_root(middle, end))


def parting(start: int, end: int) -> int:
    """Where k, the largest power of two smaller than n, parts the leaves."""
    power = 1
    while power * 2 < end - start:
        power *= 2
    return start + power


def defined_path(index: int, start: int, end: int) -> list[bytes]:
    """PATH(m, D[start:end])."""
    if end - start == 1:
        return []
    middle = parting(start, end)
    if index < middle:
        return [*defined_path(index, start, middle), defined_root(middle, end)]
    return [*defined_path(index, middle, end), defined_root(start, middle)]


def defined_subproof(size1: int, start: int, end: int, *, whole: bool) -> list[bytes]:
    """SUBPROOF(m, D[start:end], b)."""
    if size1 == end:
        return [] if whole else [defined_root(start, end)]
    middle = parting(start, end)
    if size1 <= middle:
        left = defined_subproof(size1, start, middle, whole=whole)
        return [*left, defined_root(middle, end)]
    right = defined_subproof(size1, middle, end, whole=False)
    return [*right, defined_root(start, middle)]


def flipped(value: bytes, bit: int) -> bytes:
    """The value with one bit turned over."""
    return (int.from_bytes(value, "big") ^ 1 << bit).to_bytes(len(value), "big")


def test_hashes_have_their_prefixes() -> None:
    """A leaf is hashed behind 0x00, a node behind 0x01; the empty tree is SHA-256 of nothing."""
    assert leaf_hash(b"data") == sha256(b"\x00data").digest()
    assert node_hash(LEAVES[0], LEAVES[1]) == sha256(b"\x01" + LEAVES[0] + LEAVES[1]).digest()
    assert sha256(b"").digest() == EMPTY_ROOT


def test_root_of_every_size_is_the_defined_one() -> None:
    """Pairing level by level gives the recursive definition's root at each size."""
    assert root_of([]) == EMPTY_ROOT
    for size in range(1, len(LEAVES) + 1):
        assert root_of(LEAVES[:size]) == defined_root(0, size)


def test_every_leaf_of_every_small_tree_is_included() -> None:
    """The defined path of each leaf verifies, in all trees of up to 70 leaves."""
    for size in range(1, 71):
        for index in range(size):
            proof = defined_path(index, 0, size)
            verify_inclusion(LEAVES[index], index, size, proof, defined_root(0, size))


def test_every_small_tree_is_consistent_with_each_before_it() -> None:
    """The defined proof between each two sizes up to 70 verifies."""
    for size2 in range(1, 71):
        for size1 in range(1, size2 + 1):
            proof = defined_subproof(size1, 0, size2, whole=True)
            root1, root2 = defined_root(0, size1), defined_root(0, size2)
            verify_consistency(size1, size2, proof, root1, root2)


@given(data=st.data(), size=SIZES)
def test_an_inclusion_proof_fails_with_any_bit_flipped(data: st.DataObject, size: int) -> None:
    """One bit of leaf, root or any proof hash is enough."""
    index = data.draw(st.integers(0, size - 1))
    parts = [LEAVES[index], defined_root(0, size), *defined_path(index, 0, size)]
    verify_inclusion(parts[0], index, size, parts[2:], parts[1])
    hit = data.draw(st.integers(0, len(parts) - 1))
    parts[hit] = flipped(parts[hit], data.draw(st.integers(0, 255)))
    with pytest.raises(ProofError, match="gives root"):
        verify_inclusion(parts[0], index, size, parts[2:], parts[1])


@given(data=st.data(), size2=SIZES)
def test_a_consistency_proof_fails_with_any_bit_flipped(data: st.DataObject, size2: int) -> None:
    """One bit of either root or any proof hash is enough."""
    size1 = data.draw(st.integers(1, size2))
    proof = defined_subproof(size1, 0, size2, whole=True)
    parts = [defined_root(0, size1), defined_root(0, size2), *proof]
    verify_consistency(size1, size2, parts[2:], parts[0], parts[1])
    hit = data.draw(st.integers(0, len(parts) - 1))
    parts[hit] = flipped(parts[hit], data.draw(st.integers(0, 255)))
    with pytest.raises(ProofError, match="root"):
        verify_consistency(size1, size2, parts[2:], parts[0], parts[1])


@given(data=st.data(), size=st.integers(min_value=2, max_value=len(LEAVES)))
def test_a_proof_does_not_serve_another_leaf(data: st.DataObject, size: int) -> None:
    """A leaf is refused at each index but its own, with that index's own proof or the other's."""
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1).filter(lambda number: number != index))
    for proof in (defined_path(index, 0, size), defined_path(other, 0, size)):
        with pytest.raises(ProofError):
            verify_inclusion(LEAVES[index], other, size, proof, defined_root(0, size))


@pytest.mark.parametrize(
    ("index", "size", "drop", "message"),
    [
        (5, 5, 0, "index 5 is not in a tree of size 5"),
        (-1, 5, 0, "index -1 is not in a tree of size 5"),
        (0, 0, 0, "index 0 is not in a tree of size 0"),
        (2, 5, 1, "the proof has 2 hashes, not 3"),
        (4, 5, 0, "the proof has 3 hashes, not 1"),
    ],
)
def test_an_inclusion_proof_says_what_is_wrong(
    index: int, size: int, drop: int, message: str
) -> None:
    """A wrong index or length is named, with the number that was expected."""
    proof = defined_path(2, 0, 5)[drop:]
    with pytest.raises(ProofError) as refusal:
        verify_inclusion(LEAVES[2], index, size, proof, defined_root(0, 5))
    assert str(refusal.value) == message


def test_hashes_of_a_wrong_length_are_refused() -> None:
    """Leaf, root and proof hashes have 32 bytes, or the proof is not even computed."""
    leaf, proof, root = LEAVES[0], defined_path(0, 0, 2), defined_root(0, 2)
    with pytest.raises(ProofError, match="leaf hash 0 has 4 bytes, not 32"):
        verify_inclusion(b"data", 0, 2, proof, root)
    with pytest.raises(ProofError, match="root hash 0 has 31 bytes, not 32"):
        verify_inclusion(leaf, 0, 2, proof, root[1:])
    with pytest.raises(ProofError, match="proof hash 0 has 33 bytes, not 32"):
        verify_inclusion(leaf, 0, 2, [b"\x00" + proof[0]], root)
    with pytest.raises(ProofError, match="root hash 1 has 0 bytes, not 32"):
        verify_consistency(1, 2, proof, leaf, b"")
    with pytest.raises(ProofError, match="leaf hash 1 has 3 bytes, not 32"):
        root_of([leaf, b"not"])


@pytest.mark.parametrize(
    ("size1", "size2", "message"),
    [
        (0, 6, "a tree of size 6 can't be shown to grow from size 0"),
        (7, 6, "a tree of size 6 can't be shown to grow from size 7"),
        (3, 8, "the proof has 3 hashes, not 4"),
        (6, 6, "the proof has 3 hashes, not 0"),
    ],
)
def test_a_consistency_proof_says_what_is_wrong(size1: int, size2: int, message: str) -> None:
    """Wrong sizes and lengths are named; from size 0 every proof is refused."""
    proof = defined_subproof(6, 0, 8, whole=True)
    with pytest.raises(ProofError) as refusal:
        verify_consistency(size1, size2, proof, defined_root(0, 6), defined_root(0, 8))
    assert str(refusal.value) == message


def test_equal_sizes_demand_equal_roots() -> None:
    """Two different trees of one size are a fork, not growth."""
    with pytest.raises(ProofError, match="the older root at equal size 6"):
        verify_consistency(6, 6, [], defined_root(0, 6), defined_root(1, 7))


@given(st.integers(0, len(LEAVES)), st.integers(0, len(LEAVES)))
def test_a_frontier_has_the_root_of_its_leaves(first: int, last: int) -> None:
    """However the leaves are cut into batches, the root is that of all at once."""
    first, last = sorted((first, last))
    frontier = Frontier().extend(LEAVES[:first]).extend(iter(LEAVES[first:last]))
    assert frontier.root() == root_of(LEAVES[:last])
    assert frontier == Frontier().extend(LEAVES[:last])
    assert Frontier.from_bytes(frontier.to_bytes()) == frontier


def test_append_adds_one_leaf_and_keeps_the_old_frontier() -> None:
    """A frontier is a value: growing it gives a new one."""
    old = Frontier()
    for size in range(1, 70):
        new = old.append(LEAVES[size - 1])
        assert (new.size, new.root()) == (size, defined_root(0, size))
        assert old.root() == root_of(LEAVES[: size - 1])
        old = new


def test_a_frontier_refuses_what_does_not_fit() -> None:
    """Sizes, roots, leaves and bytes that are not a frontier's are named."""
    with pytest.raises(ProofError, match="size 3 has 2 roots, not 1"):
        Frontier(3, LEAVES[:1])
    with pytest.raises(ProofError, match="frontier root 0 has 2 bytes"):
        Frontier(1, (b"no",))
    for size in (-1, 2**64):
        with pytest.raises(ProofError, match="not between 0 and"):
            Frontier(size, LEAVES[:1])
    with pytest.raises(ProofError, match="leaf hash 2 has 4 bytes"):
        Frontier().extend([*LEAVES[:2], b"data"])


@pytest.mark.parametrize("cut", [1, 7, 8, 39, 41, 72])
def test_a_frontier_cut_short_is_refused(cut: int) -> None:
    """The bytes of a frontier are read whole or not at all."""
    data = Frontier().extend(LEAVES[:3]).to_bytes() + b"\x00" * 8
    with pytest.raises(ProofError):
        Frontier.from_bytes(data[:cut] if cut < 72 else data)
