"""Jobs: work that follows a command and happens outside its transaction."""

from dataclasses import dataclass, replace
from enum import StrEnum

from clawmarket.domain.kernel.errors import ConflictError, NotFoundError
from clawmarket.domain.kernel.machine import Machine

MAX_ATTEMPTS = 8
FIRST_RETRY_MS = 1_000
LONGEST_RETRY_MS = 15 * 60_000
MOST_DOUBLINGS = 20

# The job that asks a rail what came of a step.
RAIL_JOB = "rail"
# Kinds that are never given up: where money is unknown, nobody else would ever ask.
ENDLESS = frozenset({RAIL_JOB})


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a job is tried, and how long it waits after the first failure."""

    attempts: int = MAX_ATTEMPTS
    first_ms: int = FIRST_RETRY_MS


USUAL = Patience()


class JobState(StrEnum):
    """Where a job stands."""

    WAITING = "job_waiting"
    RUNNING = "job_running"
    DONE = "job_done"
    DEAD = "job_dead"
    CANCELLED = "job_cancelled"


JOB = Machine(
    "job",
    (JobState.WAITING,),
    {
        "lease": {JobState.WAITING: JobState.RUNNING, JobState.RUNNING: JobState.RUNNING},
        "finish": {JobState.RUNNING: JobState.DONE},
        "postpone": {JobState.RUNNING: JobState.WAITING},
        "bury": {JobState.RUNNING: JobState.DEAD},
        "cancel": {JobState.WAITING: JobState.CANCELLED, JobState.DEAD: JobState.CANCELLED},
        "retry": {JobState.DEAD: JobState.WAITING, JobState.CANCELLED: JobState.WAITING},
    },
)


class JobEndlessError(ConflictError):
    """This job asks what became of somebody's money; it goes on until that is known."""

    advice = "Find out what the rail did, and say so with clawmarket repair resolve."
    next_command = "clawmarket repair list"


class JobNotFoundError(NotFoundError):
    """There is no such job."""

    next_command = "clawmarket call market.jobs.list"


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work: what, about what, when next, how often tried and why it failed.

    `acts_at` is when it may run next; while it runs, when its lease ends; None once it is over.
    `fence` rises with each lease, so that a worker that lost its lease cannot finish the job.
    """

    job_id: str
    kind: str
    ref: str
    state: JobState
    attempts: int
    fence: int
    last_failure: str
    created_at: int
    acts_at: int | None


def lease(job: Job, now: int, lease_ms: int, patience: Patience = USUAL) -> Job:
    """Take a job for a while, or bury it if every attempt so far ended its worker.

    Raises TransitionRefusedError.
    """
    if job.state is JobState.RUNNING and _is_used_up(job, patience):
        why = "Its workers ended before they could say why."
        return replace(job, state=JOB.step(job.state, "bury"), last_failure=why, acts_at=None)
    return replace(
        job,
        state=JOB.step(job.state, "lease"),
        attempts=job.attempts + 1,
        fence=job.fence + 1,
        acts_at=now + lease_ms,
    )


def finish(job: Job) -> Job:
    """Note that a job is done. Raises TransitionRefusedError."""
    return replace(job, state=JOB.step(job.state, "finish"), acts_at=None)


def fail(job: Job, why: str, now: int, jitter: float, patience: Patience = USUAL) -> Job:
    """Note a failed attempt: wait longer each time, or give up when the patience has ended.

    Args:
        job: The running job.
        why: What went wrong, already redacted.
        now: The present moment.
        jitter: A number from 0 to 1 that spreads the retries.
        patience: How often it is tried.
    """
    if _is_used_up(job, patience):
        return replace(job, state=JOB.step(job.state, "bury"), last_failure=why, acts_at=None)
    doublings = min(job.attempts - 1, MOST_DOUBLINGS)
    pause = min(patience.first_ms * 2**doublings, LONGEST_RETRY_MS)
    acts_at = now + int(pause * (0.5 + jitter / 2))
    return replace(job, state=JOB.step(job.state, "postpone"), last_failure=why, acts_at=acts_at)


def _is_used_up(job: Job, patience: Patience) -> bool:
    return job.attempts >= patience.attempts and job.kind not in ENDLESS


def hasten(job: Job, now: int) -> Job:
    """Let a waiting job run now; one that runs or is over stays as it is."""
    return replace(job, acts_at=now) if job.state is JobState.WAITING else job


def cancel(job: Job) -> Job:
    """Give a job up. Raises TransitionRefusedError, JobEndlessError."""
    if job.kind in ENDLESS:
        raise JobEndlessError("This job is never given up.")
    return replace(job, state=JOB.step(job.state, "cancel"), acts_at=None)


def retry(job: Job, now: int) -> Job:
    """Try a dead or cancelled job anew. Raises TransitionRefusedError."""
    return replace(job, state=JOB.step(job.state, "retry"), attempts=0, acts_at=now)
