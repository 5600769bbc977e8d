"""Frames: news as server-sent events (HTML Living Standard, section 9.2)."""

from dataclasses import dataclass

import orjson

from clawmarket.domain.kernel.moment import iso
from clawmarket.services.market.board.news import News, OrderNews, TaskNews

# How long a client waits before it comes again.
RETRY_MS = 2_000
HEARTBEAT = b": still here\n"


@dataclass(frozen=True, slots=True)
class Hearer:
    """Who listens and to what; `account_id` is empty for a stranger.

    With `skills` only tasks that name one of them are told, with `is_mine` only one's own.
    """

    account_id: str = ""
    skills: frozenset[str] = frozenset()
    is_mine: bool = False

    def hears(self, news: TaskNews) -> bool:
        """Return whether a task's news are for this listener."""
        if self.is_mine and self.account_id not in news.parties:
            return False
        return not self.skills or not self.skills.isdisjoint(news.task.skills)

    def owns(self, news: OrderNews) -> bool:
        """Return whether an order's news are for this listener: it is a party."""
        return bool(self.account_id) and self.account_id in news.order.parties


def frames_of(news: News, hearer: Hearer) -> bytes:
    """Return what somebody is told of a record; nothing where it is none of their business.

    The id stands on the last event alone, so that whoever lost the line in between gets all again.
    """
    told = [_task(news, each) for each in news.tasks if hearer.hears(each)]
    told += [_order(news, each) for each in news.orders if hearer.owns(each)]
    return b"\n".join(told) + _id(news.record_id) if told else b""


def is_private(news: News, hearer: Hearer) -> bool:
    """Return whether a record's news hold what only this listener may hear."""
    return any(hearer.owns(each) for each in news.orders)


def greeting(record_id: str) -> bytes:
    """Return what a stream begins with: how to come again, and from where on."""
    return f"retry: {RETRY_MS}\n".encode() + _id(record_id)


def heartbeat(record_id: str) -> bytes:
    """Return a sign of life; it says as well how far everything was told."""
    return HEARTBEAT + _id(record_id)


def farewell(why: str) -> bytes:
    """Return the last words of a stream; they are no event."""
    return f": {why}\n\n".encode()


def reset(record_id: str) -> bytes:
    """Return the event that says that too much was missed to be told again."""
    return _event("reset", {}) + _id(record_id)


def _task(news: News, told: TaskNews) -> bytes:
    task = told.task
    return _event(
        "task",
        {
            "taskId": task.task_id,
            "change": told.change,
            "status": told.status,
            "title": task.title,
            "budget": str(task.budget),
            "at": iso(news.at),
        },
    )


def _order(news: News, told: OrderNews) -> bytes:
    order = told.order
    facts = {
        "orderId": order.order_id,
        "taskId": order.task_id,
        "status": told.status,
        "at": iso(news.at),
    }
    return _event("order", facts)


def _event(name: str, facts: dict[str, str | None]) -> bytes:
    # JSON holds no line breaks of its own, so a title cannot begin a line of the stream.
    return f"event: {name}\ndata: ".encode() + orjson.dumps(facts) + b"\n"


def _id(record_id: str) -> bytes:
    return f"id: {record_id}\n\n".encode() if record_id else b"\n"
