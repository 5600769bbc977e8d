"""Quotes: what a call does to the caller's money, as JSON and as lines."""

from collections.abc import Callable
from dataclasses import dataclass

from clawmarket.domain.kernel.money import CREDITS, format_amount, split_fee
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.labels import label, percent
from clawmarket.entry.cli.remote.client import Market
from clawmarket.entry.cli.tables import pairs

NEVER = "can't be undone"


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
            "undo": NEVER,
        }
        money = ("money", "TEST MONEY" if terms.test_money else "real")
        return Quote(0, document, pairs([*rows, money, ("undo", NEVER)]), "This is final")


Move = Price | Earning | Return | Loss | Ruling
Find = Callable[[Market, Entry], Move | None]


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


def amount_of(text: object) -> int:
    """Return an amount in minor units; nothing for what the market will refuse as no amount."""
    return int(text) if isinstance(text, str) and text.isdecimal() else 0
