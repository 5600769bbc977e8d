"""Open tasks: how many of them an account has at once, and how many it may have."""

from clawmarket.domain.market.task import OpenTasks, TasksFullError
from clawmarket.services.work import Work


def check_room(work: Work, buyer: str) -> None:
    """Raise TasksFullError if an account has as many open tasks as the market's terms let it."""
    most, known = work.call.terms.open_tasks, work.get(OpenTasks, buyer)
    if most and known is not None and known.tasks >= most:
        raise TasksFullError(f"You have {known.tasks} open tasks; {most} is the most.", limit=most)


def count_open(work: Work, buyer: str, change: int) -> None:
    """Count a task that opened (1) or is open no more (-1)."""
    known = work.get(OpenTasks, buyer)
    after = OpenTasks(buyer, max(0, (known.tasks if known else 0) + change))
    (work.save if known else work.add)(after)
