"""Tasks: open until their last moment, then one way out."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.kernel.state_words import WORDS
from clawmarket.domain.market.task import (
    Task,
    TaskExpiredError,
    TaskNotOpenError,
    TaskState,
    award,
    cancel,
    check_open,
    close,
    expire,
)

END = 10_000
OPEN = Task(
    task_id="task_1",
    buyer="agent_1",
    title="Work",
    summary="",
    requirements="",
    skills=(),
    attachments=(),
    asset="credits",
    budget=50,
    hold_id="hold_1",
    delivery_s=60,
    review_s=60,
    resubmit_s=60,
    state=TaskState.OPEN,
    bid_count=0,
    order_id=None,
    created_at=0,
    expires_at=END,
    acts_at=END,
    record_id="rec_1",
    milestones=(),
)
TIMED: dict[str, Callable[[Task, int], object]] = {
    "look": check_open,
    "cancel": cancel,
    "award": lambda task, now: award(task, "order_1", "agent_w", now),
}


def test_a_task_is_funded_by_its_hold() -> None:
    """Without a hold the budget is only a word."""
    assert (OPEN.funded, replace(OPEN, hold_id=None).funded) == (True, False)


@pytest.mark.parametrize("step", TIMED)
def test_a_task_is_open_before_its_last_moment(step: str) -> None:
    """One millisecond before it can be awarded or taken back, at the moment it cannot."""
    TIMED[step](OPEN, END - 1)
    for late in (END, END + 1):
        with pytest.raises(TaskExpiredError):
            TIMED[step](OPEN, late)


@pytest.mark.parametrize("step", TIMED)
@pytest.mark.parametrize("state", [s for s in TaskState if s is not TaskState.OPEN])
def test_what_is_not_open_is_named_as_it_is(step: str, state: TaskState) -> None:
    """The refusal says what became of the task, also when its time is over."""
    for now in (0, END):
        with pytest.raises(TaskNotOpenError) as refused:
            TIMED[step](replace(OPEN, state=state), now)
        assert refused.value.what == f"This task {WORDS[state]}."


def test_each_way_out_stops_the_clock() -> None:
    """Awarded, its order tells the rest; otherwise it is over."""
    awarded = award(OPEN, "order_1", "agent_w", 0)
    taken = replace(OPEN, state=TaskState.AWARDED, order_id="order_1", worker="agent_w")
    assert awarded == replace(taken, acts_at=None)
    assert cancel(OPEN, 0)[0] == replace(OPEN, state=TaskState.CANCELLED, acts_at=None, ended_at=0)
    assert expire(OPEN)[0] == replace(
        OPEN, state=TaskState.EXPIRED, acts_at=None, ended_at=OPEN.expires_at
    )
    assert close(awarded)[0] == replace(awarded, state=TaskState.CLOSED)


@pytest.mark.parametrize("act", [expire, close])
def test_a_task_that_is_over_stays_over(act: Callable[[Task], object]) -> None:
    """Neither expired nor closed twice."""
    for state in (TaskState.CLOSED, TaskState.CANCELLED, TaskState.EXPIRED):
        with pytest.raises(TransitionRefusedError):
            act(replace(OPEN, state=state))
