"""What a folder may cost: caps of the whole, of one task, and of one day; and what it would."""

from collections.abc import Iterable
from dataclasses import dataclass

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.kernel.money import format_amount, split_fee
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.daemon.employer.post import Phase, Post


class CapExceededError(InvalidArgumentError):
    """The tasks of the folder cost more than they may."""

    advice = "Nothing was posted; raise the cap, or take tasks out of the folder."
    next_command = "clawmarket help employer run"


@dataclass(frozen=True, slots=True)
class Caps:
    """In minor units.

    Args:
        budget: Of all tasks that were ever posted from this workspace, and not yet given back.
        task: Of one task; None for no cap of its own.
        day: Of what is posted on one day (UTC); None for no cap of its own.
    """

    budget: int
    task: int | None = None
    day: int | None = None

    def check(self, fresh: list[Post], before: Iterable[Post], day: str) -> None:
        """Raises CapExceededError, before anything is sent."""
        spent = [post for post in before if counts(post)]
        for post in fresh:
            if self.task is not None and post.budget > self.task:
                over = f"{post.name} costs {format_amount(post.budget)}"
                raise CapExceededError(f"{over}; --task-cap is {format_amount(self.task)}.")
        new = sum(post.budget for post in fresh)
        total = new + sum(post.budget for post in spent)
        if total > self.budget:
            over = f"All tasks cost {format_amount(total)}"
            raise CapExceededError(f"{over}; --budget-cap is {format_amount(self.budget)}.")
        today = new + sum(post.budget for post in spent if post.day == day)
        if self.day is not None and today > self.day:
            over = f"Today's tasks cost {format_amount(today)}"
            raise CapExceededError(f"{over}; --day-cap is {format_amount(self.day)}.")


def counts(post: Post) -> bool:
    """Return whether a task's budget may be held or was paid; what came back counts no more."""
    return post.phase is not Phase.PLANNED and post.outcome in ("", "paid")


def quote(fresh: list[Post], fee_bps: int, test_money: bool) -> tuple[Entry, list[str]]:  # noqa: FBT001 - the market's own field
    """Return what posting would cost, as a document and as lines."""
    total = sum(post.budget for post in fresh)
    fee = sum(split_fee(post.budget, fee_bps)[1] for post in fresh)
    rows = [{"file": post.name, "title": post.title, "budget": str(post.budget)} for post in fresh]
    document: Entry = {"tasks": rows, "total": str(total), "fee": str(fee), "testMoney": test_money}
    money = " of test money" if test_money else ""
    lines = [f"  {post.name}: {post.title[:60]}: {format_amount(post.budget)}" for post in fresh]
    lines += [
        f"price  {format_amount(total)}{money}, held until each task is done",
        f"fee    {format_amount(fee)} at the most (out of the price, when it is paid)",
        f"total  {format_amount(total)}",
        "undo   clawmarket task cancel TASK_ID, until somebody has taken it",
    ]
    return document, lines
