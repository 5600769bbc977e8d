"""Spending: what a call costs, said before anything is sent, and agreed to by whoever pays."""

import click

from clawmarket.adapters.clock.system import SystemClock
from clawmarket.domain.kernel.errors import InvalidArgumentError, PaymentRequiredError
from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.kernel.moment import SECOND_MS, iso
from clawmarket.domain.kernel.money import format_amount
from clawmarket.domain.market.order import OrderState
from clawmarket.domain.market.postpay.tab import TabCapHighError, TabPrepaidError
from clawmarket.domain.market.postpay.trust import TrustEndedError
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.invocation import Invocation, may_prompt
from clawmarket.entry.cli.moves.quotes import (
    NEVER,
    Earning,
    Find,
    Move,
    Price,
    Quote,
    Return,
    Ruling,
    Terms,
    amount_of,
)
from clawmarket.entry.cli.moves.tabs import TAB_MOVES
from clawmarket.entry.cli.output import tell
from clawmarket.entry.cli.remote.client import Market, RemoteRefusal

_MAX_TASKS = 50
_REFUSED_BEFORE = (TransitionRefusedError, TabPrepaidError, TrustEndedError, TabCapHighError)
_ANSWERS = {"": False, "n": False, "no": False, "y": True, "yes": True}


class ConsentMissingError(InvalidArgumentError):
    """A command would spend, and nobody is there to be asked."""

    advice = "Read the quote, then run it again with --yes if you agree."
    next_command = "{preview}"


class BidUnknownError(InvalidArgumentError):
    """The bid is not on any of your latest tasks, so its price is not known."""

    advice = "List the bids of the task; an award is only made with a known price."
    next_command = "clawmarket task list --status task_open"


class PurseTooSmallError(PaymentRequiredError):
    """There is less available than the command would spend, so it was not asked for."""

    next_command = "clawmarket wallet show"


def quote_of(
    market: Market, entry: Entry, params: Entry, *, repeated: bool = False
) -> Quote | None:
    """Return what a call would do to the caller's money; None when it moves none.

    Raises BidUnknownError, what the market refuses (nobody is signed in, there is no such
    task), and PurseTooSmallError unless the request may be `repeated`: then it was paid before.
    """
    find = MOVES.get(entry["name"])
    try:
        move = find(market, params) if find else None
    except _REFUSED_BEFORE:
        # What was done before is answered again by its key, whatever became of it since.
        if not repeated:
            raise
        return None
    if move is None:
        return None
    if isinstance(move, Price) and move.purse and not repeated:
        _check_purse(market, move.amount)
    told = market.call("web3.status.summary")
    return move.quote(Terms(told["feeBps"], told["testMoney"]))


def _check_purse(market: Market, amount: int) -> None:
    available = amount_of(market.call("web3.wallet.show")["available"])
    if amount > available:
        missing = format_amount(amount - available)
        raise PurseTooSmallError(
            f"There are {format_amount(available)} available; {missing} more are needed."
        )


def agree(quote: Quote, invocation: Invocation) -> bool:
    """Show a quote and return whether it was agreed to.

    Raises ConsentMissingError where nobody can be asked: without a terminal, inside an agent's
    shell, or when the output is for a program.
    """
    if not quote.asks:
        return True
    if not (invocation.quiet and invocation.yes):
        tell(*quote.lines)
    if invocation.yes:
        return True
    if invocation.as_json or not may_prompt():
        raise ConsentMissingError(
            f"{quote.asks} and needs --yes.",
            preview=invocation.again("--dry-run"),
            quote=quote.document,
        )
    return confirmed()


def confirmed() -> bool:
    """Ask whether to go on until the answer is yes or no; nothing typed is no."""
    while True:
        typed = click.prompt("Continue? [y/N]", default="", show_default=False, err=True)
        answer = typed.strip().lower()
        if answer in _ANSWERS:
            return _ANSWERS[answer]
        tell(f"{typed!r} is neither yes nor no; type y or n.")


def _publish(_market: Market, params: Entry) -> Move | None:
    if params.get("fund") is False:
        return None
    amount = amount_of(params.get("budget"))
    last = _ends_at(params.get("expirySec", 604_800))
    taken = "claimed or awarded" if params.get("claims") else "awarded"
    undo = f"clawmarket task cancel, until it is {taken}; otherwise it comes back at {last}"
    return Price(amount, "held for the task", undo, purse=True)


def _bid_price(market: Market, params: Entry) -> Move:
    task = market.call("web3.market.getTask", {"taskId": params["taskId"]})
    title = f"when the buyer accepts your work on {task['title']!r}"
    return Earning(
        amount_of(params["price"]), title, "clawmarket task withdraw, until it is awarded"
    )


def _cancel(market: Market, params: Entry) -> Move:
    task = market.call("web3.market.getTask", {"taskId": params["taskId"]})
    held = amount_of(task["budget"]) if task["funded"] and task["status"] == "task_open" else 0
    return Return(held, "available again at once", "can't be undone; publish the task anew")


