"""Spending: what a call costs, said before anything is sent, and agreed to by whoever pays."""

from collections.abc import Callable
from dataclasses import dataclass

import click

from clawmarket.adapters.clock.system import SystemClock
from clawmarket.domain.kernel.errors import InvalidArgumentError, PaymentRequiredError
from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.kernel.moment import SECOND_MS, iso
from clawmarket.domain.kernel.money import CREDITS, format_amount, split_fee
from clawmarket.domain.market.order import OrderState
from clawmarket.domain.market.tab import TAB, TabCapHighError, TabPrepaidError, TabState
from clawmarket.domain.market.trust import TrustEndedError, TrustState
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.invocation import Invocation, may_prompt
from clawmarket.entry.cli.labels import label, percent
from clawmarket.entry.cli.output import tell
from clawmarket.entry.cli.remote.client import Market, RemoteRefusal
from clawmarket.entry.cli.tables import pairs

_MAX_TASKS = 50
_NEVER = "can't be undone"
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


class TrustUnknownError(InvalidArgumentError):
    """The trust is none that was granted to you, so its price is not known."""

    advice = "List who trusts you; a tab is only opened with a known cap."
    next_command = "clawmarket trust list --side consumer"


class PurseTooSmallError(PaymentRequiredError):
    """There is less available than the command would spend, so it was not asked for."""

    next_command = "clawmarket wallet show"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a market takes, and whether its money is real."""

    fee_bps: int
    test_money: bool


@dataclass(frozen=True, slots=True)
class Price:
    """What a call moves away from the caller, in minor units, and how it could come back.

    `purse` says whether it comes out of what is available; otherwise it is held already.
    """

    amount: int
    what: str
    undo: str
    purse: bool = False

    def quote(self, terms: Terms) -> "Quote":
        """Return the price with the fee, which is taken out of it and never added."""
        _, fee = split_fee(self.amount, terms.fee_bps)
        amount = format_amount(self.amount)
        out_of_it = f"({percent(terms.fee_bps)}, out of the price, when it is paid)"
        facts = {"fee": str(fee), "total": str(self.amount)}
        rows = [
            ("price", amount),
            ("fee", f"{format_amount(fee)} {out_of_it}"),
            ("total", f"{amount}: {self.what}"),
        ]
        return _quoted(self, terms, facts, rows)


@dataclass(frozen=True, slots=True)
class Earning:
    """What a bid would bring, in minor units."""

    amount: int
    what: str
    undo: str

    def quote(self, terms: Terms) -> "Quote":
        """Return what is left of the price after the fee."""
        net, fee = split_fee(self.amount, terms.fee_bps)
        rows = [
            ("price", format_amount(self.amount)),
            ("fee", f"{format_amount(fee)} ({percent(terms.fee_bps)}, out of the price)"),
            ("yours", f"{format_amount(net)}: {self.what}"),
        ]
        facts = {"fee": str(fee), "earned": str(net), "total": "0"}
        return _quoted(self, terms, facts, rows, spends=False)


@dataclass(frozen=True, slots=True)
class Return:
    """What comes back to the caller, in minor units."""

    amount: int
    what: str
    undo: str

    def quote(self, terms: Terms) -> "Quote":
        """Return what comes back; nothing is taken out of it."""
        rows = [("back", f"{format_amount(self.amount)}: {self.what}")]
        facts = {"fee": "0", "returned": str(self.amount), "total": "0"}
        return _quoted(self, terms, facts, rows, spends=False)


@dataclass(frozen=True, slots=True)
class Loss:
    """What the caller is owed and gives up, in minor units."""

    amount: int
    what: str
    undo: str

    def quote(self, terms: Terms) -> "Quote":
        """Return what is given up; nothing moves."""
        rows = [("given up", f"{format_amount(self.amount)}: {self.what}")]
        facts = {"fee": "0", "givenUp": str(self.amount), "total": "0"}
        return _quoted(self, terms, facts, rows, spends=False)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What an arbiter divides, none of it the arbiter's own; None where it is not to be seen.

    `locked` is all that comes out of the lock: what is at stake, and what was to come.
    """

    at_stake: int | None
    share: int | None
    locked: int
    fee_bps: int

    def quote(self, terms: Terms) -> "Quote":
        """Return who gets what of it; the fee is out of the seller's part, as it was agreed on."""
        parts = {}
        if self.at_stake is not None and self.share is not None:
            net, fee = split_fee(self.share, self.fee_bps)
            back = self.locked - self.share
            parts = {"atStake": self.at_stake, "seller": net, "fee": fee, "buyer": back}
        rows = [(label(name), format_amount(amount)) for name, amount in parts.items()]
        document = {name: str(amount) for name, amount in parts.items()} | {
            "total": "0",
            "asset": CREDITS,
            "testMoney": terms.test_money,
            "undo": _NEVER,
        }
        money = ("money", "TEST MONEY" if terms.test_money else "real")
        return Quote(0, document, pairs([*rows, money, ("undo", _NEVER)]), "This is final")


Move = Price | Earning | Return | Loss | Ruling


