"""The end of a run: everybody is answered, every deadline passes, strangers check the receipts."""

from clawmarket.adapters.blobs.memory import MemoryBlobs
from clawmarket.domain.kernel.job import Job, JobState
from clawmarket.domain.market.order import Order
from clawmarket.domain.market.receipt import Receipt
from clawmarket.domain.trust.record import LogHead, Record
from clawmarket.domain.trust.verification import check_receipt
from clawmarket.entry.cli.verify import crypto
from simulation.post import Post
from simulation.referee import must
from simulation.town import Deed, Town
from simulation.view import View
from world import Fields

# Nothing that ends needs more rounds than this; a market that never ends does.
ROUNDS = 500
BEFORE_THE_END = (JobState.WAITING, JobState.RUNNING)


def answer_everybody(post: Post) -> None:
    """Repeat what was not answered; without faults, one repetition is enough."""
    for envelope in post.fresh():
        if not envelope.over:
            post.send(envelope)


def check_answered(post: Post) -> None:
    """Assert that nobody waits for an answer any more."""
    waiting = [each.letter.number for each in post.fresh() if not each.over]
    must(not waiting, f"Never answered: {waiting}.")


def pass_deadline(town: Town, view: View) -> bool:
    """Go to the next deadline and sweep once; tell whether there was one."""
    waiting = list(view.waiting.values())
    if not waiting:
        return False
    first = min(row.acts_at or town.now for row in waiting)
    town.clock.advance(max(0, first - town.now))
    town.sweep()
    return True


def check_swept(town: Town, view: View) -> None:
    """Assert that nothing outlived its deadline and one sweep."""
    for key, row in view.waiting.items():
        must((row.acts_at or 0) > town.now, f"{key} is {row.state} after its deadline.")


def finish_jobs(town: Town, post: Post, view: View) -> None:
    """Take all records into the log and run every job; the operator retries what gave up."""
    town.log()
    operator = town.parties[-1]
    for job in view.all(Job):
        if job.state is JobState.DEAD:
            post.write(operator, Deed("market.jobs.retry", {"jobId": job.job_id}))
    for _ in range(ROUNDS):
        moments = [job.acts_at or 0 for job in _jobs(town) if job.state in BEFORE_THE_END]
        if not moments:
            return
        town.clock.advance(max(0, min(moments) - town.now))
        town.run_jobs()
        town.log()
    must(False, "The jobs never end.")


def _jobs(town: Town) -> list[Job]:
    return list(town.rows(Job))


def check_log(town: Town) -> None:
    """Assert that the log has every record."""
    (head,) = town.rows(LogHead)
    must(head.size == len(town.rows(Record)), "The log lacks records.")


def check_reconciled(town: Town) -> None:
    """Assert that the market itself, asked by its operator, finds nothing that differs."""
    for things in ("list", "tabs", "bills"):
        params: Fields = {"limit": 50}
        while True:
            page = town.submit(town.parties[-1], f"market.reconciliation.{things}", params, "")
            must(page["items"] == [], f"The books differ: {page['items'][:1]}.")
            if page["nextCursor"] is None:
                break
            params["cursor"] = page["nextCursor"]


def check_receipts(town: Town, view: View) -> None:
    """Assert that each order that was paid for has a receipt, and that a stranger accepts it."""
    receipts = {receipt.order_id: receipt for receipt in town.rows(Receipt)}
    blobs = town.ports.blobs
    assert isinstance(blobs, MemoryBlobs)
    for order in view.all(Order):
        if order.settlement_id is None:
            must(order.order_id not in receipts, "A receipt for nothing.")
            continue
        must(order.order_id in receipts, f"{order.order_id} has no receipt.")
        text = blobs._kept[receipts[order.order_id].digest.removeprefix("sha256:")].decode()
        verdict = check_receipt(text, pinned=town.terms.vkey, crypto=crypto())
        must(verdict.ok, f"The receipt of {order.order_id} fails: {verdict.failed}.")
