"""Stages: how far tasks are and where their money is, for everybody."""

from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.ids import moment_of
from clawmarket.domain.kernel.moment import iso, iso_or_none
from clawmarket.domain.market.delivering.result import Result, ResultState
from clawmarket.domain.market.order import Order, OrderState
from clawmarket.domain.market.task import Task
from clawmarket.domain.market.telling.stage import payment_of, stage_of
from clawmarket.domain.treasury.settlement import Settlement
from clawmarket.ports.store import Snapshot
from clawmarket.registry.fields import AccountId, Answer, Moment, Request, TaskId, Word
from clawmarket.registry.methods import Scope, read
from clawmarket.services.call import Call

MAX_ASKED = 200


class ListStages(Request):
    """Which tasks."""

    task_ids: Annotated[list[TaskId], Field(max_length=MAX_ASKED, description="At most 200.")]


class StageView(Answer):
    """How far one task is."""

    task_id: TaskId
    stage: Annotated[
        Word,
        Field(
            description="open, claimed, submitted, under_review, completed, rejected, cancelled or "
            "expired."
        ),
    ]
    payment: Annotated[Word, Field(description="pending, held, captured or refunded.")]
    worker: AccountId | None
    claimed_at: Moment | None
    submitted_at: Moment | None
    ended_at: Annotated[Moment | None, Field(description="When its money was paid out or back.")]
    changed_at: Annotated[Moment, Field(description="When it came to this stage.")]


class StageList(Answer):
    """One entry for each task that exists, in the order asked for."""

    items: list[StageView]
    next_cursor: None = None


@read(
    "web3.market.listStages",
    scope=Scope.PUBLIC,
    example={"taskIds": []},
)
def list_stages(_call: Call, rows: Snapshot, request: ListStages) -> StageList:
    """Say of some tasks how far they are, in one word each; unknown ids are left out.

    It is told from the task, its order, the order's last result and its settlement, and shows
    nothing of them that only their parties may see.
    """
    wanted = dict.fromkeys(request.task_ids)
    found = (rows.get(Task, task_id) for task_id in wanted)
    return StageList(items=[_stage_view(rows, task) for task in found if task is not None])


def _stage_view(rows: Snapshot, task: Task) -> StageView:
    order = rows.get(Order, task.order_id) if task.order_id else None
    result = rows.get(Result, order.result_id) if order and order.result_id else None
    settlement = (
        rows.get(Settlement, order.settlement_id) if order and order.settlement_id else None
    )
    paid = (settlement.released_at or settlement.refunded_at) if settlement else None
    ended = paid or task.ended_at
    return StageView(
        task_id=task.task_id,
        stage=stage_of(task, order, result, settlement),
        payment=payment_of(task, settlement),
        worker=order.seller if order else None,
        claimed_at=iso_or_none(order.created_at if order else None),
        submitted_at=iso_or_none(result.submitted_at if result else None),
        ended_at=iso_or_none(ended),
        changed_at=iso(ended or _moved_at(task, order, result)),
    )


def _moved_at(task: Task, order: Order | None, result: Result | None) -> int:
    """Return when a task that has not ended came to where it is."""
    if order is None:
        return task.created_at
    if result is None:
        return order.created_at
    # Neither a result that was sent back nor a dispute says when; the order's last record does.
    moved = result.state is ResultState.REJECTED or order.state is OrderState.DISPUTED
    return moment_of(order.records[-1]) if moved else result.submitted_at
