"""Workers: what the market does by itself, each in a loop that survives its own failures."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import structlog

from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.job import (
    RAIL_JOB,
    USUAL,
    Job,
    JobState,
    Patience,
    fail,
    finish,
    lease,
)
from clawmarket.domain.market.agents.endpoint import ENDPOINT_JOB
from clawmarket.domain.market.consenting.revocation import CONSENT_END_JOB, REVOCATION_JOB
from clawmarket.domain.treasury.bill import BILL_JOB
from clawmarket.domain.trust.redaction import redact_text
from clawmarket.ports.clock import Clock
from clawmarket.ports.signer import LogSigner
from clawmarket.ports.store import Query, Snapshot, Transaction
from clawmarket.services.market.agents.endpoints import check_endpoint
from clawmarket.services.market.board.index import follow_records
from clawmarket.services.market.receipts import make_receipt_file
from clawmarket.services.market.sweep import sweep_all
from clawmarket.services.operate.revocations import send_revocation, tell_of_end
from clawmarket.services.operate.tidying import Tidier
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.treasury.billing.bills import settle_bill
from clawmarket.services.treasury.rail_answers import ask_rail
from clawmarket.services.trust.log import Announce, sequence

SEQUENCE_EVERY_S = 0.1
# Searches look at what is new by themselves; seldom means that a task moves once, not thrice.
BOARD_EVERY_S = 0.5
CHECKPOINT_EVERY_S = 0.5
SWEEP_EVERY_S = 1.0
JOBS_EVERY_S = 0.2
TIDY_EVERY_S = 60.0
# Receipts wait while trading is brisk: at most ten a second. Whoever asks for one gets it at once.
JOBS_PER_ROUND = 2
# The loops that follow the trading rest twenty times as long as a round took, a second at most, so
# that the log and the receipts leave the time to buyers and sellers.
FOLLOWING = frozenset({"sequencer", "board", "checkpoint", "receipt"})
REST = 20
LONGEST_REST_S = 1.0
# They begin right behind a command: one that came while they are at work would wait for them.
BEHIND_WITHIN_S = 0.05
# Where no command was answered and nothing was left to do they need not look that soon. Receipts
# follow the log, and no command tells when it has gone on.
LOOKING_BEHIND_COMMANDS = FOLLOWING - {"receipt"}
QUIET_WITHIN_S = 0.5
# Rails are asked side by side: one that hangs keeps those of others no longer than itself. Bills
# are many when a host shuts down and all of its sessions end.
PER_ROUND = {BILL_JOB: 8, RAIL_JOB: 8, ENDPOINT_JOB: 8}
# What only an unplugged rail or receiver could do is still tried, and seen, but seldom.
IDLE_EVERY_S = 30.0
LEASE_MS = 30_000

log = structlog.get_logger()

RUNNERS: dict[str, Callable[[Pipeline, str], Awaitable[object]]] = {
    BILL_JOB: settle_bill,
    "receipt": make_receipt_file,
    CONSENT_END_JOB: tell_of_end,
    REVOCATION_JOB: send_revocation,
    RAIL_JOB: ask_rail,
    ENDPOINT_JOB: check_endpoint,
}
# A receiver of notices may be away for an hour; twelve attempts take about as long.
PATIENCE = {REVOCATION_JOB: Patience(attempts=12, first_ms=10_000)}


@dataclass(frozen=True)
class Workers:
    """The running loops of one market."""

    tasks: tuple[asyncio.Task[None], ...]

    async def stop(self) -> None:
        """End the loops and wait until they have ended."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


def start_workers(pipeline: Pipeline, signer: LogSigner, announce: Announce) -> Workers:
    """Start sequencer, sweep and job runner on the running event loop."""
    ports = pipeline.ports

    async def take_in() -> int:
        return await sequence(ports.store, signer, ports.clock.now(), announce)

    tidier = Tidier(ports.store)
    loops: tuple[tuple[str, float, Callable[[], Awaitable[object]]], ...] = (
        ("sequencer", SEQUENCE_EVERY_S, take_in),
        ("board", BOARD_EVERY_S, lambda: follow_records(ports.store)),
        ("checkpoint", CHECKPOINT_EVERY_S, ports.store.checkpoint),
        ("sweep", SWEEP_EVERY_S, lambda: sweep_all(pipeline)),
        ("tidying", TIDY_EVERY_S, lambda: tidier.bite(ports.clock.now())),
        *((kind, _pace(pipeline, kind), partial(run_due, pipeline, kind)) for kind in RUNNERS),
    )
    return Workers(tuple(asyncio.create_task(_repeat(pipeline, *loop)) for loop in loops))


