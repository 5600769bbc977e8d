"""The board: lists of tasks with their stages, by page or from a cursor."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clawmarket.entry.rest.desk import Desk, Fields
from clawmarket.entry.rest.reading.paging import Paging
from clawmarket.entry.rest.shapes.tasks import TaskPage, TaskRow, task_fields

LIST_LIMIT = 200
# A stage that few tasks have is looked for in so many steps; then a cursor goes on from there.
MAX_STEPS = 10
_STATES = {
    "task_open": {"open"},
    "task_awarded": {"claimed", "submitted", "under_review", "rejected"},
    "task_closed": {"completed", "cancelled", "expired"},
    "task_cancelled": {"cancelled"},
    "task_expired": {"expired"},
}


@dataclass(frozen=True, slots=True)
class Found:
    """What a walk along a list found, and where it stopped."""

    rows: list[Fields]
    total: int | None
    next_cursor: str | None


def states_of(statuses: set[str]) -> list[str]:
    """Return the market's states that tasks of these statuses can be in."""
    return [state for state, covers in _STATES.items() if covers & statuses]


async def walk(
    desk: Desk, method: str, query: Mapping[str, object], statuses: set[str], part: Paging
) -> Found:
    """Walk along a list of tasks until a page is full, looking at each task's stage."""
    rows: list[Fields] = []
    cursor, total = part.cursor, None
    wanted = part.skipped + part.per_page
    for _ in range(MAX_STEPS):
        size = min(LIST_LIMIT, wanted - len(rows))
        page = await desk.see(method, cursor=cursor, limit=size, **query)
        rows += [row for row in await task_rows(desk, page["items"]) if row["status"] in statuses]
        cursor, total = page["nextCursor"], page.get("total", total)
        if cursor is None or len(rows) >= wanted:
            break
    exact = all(_STATES[state] <= statuses for state in states_of(statuses))
    return Found(rows[part.skipped :], total if exact else None, cursor)


async def task_rows(desk: Desk, tasks: list[Fields]) -> list[Fields]:
    """Return the rows of tasks, in their order."""
    ids = [task["taskId"] for task in tasks]
    stages = (await desk.see("web3.market.listStages", taskIds=ids))["items"]
    known = {stage["taskId"]: stage for stage in stages}
    return [task_fields(task, known[task["taskId"]]) for task in tasks]


async def task_row(desk: Desk, task: Fields) -> dict[str, Any]:
    """Return the row of one task."""
    return (await task_rows(desk, [task]))[0]


def page_of(found: Found, part: Paging) -> TaskPage:
    """Return what a walk found as a page."""
    return TaskPage(
        items=[TaskRow(**row) for row in found.rows],
        total=found.total,
        page=part.page,
        per_page=part.per_page,
        has_more=found.next_cursor is not None,
        next_cursor=found.next_cursor,
    )
