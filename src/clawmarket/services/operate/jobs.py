"""Jobs: what waits in the outbox, and what an operator can do about it."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel import job as jobs
from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.kernel.job import Job, JobNotFoundError, JobState
from clawmarket.domain.kernel.moment import iso, iso_or_none
from clawmarket.ports.store import Snapshot
from clawmarket.registry.fields import (
    Answer,
    Cursor,
    JobId,
    Moment,
    Page,
    Request,
    Verbatim,
    Word,
)
from clawmarket.registry.methods import Need, Scope, read, write
from clawmarket.services.call import Call
from clawmarket.services.listing import Listing, scan
from clawmarket.services.work import Work


@event
@dataclass(frozen=True, slots=True)
class JobRetried(Event):
    """An operator had a job tried anew."""

    job_id: str


@event
@dataclass(frozen=True, slots=True)
class JobCancelled(Event):
    """An operator gave a job up."""

    job_id: str


class ListJobs(Page):
    """Which jobs."""

    status: Annotated[JobState | None, Field(description="Only jobs in this state.")] = None


class JobView(Answer):
    """A job: how often tried, why it failed last, when next."""

    job_id: JobId
    kind: Word
    ref: Word
    status: Word
    attempts: int
    last_failure: str
    created_at: Moment
    acts_at: Annotated[Moment | None, Verbatim]


class JobPage(Answer):
    """A page of jobs, newest first."""

    items: list[JobView]
    next_cursor: Cursor | None


@read("market.jobs.list", scope=Scope.ADMIN, example={"limit": 5})
def list_jobs(_call: Call, rows: Snapshot, request: ListJobs) -> JobPage:
    """List jobs, newest first."""
    listing = Listing(Job, {"state": request.status}, request.cursor, request.limit)
    page = scan(rows, listing)
    return JobPage(items=[_view(job) for job in page.items], next_cursor=page.next_cursor)


def _view(job: Job) -> JobView:
    return JobView(
        job_id=job.job_id,
        kind=job.kind,
        ref=job.ref,
        status=job.state,
        attempts=job.attempts,
        last_failure=job.last_failure,
        created_at=iso(job.created_at),
        acts_at=iso_or_none(job.acts_at),
    )


class NameJob(Request):
    """One job."""

    job_id: JobId


@write(
    "market.jobs.retry",
    scope=Scope.ADMIN,
    errors=(JobNotFoundError,),
    needs=(Need("jobId", "market.jobs.cancel", "jobId"),),
)
def retry_job(call: Call, work: Work, request: NameJob) -> JobView:
    """Try a dead or cancelled job anew, now."""
    after = jobs.retry(_job(work, request.job_id), call.now)
    work.save(after)
    work.emit(JobRetried(after.job_id))
    return _view(after)


@write(
    "market.jobs.cancel",
    scope=Scope.ADMIN,
    errors=(JobNotFoundError,),
    needs=(Need("jobId", "market.jobs.list", "items.0.jobId"),),
)
def cancel_job(_call: Call, work: Work, request: NameJob) -> JobView:
    """Give a waiting or dead job up."""
    after = jobs.cancel(_job(work, request.job_id))
    work.save(after)
    work.emit(JobCancelled(after.job_id))
    return _view(after)


def _job(work: Work, job_id: str) -> Job:
    job = work.get(Job, job_id)
    if job is None:
        raise JobNotFoundError(f"There is no job {job_id}.")
    return job
