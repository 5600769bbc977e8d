"""Spending: what a call costs, said before anything is sent, and agreed to by whoever pays."""

from collections.abc import Callable
from dataclasses import dataclass

import click

from clawmarket.adapters.clock.system import SystemClock
from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.kernel.moment import SECOND_MS, iso
from clawmarket.domain.kernel.money import CREDITS, format_amount, split_fee
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.invocation import Invocation, may_prompt
from clawmarket.entry.cli.output import tell
from clawmarket.entry.cli.remote.client import Market
from clawmarket.entry.cli.tables import pairs

_MAX_TASKS = 50


class ConsentMissingError(InvalidArgumentError):
    """A command would spend, and nobody is there to be asked."""

    advice = "Read the quote, then run it again with --yes if you agree."
    next_command = "{preview}"


class BidUnknownError(InvalidArgumentError):
    """The bid is not on any of your latest tasks, so its price is not known."""

    advice = "List the bids of the task; an award is only made with a known price."
    next_command = "clawmarket task list --status task_open"


@dataclass(frozen=True, slots=True)
class Price:
    """What a call moves away from the caller, in minor units, and how it could come back."""

    amount: int
    what: str
    undo: str


@dataclass(frozen=True, slots=True)
class Quote:
    """A price with the market's terms; the fee is taken out of the price, never added."""

    price: Price
    fee: int
    fee_bps: int
    test_money: bool

    def document(self) -> Entry:
        """Return the quote as it stands in JSON."""
        return {
            "price": str(self.price.amount),
            "fee": str(self.fee),
            "total": str(self.price.amount),
            "asset": CREDITS,
            "testMoney": self.test_money,
            "what": self.price.what,
            "undo": self.price.undo,
        }

    def lines(self) -> list[str]:
        """Return the quote for people."""
        amount = format_amount(self.price.amount)
        percent = f"{self.fee_bps / 100:g} %"
        rows = [
            ("price", amount),
            ("fee", f"{format_amount(self.fee)} ({percent}, out of the price, when it is paid)"),
            ("total", f"{amount}: {self.price.what}"),
            ("money", "TEST MONEY" if self.test_money else "real"),
            ("undo", self.price.undo),
        ]
        return pairs(rows)


def quote_of(market: Market, entry: Entry, params: Entry) -> Quote:
    """Return what a call would cost now. Raises BidUnknownError and what the market refuses."""
    terms = market.call("web3.status.summary")
    find = _PRICES.get(entry["name"])
    price = find(market, params) if find else Price(0, "nothing is spent", "-")
    _, fee = split_fee(price.amount, terms["feeBps"])
    return Quote(price, fee, terms["feeBps"], terms["testMoney"])


def agree(quote: Quote, invocation: Invocation) -> bool:
    """Show a quote and return whether it was agreed to.

    Raises ConsentMissingError where nobody can be asked: without a terminal, inside an agent's
    shell, or when the output is for a program.
    """
    if not quote.price.amount:
        return True
    tell(*quote.lines())
    if invocation.yes:
        return True
    if invocation.as_json or not may_prompt():
        raise ConsentMissingError(
            f"This spends {format_amount(quote.price.amount)} and needs --yes.",
            preview=invocation.again("--dry-run"),
            quote=quote.document(),
        )
    return click.confirm("Continue?", default=False, err=True)


def _publish(_market: Market, params: Entry) -> Price:
    if params.get("fund") is False:
        return Price(0, "nothing is held before the award", "clawmarket task cancel")
    amount = _amount(params.get("budget"))
    last = _ends_at(params.get("expirySec", 604_800))
    undo = f"clawmarket task cancel, until a bid is awarded; unawarded it comes back at {last}"
    return Price(amount, "held for the task", undo)


def _award(market: Market, params: Entry) -> Price:
    task, bid = _bid(market, str(params.get("bidId")))
    last = _ends_at(task["timeoutSec"])
    where = "out of what is held for the task" if task["funded"] else "out of what is available"
    undo = f"not by you alone; if nothing is handed in, all of it comes back at {last}"
    return Price(_amount(bid["price"]), f"locked for the order, {where}", undo)


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


def _review(market: Market, params: Entry) -> Price:
    if params.get("decision") != "accept":
        return Price(0, "nothing is paid", "-")
    result = market.call("web3.market.getResult", {"resultId": params.get("resultId")})
    return _pay(market, {"orderId": result["orderId"]})


def _pay(market: Market, params: Entry) -> Price:
    order = market.call("web3.market.order.get", {"orderId": params.get("orderId")})
    return Price(_amount(order["amount"]), "paid out of what is held", "can't be undone")


def _lock(market: Market, params: Entry) -> Price:
    order = market.call("web3.market.order.get", {"orderId": params.get("orderId")})
    undo = "clawmarket call web3.market.settlement.refund, until the seller begins"
    return Price(_amount(order["amount"]), "locked for the order", undo)


_PRICES: dict[str, Callable[[Market, Entry], Price]] = {
    "web3.market.publishTask": _publish,
    "web3.market.awardBid": _award,
    "web3.market.reviewResult": _review,
    "web3.market.settlement.lock": _lock,
    "web3.market.settlement.release": _pay,
}

# Methods that move money, but none of it away from whoever calls.
COSTLESS = frozenset(
    {"web3.market.cancelTask", "web3.market.settlement.refund", "market.credits.grant"}
)
PRICED = frozenset(_PRICES)


def _amount(text: object) -> int:
    return int(text) if isinstance(text, str) and text.isdecimal() else 0


def _ends_at(seconds: object) -> str:
    span_s = seconds if isinstance(seconds, int) else 0
    return iso(SystemClock().now() + span_s * SECOND_MS)