def _award(market: Market, params: Entry) -> Price:
    task, bid = _bid(market, str(params.get("bidId")))
    last = _ends_at(task["timeoutSec"])
    where = "out of what is held for the task" if task["funded"] else "out of what is available"
    undo = f"not by you alone; if nothing is handed in, all of it comes back at {last}"
    what = f"locked for the order, {where}"
    return Price(amount_of(bid["price"]), what, undo, purse=not task["funded"])


def _bid(market: Market, bid_id: str) -> tuple[Entry, Entry]:
    me = market.call("web3.wallet.show")["accountId"]
    # Also awarded tasks: a repeated award, sent with the same key, is priced and answered again.
    query = {"buyer": me, "limit": _MAX_TASKS}
    for task in market.call("web3.market.listTasks", query)["items"]:
        bids = market.call("web3.market.listBids", {"taskId": task["taskId"], "limit": 200})
        for bid in bids["items"]:
            if bid["bidId"] == bid_id:
                return task, bid
    raise BidUnknownError("There is no such bid on your latest tasks.")


def _review(market: Market, params: Entry) -> Move | None:
    if params.get("decision") != "accept":
        return None
    result = market.call("web3.market.getResult", {"resultId": params.get("resultId")})
    return _pay(market, {"orderId": result["orderId"]})


def _pay(market: Market, params: Entry) -> Price | None:
    order = _bought(market, params)
    if order is None:
        return None
    what = f"{_part_of(order)}paid out of what is held"
    return Price(_at_stake(order), what, NEVER)


def _bought(market: Market, params: Entry) -> Entry | None:
    """Return an order of the caller's; None for a seller, whom the market will refuse."""
    order = market.call("web3.market.order.get", {"orderId": params.get("orderId")})
    me = market.call("web3.wallet.show")["accountId"]
    return order if order["buyer"] == me else None


def _part_of(order: Entry) -> str:
    parts = order["milestones"]
    return f"milestone {order['milestone'] + 1} of {len(parts)}, " if parts else ""


def _at_stake(order: Entry) -> int:
    parts = order["milestones"]
    # An order that ended may stand behind its last milestone.
    last = min(order["milestone"], len(parts) - 1)
    return amount_of(parts[last]["amount"] if parts else order["amount"])


def _rest(order: Entry) -> int:
    """Return what no accepted milestone of an order has paid out yet."""
    parts = order["milestones"][order["milestone"] :]
    return sum(amount_of(part["amount"]) for part in parts) if parts else amount_of(order["amount"])


def _lock(market: Market, params: Entry) -> Price | None:
    order = _bought(market, params)
    if order is None:
        return None
    undo = "clawmarket call web3.market.settlement.refund, until the seller begins"
    if params.get("rail"):
        undo += "; while its rail is asked clawmarket call web3.market.order.cancel"
    return Price(amount_of(order["amount"]), "locked for the order", undo, purse=True)


def _refund(market: Market, params: Entry) -> Move:
    order = market.call("web3.market.order.get", {"orderId": params["orderId"]})
    return Return(_rest(order), "back to the buyer of the order", NEVER)


def _revoke_consent(market: Market, params: Entry) -> Return | None:
    consent = market.call("web3.market.consent.get", {"consentId": params["consentId"]})
    order = market.call("web3.market.order.get", {"orderId": consent["orderId"]})
    if order["status"] not in (OrderState.CONSENTED, OrderState.WORKING):
        return None
    return Return(_rest(order), "locked for the order, back to you", NEVER)


def _ruling(market: Market, params: Entry) -> Ruling:
    dispute = market.call("web3.dispute.get", {"disputeId": params["disputeId"]})
    try:
        traced = market.call("web3.market.transparency.trace", {"orderId": dispute["orderId"]})
    except RemoteRefusal:
        return Ruling(None, None, 0, 0)
    order = traced["order"]
    at_stake = _at_stake(order)
    given = amount_of(params.get("sellerShare"))
    share = {"release": at_stake, "refund": 0, "partial": given}[params["resolution"]]
    if params["resolution"] == "partial" and not 0 < given < at_stake:
        return Ruling(None, None, 0, 0)  # the market refuses it, so nobody gets anything by it
    return Ruling(at_stake, share, _rest(order), order["feeBps"])


MOVES: dict[str, Find] = {
    "web3.market.publishTask": _publish,
    "web3.market.placeBid": _bid_price,
    "web3.market.cancelTask": _cancel,
    "web3.market.awardBid": _award,
    "web3.market.reviewResult": _review,
    "web3.market.settlement.lock": _lock,
    "web3.market.settlement.release": _pay,
    "web3.market.settlement.refund": _refund,
    "web3.market.consent.revoke": _revoke_consent,
    "web3.dispute.resolve": _ruling,
    **TAB_MOVES,
}


def _ends_at(seconds: object) -> str:
    span_s = seconds if isinstance(seconds, int) else 0
    return iso(SystemClock().now() + span_s * SECOND_MS)
