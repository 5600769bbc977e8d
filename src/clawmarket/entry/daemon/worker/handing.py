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
from clawmarket.entry.daemon.worker.job import Job, Phase
from clawmarket.entry.daemon.worker.making import fail, found, made_folder
from clawmarket.entry.daemon.worker.workplace import Workplace
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


def store(place: Workplace, job: Job) -> None:
    """Store what was made; the same files have the same hashes however often this is done."""
    try:
        job.artifacts = [place.line.store(path) for path in made_in(_made(place, job))]
    except (ArtifactRefusedError, RemoteRefusal) as refused:
        check_right(refused)
        fail(place, job, f"The files cannot be handed in: {refused}")
        return
    findings = _findings(place, job)
    if not findings:
        job.key("submit")
        place.save(job, Phase.SUBMITTING)
    elif job.tries < MAX_TRIES:
        job.tries, job.feedback = job.tries + 1, findings
        place.save(job, Phase.WORKING)
        place.say(job, "found_wanting", f"is done once more; the inspection found: {findings}")
    else:
        fail(place, job, f"The inspection found: {findings}")


def _findings(place: Workplace, job: Job) -> str:
    """Return what the market's inspection found in the files, where the task wants one."""
    try:
        prepared_now(place.line.ask, preparing(job.order_id, job.artifacts))
    except InspectionFailedError as failed:
        return findings_text(Finding(**each) for each in inspection_behind(failed)["findings"])
    except RemoteRefusal as refused:
        check_right(refused)
        return str(refused)
    return ""


def submit(place: Workplace, job: Job) -> None:
    """Hand in; a repetition after a crash has the same key and the same files."""
    wanted = {"orderId": job.order_id, "artifacts": job.artifacts}
    try:
        answer = place.line.ask("web3.market.submitResult", wanted, job.key("submit"))
    except RemoteRefusal as refusal:
        _refused(place, job, refusal)
        return
    job.result_id = answer["resultId"]
    _write_meta(place, job, answer)
    place.save(job, Phase.SUBMITTED)
    place.say(job, "submitted", f"handed in, attempt {job.attempt}", resultId=job.result_id)


def _refused(place: Workplace, job: Job, refusal: RemoteRefusal) -> None:
    order = place.line.ask(_ORDER, {"orderId": job.order_id})
    if order["status"] == _DELIVERED and order["resultId"]:
        found(place, job, order)
        return
    fail(place, job, f"The result was refused: {refusal}")


def follow(place: Workplace, job: Job) -> None:
    """Look what became of a result that was handed in."""
    order = place.line.ask(_ORDER, {"orderId": job.order_id})
    if order["status"] == _DELIVERED:
        return
    result = place.line.ask(_RESULT, {"resultId": job.result_id})
    if order["status"] == _DISPUTED:
        place.say_once(job, "disputed", "is disputed; the owner should look", orderId=job.order_id)
        return
    _write_meta(place, job, result)
    if order["status"] == _PAID:
        text = f"paid: {format_amount(place.payout(job.price))}"
        place.close(job, "paid", text)
    elif order["status"] == _WORKING:
        _sent_back(place, job, order, result)
    else:
        place.close(job, "not_paid", f"its order is {order['status']}")


def _sent_back(place: Workplace, job: Job, order: Entry, result: Entry) -> None:
    if order["rejections"] >= MAX_ATTEMPTS:
        place.close(
            job, "rejected", f"rejected {order['rejections']} times; nothing more can be done"
        )
        return
    job.feedback, job.attempt = result["feedback"], job.attempt + 1
    place.save(job, Phase.WORKING)
    place.say(job, "sent_back", "sent back; it is done once more", feedback=result["feedback"])


def _made(place: Workplace, job: Job) -> Path:
    return made_folder(place.folder(job), job)


def _write_meta(place: Workplace, job: Job, result: Entry) -> None:
    meta = {"sub_id": result["resultId"], "file_hash": result["digest"]}
    meta |= {"status": result["status"], "attempt": job.attempt, "feedback": result["feedback"]}
    path = place.folder(job) / "submission_meta.json"
    write_text(path, json.dumps(meta, ensure_ascii=False, indent=1) + "\n")
