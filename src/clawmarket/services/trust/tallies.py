"""Tallies: running counts as of the log's head, so that a total costs one look-up at any size."""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from clawmarket.domain.kernel.ids import noun_of
from clawmarket.domain.kernel.machine import MACHINES
from clawmarket.domain.kernel.moment import DAY_MS
from clawmarket.domain.kernel.money import ASSETS
from clawmarket.domain.treasury.account import POCKETS, pocket_of
from clawmarket.domain.trust.record import LogHead, Record, Tally
from clawmarket.ports.store import Query, Snapshot, Store, Transaction

_PAGE = 512
# What sellers are paid, by the events that say so.
_EARNINGS = frozenset({"settlement_released", "settlement_part_released", "tab_settled"})

Tallies = dict[str, int]
"""From `noun|state` to how many stand in it, from `pocket|asset` to how much lies in it.

From `day|number|what` to what happened on a day (UTC, counted from the epoch).
"""


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
        for tally_id, change in _of_day(facts["at"] // DAY_MS, facts["events"]):
            changes[tally_id] = changes.get(tally_id, 0) + change
    return changes


def _of_day(day: int, events: Iterable[dict[str, Any]]) -> Iterator[tuple[str, int]]:
    for event in events:
        if event["kind"] == "task_published":
            yield f"day|{day}|tasks", 1
        elif event["kind"] in _EARNINGS:
            yield f"day|{day}|earned|{event['asset']}", int(event["sellerAmount"])


def on_days(rows: Snapshot, what: str, now: int, days: int) -> int:
    """Return how much of something happened today and on the days before, as of the log's head.

    Args:
        rows: Where the tallies are.
        what: `tasks`, or `earned|` and an asset.
        now: A moment of today.
        days: How many days, today among them.
    """
    today = now // DAY_MS
    return sum(_amount(rows, f"day|{day}|{what}") for day in range(today - days + 1, today + 1))


def count_of(rows: Snapshot, noun: str, state: str) -> int:
    """Return how many things of a noun without a machine stand in a state, as of the log's head."""
    return _amount(rows, f"{noun}|{state}")


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
