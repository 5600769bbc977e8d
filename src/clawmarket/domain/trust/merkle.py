"""The Merkle tree of RFC 6962, section 2.1: hashes, proofs and the frontier that grows.

Everywhere a leaf is meant as its leaf hash, 32 bytes; `leaf_hash` makes one from data.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

HASH_BYTES = 32
MAX_SIZE = 2**64 - 1
EMPTY_ROOT = sha256(b"").digest()

_SIZE_BYTES = 8


class ProofError(ValueError):
    """A hash, a proof or a frontier is not what it claims to be."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of one entry; the prefix keeps it from passing as a node."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node above two subtrees."""
    return sha256(b"\x01" + left + right).digest()


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    """Return the root over all leaves at once; `EMPTY_ROOT` for none.

    Raises:
        ProofError: A leaf hash has not 32 bytes.
    """
    level = list(leaf_hashes)
    if not level:
        return EMPTY_ROOT
    check_hashes(level, "leaf hash")
    while len(level) > 1:
        pairs = zip(level[0::2], level[1::2], strict=False)
        above = [node_hash(left, right) for left, right in pairs]
        # A node without a right neighbour rises unchanged: RFC 6962 splits at the largest power.
        level = above + level[len(level) & ~1 :]
    return level[0]


def check_hashes(hashes: Iterable[bytes], what: str) -> None:
    """Refuse hashes that have not 32 bytes. Raises ProofError naming the first one."""
    for position, value in enumerate(hashes):
        if len(value) != HASH_BYTES:
            raise ProofError(f"{what} {position} has {len(value)} bytes, not {HASH_BYTES}")


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that a leaf stands at an index of the tree with this size and root.

    Args:
        leaf: The leaf hash.
        index: The leaf's position, from 0.
        size: Number of leaves in the tree.
        proof: Sibling hashes from the leaf upwards (RFC 6962, section 2.1.1).
        root: The root hash of the tree.

    Raises:
        ProofError: The proof does not show it; the text says which part is wrong.
    """
    if not 0 <= index < size:
        raise ProofError(f"index {index} is not in a tree of size {size}")
    check_hashes((leaf,), "leaf hash")
    check_hashes((root,), "root hash")
    # Below `inner` the path has siblings on either side; above, only complete trees on its left.
    inner = (index ^ (size - 1)).bit_length()
    _check_proof(proof, inner + (index >> inner).bit_count())
    node = leaf
    for level, sibling in enumerate(proof):
        if level >= inner or index >> level & 1:
            node = node_hash(sibling, node)
        else:
            node = node_hash(node, sibling)
    _check_root(node, root, f"the proof of leaf {index} in size {size}")


def verify_consistency(
    size1: int, size2: int, proof: Sequence[bytes], root1: bytes, root2: bytes
) -> None:
    """Check that the tree of size2 begins with the tree of size1 and only grew.

    Size 0 is refused: every tree begins with the empty one, so such a proof shows nothing.

    Args:
        size1: Leaves in the older tree.
        size2: Leaves in the newer tree.
        proof: Subtree hashes (RFC 6962, section 2.1.2), none when the sizes are equal.
        root1: Root hash of the older tree.
        root2: Root hash of the newer tree.

    Raises:
        ProofError: The proof does not show it; the text says which part is wrong.
    """
    if not 0 < size1 <= size2:
        raise ProofError(f"a tree of size {size2} can't be shown to grow from size {size1}")
    check_hashes((root1, root2), "root hash")
    if size1 == size2:
        _check_proof(proof, 0)
        _check_root(root1, root2, f"the older root at equal size {size1}")
        return
    # The proof starts at the older tree's last complete subtree, `height` levels up.
    height = (size1 & -size1).bit_length() - 1
    last = (size1 - 1) >> height
    inner = (last ^ ((size2 - 1) >> height)).bit_length()
    # When the older tree is one complete subtree, its root is known and the proof leaves it out.
    seeded = int(last > 0)
    _check_proof(proof, seeded + inner + (last >> inner).bit_count())
    older = newer = proof[0] if seeded else root1
    for level, sibling in enumerate(proof[seeded:]):
        if level >= inner or last >> level & 1:
            older = node_hash(sibling, older)
            newer = node_hash(sibling, newer)
        else:
            newer = node_hash(newer, sibling)
    _check_root(older, root1, f"the proof for the older size {size1}")
    _check_root(newer, root2, f"the proof for the newer size {size2}")


def _check_proof(proof: Sequence[bytes], wanted: int) -> None:
    if len(proof) != wanted:
        raise ProofError(f"the proof has {len(proof)} hashes, not {wanted}")
    check_hashes(proof, "proof hash")


def _check_root(found: bytes, wanted: bytes, what: str) -> None:
    if found != wanted:
        raise ProofError(f"{what} gives root {found.hex()}, not {wanted.hex()}")


@dataclass(frozen=True, slots=True)
class Frontier:
    """The least that must be kept of a tree to grow it: its complete subtrees.

    Args:
        size: Number of leaves, at most 2^64 - 1.
        roots: Their root hashes from the left, one for each bit set in size.

    Raises:
        ProofError: The roots don't fit the size.
    """

    size: int = 0
    roots: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE:
            raise ProofError(f"a frontier of size {self.size} is not between 0 and 2^64 - 1")
        if len(self.roots) != self.size.bit_count():
            wanted = self.size.bit_count()
            raise ProofError(
                f"a frontier of size {self.size} has {wanted} roots, not {len(self.roots)}"
            )
        check_hashes(self.roots, "frontier root")

    def append(self, leaf_hash: bytes) -> Self:
        """Return the frontier with one more leaf. Raises ProofError."""
        return self.extend((leaf_hash,))

    def extend(self, leaf_hashes: Iterable[bytes]) -> Self:
        """Return the frontier with these leaves at its end. Raises ProofError."""
        roots = list(self.roots)
        size = self.size
        for leaf in leaf_hashes:
            if len(leaf) != HASH_BYTES:
                raise ProofError(f"leaf hash {size} has {len(leaf)} bytes, not {HASH_BYTES}")
            # As in binary counting, each 1 carried away joins two subtrees of equal height.
            node, carry = leaf, size
            while carry & 1:
                node = node_hash(roots.pop(), node)
                carry >>= 1
            roots.append(node)
            size += 1
        return type(self)(size, tuple(roots))

    def root(self) -> bytes:
        """Return the root hash of the whole tree."""
        if not self.roots:
            return EMPTY_ROOT
        *lefts, node = self.roots
        for left in reversed(lefts):
            node = node_hash(left, node)
        return node

    def to_bytes(self) -> bytes:
        """Return the size as eight bytes, big-endian, and the roots after it."""
        return self.size.to_bytes(_SIZE_BYTES, "big") + b"".join(self.roots)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the frontier that `to_bytes` wrote. Raises ProofError."""
        head, body = data[:_SIZE_BYTES], data[_SIZE_BYTES:]
        if len(head) < _SIZE_BYTES or len(body) % HASH_BYTES:
            raise ProofError(f"{len(data)} bytes are not a size and whole hashes")
        starts = range(0, len(body), HASH_BYTES)
        roots = tuple(body[start : start + HASH_BYTES] for start in starts)
        return cls(int.from_bytes(head, "big"), roots)
