"""Tallies: running counts as of the log's head, so that a total costs one look-up at any size."""

from collections.abc import Iterable

import orjson

from clawmarket.domain.kernel.ids import noun_of
from clawmarket.domain.kernel.machine import MACHINES
from clawmarket.domain.kernel.money import ASSETS
from clawmarket.domain.treasury.account import POCKETS, pocket_of
from clawmarket.domain.trust.record import LogHead, Record, Tally
from clawmarket.ports.store import Query, Snapshot, Store, Transaction

_PAGE = 512

Tallies = dict[str, int]
"""From `noun|state` to how many stand in it, from `pocket|asset` to how much lies in it."""


def changes_of(records: Iterable[Record]) -> Tallies:
    """Return what records change in the tallies."""
    changes: Tallies = {}
    for record in records:
        facts = orjson.loads(record.body)
        for thing, before, after in facts["states"]:
            noun = noun_of(thing) or "thing"
            changes[f"{noun}|{after}"] = changes.get(f"{noun}|{after}", 0) + 1
            if before:
                changes[f"{noun}|{before}"] = changes.get(f"{noun}|{before}", 0) - 1
        for account, asset, amount in facts["postings"]:
            tally_id = f"{pocket_of(account)}|{asset}"
            changes[tally_id] = changes.get(tally_id, 0) + int(amount)
    return changes


def states_of(rows: Snapshot, noun: str) -> dict[str, int]:
    """Return how many things of a kind stand in each state, as of the log's head."""
    return {str(s): _amount(rows, f"{noun}|{s}") for s in MACHINES[noun].states}


def pockets_of(rows: Snapshot, asset: str) -> dict[str, int]:
    """Return how much lies in each kind of ledger account, as of the log's head."""
    return {pocket: _amount(rows, f"{pocket}|{asset}") for pocket in POCKETS}


def _amount(rows: Snapshot, tally_id: str) -> int:
    tally = rows.get(Tally, tally_id)
    return tally.amount if tally else 0


async def complete_tallies(store: Store) -> None:
    """Count the pockets of a log that began before they were tallied; else do nothing."""
    if store.read(_lacking):
        await store.write(_count_anew)


def _lacking(rows: Snapshot) -> LogHead | None:
    head = next(iter(rows.find(Query(LogHead, limit=1))), None)
    counted = all(rows.get(Tally, f"rail|{asset}") for asset in ASSETS)
    return None if counted else head


def _count_anew(rows: Transaction) -> None:
    head = _lacking(rows)
    if head is None:
        return
    sums = {f"{pocket}|{asset}": 0 for pocket in POCKETS for asset in ASSETS}
    after = ""
    while after < head.last_record_id:
        page = rows.find(Query(Record, after=after, limit=_PAGE))
        logged = [record for record in page if record.record_id <= head.last_record_id]
        for tally_id, change in changes_of(logged).items():
            sums[tally_id] = sums.get(tally_id, 0) + change
        after = page[-1].record_id
    for tally_id, amount in sums.items():
        pocket, _, asset = tally_id.partition("|")
        if pocket in POCKETS and asset in ASSETS:
            known = rows.get(Tally, tally_id) is not None
            (rows.save if known else rows.add)(Tally(tally_id, amount))
