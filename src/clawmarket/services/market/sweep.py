"""The sweep: ends what waited past its last moment, one command and one record each.

Deadlines hold without it (every command judges them itself); the sweep only tidies up.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.market import order as orders
from clawmarket.domain.market import task as tasks
from clawmarket.domain.market.dispute import by_silence
from clawmarket.domain.market.ending import left_alone
from clawmarket.domain.market.order import Order, OrderState
from clawmarket.domain.market.postpay.tab import Tab, TabState
from clawmarket.domain.market.task import Task, TaskState
from clawmarket.domain.treasury.bill import Bill, BillState
from clawmarket.domain.treasury.period import Period
from clawmarket.domain.treasury.reservation import Reservation
from clawmarket.ports.store import Query, Snapshot, key_of
from clawmarket.registry.fields import Answer, Flag, Limit, Request
from clawmarket.registry.methods import Verb, ask
from clawmarket.services.call import THE_MARKET, Call
from clawmarket.services.market.claiming.stepping_back import note_silence
from clawmarket.services.market.consenting.endings import consent_of
from clawmarket.services.market.disputes import decide, dispute_of
from clawmarket.services.market.open_tasks import count_open
from clawmarket.services.market.orders import finish_order, return_money
from clawmarket.services.market.postpay.settling import settle_tab
from clawmarket.services.market.rejections import turn_down_bids
from clawmarket.services.market.settlements import accept_result
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.treasury.billing.bills import advance
from clawmarket.services.treasury.billing.budgets import end_period, needed_budget
from clawmarket.services.treasury.billing.reservations import lapse_reservation
from clawmarket.services.treasury.moves import give_back, hold_of
from clawmarket.services.work import Work

METHOD = "web3.market.expireSweep"
# As many as one COMMIT may make durable without keeping buyers and sellers waiting behind them.
AT_ONCE = 8


class ExpireSweep(Request):
    """How much to do at once."""

    limit: Limit = 200
    dry_run: Annotated[Flag, Field(description="Only count; change nothing.")] = False


class SweepAnswer(Answer):
    """What was due, and how it ended."""

    due: int
    tasks_expired: int
    orders_expired: int
    released: int
    refunded: int
    tabs_settled: int
    tabs_unpaid: int
    sessions_ended: int = 0
    reservations_lapsed: int = 0
    bills_paid: int = 0
    bills_locked: int = 0
    bills_unpaid: int = 0


@ask(METHOD, example={"dryRun": True}, verb=Verb("task sweep"))
async def expire_sweep(_call: Call, pipeline: Pipeline, request: ExpireSweep) -> SweepAnswer:
    """End every task, order, tab, session and bill whose last moment has passed.

    The market does this by itself every second; calling it only makes it happen sooner.
    """
    return await sweep(pipeline, limit=request.limit, dry_run=request.dry_run)


async def sweep(pipeline: Pipeline, *, limit: int = 200, dry_run: bool = False) -> SweepAnswer:
    """End what is due, each in a command of its own, and count the endings.

    Raises ExceptionGroup of the defects of those that could not be ended, after all the others.
    """
    now = pipeline.ports.clock.now()
    due = pipeline.ports.store.read(lambda rows: _due(rows, now, limit))
    endings = await _ended(pipeline, [] if dry_run else due)
    return SweepAnswer(
        due=len(due),
        tasks_expired=endings["task"],
        orders_expired=endings["order"],
        released=endings["released"],
        refunded=endings["refunded"],
        tabs_settled=endings["settled"],
        tabs_unpaid=endings["unpaid"],
        sessions_ended=endings["session"],
        reservations_lapsed=endings["reservation"],
        bills_paid=endings["bill paid"],
        bills_locked=endings["bill locked"],
        bills_unpaid=endings["bill unpaid"],
    )


def moved_on(ended: SweepAnswer) -> int:
    """Return how many things a sweep ended or moved on."""
    return sum(ended.model_dump(exclude={"due"}).values())


async def sweep_all(pipeline: Pipeline) -> None:
    """Sweep until nothing is due any more, or what is due cannot be ended."""
    while True:
        if not moved_on(await sweep(pipeline)):
            return


Waiting = Task | Order | Tab | Period | Reservation | Bill


def _due(rows: Snapshot, now: int, limit: int) -> list[Waiting]:
    found: list[Waiting] = []
    for kind in _ENDS:
        late = ("acts_at", now)
        found += rows.find(Query(kind, at_most=late, order_by="acts_at", limit=limit))
    # The longest due first: nobody keeps orders waiting behind a flood of tasks of their own.
    return sorted(found, key=lambda row: row.acts_at or 0)[:limit]


async def _ended(pipeline: Pipeline, due: Sequence[Waiting]) -> Counter[str]:
    """End what is due, a few side by side, and count how; see `sweep` for what it raises."""
    endings: Counter[str] = Counter()
    defects: list[Exception] = []
    for start in range(0, len(due), AT_ONCE):
        some = due[start : start + AT_ONCE]
        ended = await asyncio.gather(*(_try_to_end(pipeline, row) for row in some))
        defects += [one for one in ended if isinstance(one, Exception)]
        endings.update(one for one in ended if isinstance(one, str))
    if defects:
        raise ExceptionGroup("some that were due could not be ended", defects)
    return endings


async def _try_to_end(pipeline: Pipeline, row: Waiting) -> str | Exception:
    try:
        return await _end(pipeline, row)
    except Exception as defect:  # noqa: BLE001 - what cannot end must not keep others waiting
        return defect


async def _end(pipeline: Pipeline, row: Waiting) -> str:
    call = pipeline.call(THE_MARKET, METHOD)
    end = _ENDS[type(row)]
    try:
        return str(await pipeline.write(call, lambda work: end(work, str(key_of(row)))))
    except Refused:
        return "moved on"


class MovedOnError(tasks.TaskNotOpenError):
    """Somebody acted between the look and the sweep; nothing is left to do."""


def _end_task(work: Work, task_id: str) -> str:
    task = work.get(Task, task_id)
    if task is None or task.state is not TaskState.OPEN or task.expires_at > work.now:
        raise MovedOnError("The task moved on.")
    after, expired = tasks.expire(task)
    work.save(after)
    count_open(work, task.buyer, -1)
    work.emit(expired)
    work.involve((task.buyer,))
    turn_down_bids(work, task)
    if task.hold_id is not None:
        give_back(work, hold_of(work, task.hold_id), expired=True)
    return "task"


def _end_order(work: Work, order_id: str) -> str:
    order = work.get(Order, order_id)
    if order is None or order.acts_at is None or order.acts_at > work.now:
        raise MovedOnError("The order moved on.")
    work.involve(order.parties)
    match order.state:
        case OrderState.CREATED:
            after, expired = orders.expire(order)
            work.save(orders.recorded(after, work.record_id))
            work.emit(expired)
            return "order"
        case OrderState.DELIVERED:
            accept_result(work, order, "the buyer was silent")
            finish_order(work, orders.complete_by_silence(order, work.now), "the buyer was silent")
            return "released"
        case OrderState.DISPUTED:
            dispute = dispute_of(work, order)
            verdict = by_silence(dispute, order.at_stake)
            decide(work, order, dispute, verdict, None)
            return "released" if verdict.share else "refunded"
        case _:
            note_silence(work, order)
            why = left_alone(order, consent_of(work, order), work.now)
            return_money(work, order, why.value)
            return "refunded"


def _end_tab(work: Work, tab_id: str) -> str:
    tab = work.get(Tab, tab_id)
    if tab is None or tab.acts_at is None or tab.acts_at > work.now:
        raise MovedOnError("The tab moved on.")
    why = "its time was over" if tab.is_running else "money had come in"
    after = settle_tab(work, tab, why)
    return "settled" if after.state is TabState.SETTLED else "unpaid"


def _end_period(work: Work, period_id: str) -> str:
    period = work.get(Period, period_id)
    if period is None or period.acts_at is None or period.acts_at > work.now:
        raise MovedOnError("The session moved on.")
    plan = needed_budget(work, period.owner, "").plan
    end_period(work, plan, period, "it was left alone for a day")
    return "session"


def _end_reservation(work: Work, reservation_id: str) -> str:
    known = work.get(Reservation, reservation_id)
    if known is None or known.acts_at is None or known.acts_at > work.now:
        raise MovedOnError("The call moved on.")
    lapse_reservation(work, known)
    return "reservation"


def _end_bill(work: Work, bill_id: str) -> str:
    bill = work.get(Bill, bill_id)
    if bill is None or bill.acts_at is None or bill.acts_at > work.now:
        raise MovedOnError("The bill moved on.")
    match advance(work, bill).state:
        case BillState.PAID:
            return "bill paid"
        case BillState.LOCKED:
            return "bill locked"
        case _:
            return "bill unpaid"


_ENDS: dict[type[Waiting], Callable[[Work, str], str]] = {
    Task: _end_task,
    Order: _end_order,
    Tab: _end_tab,
    Period: _end_period,
    Reservation: _end_reservation,
    Bill: _end_bill,
}
