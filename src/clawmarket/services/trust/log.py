"""The log: one sequencer numbers new records, grows the tree and signs a checkpoint.

Commands do not wait for it; a record is in the log within a second of its command.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from clawmarket.domain.kernel.ids import noun_of
from clawmarket.domain.treasury.account import FEES
from clawmarket.domain.trust.checkpoint import Checkpoint, key_id, note
from clawmarket.domain.trust.merkle import Frontier
from clawmarket.domain.trust.record import LogEntry, LogHead, LogTile, Record, Tally, record_leaf
from clawmarket.domain.trust.tiles import grow, inclusion_proof
from clawmarket.ports.signer import LogSigner
from clawmarket.ports.store import Query, Snapshot, Store, Transaction

HEAD = "log"
BATCH = 512


@dataclass(frozen=True)
class Batch:
    """Records that the log lacks, with what was worked out before the transaction."""

    head: LogHead | None
    records: list[Record]
    leaves: list[bytes]
    tallies: dict[str, int]


async def sequence(store: Store, signer: LogSigner, now: int) -> int:
    """Take all new records into the log and return how many there were.

    Hashing happens before the transaction, so that trading does not wait for it.
    """
    total = 0
    while batch := store.read(_next_batch):
        await store.write(lambda rows, taken=batch: _append(rows, taken, signer, now))  # type: ignore[misc]  # the default binds the loop variable
        total += len(batch.records)
        if len(batch.records) < BATCH:
            break
    return total


def _next_batch(rows: Snapshot) -> Batch | None:
    head = log_head(rows)
    records = unlogged(rows, head, limit=BATCH)
    if not records:
        return None
    leaves = [record_leaf(record.body, record.salt) for record in records]
    return Batch(head, records, leaves, _count(records))


def unlogged(rows: Snapshot, head: LogHead | None, *, limit: int) -> list[Record]:
    """Return the oldest records that the log lacks."""
    return rows.find(Query(Record, after=head.last_record_id if head else "", limit=limit))


def _count(records: Iterable[Record]) -> dict[str, int]:
    changes: dict[str, int] = {}
    for record in records:
        facts = orjson.loads(record.body)
        for thing, before, after in facts["states"]:
            noun = noun_of(thing) or "thing"
            changes[f"{noun}|{after}"] = changes.get(f"{noun}|{after}", 0) + 1
            if before:
                changes[f"{noun}|{before}"] = changes.get(f"{noun}|{before}", 0) - 1
        for account, asset, amount in facts["postings"]:
            if account == FEES:
                changes[f"{FEES}|{asset}"] = changes.get(f"{FEES}|{asset}", 0) + int(amount)
    return changes


def _append(rows: Transaction, batch: Batch, signer: LogSigner, now: int) -> None:
    size = batch.head.size if batch.head else 0
    frontier = Frontier.from_bytes(batch.head.frontier) if batch.head else Frontier()
    for offset, record in enumerate(batch.records):
        rows.add(LogEntry(size + offset, record.record_id))
    for level, number, hashes in grow(size, batch.leaves, lambda *at: read_tile(rows, *at)):
        _put(rows, LogTile(f"{level}/{number}", hashes), is_new=not read_tile(rows, level, number))
    for tally_id, change in batch.tallies.items():
        found = rows.get(Tally, tally_id)
        counted = Tally(tally_id, (found.amount if found else 0) + change)
        _put(rows, counted, is_new=found is None)
    last = batch.records[-1].record_id
    head = _sign(frontier.extend(batch.leaves), last, signer, now)
    _put(rows, head, is_new=batch.head is None)


def _put(rows: Transaction, row: object, *, is_new: bool) -> None:
    (rows.add if is_new else rows.save)(row)


def _sign(frontier: Frontier, last_record_id: str, signer: LogSigner, now: int) -> LogHead:
    body = Checkpoint(signer.name, frontier.size, frontier.root()).body()
    signature = signer.sign(body.encode())
    signed = note(body, [(signer.name, key_id(signer.name, signer.public_key), signature)])
    return LogHead(HEAD, frontier.size, last_record_id, frontier.to_bytes(), signed, now)


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


def proof_of(rows: Snapshot, index: int, size: int) -> list[str]:
    """Return the inclusion proof of a record, as hexadecimal hashes (RFC 6962 section 2.1.1)."""
    proof = inclusion_proof(index, size, lambda *at: read_tile(rows, *at))
    return [node.hex() for node in proof]
