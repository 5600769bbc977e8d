"""The card of a market that runs: what a person needs, and the same for a program."""

from dataclasses import dataclass
from pathlib import Path

from clawmarket.domain.kernel.money import format_amount
from clawmarket.runtime.config import DEFAULT_PORT
from clawmarket.runtime.program import as_started


@dataclass(frozen=True, slots=True)
class Card:
    """Where a market is, where its things lie, and whether its money is test money.

    Args:
        url: What it calls its own address.
        listens: Where it listens on this machine.
        port: Its port on the loopback address.
        home: The folder with its data.
        operator_token: The file with the operator's token; the token itself is never shown.
        vkey: The log's key.
        test_money: Whether the money is test money, for ever.
        faucet_minor: What a new account gets, in minor units.
    """

    url: str
    listens: str
    port: int
    home: Path
    operator_token: Path
    vkey: str
    test_money: bool
    faucet_minor: int

    def document(self) -> dict[str, object]:
        """Return the card in wire names."""
        return {
            "url": self.url,
            "listens": self.listens,
            "pages": f"{self.url}/",
            "home": str(self.home.absolute()),
            "operatorToken": str(self.operator_token.absolute()),
            "vkey": self.vkey,
            "testMoney": self.test_money,
            "faucet": str(self.faucet_minor),
        }

    def text(self) -> str:
        """Return the card for people: also what to try and how to stop."""
        usual = self.port == DEFAULT_PORT and self.url == self.listens
        there = "" if usual else f" --url {self.url}"
        rows = (
            ("market", self.url),
            *([] if self.url == self.listens else [("listens", self.listens)]),
            ("pages", f"{self.url}/"),
            ("data", str(self.home)),
            ("operator", f"token in {self.operator_token}"),
            ("log key", self.vkey),
            ("money", self._money()),
            ("try", as_started(f"clawmarket status{there}")),
            ("", f"{as_started('clawmarket tour')}    (opens a market of its own)"),
            ("stop", "Ctrl+C"),
        )
        width = max(len(name) for name, _ in rows)
        lines = [f"  {name.ljust(width)}  {value}" for name, value in rows]
        return "\n".join(["ClawMarket is open.", *lines])

    def _money(self) -> str:
        if not self.test_money:
            return "credits without a faucet; nothing connects them to money"
        each = format_amount(self.faucet_minor) if self.faucet_minor else "none"
        return f"TEST MONEY, new accounts get {each}"
