"""A worker's workplace: the market, the workspace, the handler and the rules, for every step."""

from dataclasses import dataclass
from pathlib import Path

from clawmarket.adapters.clock.system import SystemClock
from clawmarket.domain.kernel.money import format_amount, parse_minor, split_fee
from clawmarket.entry.daemon.handlers.choice import Handler
from clawmarket.entry.daemon.line import Line
from clawmarket.entry.daemon.memory import remember, status_of
from clawmarket.entry.daemon.progress import Progress
from clawmarket.entry.daemon.storage import Workspace
from clawmarket.entry.daemon.worker.job import Job, Phase
from clawmarket.entry.daemon.worker.rules import Rules


@dataclass(frozen=True)
class Workplace:
    """What every step of a worker needs.

    Args:
        me: The worker's account.
        fee_bps: The market's fee, in ten-thousandths of the price.
        limit_s: The longest run of a handler.
    """

    line: Line
    workspace: Workspace
    progress: Progress
    handler: Handler
    rules: Rules
    me: str
    fee_bps: int
    limit_s: float

    def folder(self, job: Job) -> Path:
        """Return the job's own folder."""
        return self.workspace.track("work") / job.task_id

    def save(self, job: Job, phase: Phase | None = None) -> None:
        """Keep a job's state."""
        job.save(self.folder(job), phase)

    def payout(self, price: int) -> int:
        """Return what is left of a price after the fee."""
        return split_fee(price, self.fee_bps)[0]

    def say(self, job: Job, kind: str, text: str, **facts: object) -> None:
        """Report what happened to a job."""
        self.progress.say(kind, f"{job.task_id} {text}", taskId=job.task_id, **facts)

    def say_once(self, job: Job, kind: str, text: str, **facts: object) -> None:
        """The same, once for this job, also over restarts."""
        mark = f"{kind}-{job.attempt}"
        if mark not in job.told:
            self.say(job, kind, text, **facts)
            job.told.append(mark)
            self.save(job)

    def close(self, job: Job, outcome: str, text: str) -> None:
        """End a job, in this order: the memory line, the state, the word."""
        job.outcome = outcome
        if job.order_id:
            self._remember(job)
        self.save(job, Phase.OVER)
        self.say(job, outcome, text, orderId=job.order_id or None, outcome=outcome)

    def _remember(self, job: Job) -> None:
        earned = self._earned(job)
        facts = {
            "Mode": f"paid | Status: {status_of(job.outcome)}",
            "Budget": f"{format_amount(job.price)} | Payout: {format_amount(earned)}",
            "Worker": self.me,
            "Files": self.workspace.shown(self.folder(job)),
        }
        now = SystemClock().now()
        remember(self.workspace.memory, now, (job.task_id, job.title), facts)

    def _earned(self, job: Job) -> int:
        """Return what the order really paid; a dispute may have divided it."""
        asked = {"orderId": job.order_id}
        return parse_minor(self.line.ask("web3.market.settlement.status", asked)["sellerAmount"])
