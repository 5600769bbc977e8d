"""Making: the handler works in the task's folder until it is done, fails or its time is up."""

import json
from pathlib import Path

from clawmarket.adapters.clock.system import SystemClock
from clawmarket.domain.kernel.moment import SECOND_MS, from_iso
from clawmarket.domain.kernel.money import decimal_text
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.remote.client import FileDamagedError, FileTooLongError, RemoteRefusal
from clawmarket.entry.daemon.files import MAX_BYTES, ArtifactRefusedError, kept_names, made_in
from clawmarket.entry.daemon.handlers import running
from clawmarket.entry.daemon.handlers.running import SPEC, Run
from clawmarket.entry.daemon.storage import emptied, write_text
from clawmarket.entry.daemon.worker.desk import Desk
from clawmarket.entry.daemon.worker.job import Job, Phase

# What is left for handing in when the last moment to deliver is near.
_MARGIN_S = 5
_SHOWN = ("title", "summary", "requirements", "skills")


def begin(desk: Desk, job: Job) -> Run | None:
    """Start the handler for a job's present attempt.

    None while one of an earlier daemon still ends, or when the job went another way.
    """
    order = desk.line.ask("web3.market.order.get", {"orderId": job.order_id})
    if order["status"] not in ("delivery_ready", "payment_locked"):
        _leave(desk, job, order)
        return None
    folder = desk.folder(job)
    if running.is_left_behind(folder):
        if job.group:
            running.end_group(job.group)
        desk.say_once(job, "orphan", "an earlier handler is still there; it is ended first")
        return None
    made = emptied(made_folder(folder, job))
    _write_spec(desk, job, order, made)
    now = SystemClock().now()
    job.started_at = now
    return _started(desk, job, made, _seconds(desk, order, now))


def made_folder(folder: Path, job: Job) -> Path:
    """Return where the handler writes what this attempt hands in."""
    return folder / f"attempt-{job.attempt}"


def finished(desk: Desk, job: Job, verdict: str) -> None:
    """Go on with what a handler left: its files, or the reason why there are none."""
    if verdict:
        fail(desk, job, f"The handler failed: {verdict}.")
        return
    try:
        made_in(made_folder(desk.folder(job), job))
    except ArtifactRefusedError as refused:
        fail(desk, job, refused.what)
        return
    desk.save(job, Phase.MADE)
    desk.say(job, "made", f"made, attempt {job.attempt}", attempt=job.attempt)


def fail(desk: Desk, job: Job, reason: str) -> None:
    """Give the task back; after a rejection that is the owner's to decide."""
    job.reason = reason
    desk.say(job, "failed", reason, attempt=job.attempt)
    if job.attempt > 1:
        text = f"needs you before its time to hand in again ends; order {job.order_id}"
        desk.close(job, "stuck", text)
        return
    desk.save(job, Phase.RETURNING)


def found(desk: Desk, job: Job, order: Entry) -> None:
    """Go on with a result that was handed in before, though the state did not know it."""
    job.result_id = order["resultId"]
    desk.save(job, Phase.SUBMITTED)
    desk.say(job, "submitted", "was handed in before", resultId=job.result_id)


def _leave(desk: Desk, job: Job, order: Entry) -> None:
    if order["status"] == "delivery_completed" and order["resultId"]:
        found(desk, job, order)
        return
    desk.close(job, "ended", f"its order is {order['status']}")


def _started(desk: Desk, job: Job, made: Path, limit_s: float) -> Run | None:
    about = {"CLAWMARKET_TASK_ID": job.task_id, "CLAWMARKET_ATTEMPT": str(job.attempt)}
    try:
        run = running.start(desk.handler, desk.folder(job), made, about, limit_s)
    except OSError as error:
        fail(desk, job, f"The handler could not be started: {error.strerror}.")
        return None
    job.group = run.group
    desk.save(job)
    desk.say(job, "working", f"works, attempt {job.attempt}", attempt=job.attempt)
    return run


def _seconds(desk: Desk, order: Entry, now: int) -> float:
    due = order["dueAt"]
    left = (from_iso(due) - now) / SECOND_MS - _MARGIN_S if due else desk.limit_s
    return max(0.0, min(desk.limit_s, left))


def _write_spec(desk: Desk, job: Job, order: Entry, made: Path) -> None:
    task = desk.line.ask("web3.market.getTask", {"taskId": job.task_id})
    spec: Entry = {"taskId": job.task_id, "orderId": job.order_id}
    spec |= {name: task[name] for name in _SHOWN}
    spec |= {
        "price": decimal_text(job.price),
        "dueAt": order["dueAt"],
        "attempt": job.attempt,
        "feedback": job.feedback,
        "inputs": _inputs(desk, job, task["attachments"]),
        "artifacts": str(made),
    }
    folder = desk.folder(job)
    write_text(folder / SPEC, json.dumps(spec, ensure_ascii=False, indent=1) + "\n")


def _inputs(desk: Desk, job: Job, attachments: list[Entry]) -> list[str]:
    """Fetch what the buyer attached, under names that are safe here."""
    folder = emptied(desk.folder(job) / "inputs")
    names = kept_names(each["name"] for each in attachments)
    for place, each in enumerate(attachments):
        if each["size"] > MAX_BYTES:
            large = f"{names[place]} is not fetched: {each['size']} bytes, at most {MAX_BYTES}"
            desk.say(job, "input_missing", large)
            continue
        try:
            desk.line.fetch(each["digest"], folder / names[place], each["size"])
        except (RemoteRefusal, FileDamagedError, FileTooLongError) as refused:
            desk.say(job, "input_missing", f"{names[place]} could not be fetched: {refused}")
    return [f"inputs/{path.name}" for path in sorted(folder.iterdir())]
