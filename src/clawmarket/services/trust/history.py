"""History: whether the stored records begin with a tree that was given out."""

from clawmarket.domain.trust.checkpoint import (
    CheckpointError,
    Verify,
    open_checkpoint,
    parse_vkey,
)
from clawmarket.domain.trust.merkle import Frontier, ProofError, verify_consistency
from clawmarket.domain.trust.record import LogHead, Record, record_leaf
from clawmarket.domain.trust.rollback import Mark
from clawmarket.domain.trust.tiles import TileError, consistency_proof
from clawmarket.ports.store import Query, Snapshot
from clawmarket.services.trust.log import BATCH, log_head, read_tile


def mark_of(rows: Snapshot) -> Mark:
    """Return size and root of the stored head; of the empty tree while there is none."""
    head = log_head(rows)
    frontier = Frontier.from_bytes(head.frontier) if head else Frontier()
    return Mark(frontier.size, frontier.root())


def begins_with(rows: Snapshot, mark: Mark) -> bool:
    """Return whether the records here begin with the marked tree.

    Records that the log lacks count too, in their order: a mark is written before its head is
    stored, so a crash between the two leaves a mark that only they explain.
    """
    head = log_head(rows)
    if head is not None and 0 < mark.size <= head.size:
        return _is_part(rows, head, mark)
    return _grows_to(rows, head, mark)


def _is_part(rows: Snapshot, head: LogHead, mark: Mark) -> bool:
    root = Frontier.from_bytes(head.frontier).root()
    try:
        proof = consistency_proof(mark.size, head.size, lambda *at: read_tile(rows, *at))
        verify_consistency(mark.size, head.size, proof, mark.root, root)
    except (TileError, ProofError):
        return False
    return True


def _grows_to(rows: Snapshot, head: LogHead | None, mark: Mark) -> bool:
    if not mark.size:
        return True
    frontier = Frontier.from_bytes(head.frontier) if head else Frontier()
    last = head.last_record_id if head else ""
    while missing := mark.size - frontier.size:
        records = rows.find(Query(Record, after=last, limit=min(missing, BATCH)))
        if not records:
            return False
        frontier = frontier.extend(record_leaf(each.body, each.salt) for each in records)
        last = records[-1].record_id
    return frontier.root() == mark.root


def is_signed_by(head: LogHead, vkey: str, verify: Verify) -> bool:
    """Return whether a head is a checkpoint of this size and root, signed with this key."""
    frontier = Frontier.from_bytes(head.frontier)
    try:
        checkpoint = open_checkpoint(head.checkpoint, parse_vkey(vkey), verify)
    except CheckpointError:
        return False
    return (checkpoint.size, checkpoint.root) == (frontier.size, frontier.root())
