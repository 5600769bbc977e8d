"""Tidying: rows whose time has passed are removed in small bites."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from clawmarket.domain.kernel.job import Job, JobState
from clawmarket.domain.kernel.moment import DAY_MS, HOUR_MS
from clawmarket.domain.kernel.replay import KEPT_MS, KeptAnswer
from clawmarket.domain.treasury.period import CALLS_KEPT_MS, Period
from clawmarket.domain.treasury.reservation import Charge, Reservation
from clawmarket.domain.trust.session import Session, UsedNonce
from clawmarket.ports.store import Key, Query, Store, Transaction, Value, key_of

R = TypeVar("R")

BITE = 500
JOBS_KEPT_MS = 7 * DAY_MS
# Whoever adds up a session's calls looks at a clock of its own: none of them is gone too soon.
CLOCKS_APART_MS = HOUR_MS


@dataclass
class Tidier:
    """Removes kept answers after seven days, ended sessions and challenges, finished jobs.

    And the calls and runs of agents' sessions that ended thirty days ago. What has no index on its
    age is walked in rounds, a bite at a time: an index would cost every command something and
    serve only this.
    """

    store: Store
    last: dict[type, Key] = field(default_factory=dict)

    async def bite(self, now: int) -> int:
        """Look at the next rows of each kind and return how many went."""
        return await self.store.write(lambda rows: self._bite(rows, now))

    def _bite(self, rows: Transaction, now: int) -> int:
        stale = [
            *self._older(rows, KeptAnswer, now - KEPT_MS),
            *self._older(rows, Job, now - JOBS_KEPT_MS, state=JobState.DONE),
            *self._calls(rows, now - CLOCKS_APART_MS),
            *rows.find(_until(Session, now)),
            *rows.find(_until(UsedNonce, now)),
        ]
        for row in stale:
            rows.remove(type(row), key_of(row))
        return len(stale)

    def _older(
        self, rows: Transaction, kind: type[KeptAnswer | Job], moment: int, **equal: Value
    ) -> Iterator[KeptAnswer | Job]:
        yield from (row for row in self._next(rows, kind, **equal) if row.created_at < moment)

    def _calls(self, rows: Transaction, now: int) -> Iterator[Reservation | Charge]:
        """Yield calls and runs that stand in nothing but the sums of their session."""
        old = now - CALLS_KEPT_MS
        found: list[Reservation | Charge] = []
        found += (row for row in self._next(rows, Reservation) if row.made_at <= old)
        found += (row for row in self._next(rows, Charge) if row.charged_at <= old)
        yield from (row for row in found if _is_past(rows, row, now))

    def _next(self, rows: Transaction, kind: type[R], **equal: Value) -> list[R]:
        query = Query(kind, equal=equal, after=self.last.get(kind), limit=BITE)
        found = rows.find(query)
        self.last.pop(kind, None)
        if len(found) == BITE:
            self.last[kind] = key_of(found[-1])
        return found


def _is_past(rows: Transaction, row: Reservation | Charge, now: int) -> bool:
    period = rows.get(Period, row.period_id)
    return period is not None and not period.has_calls(now)


def _until(kind: type, now: int) -> Query[object]:
    return Query(kind, at_most=("expires_at", now), order_by="expires_at", limit=BITE)
