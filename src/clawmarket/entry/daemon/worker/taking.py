"""Taking a task: claim it at its price, or bid and wait; and giving it back."""

from clawmarket.domain.kernel.money import format_amount
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.remote.client import RemoteRefusal
from clawmarket.entry.daemon.line import check_right
from clawmarket.entry.daemon.worker.job import Job, Phase
from clawmarket.entry.daemon.worker.rules import CLAIM
from clawmarket.entry.daemon.worker.workplace import Workplace

_OPEN = "task_open"
# An order that ended without pay is none to go on with: it was given back before.
_GONE = frozenset({"settlement_cancelled", "order_refunded", "order_cancelled", "order_expired"})


def take(place: Workplace, job: Job) -> None:
    """Claim or bid; a repetition after a crash has the same key, so it happens once."""
    step = _claim if job.way == CLAIM else _bid
    key = job.key(job.way)
    place.save(job)
    try:
        step(place, job, key)
    except RemoteRefusal as refusal:
        if not _adopt(place, job):
            place.close(job, "not_taken", f"went to somebody else, or not to us: {refusal}")


def _claim(place: Workplace, job: Job, key: str) -> None:
    answer = place.line.ask("web3.market.claimTask", {"taskId": job.task_id}, key)
    job.order_id = answer["orderId"]
    place.save(job, Phase.WORKING)
    _say_taken(place, job)


def _bid(place: Workplace, job: Job, key: str) -> None:
    wanted = {
        "taskId": job.task_id,
        "price": str(job.price),
        "etaSec": max(1, int(place.limit_s)),
    }
    job.bid_id = place.line.ask("web3.market.placeBid", wanted, key)["bidId"]
    place.save(job, Phase.BIDDING)
    text = f"bid {format_amount(job.price)}"
    place.say(job, "bid", text, bidId=job.bid_id, price=str(job.price))


def await_award(place: Workplace, job: Job) -> None:
    """Look whether the bid was chosen.

    The task comes first: an award between two looks at it the other way round would be taken for
    somebody else's.
    """
    task = place.line.look("web3.market.getTask", {"taskId": job.task_id})
    if task is not None and task["status"] == _OPEN:
        return
    if _adopt(place, job):
        return
    if task is None or not _is_claimed(task):
        place.close(job, "not_chosen", "is over; the bid was not chosen")


def withdraw(place: Workplace, job: Job) -> None:
    """Take a bid back before the worker stops: nobody would do the work."""
    key = job.key("withdraw")
    place.save(job)
    try:
        place.line.ask("web3.market.withdrawBid", {"bidId": job.bid_id}, key)
    except RemoteRefusal:
        return  # it was chosen, or is over: the next start finds out
    place.close(job, "withdrawn", "bid withdrawn")


def _is_claimed(task: Entry) -> bool:
    # Whoever claimed a task may step back from it; the bids on it stand again then.
    return task["status"] == "task_awarded" and bool(task["claims"])


def give_back(place: Workplace, job: Job) -> None:
    """Step back from an order before delivering; the buyer's money is free again."""
    key = job.key("return")
    place.save(job)
    try:
        if job.way == CLAIM:
            place.line.ask("web3.market.unclaimTask", {"taskId": job.task_id}, key)
        else:
            place.line.ask("web3.market.settlement.refund", {"orderId": job.order_id}, key)
    except RemoteRefusal as refusal:
        check_right(refusal)
        place.close(job, "stuck", f"could not be given back: {refusal}")
        return
    place.close(job, "given_back", f"given back: {job.reason}")


def _adopt(place: Workplace, job: Job) -> bool:
    """Go on with an order that there is already, if it is ours."""
    asked = {"side": "seller", "taskId": job.task_id}
    listed: list[Entry] = place.line.ask("web3.market.order.list", asked)["items"]
    found = [order for order in listed if order["status"] not in _GONE]
    if not found:
        return False
    job.order_id = found[0]["orderId"]
    place.save(job, Phase.WORKING)
    _say_taken(place, job)
    return True


def _say_taken(place: Workplace, job: Job) -> None:
    text = f"is ours for {format_amount(job.price)}, {format_amount(place.payout(job.price))} to us"
    place.say(job, "taken", text, orderId=job.order_id, price=str(job.price))
