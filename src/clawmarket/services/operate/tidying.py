"""Tidying: rows whose time has passed are removed in small bites."""

from dataclasses import dataclass

from clawmarket.domain.kernel.job import Job, JobState
from clawmarket.domain.kernel.moment import DAY_MS
from clawmarket.domain.kernel.replay import KEPT_MS, KeptAnswer
from clawmarket.domain.trust.session import Session, UsedNonce
from clawmarket.ports.store import Query, Store, Transaction, key_of

BITE = 500
JOBS_KEPT_MS = 7 * DAY_MS


@dataclass
class Tidier:
    """Removes kept answers after seven days, ended sessions and challenges, finished jobs.

    It walks the kept answers and the finished jobs in rounds, a bite at a time: an index on
    their age would cost every command something and serve only this.
    """

    store: Store
    last_answer: str = ""
    last_job: str = ""

    async def bite(self, now: int) -> int:
        """Look at the next rows of each kind and return how many went."""
        return await self.store.write(lambda rows: self._bite(rows, now))

    def _bite(self, rows: Transaction, now: int) -> int:
        answers = rows.find(Query(KeptAnswer, after=self.last_answer, limit=BITE))
        self.last_answer = answers[-1].scope if len(answers) == BITE else ""
        done = {"state": JobState.DONE}
        jobs = rows.find(Query(Job, equal=done, after=self.last_job, limit=BITE))
        self.last_job = jobs[-1].job_id if len(jobs) == BITE else ""
        stale = [
            *(answer for answer in answers if answer.created_at < now - KEPT_MS),
            *(job for job in jobs if job.created_at < now - JOBS_KEPT_MS),
            *rows.find(_until(Session, now)),
            *rows.find(_until(UsedNonce, now)),
        ]
        for row in stale:
            rows.remove(type(row), key_of(row))
        return len(stale)


def _until(kind: type, now: int) -> Query[object]:
    return Query(kind, at_most=("expires_at", now), order_by="expires_at", limit=BITE)
