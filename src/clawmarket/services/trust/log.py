"""The log: one sequencer numbers new records, grows the tree and signs a checkpoint.

Commands do not wait for it; a record is in the log within a second of its command.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from clawmarket.domain.kernel.errors import InternalError
from clawmarket.domain.trust.checkpoint import Checkpoint, key_id, note
from clawmarket.domain.trust.merkle import Frontier
from clawmarket.domain.trust.record import LogEntry, LogHead, LogTile, Record, Tally, record_leaf
from clawmarket.domain.trust.tiles import grow, inclusion_proofs
from clawmarket.ports.signer import LogSigner
from clawmarket.ports.store import Query, Snapshot, Store, Transaction
from clawmarket.services.trust.tallies import changes_of

HEAD = "log"
BATCH = 512

Announce = Callable[[LogHead], Awaitable[None]]
"""Told of each head before anybody can see it."""


@dataclass(frozen=True)
class Batch:
    """Records that the log lacks, with what was worked out before the transaction."""

    head: LogHead | None
    records: list[Record]
    leaves: list[bytes]
    tallies: dict[str, int]


async def sequence(
    store: Store, signer: LogSigner, now: int, announce: Announce | None = None
) -> int:
    """Take all new records into the log and return how many there were.

    Hashing happens before the transaction, so that trading does not wait for it. A head that
    cannot be announced is not stored. Several processes may do this side by side: whoever is
    second appends nothing and looks anew.
    """
    total = 0
    while batch := store.read(_next_batch):
        head = _sign(batch, signer, now)
        if announce is not None:
            await announce(head)
        first = await store.write(lambda rows, taken=batch, head=head: _append(rows, taken, head))  # type: ignore[misc]  # the defaults bind the loop variables
        total += len(batch.records) if first else 0
        if first and len(batch.records) < BATCH:
            break
    return total


def _next_batch(rows: Snapshot) -> Batch | None:
    head = log_head(rows)
    records = unlogged(rows, head, limit=BATCH)
    if not records:
        return None
    leaves = [record_leaf(record.body, record.salt) for record in records]
    return Batch(head, records, leaves, changes_of(records))


def unlogged(rows: Snapshot, head: LogHead | None, *, limit: int) -> list[Record]:
    """Return the oldest records that the log lacks."""
    return rows.find(Query(Record, after=head.last_record_id if head else "", limit=limit))


def _append(rows: Transaction, batch: Batch, head: LogHead) -> bool:
    """Append a batch, unless the log grew since it was made; return whether it was appended."""
    if log_head(rows) != batch.head:
        return False
    size = batch.head.size if batch.head else 0
    if rows.get(LogEntry, size) is not None:
        raise InternalError("The log has entries behind its head.")
    for offset, record in enumerate(batch.records):
        rows.add(LogEntry(size + offset, record.record_id))
    for level, number, hashes in grow(size, batch.leaves, lambda *at: read_tile(rows, *at)):
        tile_id = f"{level}/{number}"
        _put(rows, LogTile(tile_id, hashes), rows.get(LogTile, tile_id))
    for tally_id, change in batch.tallies.items():
        found = rows.get(Tally, tally_id)
        counted = Tally(tally_id, (found.amount if found else 0) + change)
        _put(rows, counted, found)
    _put(rows, head, batch.head)
    return True


def _put(rows: Transaction, row: object, before: object | None) -> None:
    if before is None:
        rows.add(row)
    else:
        rows.save(row, before)


def _sign(batch: Batch, signer: LogSigner, now: int) -> LogHead:
    before = Frontier.from_bytes(batch.head.frontier) if batch.head else Frontier()
    frontier, last = before.extend(batch.leaves), batch.records[-1].record_id
    body = Checkpoint(signer.name, frontier.size, frontier.root()).body()
    signature = signer.sign(body.encode())
    signed = note(body, [(signer.name, key_id(signer.name, signer.public_key), signature)])
    return LogHead(HEAD, frontier.size, last, frontier.to_bytes(), signed, now)


def read_tile(rows: Snapshot, level: int, number: int) -> bytes:
    """Return the hashes of a tile as far as they exist; nothing for a tile that does not."""
    tile = rows.get(LogTile, f"{level}/{number}")
    return tile.hashes if tile else b""


def log_head(rows: Snapshot) -> LogHead | None:
    """Return the last checkpoint, or None while the log is empty."""
    return rows.get(LogHead, HEAD)


def index_of(rows: Snapshot, record_id: str) -> int | None:
    """Return the number of a record, or None while the log lacks it."""
    found = rows.find(Query(LogEntry, equal={"record_id": record_id}, limit=1))
    return found[0].idx if found else None


def proofs_of(rows: Snapshot, indices: Iterable[int], size: int) -> list[list[str]]:
    """Return the inclusion proofs of records, as hexadecimal hashes (RFC 6962 section 2.1.1)."""
    proofs = inclusion_proofs(indices, size, lambda *at: read_tile(rows, *at))
    return [[node.hex() for node in proof] for proof in proofs]
