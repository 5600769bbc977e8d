"""The tail: what happened to tasks since the board last followed the records."""

from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from clawmarket.domain.kernel.ids import PREFIXES
from clawmarket.domain.market.board import BOARD, EMPTY_BOARD, BoardHead, BoardPlace
from clawmarket.domain.market.task import Task
from clawmarket.domain.trust.record import Record
from clawmarket.ports.store import Query, Snapshot

# Far more than happens within the second that the board may lag behind.
MAX_TAIL = 1_000

_TASK = PREFIXES["task"]


@dataclass(frozen=True, slots=True)
class Touched:
    """A task that was published or has moved, as it stands now, and its number."""

    task: Task
    number: int
    known: BoardPlace | None


@dataclass(frozen=True, slots=True)
class Tail:
    """The board's head, and what it lacks; `is_whole` if that is all of it."""

    head: BoardHead
    last_record_id: str
    touched: list[Touched]
    is_whole: bool

    @property
    def size(self) -> int:
        """How many tasks there are, with those that the board lacks."""
        return self.head.size + sum(each.known is None for each in self.touched)


def tail_of(rows: Snapshot, limit: int = MAX_TAIL) -> Tail:
    """Read at most `limit` records that the board lacks, and the tasks that they touch."""
    head = board_head(rows)
    records = rows.find(Query(Record, after=head.last_record_id, limit=limit))
    touched: list[Touched] = []
    number = head.size
    for task_id in touched_tasks(records):
        task, known = rows.get(Task, task_id), rows.get(BoardPlace, task_id)
        if task is not None:
            touched.append(Touched(task, known.number if known else number, known))
            number += known is None
    last = records[-1].record_id if records else head.last_record_id
    return Tail(head, last, touched, len(records) < limit)


def board_head(rows: Snapshot) -> BoardHead:
    """Return how far the board is."""
    return rows.get(BoardHead, BOARD) or EMPTY_BOARD


def touched_tasks(records: Iterable[Record]) -> list[str]:
    """Return the tasks whose state records changed, in the order in which they first did."""
    found: dict[str, None] = {}
    for record in records:
        for thing, _, _ in orjson.loads(record.body)["states"]:
            if thing.startswith(_TASK):
                found[thing] = None
    return list(found)
