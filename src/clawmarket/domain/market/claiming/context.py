"""Contexts: in which conversation of its own an account does or has a task done."""

from dataclasses import dataclass

from clawmarket.domain.kernel.events import Event, event


@dataclass(frozen=True, slots=True)
class TaskContext:
    """The conversation that an account said a task belongs to; nobody else is told.

    The key is account|task, so that an account's lie side by side.
    """

    context_key: str
    context_id: str


@event
@dataclass(frozen=True, slots=True)
class ContextNamed(Event):
    """An account said which conversation a task belongs to; the record has a hash of its id."""

    task_id: str
    context_digest: str


def context_key(account_id: str, task_id: str) -> str:
    """Return the key of an account's context of a task."""
    return f"{account_id}|{task_id}"
