"""Skills that only look: workers, tasks, one task, an order, the balance."""

from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic.alias_generators import to_snake

from clawmarket.domain.market.task import TaskState
from clawmarket.entry.a2a.market.projection import STAGES, STATES
from clawmarket.entry.a2a.skills.skill import (
    Fields,
    NoOrderError,
    Outcome,
    Price,
    SkillInputError,
    Visit,
    number,
)
from clawmarket.entry.tools.using import LISTED_CHARS, credit, minor, said
from clawmarket.registry.fields import Cursor, OrderId, Request, TaskId
from clawmarket.registry.fields import Skill as SkillWord

TASK, TASKS = "web3.market.getTask", "web3.market.listTasks"
ORDER, WALLET = "web3.market.order.get", "web3.wallet.show"
OFFERS = "web3.market.offer.list"

MAX_SHOWN = 50
_SHOWN = 10
# What a list may be asked for; each task in it says its stage.
_WORDS = {
    "open": TaskState.OPEN,
    "claimed": TaskState.AWARDED,
    "completed": TaskState.CLOSED,
    "cancelled": TaskState.CANCELLED,
    "expired": TaskState.EXPIRED,
}


def _listed(value: object) -> object:
    """Take one skill, or several with commas between them, as a list of them."""
    if isinstance(value, str):
        return [word.strip() for word in value.split(",") if word.strip()]
    return value


def _bounded(value: object) -> object:
    """Take more than there is to have as all that there is to have."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return min(value, MAX_SHOWN) if whole and isinstance(value, int) else value


Skills = Annotated[
    list[SkillWord], BeforeValidator(_listed), Field(max_length=12, description="Any of these.")
]
Shown = Annotated[
    int,
    BeforeValidator(_bounded),
    Field(strict=True, ge=1, le=MAX_SHOWN, description="How many at the most."),
]


class OneTask(Request):
    """One task."""

    task_id: TaskId


async def get_task_status(_visit: Visit, request: OneTask) -> Outcome:
    """Answer with the task as it is."""
    return Outcome(task_id=request.task_id)


class ListTasks(Request):
    """Which tasks."""

    status: Annotated[str, Field(strict=True, max_length=40, pattern=r"^[a-z_-]+$")] = "open"
    skills: Skills = []  # noqa: RUF012 - the model is frozen
    min_budget: Price | None = None
    limit: Shown = _SHOWN
    cursor: Cursor | None = None


async def list_tasks(visit: Visit, request: ListTasks) -> Outcome:
    """List tasks, newest first."""
    page = await visit.ask(
        TASKS,
        status=str(_WORDS.get(request.status, request.status)),
        skills=request.skills,
        minBudget=None if request.min_budget is None else minor(request.min_budget),
        limit=request.limit,
        cursor=request.cursor,
    )
    ids = [task["taskId"] for task in page["items"]]
    stages = (await visit.ask(STAGES, taskIds=ids))["items"]
    items = [_task_shown(*both) for both in zip(page["items"], stages, strict=True)]
    return Outcome(facts={"tasks": items, "next_cursor": page["nextCursor"]})


def _task_shown(task: Fields, stage: Fields) -> Fields:
    words = {name: task[name] for name in ("title", "summary")}
    return {
        "task_id": task["taskId"],
        "status": stage["stage"],
        "state": STATES[stage["stage"]],
        "budget": number(task["budget"]),
        "skills": task["skills"],
        "created_at": task["createdAt"],
        "expires_at": task["expiresAt"],
        "said": said(task["buyer"], LISTED_CHARS, **words),
    }


class OneOrder(Request):
    """One order, by its id or by its task's."""

    order_id: OrderId | None = None
    task_id: TaskId | None = None


async def order_status(visit: Visit, request: OneOrder) -> Outcome:
    """Show an order to one of its parties."""
    order = await order_of(visit, request.order_id, request.task_id)
    names = ("orderId", "taskId", "status", "buyer", "seller", "dueAt", "rejections", "resultId")
    shown: Fields = {name: order[name] for name in names}
    return Outcome(facts={"order": shown | {"amount": credit(order["amount"])}})


async def order_of(visit: Visit, order_id: str | None, task_id: str | None) -> Fields:
    """Return the order that is meant. Raises SkillInputError, and what the market refuses."""
    if order_id is None and task_id is not None:
        task = await visit.ask(TASK, taskId=task_id)
        order_id = task["orderId"]
        if order_id is None:
            raise NoOrderError(f"The task {task_id} has no order yet.", taskId=task_id)
    if order_id is None:
        raise SkillInputError("$.taskId: name a task or an order.", path="$.taskId")
    return await visit.ask(ORDER, orderId=order_id)


class Nothing(Request):
    """Nothing."""


async def balance(visit: Visit, _request: Nothing) -> Outcome:
    """Show what the account has."""
    wallet = await visit.ask(WALLET)
    facts: Fields = {"account_id": wallet["accountId"], "test_money": wallet["testMoney"]}
    for name in ("available", "held", "onItsWay", "earned"):
        facts[to_snake(name)] = credit(wallet[name])
    return Outcome(facts=facts)
