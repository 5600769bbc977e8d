"""Soundness: whether stored rows can be what an honest market left behind.

Each function yields one sentence for each fault that it finds; none means sound. Everything is
read in pages, so a large market needs no more memory than a small one, but for its balances.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

import orjson

from clawmarket.domain.market.receipt import Receipt
from clawmarket.domain.treasury.account import Balance, available, held
from clawmarket.domain.treasury.entry import Entry
from clawmarket.domain.trust.file import FileRight
from clawmarket.domain.trust.merkle import HASH_BYTES, Frontier
from clawmarket.domain.trust.record import LogEntry, Record, record_leaf
from clawmarket.domain.trust.tiles import TILE_WIDTH, grow
from clawmarket.ports.store import Query, Snapshot, key_of
from clawmarket.services.trust.log import BATCH, log_head, read_tile

R = TypeVar("R")

Sums = Counter[tuple[str, str]]
"""From ledger account and asset to the sum of its postings."""


def every(rows: Snapshot, kind: type[R]) -> Iterator[R]:
    """Yield all rows of a kind in the order of their keys."""
    page: list[R] = rows.find(Query(kind, limit=BATCH))
    while page:
        yield from page
        page = rows.find(Query(kind, after=key_of(page[-1]), limit=BATCH))


def ledger_faults(rows: Snapshot) -> Iterator[str]:
    """Entries sum to zero per asset, and balances and records say what the entries say."""
    posted: Sums = Counter()
    for entry in every(rows, Entry):
        sums: Counter[str] = Counter()
        for posting in entry.postings:
            sums[posting.asset] += posting.amount
            posted[posting.account, posting.asset] += posting.amount
        if any(sums.values()):
            yield f"Entry {entry.entry_id} does not sum to zero."
    stored = _stored(rows)
    pockets: Sums = Counter({key: n for key, n in posted.items() if "/" in key[0]})
    yield from _differences("The balance of", stored, pockets)
    yield from _differences("The records of", _recorded(rows), posted)
    yield from (f"{account} is below zero." for (account, _), n in stored.items() if n < 0)


def _stored(rows: Snapshot) -> Sums:
    sums: Sums = Counter()
    for balance in every(rows, Balance):
        owner, _, asset = balance.balance_id.partition("|")
        sums[available(owner), asset] = balance.available
        sums[held(owner), asset] = balance.held
    return sums


def _recorded(rows: Snapshot) -> Sums:
    sums: Sums = Counter()
    for record in every(rows, Record):
        for account, asset, amount in orjson.loads(record.body)["postings"]:
            sums[account, asset] += int(amount)
    return sums


def _differences(what: str, found: Sums, wanted: Sums) -> Iterator[str]:
    for account, asset in sorted(found.keys() | wanted.keys()):
        one, other = found[account, asset], wanted[account, asset]
        if one != other:
            yield f"{what} {account} in {asset} is {one}, the entries say {other}."


def log_faults(rows: Snapshot) -> Iterator[str]:
    """The numbered records, hashed anew, give the stored tiles and the root of the head."""
    head = log_head(rows)
    stored = Frontier.from_bytes(head.frontier) if head else Frontier()
    frontier, partial = Frontier(), dict[tuple[int, int], bytes]()
    leaves = _leaves(rows)
    while batch := list(islice(leaves, BATCH)):
        grown = grow(frontier.size, batch, lambda *at: partial.get(at, b""))
        frontier = frontier.extend(batch)
        partial.update({(level, number): hashes for level, number, hashes in grown})
        # What is full never changes again, and nothing above it looks at it any more.
        full = [at for at, hashes in partial.items() if len(hashes) == TILE_WIDTH * HASH_BYTES]
        yield from _tile_faults(rows, {at: partial.pop(at) for at in full})
    yield from _tile_faults(rows, partial)
    if (frontier.size, frontier.root()) != (stored.size, stored.root()):
        found, wanted = frontier.root().hex(), stored.root().hex()
        yield f"{frontier.size} records give root {found}; the head has {stored.size}, {wanted}."


def _leaves(rows: Snapshot) -> Iterator[bytes]:
    """Yield the leaf of each numbered record, up to the first number that is missing."""
    for number, entry in enumerate(every(rows, LogEntry)):
        record = rows.get(Record, entry.record_id)
        if entry.idx != number or record is None:
            return
        yield record_leaf(record.body, record.salt)


def _tile_faults(rows: Snapshot, tiles: dict[tuple[int, int], bytes]) -> Iterator[str]:
    for (level, number), data in tiles.items():
        if read_tile(rows, level, number) != data:
            yield f"Tile {level}/{number} does not hold the hashes of the records."


def missing_files(rows: Snapshot, present: Iterable[str]) -> Iterator[str]:
    """Every file that a row names is there; `present` are their digests."""
    there = frozenset(present)
    named = {right.digest for right in every(rows, FileRight)}
    named |= {receipt.digest for receipt in every(rows, Receipt)}
    yield from (f"The file {digest} is missing." for digest in sorted(named - there))
