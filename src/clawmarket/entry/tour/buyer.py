"""The buyer of a tour: `python -m clawmarket.entry.tour.buyer`, a process of its own.

It publishes a funded task, hires the cheapest worker that qualifies, checks the report against
its own document before it pays, and keeps the receipt.
"""

import re
import sys
from argparse import Namespace
from pathlib import Path

from clawmarket.domain.kernel.canonical import sha256_digest
from clawmarket.domain.kernel.ids import id_pattern
from clawmarket.domain.kernel.money import format_amount
from clawmarket.entry.tour.actor import Actor, arguments, perform
from clawmarket.entry.tour.agent import AgentError, Fields
from clawmarket.entry.tour.bidding import Bid, objections, rank, read_bid
from clawmarket.entry.tour.inspection import check_digest
from clawmarket.entry.tour.papers import read_file, wire_name

TASK_LIFETIME_S = 600
MAX_FEEDBACK = 2_000

_REQUIREMENTS = """\
A digest of the attached Markdown document, itself in Markdown: the title `Digest of` and the
file's name, a table of facts, and the sections `Outline`, `Broken internal links` and
`Most frequent terms`. Every figure is counted again before the work is paid.
"""


def play(actor: Actor, given: Namespace) -> None:
    """Buy one digest. Raises AgentError, Refused."""
    document, name = read_file(given.file), wire_name(given.file)
    skills = given.skills.split(",")
    actor.sign_in()
    before = _fees(actor)
    task = _publish(actor, given, name, document.encode())
    bids = actor.wait_for(lambda: _bids(actor, task, given), f"{given.bids} bids")
    award = _hire(actor, task, _choose(actor, bids, skills, given.budget))
    result = _wait_for_result(actor, award)
    _review(actor, result, document, name)
    _pay(actor, award, result)
    _keep_receipt(actor, award["orderId"], given.receipts)
    status = actor.agent.call("web3.status.summary")
    actor.leave(
        feesBefore=before,
        feesAfter=_fees(actor),
        feeBps=status["feeBps"],
        vkey=status["vkey"],
    )


def _fees(actor: Actor) -> int:
    return int(actor.agent.call("web3.market.status.summary")["fees"])


def _publish(actor: Actor, given: Namespace, name: str, data: bytes) -> Fields:
    file = actor.agent.upload(name, data)
    actor.tell("stored", f"stored {name}, {file['size']:,} bytes, {file['digest'][:19]}…")
    task = actor.agent.call(
        "web3.market.publishTask",
        title=f"Digest of {name} (tour {given.mark})",
        summary="Outline, figures and broken links of one document.",
        requirements=_REQUIREMENTS,
        skills=given.skills.split(","),
        attachments=[file],
        budget=str(given.budget),
        fund=True,
        expirySec=TASK_LIFETIME_S,
        timeoutSec=TASK_LIFETIME_S,
    )
    held = format_amount(given.budget)
    until = _clock(task["expiresAt"])
    text = f"published a task; {held} are held, and come back at {until} if nobody is hired"
    actor.tell("published", text, taskId=task["taskId"])
    return task


def _bids(actor: Actor, task: Fields, given: Namespace) -> list[Bid] | None:
    page = actor.agent.call("web3.market.listBids", taskId=task["taskId"], limit=100)
    live = (item for item in page["items"] if item["status"] == "bid_submitted")
    # On a market with other people on it, the tour keeps to its own two workers.
    bids = [bid for bid in map(read_bid, live) if bid.mark == given.mark]
    return bids if len({bid.bidder for bid in bids}) >= given.bids else None


def _choose(actor: Actor, bids: list[Bid], skills: list[str], budget: int) -> Bid:
    for bid in sorted(bids, key=lambda bid: bid.price):
        verdict = "; ".join(objections(bid, skills, budget)) or "qualifies"
        actor.tell("weighed", f"weighed {format_amount(bid.price)} by {bid.bidder}: {verdict}")
    best = rank(bids, skills, budget)
    if not best:
        raise AgentError("No bid qualifies.", code="E_NOT_FOUND", next_step="clawmarket tour")
    return best[0]


