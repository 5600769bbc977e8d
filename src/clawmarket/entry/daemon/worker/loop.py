"""The worker's loop: beats, moves what it has, takes more, and stops when it is told to."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.remote.client import RemoteRefusal
from clawmarket.entry.daemon.handlers.running import Run
from clawmarket.entry.daemon.line import AwayError, TooSoonError, check_right, task_id_of
from clawmarket.entry.daemon.worker import handing, making, taking
from clawmarket.entry.daemon.worker.job import BUSY, FRESH, Job, Phase
from clawmarket.entry.daemon.worker.workplace import Workplace

_HEARTBEAT = "web3.agents.heartbeat"
_TICK_S = 0.2
_SOON_S = 1.0
_PAGES, _PAGE = 5, 200
_PATIENCE_S = 60.0
# A handler that fails task after task would only take them away from others.
MAX_FAILURES = 3


@dataclass(frozen=True, slots=True)
class Pace:
    """How the worker goes about it.

    Args:
        interval_s: Between two looks at the market.
        concurrent: How many tasks at once; those that wait for a review do not count.
        grace_s: How long handlers may go on once it is told to stop.
        tasks: End after this many tasks; 0 for never.
    """

    interval_s: float
    concurrent: int
    grace_s: float
    tasks: int = 0


@dataclass
class Worker:
    """See above."""

    place: Workplace
    pace: Pace
    jobs: dict[str, Job] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    stops_at: float | None = None
    failures: int = 0
    over: int = 0
    _looks_at: float = 0.0
    _beats_at: float = 0.0
    _delay_s: float = 0.0
    _beat_refused: bool = False

    def run(self) -> int:
        """Work until told to stop; return how many tasks failed in a row.

        Raises RemoteRefusal when the market refuses what the worker cannot do without; what it
        holds is given back first, unless the key may do nothing any more.
        """
        self._resume()
        try:
            while not self._is_done():
                self._round()
                time.sleep(min(_TICK_S, self.pace.interval_s))
        except RemoteRefusal as refusal:
            check_right(refusal)
            self._hand_back()
            raise
        self._hand_back()
        return self.failures

    def stop(self) -> None:
        """Take nothing new; told twice, end what runs."""
        grace_s = self.pace.grace_s if self.stops_at is None else 0.0
        self.stops_at = time.monotonic() + grace_s

    def _round(self) -> None:
        self._collect()
        if time.monotonic() < self._looks_at:
            return
        try:
            self._beat()
            for job in [*self.jobs.values()]:
                self._move(job)
            if self.stops_at is None:
                self._take_more()
        except AwayError as away:
            self._wait(away)
            return
        self._delay_s = 0.0
        # A handler of an earlier daemon ends in a moment; its task is not to wait for a whole look.
        waits_s = _SOON_S if any(map(self._is_unbegun, self.jobs.values())) else math.inf
        self._looks_at = time.monotonic() + min(self.pace.interval_s, waits_s)

    def _is_unbegun(self, job: Job) -> bool:
        return job.phase is Phase.WORKING and job.task_id not in self.runs

    def _wait(self, away: AwayError) -> None:
        if not self._delay_s:
            self.place.progress.say("away", f"The market is away, asking again: {away}")
        self._delay_s = min(_PATIENCE_S, max(self.pace.interval_s, self._delay_s * 2))
        self._looks_at = time.monotonic() + self._delay_s

    def _is_done(self) -> bool:
        if self.pace.tasks and self.over >= self.pace.tasks:
            return True
        if self.failures >= MAX_FAILURES:
            return True
        if self.stops_at is None:
            return False
        making_now = any(
            job.phase in _ENDING and not self._is_unbegun(job) for job in self.jobs.values()
        )
        return not making_now or time.monotonic() >= self.stops_at

    def _resume(self) -> None:
        folder = self.place.workspace.track("work")
        for path in sorted(folder.glob("task_*")):
            job = Job.load(path)
            if job is None or job.task_id != path.name:
                self.known.add(path.name)  # somebody else's folder: an agent works on it
                continue
            if job.phase is not Phase.OVER:
                self.jobs[job.task_id] = job
                self.place.say(job, "resumed", f"goes on: {job.phase}", phase=job.phase)
            if job.outcome not in FRESH:
                self.known.add(job.task_id)

    def _collect(self) -> None:
        """Take note of handlers that ended, whatever the market does meanwhile."""
        for task_id, run in [*self.runs.items()]:
            verdict = run.verdict()
            if verdict is None:
                continue
            run.end()
            del self.runs[task_id]
            making.finished(self.place, self.jobs[task_id], verdict)
            self._looks_at = 0.0

    def _move(self, job: Job) -> None:
        """Do the steps of a job that can be done now."""
        before = None
        while job.phase is not before and job.phase is not Phase.OVER:
            before = job.phase
            if job.task_id not in self.runs:
                self._step(job)
        if job.phase is Phase.OVER:
            self._finish(job)

    def _step(self, job: Job) -> None:
        if job.phase is Phase.WORKING:
            if self.stops_at is None and (run := making.begin(self.place, job)):
                self.runs[job.task_id] = run
            return
        try:
            _STEPS[job.phase](self.place, job)
        except RemoteRefusal as refusal:
            check_right(refusal)
            self.place.say_once(job, "refused", f"the market refuses: {refusal}")

    def _finish(self, job: Job) -> None:
        del self.jobs[job.task_id]
        if job.order_id:
            self.over += 1
        if job.outcome in ("given_back", "stuck") and job.reason:
            self.failures += 1
        elif job.outcome == "paid":
            self.failures = 0

    def _take_more(self) -> None:
        for task in self._open_tasks():
            busy = sum(job.phase in BUSY for job in self.jobs.values())
            if busy >= self.pace.concurrent or self._has_enough():
                return
            task_id = task_id_of(task)
            found = None if task_id in self.known else self.place.rules.way(task, self.place.me)
            if found is None:
                continue
            way, price = found
            job = Job(task_id, task["title"], way, price)
            self.known.add(job.task_id)
            self.jobs[job.task_id] = job
            self._move(job)

    def _has_enough(self) -> bool:
        if self.failures >= MAX_FAILURES:
            return True
        return bool(self.pace.tasks) and self.over + len(self.jobs) >= self.pace.tasks

    def _open_tasks(self) -> Iterator[Entry]:
        least = str(self.place.rules.min_price)
        asked: Entry = {"status": "task_open", "limit": _PAGE, "minBudget": least}
        queries = [asked | {"skill": skill} for skill in self.place.rules.skills]
        for query in queries or [asked]:
            yield from self._pages(query)

    def _pages(self, query: Entry) -> Iterator[Entry]:
        for _ in range(_PAGES):
            page = self.place.line.ask("web3.market.listTasks", query)
            yield from page["items"]
            if not page["nextCursor"]:
                return
            query = query | {"cursor": page["nextCursor"]}

    def _beat(self) -> None:
        now = time.monotonic()
        if now < self._beats_at or self.stops_at is not None:
            return
        lasts_s = int(min(86_400, max(90, 3 * self.pace.interval_s)))
        self._beats_at = now + lasts_s / 3
        try:
            seen = self.place.line.ask(_HEARTBEAT, {"intervalSec": lasts_s})
        except TooSoonError:
            return  # that of a worker that ran a moment ago still stands
        except RemoteRefusal as refusal:
            check_right(refusal)
            if not self._beat_refused:
                what = f"The heartbeat is refused: {refusal}"
                if refusal.code == "E_NOT_FOUND":
                    step = 'clawmarket agent set --display-name "YOUR NAME"'
                    what = f"Without a profile nobody sees that you are online. Run: {step}"
                self.place.progress.say("refused", what)
            self._beat_refused = True
            return
        if self.place.progress.as_json:  # for programs; people would read nothing else
            until = seen["onlineUntil"]
            self.place.progress.say("beat", f"Online until {until}", onlineUntil=until)

    def _hand_back(self) -> None:
        """End what still runs and give it back; bids are withdrawn."""
        for run in self.runs.values():
            run.end()
        try:
            for job in [*self.jobs.values()]:
                self._leave(job)
        except AwayError as away:
            self.place.progress.say("away", f"The market is away; a next start goes on: {away}")

    def _leave(self, job: Job) -> None:
        if job.phase is Phase.BIDDING:
            taking.withdraw(self.place, job)
        elif job.phase is Phase.WORKING and job.attempt == 1:
            job.reason = "the worker stops"
            self.place.save(job, Phase.RETURNING)
        if job.phase is Phase.RETURNING:
            taking.give_back(self.place, job)


# What a worker that stops still waits for.
_ENDING = frozenset({Phase.WORKING, Phase.MADE, Phase.SUBMITTING, Phase.RETURNING})
_STEPS: dict[Phase, Callable[[Workplace, Job], None]] = {
    Phase.TAKING: taking.take,
    Phase.BIDDING: taking.await_award,
    Phase.MADE: handing.store,
    Phase.SUBMITTING: handing.submit,
    Phase.SUBMITTED: handing.follow,
    Phase.RETURNING: taking.give_back,
}
