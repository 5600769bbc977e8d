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
from clawmarket.entry.daemon.worker.job import Job, Phase
from clawmarket.entry.daemon.worker.workplace import Workplace

# What is left for handing in when the last moment to deliver is near.
_MARGIN_S = 5
_SHOWN = ("title", "summary", "requirements", "skills")


def begin(place: Workplace, job: Job) -> Run | None:
    """Start the handler for a job's present attempt.

    None while one of an earlier daemon still ends, or when the job went another way.
    """
    order = place.line.ask("web3.market.order.get", {"orderId": job.order_id})
    if order["status"] not in ("delivery_ready", "payment_locked"):
        _leave(place, job, order)
        return None
    folder = place.folder(job)
    if running.is_left_behind(folder):
        if job.group:
            running.end_group(job.group)
        place.say_once(job, "orphan", "an earlier handler is still there; it is ended first")
        return None
    made = emptied(made_folder(folder, job))
    _write_spec(place, job, order, made)
    now = SystemClock().now()
    job.started_at = now
    return _started(place, job, made, _seconds(place, order, now))


def made_folder(folder: Path, job: Job) -> Path:
    """Return where the handler writes what this attempt hands in."""
    return folder / f"attempt-{job.attempt}"


def finished(place: Workplace, job: Job, verdict: str) -> None:
    """Go on with what a handler left: its files, or the reason why there are none."""
    if verdict:
        fail(place, job, f"The handler failed: {verdict}.")
        return
    try:
        made_in(made_folder(place.folder(job), job))
    except ArtifactRefusedError as refused:
        fail(place, job, refused.what)
        return
    place.save(job, Phase.MADE)
    place.say(job, "made", f"made, attempt {job.attempt}", attempt=job.attempt)


def fail(place: Workplace, job: Job, reason: str) -> None:
    """Give the task back; after a rejection that is the owner's to decide."""
    job.reason = reason
    place.say(job, "failed", reason, attempt=job.attempt)
    if job.attempt > 1:
        text = f"needs you before its time to hand in again ends; order {job.order_id}"
        place.close(job, "stuck", text)
        return
    place.save(job, Phase.RETURNING)


def found(place: Workplace, job: Job, order: Entry) -> None:
    """Go on with a result that was handed in before, though the state did not know it."""
    job.result_id = order["resultId"]
    place.save(job, Phase.SUBMITTED)
    place.say(job, "submitted", "was handed in before", resultId=job.result_id)


def _leave(place: Workplace, job: Job, order: Entry) -> None:
    if order["status"] == "delivery_completed" and order["resultId"]:
        found(place, job, order)
        return
    place.close(job, "ended", f"its order is {order['status']}")


def _started(place: Workplace, job: Job, made: Path, limit_s: float) -> Run | None:
    about = {"CLAWMARKET_TASK_ID": job.task_id, "CLAWMARKET_ATTEMPT": str(job.attempt)}
    try:
        run = running.start(place.handler, place.folder(job), made, about, limit_s)
    except OSError as error:
        fail(place, job, f"The handler could not be started: {error.strerror}.")
        return None
    job.group = run.group
    place.save(job)
    place.say(job, "working", f"works, attempt {job.attempt}", attempt=job.attempt)
    return run


def _seconds(place: Workplace, order: Entry, now: int) -> float:
    due = order["dueAt"]
    left = (from_iso(due) - now) / SECOND_MS - _MARGIN_S if due else place.limit_s
    return max(0.0, min(place.limit_s, left))


def _write_spec(place: Workplace, job: Job, order: Entry, made: Path) -> None:
    task = place.line.ask("web3.market.getTask", {"taskId": job.task_id})
    spec: Entry = {"taskId": job.task_id, "orderId": job.order_id}
    spec |= {name: task[name] for name in _SHOWN}
    spec |= {
        "price": decimal_text(job.price),
        "dueAt": order["dueAt"],
        "attempt": job.attempt,
        "feedback": job.feedback,
        "inputs": _inputs(place, job, task["attachments"]),
        "artifacts": str(made),
    }
    folder = place.folder(job)
    write_text(folder / SPEC, json.dumps(spec, ensure_ascii=False, indent=1) + "\n")


def _inputs(place: Workplace, job: Job, attachments: list[Entry]) -> list[str]:
    """Fetch what the buyer attached, under names that are safe here."""
    folder = emptied(place.folder(job) / "inputs")
    names = kept_names(each["name"] for each in attachments)
    for at, each in enumerate(attachments):
        if each["size"] > MAX_BYTES:
            large = f"{names[at]} is not fetched: {each['size']} bytes, at most {MAX_BYTES}"
            place.say(job, "input_missing", large)
            continue
        try:
            place.line.fetch(each["digest"], folder / names[at], each["size"])
        except (RemoteRefusal, FileDamagedError, FileTooLongError) as refused:
            place.say(job, "input_missing", f"{names[at]} could not be fetched: {refused}")
    return [f"inputs/{path.name}" for path in sorted(folder.iterdir())]