def _pace(pipeline: Pipeline, kind: str) -> float:
    """Return how often to look for jobs of a kind."""
    ports = pipeline.ports
    tells = ports.notices is not None
    is_plugged = {RAIL_JOB: bool(ports.rails), REVOCATION_JOB: tells, CONSENT_END_JOB: tells}
    is_plugged[ENDPOINT_JOB] = False  # nobody waits for what is looked at once a day
    return JOBS_EVERY_S if is_plugged.get(kind, True) else IDLE_EVERY_S


async def _repeat(
    pipeline: Pipeline, name: str, every_s: float, act: Callable[[], Awaitable[object]]
) -> None:
    follows = name in FOLLOWING
    rest = REST if follows else 0
    is_quiet, seen = False, 0
    while True:
        if follows:
            is_quiet = is_quiet and name in LOOKING_BEHIND_COMMANDS and seen == pipeline.answers
            await pipeline.answered(QUIET_WITHIN_S if is_quiet else BEHIND_WITHIN_S)
        began, is_quiet, seen = time.monotonic(), False, pipeline.answers
        try:
            is_quiet = not await act()
        except Exception as error:  # noqa: BLE001 - a loop outlives any failure of one round
            log.warning("worker failed", worker=name, failure=redact_text(repr(error)))
        took = time.monotonic() - began
        await asyncio.sleep(max(every_s, min(rest * took, LONGEST_REST_S)))


async def run_due_jobs(pipeline: Pipeline) -> int:
    """Lease and run what is due, a round of each kind; return how many."""
    return sum([await run_due(pipeline, kind) for kind in RUNNERS])


async def run_due(pipeline: Pipeline, kind: str) -> int:
    """Lease and run the jobs of one kind that are due, side by side; return how many.

    Each kind has a loop of its own: a rail that hangs keeps no receipt waiting.
    """
    store, now = pipeline.ports.store, pipeline.ports.clock.now()
    due = store.read(lambda rows: _due(rows, kind, now))
    if kind not in PER_ROUND or not due:
        for job in due:
            await _lease_and_run(pipeline, job)
        return len(due)
    ended = await asyncio.gather(
        *(_lease_and_run(pipeline, job) for job in due), return_exceptions=True
    )
    for failure in ended:
        if failure is not None:
            raise failure
    return len(due)


async def _lease_and_run(pipeline: Pipeline, job: Job) -> None:
    clock = pipeline.ports.clock
    # From now on, not from the round's beginning: those before it may have taken long.
    leased = await pipeline.ports.store.write(partial(_lease, seen=job, clock=clock))
    if leased is not None:
        await _run(pipeline, leased)


def _due(rows: Snapshot, kind: str, now: int) -> list[Job]:
    due = Query(
        Job,
        equal={"kind": kind},
        at_most=("acts_at", now),
        order_by="acts_at",
        limit=PER_ROUND.get(kind, JOBS_PER_ROUND),
    )
    return rows.find(due)


def _lease(rows: Transaction, seen: Job, clock: Clock) -> Job | None:
    job = rows.get(Job, seen.job_id)
    if job is None or job.fence != seen.fence or job.acts_at is None:
        return None
    leased = lease(job, clock.now(), LEASE_MS, PATIENCE.get(job.kind, USUAL))
    rows.save(leased, job)
    return leased if leased.state is JobState.RUNNING else None


async def _run(pipeline: Pipeline, job: Job) -> None:
    try:
        await RUNNERS[job.kind](pipeline, job.ref)
    except Refused as refusal:
        why = redact_text(refusal.what)
        await _conclude(pipeline, job, lambda held: _failed(pipeline, held, why))
    except Exception as error:  # noqa: BLE001 - whatever went wrong is shown with the job
        why = redact_text(repr(error))
        await _conclude(pipeline, job, lambda held: _failed(pipeline, held, why))
    else:
        await _conclude(pipeline, job, finish)


def _failed(pipeline: Pipeline, job: Job, why: str) -> Job:
    jitter = pipeline.ports.entropy.draw(1)[0] / 255
    patience = PATIENCE.get(job.kind, USUAL)
    return fail(job, why, pipeline.ports.clock.now(), jitter, patience)


async def _conclude(pipeline: Pipeline, job: Job, conclude: Callable[[Job], Job]) -> None:
    def command(rows: Transaction) -> None:
        held = rows.get(Job, job.job_id)
        # Fenced: whoever lost the lease in the meantime has no say any more.
        if held is not None and held.fence == job.fence and held.state is JobState.RUNNING:
            rows.save(conclude(held), held)

    await pipeline.ports.store.write(command)
