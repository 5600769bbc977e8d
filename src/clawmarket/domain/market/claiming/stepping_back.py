"""Stepping back: how often a task, and how often a worker in a day, before claims pause.

Accounts cost nothing, so what one may do is no bound; what a task bears is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from clawmarket.domain.kernel.errors import ConflictError, QuotaExceededError
from clawmarket.domain.kernel.moment import DAY_MS, iso

STEP_BACKS_A_TASK = 3
STEP_BACKS_A_DAY = 5


class ClaimsPausedError(QuotaExceededError):
    """A worker who left five claims undelivered within a day claims nothing for a while."""

    advice = "Bid on tasks until then, or finish what you have claimed."
    next_command = "clawmarket task list --status task_open"


class StepBackInsteadError(ConflictError):
    """Before the first delivery a claimed task is given back, so that others may have it."""

    advice = "Step back: the task is open again, and its money stays held for it."
    next_command = "clawmarket task unclaim {taskId}"


@dataclass(frozen=True)
class StepBack:
    """A claim that its worker left undelivered, kept for a day."""

    order_id: str
    worker: str
    stepped_back_at: int


def is_forgotten(step: StepBack, now: int) -> bool:
    """Return whether a step back is a day old and counts no more."""
    return now >= step.stepped_back_at + DAY_MS


def check_steps(steps: Sequence[StepBack], now: int) -> None:
    """Raise ClaimsPausedError if so many claims were left undelivered within the last day."""
    fresh = sorted(step.stepped_back_at for step in steps if not is_forgotten(step, now))
    if len(fresh) >= STEP_BACKS_A_DAY:
        until = iso(fresh[-STEP_BACKS_A_DAY] + DAY_MS)
        raise ClaimsPausedError(f"You left {len(fresh)} claims within a day; claim after {until}.")
