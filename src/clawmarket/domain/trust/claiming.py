"""Claims in a story: a task that was taken by its terms, and perhaps given back.

Nobody awards a claimed task: the buyer's consent is the published task itself, so that is held
against what the worker took. The checks raise ReceiptFlawError.
"""

from collections.abc import Mapping, Sequence

from clawmarket.domain.kernel.moment import SECOND_MS, from_iso
from clawmarket.domain.trust.facts import Facts, Json, ReceiptFlawError, alike

CLAIM, UNCLAIM = "web3.market.claimTask", "web3.market.unclaimTask"
# What a seller does alone in one command, and a buyer or both sides do otherwise.
BY_SELLER: Mapping[str, tuple[str, ...]] = {
    CLAIM: ("bid_placed", "task_awarded", "order_created", "payment_locked"),
    UNCLAIM: ("settlement_refunded", "task_reopened"),
}
_DELIVERED = "delivery_completed"


def check_claim(made: Facts, demand: Facts, task: Json, bid: Facts, price: str) -> None:
    """Check that a claimed order is what the task's buyer said that whoever fits may have.

    Args:
        made: The record that made the order.
        demand: The record that published the task.
        task: Its event.
        bid: The record with the bid.
        price: What the bid asks for.
    """
    if made.method != CLAIM:
        return
    if demand.params.get("claims") is not True or task.get("funded") is not True:
        raise ReceiptFlawError("The task was claimed, and its buyer did not say that it may be.")
    if price != demand.params.get("budget"):
        budget = str(demand.params.get("budget"))
        raise ReceiptFlawError(
            "The task was claimed at another price than its budget.", budget, price
        )
    if bid is not made or made.statement is None:
        raise ReceiptFlawError("The claim is not one statement of its worker.")


def check_deadline(made: Facts, demand: Facts, order: Json) -> None:
    """Check that an order has what was left until its task's deadline, in whole seconds."""
    deadline = demand.params.get("deadline")
    if deadline is None:
        return
    try:
        left = (from_iso(deadline) - made.at) // SECOND_MS
    except (ValueError, OverflowError, TypeError):
        raise ReceiptFlawError("The task's deadline is no moment.", None, str(deadline)) from None
    if left < 1 or order.get("timeoutSec") != left:
        found = str(order.get("timeoutSec"))
        raise ReceiptFlawError("The order has another time than its deadline.", str(left), found)


def held_again(records: Sequence[Facts], made: Facts, order: Json, task_id: str | None) -> int:
    """Return what is held for the task again because its worker stepped back; 0 if nobody did.

    A worker may step back from what was claimed, before anything was delivered, and then the
    whole price is held again in the same record in which it went back.
    """
    steps = [facts for facts in records if facts.method == UNCLAIM]
    told = [
        (facts, event)
        for facts in records
        for event in facts.events
        if event["kind"] == "task_reopened"
    ]
    if not steps and not told:
        return 0
    if len(told) != 1 or steps != [told[0][0]]:
        raise ReceiptFlawError("The worker stepped back, and that is not told once.")
    ((facts, event),) = told
    if made.method != CLAIM or facts.statement is None or "settlement_refunded" not in facts.kinds:
        raise ReceiptFlawError("A task was opened again that nobody had claimed and given back.")
    if any(_DELIVERED in each.kinds for each in records):
        raise ReceiptFlawError("The worker stepped back after something was delivered.")
    wanted = {name: order.get(name) for name in ("orderId", "asset", "amount")}
    wanted["taskId"] = task_id
    found = {name: event.get(name) for name in wanted}
    if not alike(found, wanted):
        raise ReceiptFlawError("Something else is held for the task than went back.")
    return int(order["amount"])
