"""What everybody may know: the rows of the market, kept up commit by commit."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from clawmarket.domain.market.order import Order, OrderState
from clawmarket.domain.market.postpay.tab import Tab
from clawmarket.domain.market.task import Task, TaskState
from simulation.faults import Change

R = TypeVar("R")

RECENT = 8
LIVE = (
    OrderState.CREATED,
    OrderState.LOCKED,
    OrderState.CONSENTED,
    OrderState.REVOKED,
    OrderState.WORKING,
    OrderState.DELIVERED,
    OrderState.DISPUTED,
)


@dataclass
class View:
    """The rows as the last commit left them."""

    rows: defaultdict[type, dict[Any, Any]] = field(default_factory=lambda: defaultdict(dict))
    waiting: dict[str, Order | Task | Tab] = field(default_factory=dict)

    def take(self, change: Change) -> None:
        """Note one change."""
        table = self.rows[change.kind]
        if change.after is None:
            table.pop(change.key, None)
        else:
            table[change.key] = change.after
        if change.kind in (Order, Task, Tab):
            self._wait(str(change.key), change.after)

    def _wait(self, key: str, row: Any) -> None:
        goes_on = isinstance(row, Tab) and row.acts_at is not None
        if row is not None and (goes_on or row.state in LIVE or row.state is TaskState.OPEN):
            self.waiting[key] = row
        else:
            self.waiting.pop(key, None)

    def get(self, kind: type[R], key: str | None) -> R | None:
        """Return a row, or None."""
        found: R | None = self.rows[kind].get(key)
        return found

    def all(self, kind: type[R]) -> Iterator[R]:
        """Return all rows of a kind, the oldest first."""
        return iter(self.rows[kind].values())

    def recent(self, kind: type[R]) -> list[R]:
        """Return the last few rows of a kind."""
        return list(self.rows[kind].values())[-RECENT:]

    def orders(self) -> list[Order]:
        """Return the orders that go on."""
        return [row for row in self.waiting.values() if isinstance(row, Order)]

    def tasks(self) -> list[Task]:
        """Return the tasks that are open."""
        return [row for row in self.waiting.values() if isinstance(row, Task)]

    def tabs(self) -> list[Tab]:
        """Return the tabs that go on, also those that nobody paid yet."""
        return [row for row in self.waiting.values() if isinstance(row, Tab)]
