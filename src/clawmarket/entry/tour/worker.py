"""A worker of a tour: `python -m clawmarket.entry.tour.worker`, a process of its own.

It looks for the tour's task, bids, and either sees its bid turned down and leaves, or fetches
the document, makes the digest, hands it in by content hash and waits for its pay.
"""

import sys
from argparse import Namespace

from clawmarket.domain.kernel.money import format_amount
from clawmarket.entry.tour.actor import Actor, arguments, perform
from clawmarket.entry.tour.agent import AgentError, Fields
from clawmarket.entry.tour.bidding import write_note
from clawmarket.entry.tour.digest import digest_document
from clawmarket.entry.tour.wording import visible

ETA_S = 60


def play(actor: Actor, given: Namespace) -> None:
    """Do one task, or lose it to a cheaper worker. Raises AgentError, Refused."""
    skills = given.skills.split(",")
    actor.sign_in()
    task = actor.wait_for(lambda: _task(actor, given, skills), "a task")
    bid = _bid(actor, given, task, skills)
    if not actor.wait_for(lambda: _is_chosen(actor, bid), "the award"):
        actor.tell("turned_down", f"its bid of {format_amount(given.price)} was turned down")
        actor.leave(hired=False)
        return
    order = actor.wait_for(lambda: _order(actor, task), "the order")
    _deliver(actor, task, order)
    actor.wait_for(lambda: _is_paid(actor, order), "its pay")
    money = actor.agent.call("web3.market.settlement.status", orderId=order["orderId"])
    actor.tell("paid", f"was paid {format_amount(int(money['sellerAmount']))}")
    actor.leave(hired=True)


def _task(actor: Actor, given: Namespace, skills: list[str]) -> Fields | None:
    """Return this tour's task if this worker is fit for it; no stranger's task is bid on."""
    page = actor.agent.call("web3.market.listTasks", status="task_open", skill=skills[0])
    return next((task for task in page["items"] if _fits(task, given, skills)), None)


def _fits(task: Fields, given: Namespace, skills: list[str]) -> bool:
    return (
        str(task["title"]).endswith(f"(tour {given.mark})")
        and set(task["skills"]) <= set(skills)
        and int(task["budget"]) >= given.price
        and bool(task["attachments"])
    )


def _bid(actor: Actor, given: Namespace, task: Fields, skills: list[str]) -> Fields:
    bid = actor.agent.call(
        "web3.market.placeBid",
        taskId=task["taskId"],
        price=str(given.price),
        etaSec=ETA_S,
        note=write_note(skills, given.mark, "Outline, figures and broken links within a minute."),
    )
    text = f"bid {format_amount(given.price)} on: {visible(task['title'])}"
    actor.tell("bid", text, bidId=bid["bidId"])
    return bid


def _is_chosen(actor: Actor, bid: Fields) -> bool | None:
    page = actor.agent.call("web3.market.listBids", taskId=bid["taskId"])
    states = [item["status"] for item in page["items"] if item["bidId"] == bid["bidId"]]
    return None if states == ["bid_submitted"] else states == ["bid_accepted"]


def _order(actor: Actor, task: Fields) -> Fields | None:
    page = actor.agent.call("web3.market.order.list", side="seller", taskId=task["taskId"])
    return next(iter(page["items"]), None)


def _deliver(actor: Actor, task: Fields, order: Fields) -> None:
    attachment = task["attachments"][0]
    data = actor.agent.download(attachment["digest"])
    name = str(attachment["name"])
    actor.tell("fetched", f"fetched {visible(name)}, {len(data):,} bytes, content hash as named")
    try:
        report = digest_document(data.decode(), name=name).encode()
    except UnicodeDecodeError:
        raise AgentError("The attachment is not text in UTF-8.") from None
    file = actor.agent.upload("digest.md", report)
    result = actor.agent.call(
        "web3.market.submitResult",
        orderId=order["orderId"],
        artifacts=[file],
        note="The digest that was ordered.",
    )
    text = f"handed in a report, {file['size']:,} bytes, {file['digest'][:19]}…"
    actor.tell("delivered", text, resultId=result["resultId"])


def _is_paid(actor: Actor, order: Fields) -> bool | None:
    """Return True once the order is paid. Raises AgentError when it ended otherwise."""
    now = actor.agent.call("web3.market.order.get", orderId=order["orderId"])
    if now["status"] == "settlement_completed":
        return True
    if now["status"] == "delivery_completed":
        return None
    feedback = actor.agent.call("web3.market.getResult", resultId=now["resultId"])["feedback"]
    raise AgentError(
        f"The result was sent back: {visible(feedback)}",
        code="E_CONFLICT",
        next_step="clawmarket tour",
    )


def main() -> int:
    """Read the command line and play a worker."""
    parser = arguments("A worker of a tour.")
    parser.add_argument("--price", type=int, required=True, help="in minor units")
    return perform(play, parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
