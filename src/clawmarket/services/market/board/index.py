"""The index: takes into the board's tiles what the records say, a moment after the commands.

A search looks at the records that are not in the tiles yet, so nobody waits for this.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from clawmarket.domain.market.board.index import (
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
from clawmarket.domain.market.task import Task, TaskState
from clawmarket.ports.store import Snapshot, Store, Transaction
from clawmarket.services.market.board.tail import board_head, moves_of, records_after
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


@dataclass(frozen=True, slots=True)
class Moved:
    """A task that came to a state; `task` of one that the board does not know."""

    number: int
    state: TaskState
    task: Task | None


@dataclass(slots=True)
class Step:
    """What takes the board from one head to the next: rows, each with the one it replaces."""

    head: BoardHead
    is_last: bool
    rows: list[tuple[object, object | None]] = field(default_factory=list)
    emptied: list[str] = field(default_factory=list)


async def follow_records(store: Store, batch: int = BATCH) -> int:
    """Take all new records into the board and return how many steps that took.

    Several processes may do this side by side: whoever is second changes nothing and looks anew.
    """
    steps = 0
    while (step := store.read(lambda rows: _next_step(rows, batch))) is not None:
        first = await store.write(lambda rows, step=step: _take(rows, step))  # type: ignore[misc]  # the default binds the loop variable
        steps += first
        if first and step.is_last:
            break
    return steps


def _next_step(rows: Snapshot, batch: int) -> Step | None:
    """Work out, outside the transaction, what the tiles and columns will be; None at the end."""
    head = board_head(rows)
    records = records_after(rows, head, batch)
    if not records:
        return None
    step = Step(head, len(records) < batch)
    moved = _moved(rows, head, moves_of(records))
    new = [(each.number, each.task) for each in moved if each.task is not None]
    _change_tiles(rows, step, _changed_bits(moved))
    _extend_columns(rows, step, new)
    step.rows += [(BoardPlace(task.task_id, number), None) for number, task in new]
    after = BoardHead(BOARD, records[-1].record_id, head.size + len(new))
    step.rows.append((after, head if head.last_record_id else None))
    return step


def _moved(rows: Snapshot, head: BoardHead, moves: dict[str, str]) -> list[Moved]:
    moved: list[Moved] = []
    size = head.size
    for task_id, state in moves.items():
        place = rows.get(BoardPlace, task_id)
        if place is not None:
            moved.append(Moved(place.number, TaskState(state), None))
        elif (task := rows.get(Task, task_id)) is not None:
            moved.append(Moved(size, TaskState(state), task))
            size += 1
    return moved


def _changed_bits(moved: list[Moved]) -> dict[tuple[str, int], list[int]]:
    """Return the bits to be set and to be cleared in the tile of each term and block."""
    changed: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0])
    for each in moved:
        block, bit = each.number // BLOCK, 1 << each.number % BLOCK
        terms = lasting_terms(each.task) if each.task else ()
        for term in (*terms, state_term(each.state)):
            changed[term, block][0] |= bit
        if each.task is None:
            for state in TaskState:
                if state is not each.state:
                    changed[state_term(state), block][1] |= bit
    return changed


def _change_tiles(rows: Snapshot, step: Step, changed: dict[tuple[str, int], list[int]]) -> None:
    for (term, block), (more, less) in changed.items():
        key = block_key(term, block)
        before = rows.get(BoardTile, key)
        mask = (unpack_bits(before.bits) if before else 0) & ~less | more
        if mask:
            step.rows.append((BoardTile(key, pack_bits(mask)), before))
        elif before:
            step.emptied.append(key)


def _extend_columns(rows: Snapshot, step: Step, new: list[tuple[int, Task]]) -> None:
    added: dict[str, bytes] = defaultdict(bytes)
    for number, task in new:
        for name, cell in COLUMNS.items():
            added[block_key(name, number // BLOCK)] += cell(task)
    for key, cells in added.items():
        before = rows.get(BoardColumn, key)
        known = before.cells if before else b""
        step.rows.append((BoardColumn(key, known + cells), before))


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
