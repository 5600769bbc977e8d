"""The index: takes into the board's tiles what the records say, a moment after the commands.

A search looks at the records that are not in the tiles yet, so nobody waits for this.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from clawmarket.domain.market.board import (
    BLOCK,
    BOARD,
    BoardColumn,
    BoardHead,
    BoardPlace,
    BoardTile,
    block_key,
    pack_bits,
    pack_numbers,
    unpack_bits,
)
from clawmarket.domain.market.task import Task
from clawmarket.ports.store import Snapshot, Store, Transaction
from clawmarket.services.market.board.tail import Tail, Touched, board_head, tail_of
from clawmarket.services.market.board.terms import lasting_terms, state_term

BATCH = 256

COLUMNS: dict[str, Callable[[Task], bytes]] = {
    "budget": lambda task: pack_numbers([task.budget]),
    "soon": lambda task: pack_numbers([soonness(task)]),
    "id": lambda task: task.task_id[-26:].encode(),
}


def soonness(task: Task) -> int:
    """Return how soon a task ends for whoever looks for work: with its bids, or to be delivered.

    The sooner, the larger: the moment below zero.
    """
    return -min(task.expires_at, task.deadline_at or task.expires_at)


@dataclass(slots=True)
class Step:
    """What takes the board from one head to the next: rows, each with the one it replaces."""

    head: BoardHead
    rows: list[tuple[object, object | None]] = field(default_factory=list)
    emptied: list[str] = field(default_factory=list)


async def follow_records(store: Store, batch: int = BATCH) -> int:
    """Take all new records into the board and return how many tasks they touched.

    Several processes may do this side by side: whoever is second changes nothing and looks anew.
    """
    total = 0
    while True:
        step, count, is_last = store.read(lambda rows: _next_step(rows, batch))
        if step is None:
            return total
        first = await store.write(lambda rows, step=step: _take(rows, step))  # type: ignore[misc]  # the default binds the loop variable
        total += count if first else 0
        if first and is_last:
            return total


def _next_step(rows: Snapshot, batch: int) -> tuple[Step | None, int, bool]:
    tail = tail_of(rows, batch)
    if tail.last_record_id == tail.head.last_record_id:
        return None, 0, True
    return _step(rows, tail), len(tail.touched), tail.is_whole


def _step(rows: Snapshot, tail: Tail) -> Step:
    """Work out, outside the transaction, what the tiles and columns will be."""
    step = Step(tail.head)
    new = [each for each in tail.touched if each.known is None]
    for (term, block), (more, less) in _changed_bits(tail.touched).items():
        key = block_key(term, block)
        before = rows.get(BoardTile, key)
        mask = (unpack_bits(before.bits) if before else 0) & ~less | more
        if mask:
            step.rows.append((BoardTile(key, pack_bits(mask)), before))
        elif before:
            step.emptied.append(key)
    for key, cells in _added_cells(new).items():
        column = rows.get(BoardColumn, key)
        step.rows.append((BoardColumn(key, (column.cells if column else b"") + cells), column))
    for each in tail.touched:
        place = BoardPlace(each.task.task_id, each.number, each.task.state)
        step.rows.append((place, each.known))
    after = BoardHead(BOARD, tail.last_record_id, tail.size)
    step.rows.append((after, tail.head if tail.head.last_record_id else None))
    return step


def _changed_bits(touched: list[Touched]) -> dict[tuple[str, int], list[int]]:
    """Return the bits to be set and to be cleared in the tile of each term and block."""
    changed: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0])
    for each in touched:
        block, bit = each.number // BLOCK, 1 << each.number % BLOCK
        known = each.known
        if known is None:
            for term in lasting_terms(each.task):
                changed[term, block][0] |= bit
        elif known.state is not each.task.state:
            changed[state_term(known.state), block][1] |= bit
        changed[state_term(each.task.state), block][0] |= bit
    return changed


def _added_cells(new: list[Touched]) -> dict[str, bytes]:
    added: dict[str, bytes] = defaultdict(bytes)
    for each in new:
        for name, cell in COLUMNS.items():
            added[block_key(name, each.number // BLOCK)] += cell(each.task)
    return added


def _take(rows: Transaction, step: Step) -> bool:
    """Write a step, unless the board went on since it was made; return whether it was written."""
    if board_head(rows) != step.head:
        return False
    for row, before in step.rows:
        if before is None:
            rows.add(row)
        elif row != before:
            rows.save(row, before)
    for key in step.emptied:
        rows.remove(BoardTile, key)
    return True