@dataclass(frozen=True, slots=True)
class Quote:
    """What a call does to money: what the caller spends, as JSON and as lines.

    `asks` is why a yes is needed; nothing where none is.
    """

    spends: int
    document: Entry
    lines: list[str]
    asks: str = ""


def _quoted(
    move: Price | Earning | Return | Loss,
    terms: Terms,
    facts: Entry,
    rows: list[tuple[str, str]],
    *,
    spends: bool = True,
) -> Quote:
    document = {
        "price": str(move.amount),
        **facts,
        "asset": CREDITS,
        "testMoney": terms.test_money,
        "what": move.what,
        "undo": move.undo,
    }
    money = ("money", "TEST MONEY" if terms.test_money else "real")
    lines = pairs([*rows, money, ("undo", move.undo)])
    amount = move.amount if spends else 0
    return Quote(amount, document, lines, f"This spends {format_amount(amount)}" if amount else "")


def quote_of(
    market: Market, entry: Entry, params: Entry, *, repeated: bool = False
) -> Quote | None:
    """Return what a call would do to the caller's money; None when it moves none.

    Raises BidUnknownError, what the market refuses (nobody is signed in, there is no such
    task), and PurseTooSmallError unless the request may be `repeated`: then it was paid before.
    """
    find = _MOVES.get(entry["name"])
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
    available = _amount(market.call("web3.wallet.show")["available"])
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
    amount = _amount(params.get("budget"))
    last = _ends_at(params.get("expirySec", 604_800))
    undo = f"clawmarket task cancel, until a bid is awarded; unawarded it comes back at {last}"
    return Price(amount, "held for the task", undo, purse=True)


def _bid_price(market: Market, params: Entry) -> Move:
    task = market.call("web3.market.getTask", {"taskId": params["taskId"]})
    title = f"when the buyer accepts your work on {task['title']!r}"
    return Earning(_amount(params["price"]), title, "clawmarket task withdraw, until it is awarded")


def _cancel(market: Market, params: Entry) -> Move:
    task = market.call("web3.market.getTask", {"taskId": params["taskId"]})
    held = _amount(task["budget"]) if task["funded"] and task["status"] == "task_open" else 0
    return Return(held, "available again at once", "can't be undone; publish the task anew")


def _award(market: Market, params: Entry) -> Price:
    task, bid = _bid(market, str(params.get("bidId")))
    last = _ends_at(task["timeoutSec"])
    where = "out of what is held for the task" if task["funded"] else "out of what is available"
    undo = f"not by you alone; if nothing is handed in, all of it comes back at {last}"
    what = f"locked for the order, {where}"
    return Price(_amount(bid["price"]), what, undo, purse=not task["funded"])


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


def _pay(market: Market, params: Entry) -> Price:
    order = market.call("web3.market.order.get", {"orderId": params.get("orderId")})
    what = f"{_part_of(order)}paid out of what is held"
    return Price(_at_stake(order), what, _NEVER)


def _part_of(order: Entry) -> str:
    parts = order["milestones"]
    return f"milestone {order['milestone'] + 1} of {len(parts)}, " if parts else ""


def _at_stake(order: Entry) -> int:
    parts = order["milestones"]
    # An order that ended may stand behind its last milestone.
    last = min(order["milestone"], len(parts) - 1)
    return _amount(parts[last]["amount"] if parts else order["amount"])


def _rest(order: Entry) -> int:
    """Return what no accepted milestone of an order has paid out yet."""
    parts = order["milestones"][order["milestone"] :]
    return sum(_amount(part["amount"]) for part in parts) if parts else _amount(order["amount"])


def _lock(market: Market, params: Entry) -> Price:
    order = market.call("web3.market.order.get", {"orderId": params.get("orderId")})
    undo = "clawmarket call web3.market.settlement.refund, until the seller begins"
    return Price(_amount(order["amount"]), "locked for the order", undo, purse=True)


def _refund(market: Market, params: Entry) -> Move:
    order = market.call("web3.market.order.get", {"orderId": params["orderId"]})
    return Return(_rest(order), "back to the buyer of the order", _NEVER)


def _open_tab(market: Market, params: Entry) -> Price:
    trust = _trust(market, str(params["trustId"]))
    amount = _amount(params.get("cap") or trust["cap"])
    _check_good(trust)
    _check_cap(trust, amount)
    undo = "clawmarket tab close, at any time; what was used until then is paid"
    if trust["prepaid"]:
        return Price(amount, "locked; what is not used comes back at the end", undo, purse=True)
    return Price(amount, _AT_MOST, undo)


def _check_good(trust: Entry) -> None:
    if trust["status"] != TrustState.GRANTED:
        raise TrustEndedError("This trust was taken back.", trustId=trust["trustId"])


def _check_cap(trust: Entry, cap: int) -> None:
    most = _amount(trust["cap"])
    if cap > most:
        raise TabCapHighError(f"The provider's cap is {format_amount(most)}.")


def _tab(market: Market, params: Entry, action: str) -> Entry:
    """Return a tab that an action is possible on. Raises TransitionRefusedError."""
    tab = market.call("web3.market.tab.get", {"tabId": params["tabId"]})
    TAB.step(TabState(tab["status"]), action, tabId=tab["tabId"])
    return tab