def _hire(actor: Actor, task: Fields, bid: Bid) -> Fields:
    award = actor.agent.call("web3.market.awardBid", bidId=bid.bid_id)
    amount = int(award["amount"])
    rest = format_amount(int(task["budget"]) - amount)
    text = f"hired {award['seller']}; {format_amount(amount)} are locked, {rest} are free again"
    actor.tell("hired", text, orderId=award["orderId"], amount=amount, seller=award["seller"])
    return award


def _wait_for_result(actor: Actor, award: Fields) -> Fields:
    def delivered() -> str | None:
        order = actor.agent.call("web3.market.order.get", orderId=award["orderId"])
        return order["resultId"] if order["status"] == "delivery_completed" else None

    result_id = actor.wait_for(delivered, f"the result of {award['seller']}")
    return actor.agent.call("web3.market.getResult", resultId=result_id)


def _review(actor: Actor, result: Fields, document: str, name: str) -> None:
    report = result["artifacts"][0]
    data = actor.agent.download(report["digest"])
    actor.tell("fetched", f"fetched the report, {len(data):,} bytes, content hash as delivered")
    complaints = check_digest(document, name, data.decode(errors="replace"))
    if complaints:
        feedback = "; ".join(complaints)[:MAX_FEEDBACK]
        actor.agent.call(
            "web3.market.reviewResult",
            resultId=result["resultId"],
            decision="reject",
            feedback=feedback,
        )
        raise AgentError(
            f"The report was wrong and went back: {feedback}.",
            code="E_CONFLICT",
            next_step="clawmarket tour",
        )
    actor.tell("checked", f"counted every figure of the report again in {name}: all agree")


def _pay(actor: Actor, award: Fields, result: Fields) -> None:
    actor.agent.call(
        "web3.market.reviewResult",
        resultId=result["resultId"],
        decision="accept",
        feedback="Every figure agrees.",
    )
    money = actor.agent.call("web3.market.settlement.status", orderId=award["orderId"])
    paid, fee = int(money["sellerAmount"]), int(money["fee"])
    to_seller = f"{format_amount(paid)} went to {award['seller']}"
    text = f"accepted; {to_seller}, {format_amount(fee)} to the market"
    actor.tell("paid", text, fee=fee, sellerAmount=paid)


def _keep_receipt(actor: Actor, order_id: str, folder: Path) -> None:
    # The id came from the market and becomes a file's name.
    if not re.fullmatch(id_pattern("order"), order_id):
        raise AgentError("The market's order id is no order id.")
    receipt = actor.wait_for(lambda: _receipt(actor, order_id), "the receipt")
    data = receipt["receipt"].encode()
    if sha256_digest(data) != receipt["digest"]:
        raise AgentError("The receipt is not the one that its content hash names.")
    path = folder / f"{order_id}.receipt.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise AgentError(f"{path} was not written: {error.strerror}.") from None
    actor.tell("kept", f"wrote the receipt, {len(data):,} bytes", path=str(path))


def _receipt(actor: Actor, order_id: str) -> Fields | None:
    try:
        return actor.agent.call("web3.market.receipt.get", orderId=order_id)
    except AgentError as error:
        # The log takes the last record in within a second; until then there is no proof.
        if error.code == "E_CONFLICT" and error.cause.startswith("receipt_"):
            return None
        raise


def _clock(moment: str) -> str:
    return f"{moment[11:19]} UTC"


def main() -> int:
    """Read the command line and play the buyer."""
    parser = arguments("The buyer of a tour.")
    parser.add_argument("--file", type=Path, required=True, help="the document")
    parser.add_argument("--budget", type=int, required=True, help="in minor units")
    parser.add_argument("--bids", type=int, default=2, help="how many workers to wait for")
    parser.add_argument("--receipts", type=Path, default=Path("receipts"), help="a folder")
    return perform(play, parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
