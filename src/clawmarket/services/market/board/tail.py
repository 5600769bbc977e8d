"""The tail: what happened to tasks since the board last followed the records."""

from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from clawmarket.domain.kernel.ids import PREFIXES
from clawmarket.domain.market.board.index import BOARD, EMPTY_BOARD, BoardHead, BoardPlace
from clawmarket.domain.market.task import Task
from clawmarket.domain.trust.record import Record
from clawmarket.ports.store import Query, Snapshot

# Far more than happens within the second that the board may lag behind.
MAX_TAIL = 1_000

_TASK = PREFIXES["task"]
# How a move of a task begins in a record; what has none of it need not be read.
_MOVE = f'["{_TASK}'.encode()


@dataclass(frozen=True, slots=True)
class Touched:
    """A task that was published or has moved, as it stands now, and its number."""

    task: Task
    number: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class Tail:
    """The board's head, and what it lacks; `is_whole` if that is all of it."""

    head: BoardHead
    touched: list[Touched]
    is_whole: bool

    @property
    def size(self) -> int:
        """How many tasks there are, with those that the board lacks."""
        return self.head.size + sum(each.is_new for each in self.touched)


def tail_of(rows: Snapshot) -> Tail:
    """Read at most `MAX_TAIL` records that the board lacks, and the tasks that they touch."""
    head = board_head(rows)
    records = records_after(rows, head, MAX_TAIL)
    touched: list[Touched] = []
    number = head.size
    for task_id in moves_of(records):
        task, known = rows.get(Task, task_id), rows.get(BoardPlace, task_id)
        if task is not None:
            touched.append(Touched(task, known.number if known else number, known is None))
            number += known is None
    return Tail(head, touched, len(records) < MAX_TAIL)


def board_head(rows: Snapshot) -> BoardHead:
    """Return how far the board is."""
    return rows.get(BoardHead, BOARD) or EMPTY_BOARD


def records_after(rows: Snapshot, head: BoardHead, limit: int) -> list[Record]:
    """Return the oldest records that the board lacks."""
    return rows.find(Query(Record, after=head.last_record_id, limit=limit))


def moves_of(records: Iterable[Record]) -> dict[str, str]:
    """Return the tasks whose state records changed, in the order of that, and the last state."""
    moves: dict[str, str] = {}
    for record in records:
        if _MOVE not in record.body:
            continue
        states = orjson.loads(record.body)["states"]
        moves |= {thing: state for thing, _, state in states if thing.startswith(_TASK)}
    return moves