def _trust(market: Market, trust_id: str) -> Entry:
    page: Entry = {"nextCursor": None}
    while True:
        query = {"side": "consumer", "limit": 200, "cursor": page["nextCursor"]}
        page = market.call("web3.market.trust.list", {k: v for k, v in query.items() if v})
        found: Entry | None = next((t for t in page["items"] if t["trustId"] == trust_id), None)
        if found is not None:
            return found
        if page["nextCursor"] is None:
            raise TrustUnknownError("Nobody granted you such a trust.")


def _raise_tab(market: Market, params: Entry) -> Price:
    tab = _tab(market, params, "raise")
    if tab["prepaid"]:
        raise TabPrepaidError("The cap of this tab is locked.", tabId=tab["tabId"])
    if market.call("web3.wallet.show")["accountId"] == tab["consumer"]:
        trust = _trust(market, tab["trustId"])
        _check_good(trust)
        _check_cap(trust, _amount(params["cap"]))
    undo = "clawmarket tab close, at any time; what was used until then is paid"
    return Price(_amount(params["cap"]), _AT_MOST, undo)


def _close_tab(market: Market, params: Entry) -> Move:
    tab = _tab(market, params, "settle")
    if market.call("web3.wallet.show")["accountId"] == tab["provider"]:
        return Earning(_amount(tab["owed"]), "paid at once if the consumer has it", _NEVER)
    last = "with what the provider writes down within a minute, up to the cap"
    return Price(_amount(tab["owed"]), f"used so far; {last}", _NEVER)


def _pay_tab(market: Market, params: Entry) -> Price:
    tab = market.call("web3.market.tab.get", {"tabId": params["tabId"]})
    if tab["status"] != TabState.OPEN:
        TAB.step(TabState(tab["status"]), "pay", tabId=tab["tabId"])
    purse = not tab["prepaid"]
    return Price(_amount(tab["owed"]), "paid for what was used", _NEVER, purse=purse)


def _append(market: Market, params: Entry) -> Earning:
    tab = market.call("web3.market.tab.get", {"tabId": params["tabId"]})
    units = int(tab["quantity"]) + _amount(params["quantity"])
    cost = units * int(tab["price"]) // int(tab["perUnits"]) - int(tab["owed"])
    return Earning(cost, "owed, and paid at the session's end", "clawmarket tab forgive, all of it")


def _forgive(market: Market, params: Entry) -> Loss:
    tab = _tab(market, params, "forgive")
    return Loss(_amount(tab["owed"]), "owed to you, and given up", _NEVER)


def _revoke_consent(market: Market, params: Entry) -> Return | None:
    consent = market.call("web3.market.consent.get", {"consentId": params["consentId"]})
    order = market.call("web3.market.order.get", {"orderId": consent["orderId"]})
    if order["status"] not in (OrderState.CONSENTED, OrderState.WORKING):
        return None
    return Return(_rest(order), "locked for the order, back to you", _NEVER)


def _ruling(market: Market, params: Entry) -> Ruling:
    dispute = market.call("web3.dispute.get", {"disputeId": params["disputeId"]})
    try:
        traced = market.call("web3.market.transparency.trace", {"orderId": dispute["orderId"]})
    except RemoteRefusal:
        return Ruling(None, None, 0, 0)
    order = traced["order"]
    at_stake = _at_stake(order)
    shares = {"release": at_stake, "refund": 0, "partial": _amount(params.get("sellerShare"))}
    share = min(shares[params["resolution"]], at_stake)
    return Ruling(at_stake, share, _rest(order), order["feeBps"])


_AT_MOST = "at the most, for what is used; paid at the session's end"

_MOVES: dict[str, Callable[[Market, Entry], Move | None]] = {
    "web3.market.publishTask": _publish,
    "web3.market.placeBid": _bid_price,
    "web3.market.cancelTask": _cancel,
    "web3.market.awardBid": _award,
    "web3.market.reviewResult": _review,
    "web3.market.settlement.lock": _lock,
    "web3.market.settlement.release": _pay,
    "web3.market.settlement.refund": _refund,
    "web3.market.tab.open": _open_tab,
    "web3.market.tab.raise": _raise_tab,
    "web3.market.tab.close": _close_tab,
    "web3.market.tab.pay": _pay_tab,
    "web3.market.tab.forgive": _forgive,
    "web3.market.ledger.append": _append,
    "web3.market.consent.revoke": _revoke_consent,
    "web3.dispute.resolve": _ruling,
}

# Methods that move money, but none that the caller has or gets: a grant, and what disputes do.
COSTLESS = frozenset(
    {
        "market.credits.grant",
        "market.repair.resolve",
        "web3.dispute.open",
        "web3.dispute.reject",
    }
)
PRICED = frozenset(_MOVES)


def _amount(text: object) -> int:
    return int(text) if isinstance(text, str) and text.isdecimal() else 0


def _ends_at(seconds: object) -> str:
    span_s = seconds if isinstance(seconds, int) else 0
    return iso(SystemClock().now() + span_s * SECOND_MS)
