"""Revocations: tell whoever guards what was delivered that its use has ended, until they know."""

from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel import job as jobs
from clawmarket.domain.kernel.ids import same_ulid
from clawmarket.domain.kernel.job import Job, JobState
from clawmarket.domain.market.consenting.consent import Consent, ConsentState
from clawmarket.domain.market.consenting.revocation import REVOCATION_JOB, Revocation
from clawmarket.domain.market.ending import Ending
from clawmarket.domain.market.order import Order, OrderState
from clawmarket.ports.notices import Notice, NoticeLostError
from clawmarket.ports.store import Query, Snapshot, Transaction
from clawmarket.registry.fields import Answer, Flag, Limit, Request
from clawmarket.registry.methods import Scope, ask
from clawmarket.services.call import Call
from clawmarket.services.market.consenting.revocations import notice_body
from clawmarket.services.operate.jobs import JobRetried
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.work import Work

MAX_SHOWN = 1_000


async def send_revocation(pipeline: Pipeline, revocation_id: str) -> None:
    """Send one notice; the receiver may get it more than once, under one id.

    What is confirmed is not kept: without its row a notice was sent. Raises NoticeLostError.
    """
    ports = pipeline.ports
    kept = ports.store.read(lambda rows: rows.get(Revocation, revocation_id))
    if kept is None:
        return
    if ports.notices is None:
        raise NoticeLostError("No receiver of notices is configured.")
    await ports.notices.send(Notice(revocation_id, ports.clock.now(), kept.body))
    await ports.store.write(lambda rows: rows.remove(Revocation, revocation_id))


async def tell_of_end(pipeline: Pipeline, consent_id: str) -> None:
    """Have it told outside, once, that a consent has ended by its time.

    A revoked one was told of before, and where nothing was handed over the sweep ends order and
    consent, and tells. Raises NoticeLostError while the consent is good.
    """
    now = pipeline.ports.clock.now()
    await pipeline.ports.store.write(lambda rows: _note_end(rows, consent_id, now))


def _note_end(rows: Transaction, consent_id: str, now: int) -> None:
    consent = rows.get(Consent, consent_id)
    order = rows.get(Order, consent.order_id) if consent else None
    # The job outlasts the notice, which goes when it is confirmed: of one end there is one.
    job_id = same_ulid("job", consent_id)
    if consent is None or order is None or rows.get(Job, job_id) is not None:
        return
    if consent.is_good(now):
        raise NoticeLostError("This consent is good still.")
    if consent.state is ConsentState.REVOKED or _ends_with(order, consent):
        return
    revocation_id = same_ulid("revocation", consent_id)
    body = notice_body(rows, order, order.delivery_id, Ending.CONSENT_OVER.value, now)
    rows.add(Revocation(revocation_id, order.order_id, body, now))
    rows.add(Job(job_id, REVOCATION_JOB, revocation_id, JobState.WAITING, 0, 0, "", now, now))


def _ends_with(order: Order, consent: Consent) -> bool:
    """Whether an order is over, with all of its money back, at the moment its consent is."""
    is_open = order.state in (OrderState.CONSENTED, OrderState.WORKING)
    return is_open and order.due_at <= (consent.expires_at or 0)


class RetryRevocations(Request):
    """How many notices to take up again."""

    limit: Limit = 200
    dry_run: Annotated[Flag, Field(description="Only count; change nothing.")] = False


class RetriedRevocations(Answer):
    """What was taken up again, and what is left."""

    processed: Annotated[
        int, Field(description="Given up before and tried anew now; or would be, in a dry run.")
    ]
    pending: Annotated[int, Field(description="Waiting to be sent; at most 1,000 are counted.")]
    failed: Annotated[int, Field(description="Given up; at most 1,000 are counted.")]


@ask("market.revocation.retry", scope=Scope.ADMIN, example={"dryRun": True})
async def retry_revocations(
    call: Call, pipeline: Pipeline, request: RetryRevocations
) -> RetriedRevocations:
    """Send revocation notices anew that were given up, the oldest first."""
    store = pipeline.ports.store
    dead = store.read(lambda rows: unsent(rows, JobState.DEAD, request.limit))
    processed = len(dead)
    if dead and not request.dry_run:
        ids = [job.job_id for job in dead]
        processed = int(await pipeline.write(call, lambda work: _retry(work, ids)))
    return store.read(lambda rows: _counted(rows, processed))


def _retry(work: Work, job_ids: list[str]) -> int:
    found = (work.get(Job, job_id) for job_id in job_ids)
    dead = [job for job in found if job is not None and job.state is JobState.DEAD]
    for job in dead:
        work.save(jobs.retry(job, work.now))
        work.emit(JobRetried(job.job_id))
    return len(dead)


def _counted(rows: Snapshot, processed: int) -> RetriedRevocations:
    return RetriedRevocations(
        processed=processed,
        pending=count_pending(rows),
        failed=len(unsent(rows, JobState.DEAD)),
    )


def count_pending(rows: Snapshot) -> int:
    """Return how many notices wait or are being sent, without going through other jobs."""
    equal, ever = {"kind": REVOCATION_JOB}, ("acts_at", 0)
    return len(rows.find(Query(Job, equal, at_least=ever, order_by="acts_at", limit=MAX_SHOWN)))


def unsent(rows: Snapshot, state: JobState, limit: int = MAX_SHOWN) -> list[Job]:
    """Return the jobs for notices in a state, the oldest first."""
    return rows.find(Query(Job, equal={"state": state, "kind": REVOCATION_JOB}, limit=limit))
