"""News: what records say that happened to tasks, for everybody, and to orders, for their parties.

Nothing is told that the public list of tasks does not show; of an order only its parties hear.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

import orjson

from clawmarket.domain.kernel.ids import PREFIXES
from clawmarket.domain.market.order import Order
from clawmarket.domain.market.task import Task, TaskState
from clawmarket.domain.trust.record import Record
from clawmarket.ports.store import Query, Snapshot

N = TypeVar("N")

PAGE = 256

_TASK, _ORDER = PREFIXES["task"], PREFIXES["order"]
_CHANGES = {
    TaskState.AWARDED: "taken",
    TaskState.CLOSED: "closed",
    TaskState.CANCELLED: "cancelled",
    TaskState.EXPIRED: "expired",
}


@dataclass(frozen=True, slots=True)
class TaskNews:
    """A task came to a state; `change` is the word for it."""

    task: Task
    change: str
    status: str
    parties: frozenset[str]


@dataclass(frozen=True, slots=True)
class OrderNews:
    """An order came to a state."""

    order: Order
    status: str


@dataclass(frozen=True, slots=True)
class News:
    """What one record tells."""

    record_id: str
    at: int
    tasks: tuple[TaskNews, ...]
    orders: tuple[OrderNews, ...]


def newest_record(rows: Snapshot) -> str:
    """Return the id of the newest record; empty while there is none."""
    newest = rows.find(Query(Record, newest_first=True, limit=1))
    return newest[0].record_id if newest else ""


def news_after(rows: Snapshot, record_id: str, limit: int = PAGE) -> list[News]:
    """Return what the next records after one tell, oldest first; most tell nothing."""
    return [_news(rows, each) for each in rows.find(Query(Record, after=record_id, limit=limit))]


def _news(rows: Snapshot, record: Record) -> News:
    moves = orjson.loads(record.body)["states"]
    tasks = [_task_news(rows, *move) for move in moves if move[0].startswith(_TASK)]
    orders = [_order_news(rows, *move) for move in moves if move[0].startswith(_ORDER)]
    return News(record.record_id, record.at, _known(tasks), _known(orders))


def _task_news(rows: Snapshot, task_id: str, before: str, status: str) -> TaskNews | None:
    task = rows.get(Task, task_id)
    if task is None:
        return None
    is_open = status == TaskState.OPEN
    order = rows.get(Order, task.order_id) if task.order_id and not is_open else None
    parties = frozenset({task.buyer, *(order.parties if order else ())})
    opened = "reopened" if before else "published"
    return TaskNews(task, _CHANGES.get(TaskState(status), opened), status, parties)


def _order_news(rows: Snapshot, order_id: str, _before: str, status: str) -> OrderNews | None:
    order = rows.get(Order, order_id)
    return OrderNews(order, status) if order else None


def _known(news: Iterable[N | None]) -> tuple[N, ...]:
    return tuple(each for each in news if each is not None)
