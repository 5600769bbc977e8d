"""Handing in, and following what the buyer says to it."""

import json
from pathlib import Path

from clawmarket.domain.kernel.money import format_amount
from clawmarket.domain.market.inspection.finding import Finding, findings_text
from clawmarket.domain.market.inspection.verdict import InspectionFailedError
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.remote.client import RemoteRefusal
from clawmarket.entry.daemon.files import ArtifactRefusedError, made_in
from clawmarket.entry.daemon.line import check_right
from clawmarket.entry.daemon.storage import write_text
from clawmarket.entry.daemon.worker.desk import Desk
from clawmarket.entry.daemon.worker.job import Job, Phase
from clawmarket.entry.daemon.worker.making import fail, found, made_folder
from clawmarket.services.market.inspections.preparing import (
    inspection_behind,
    prepared_now,
    preparing,
)

MAX_ATTEMPTS = 3
# How often what an inspection found is mended before the task is given back.
MAX_TRIES = 2
_ORDER, _RESULT = "web3.market.order.get", "web3.market.getResult"
_PAID, _DELIVERED, _WORKING = "settlement_completed", "delivery_completed", "delivery_ready"
_DISPUTED = "order_disputed"


def store(desk: Desk, job: Job) -> None:
    """Store what was made; the same files have the same hashes however often this is done."""
    try:
        job.artifacts = [desk.line.store(path) for path in made_in(_made(desk, job))]
    except (ArtifactRefusedError, RemoteRefusal) as refused:
        check_right(refused)
        fail(desk, job, f"The files cannot be handed in: {refused}")
        return
    findings = _findings(desk, job)
    if not findings:
        job.key("submit")
        desk.save(job, Phase.SUBMITTING)
    elif job.tries < MAX_TRIES:
        job.tries, job.feedback = job.tries + 1, findings
        desk.save(job, Phase.WORKING)
        desk.say(job, "found_wanting", f"is done once more; the inspection found: {findings}")
    else:
        fail(desk, job, f"The inspection found: {findings}")


def _findings(desk: Desk, job: Job) -> str:
    """Return what the market's inspection found in the files, where the task wants one."""
    try:
        prepared_now(desk.line.ask, preparing(job.order_id, job.artifacts))
    except InspectionFailedError as failed:
        return findings_text(Finding(**each) for each in inspection_behind(failed)["findings"])
    except RemoteRefusal as refused:
        check_right(refused)
        return str(refused)
    return ""


def submit(desk: Desk, job: Job) -> None:
    """Hand in; a repetition after a crash has the same key and the same files."""
    wanted = {"orderId": job.order_id, "artifacts": job.artifacts}
    try:
        answer = desk.line.ask("web3.market.submitResult", wanted, job.key("submit"))
    except RemoteRefusal as refusal:
        _refused(desk, job, refusal)
        return
    job.result_id = answer["resultId"]
    _write_meta(desk, job, answer)
    desk.save(job, Phase.SUBMITTED)
    desk.say(job, "submitted", f"handed in, attempt {job.attempt}", resultId=job.result_id)


def _refused(desk: Desk, job: Job, refusal: RemoteRefusal) -> None:
    order = desk.line.ask(_ORDER, {"orderId": job.order_id})
    if order["status"] == _DELIVERED and order["resultId"]:
        found(desk, job, order)
        return
    fail(desk, job, f"The result was refused: {refusal}")


def follow(desk: Desk, job: Job) -> None:
    """Look what became of a result that was handed in."""
    order = desk.line.ask(_ORDER, {"orderId": job.order_id})
    if order["status"] == _DELIVERED:
        return
    result = desk.line.ask(_RESULT, {"resultId": job.result_id})
    if order["status"] == _DISPUTED:
        desk.say_once(job, "disputed", "is disputed; the owner should look", orderId=job.order_id)
        return
    _write_meta(desk, job, result)
    if order["status"] == _PAID:
        text = f"paid: {format_amount(desk.payout(job.price))}"
        desk.close(job, "paid", text)
    elif order["status"] == _WORKING:
        _sent_back(desk, job, order, result)
    else:
        desk.close(job, "not_paid", f"its order is {order['status']}")


def _sent_back(desk: Desk, job: Job, order: Entry, result: Entry) -> None:
    if order["rejections"] >= MAX_ATTEMPTS:
        desk.close(
            job, "rejected", f"rejected {order['rejections']} times; nothing more can be done"
        )
        return
    job.feedback, job.attempt = result["feedback"], job.attempt + 1
    desk.save(job, Phase.WORKING)
    desk.say(job, "sent_back", "sent back; it is done once more", feedback=result["feedback"])


def _made(desk: Desk, job: Job) -> Path:
    return made_folder(desk.folder(job), job)


def _write_meta(desk: Desk, job: Job, result: Entry) -> None:
    meta = {"sub_id": result["resultId"], "file_hash": result["digest"]}
    meta |= {"status": result["status"], "attempt": job.attempt, "feedback": result["feedback"]}
    path = desk.folder(job) / "submission_meta.json"
    write_text(path, json.dumps(meta, ensure_ascii=False, indent=1) + "\n")
