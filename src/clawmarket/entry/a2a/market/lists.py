"""ListTasks: the tasks of the account that asks, those that changed last first.

A task's A2A state and moment are told from several rows, so that no index knows them: the newest
`WINDOW` tasks of each side are looked at, sorted and filtered. What is older follows in the order
in which it was published or taken.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from a2a.types import a2a_pb2 as new

from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.trust.session import AuthNeededError
from clawmarket.entry.a2a.market.client import Client
from clawmarket.entry.a2a.market.contexts import contexts_of
from clawmarket.entry.a2a.market.projection import STAGES, changed_at, state_of
from clawmarket.entry.a2a.wire.faults import invalid
from clawmarket.entry.a2a.wire.messages import check_history

Fields = dict[str, Any]

MINE = "web3.market.task.mine"
SIDES = ("employer", "worker")
SHOWN, MAX_SHOWN = 50, 100
WINDOW = 1_000
_BATCH = 200
_MAX_TOKEN = 120


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a task of the list has to have; nothing of it is wanted where it is empty."""

    state: str
    context_id: str
    since: str

    @classmethod
    def of(cls, asked: new.ListTasksRequest) -> "Wanted":
        """Return what was asked for."""
        state = new.TaskState.Name(asked.status) if asked.status else ""
        return cls(state, asked.context_id, since(asked))

    def fits(self, place: "Place") -> bool:
        """Return whether a task belongs to the list."""
        return (
            self.state in ("", place.state)
            and self.context_id in ("", place.context_id)
            and place.moment >= self.since
        )


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a task stands in the list; those of one moment by their ids."""

    moment: str
    task_id: str
    state: str
    context_id: str


@dataclass(frozen=True, slots=True)
class TaskPage:
    """The ids of a page, where the next one begins, and how many tasks there are."""

    task_ids: list[str]
    token: str
    size: int
    total: int

    def told(self, tasks: list[Fields], asked: new.ListTasksRequest) -> Fields:
        """Return the answer."""
        shown = [shown_in_list(task, asked) for task in tasks]
        counted = {"pageSize": self.size, "totalSize": self.total}
        return {"tasks": shown, "nextPageToken": self.token} | counted


def shown_in_list(task: Fields, asked: new.ListTasksRequest) -> Fields:
    """Leave the files out, unless they were asked for."""
    if asked.include_artifacts:
        return task
    return {name: value for name, value in task.items() if name != "artifacts"}


def since(asked: new.ListTasksRequest) -> str:
    """Return the earliest moment of the list as the market writes moments, empty for any."""
    if not asked.HasField("status_timestamp_after"):
        return ""
    return iso(asked.status_timestamp_after.ToMilliseconds())


def page_size(asked: new.ListTasksRequest) -> int:
    """Return how many tasks a page has. Raises InvalidParamsError."""
    check_history(asked.history_length if asked.HasField("history_length") else None)
    size: int = asked.page_size if asked.HasField("page_size") else SHOWN
    if not 1 <= size <= MAX_SHOWN:
        raise invalid("pageSize", f"A page has 1 to {MAX_SHOWN} tasks.")
    return size


async def listed(client: Client, asked: new.ListTasksRequest) -> TaskPage:
    """Return a page of the caller's tasks. Raises InvalidParamsError, Refused."""
    if not client.account_id:
        raise AuthNeededError("ListTasks needs a signed-in account.")
    size, wanted = page_size(asked), Wanted.of(asked)
    after, old = _begins(asked.page_token)
    found, further = await _window(client, wanted)
    if old:
        places, more = await _older(client, wanted, old, size)
        return TaskPage(places, more, size, len(found))
    rest = [place for place in found if not after or (place.moment, place.task_id) < after]
    shown = rest[:size]
    last = f"@{shown[-1].moment}|{shown[-1].task_id}" if len(rest) > size else further
    return TaskPage([place.task_id for place in shown], last, size, len(found))


async def _window(client: Client, wanted: Wanted) -> tuple[list[Place], str]:
    """Return the newest tasks of both sides that fit, and where those begin that are older."""
    found: list[Place] = []
    further = ""
    for side in SIDES:
        cursor = ""
        for _ in range(WINDOW // _BATCH):
            tasks, cursor = await _mine(client, side, cursor, _BATCH)
            found += [place async for place in _placed(client, wanted, tasks)]
            if not cursor:
                break
        further = further or (f"{side[0]}{cursor}" if cursor else "")
    return sorted(found, reverse=True), further


async def _older(
    client: Client, wanted: Wanted, old: tuple[str, str], size: int
) -> tuple[list[str], str]:
    """Return a page of what lies behind the window, which may hold little, and the next one."""
    side, cursor = old
    tasks, more = await _mine(client, side, cursor, size)
    ids = [place.task_id async for place in _placed(client, wanted, tasks)]
    if more:
        return ids, f"{side[0]}{more}"
    return ids, await _other_side(client) if side == SIDES[0] else ""


async def _other_side(client: Client) -> str:
    """Return where the worker's older tasks begin; empty if the window had all of them."""
    cursor = ""
    for _ in range(WINDOW // _BATCH):
        _, cursor = await _mine(client, SIDES[1], cursor, _BATCH)
        if not cursor:
            return ""
    return f"{SIDES[1][0]}{cursor}"


async def _placed(client: Client, wanted: Wanted, tasks: list[Fields]) -> AsyncIterator[Place]:
    """Yield the places of those tasks that fit."""
    if not tasks:
        return
    ids = [task["taskId"] for task in tasks]
    stages = (await client.market.ask(STAGES, {"taskIds": ids}))["items"]
    named = await contexts_of(client, ids) if wanted.context_id else {}
    for task, stage in zip(tasks, stages, strict=True):
        task_id: str = task["taskId"]
        state = state_of(stage, client.account_id)
        place = Place(changed_at(task, stage), task_id, state, named.get(task_id, task_id))
        if wanted.fits(place):
            yield place


async def _mine(client: Client, side: str, cursor: str, limit: int) -> tuple[list[Fields], str]:
    params: Fields = {"side": side, "limit": limit} | ({"cursor": cursor} if cursor else {})
    page = await client.market.ask(MINE, params)
    return page["items"], page["nextCursor"] or ""


def _begins(token: str) -> tuple[tuple[str, str] | None, tuple[str, str] | None]:
    """Return after which place of the window a page begins, or where in what is older.

    Raises InvalidParamsError.
    """
    if not token:
        return None, None
    kind, rest = token[0], token[1:]
    moment, bar, task_id = rest.partition("|")
    if len(token) <= _MAX_TOKEN and kind == "@" and bar:
        return (moment, task_id), None
    side = next((name for name in SIDES if kind == name[0]), None)
    if len(token) > _MAX_TOKEN or side is None or not rest:
        raise invalid("pageToken", "There is no such page.")
    return None, (side, rest)
